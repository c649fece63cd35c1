/**
 * Limits of a whole instance, of which each account is granted a part. An account looks at its own part alone, so that no two of them
 * have to be read at one moment; that the parts are no more than the whole is seen to where they are granted.
 */
import type { Engine } from '../engine/engine.ts';
import { PlimsollError } from '../errors.ts';
import { parseDecimal } from '../numbers.ts';

/**
 * - `grossExposure`: positions and working orders, long plus short, in money.
 * - `dailyLoss`: what has been lost since the day (UTC) began, in money.
 * - `orderRate`: orders within any 60 s.
 */
export const BUDGETS = ['grossExposure', 'dailyLoss', 'orderRate'] as const;
export type Budget = (typeof BUDGETS)[number];

/** What an account has been granted: scaled money, or orders a minute. */
export type Grants = { readonly [B in Budget]?: number };

/** What the account may use; infinite where the instance has no such budget, 0 where none of it was granted. */
export function grantOf({ definition, grants }: Engine, budget: Budget): number {
  if (!definition.budgets?.includes(budget)) return Number.POSITIVE_INFINITY;
  return grants[budget] ?? 0;
}

/** A change of one account's part that is under way, or an account's part. Plain units. */
export interface Part {
  readonly granted: number;
  /** Begun and not known to have ended. Until then the larger of both counts. */
  readonly pending?: PendingGrant;
}

export interface PendingGrant {
  readonly amount: number;
  /** Under which the account's ledger takes it once. */
  readonly key: string;
  readonly fingerprint: string;
  readonly by: { readonly id: string; readonly name: string };
  readonly reason: string;
}

/** What an instance has granted of each budget, by account; and the totals that were last applied. Plain units. */
export interface BudgetBook {
  readonly totals: { readonly [B in Budget]?: number };
  readonly parts: { readonly [B in Budget]?: { readonly [account: string]: Part } };
}

export const EMPTY_BOOK: BudgetBook = { totals: {}, parts: {} };

export const partOf = ({ parts }: BudgetBook, budget: Budget, account: string): Part =>
  parts[budget]?.[account] ?? { granted: 0 };

/** The book with another part of an account's. Throws `BUDGET_EXHAUSTED` where the parts would be more than the whole. */
export function withPart(book: BudgetBook, budget: Budget, account: string, part: Part): BudgetBook {
  const of = { ...book.parts[budget], [account]: part };
  const next = { ...book, parts: { ...book.parts, [budget]: of } };
  const total = next.totals[budget] ?? 0;
  const isMore = mostOf(part) > mostOf(partOf(book, budget, account));
  if (isMore && exceeds(next, budget, total))
    throw new PlimsollError(
      'BUDGET_EXHAUSTED',
      `${mostOf(part)} for "${account}" and what others have would be more than the ${budget} of ${total} that there is`,
      `grant at most ${left(book, budget, account)}, or take some from another account first`,
      { kept: 'nothing was changed' },
    );
  return next;
}

/** The book under other totals. Throws `BUDGET_OVERGRANTED` where more is granted than there is to be. */
export function underTotals(book: BudgetBook, totals: BudgetBook['totals']): BudgetBook {
  for (const budget of BUDGETS) {
    const total = totals[budget];
    if (total !== undefined && exceeds(book, budget, total))
      throw new PlimsollError(
        'BUDGET_OVERGRANTED',
        `the configuration has a ${budget} of ${total}, and accounts have been granted more`,
        'take some from them first (`plimsoll op budgets.grant`), or keep the total',
        { kept: 'the totals are as they were' },
      );
  }
  return { ...book, totals };
}

const mostOf = ({ granted, pending }: Part): number => Math.max(granted, pending?.amount ?? 0);

/** Plain units that others leave, at most. */
export function left({ totals, parts }: BudgetBook, budget: Budget, besides?: string): number {
  const others = Object.entries(parts[budget] ?? {}).filter(([account]) => account !== besides);
  const taken = others.reduce((sum, [, part]) => sum + exact(mostOf(part)), 0n);
  return Number(exact(totals[budget] ?? 0) - taken) / UNIT;
}

const exceeds = (book: BudgetBook, budget: Budget, total: number): boolean =>
  Object.values(book.parts[budget] ?? {}).reduce((sum, part) => sum + exact(mostOf(part)), 0n) > exact(total);

/** Of an amount that can be granted. */
export const BUDGET_DECIMALS = 6;
const UNIT = 10 ** BUDGET_DECIMALS;
/** Sums are whole numbers, so that three tenths are no more than a tenth and two. */
const exact = (plain: number): bigint => BigInt(parseDecimal(plain, BUDGET_DECIMALS));
