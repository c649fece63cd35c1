/**
 * Grants of an instance's budgets. One document of the instance says who has how much, and is only ever written at the version that was
 * read: of two who grant the last of a budget, one is told that it is gone.
 *
 * A grant is three writes: it is begun in the book, done in the account's ledger, and ended in the book. Between them the larger of the
 * old and the new part counts, and whoever comes to the account's part next finishes what was begun, under its own key. So what the
 * accounts may use is never more than what the book says, nor that more than the total.
 */
import { streamOf } from '../../core/configuration/definition.ts';
import type { AccountConfiguration, Configuration } from '../../core/configuration/schema.ts';
import type { Engine } from '../../core/engine/engine.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import { formatDecimal, parseDecimal } from '../../core/numbers.ts';
import type { LedgerPort } from '../../core/ports/ledger.ts';
import {
  BUDGET_DECIMALS,
  BUDGETS,
  type Budget,
  type BudgetBook,
  EMPTY_BOOK,
  type PendingGrant,
  partOf,
  underTotals,
  withPart,
} from '../../core/risk/budgets.ts';
import { grant } from '../../core/risk/grant.ts';
import { KEYS, loadAccount } from './account-state.ts';
import { type CommandOrigin, runCommand } from './commands.ts';
import type { StepPorts } from './ports.ts';

/** The ledger stream of a tenant's budgets. Its name cannot meet that of an account, which begins with a letter. */
const budgetsStream = ({ instance }: Configuration): string => `${instance.tenant}/_budgets`;
const BOOK = 'book';
const MAX_CONFLICTS = 50;

export interface GrantRequest {
  /** Id of the account. */
  readonly account: string;
  readonly budget: Budget;
  /** What it has from then on: money in plain units with at most 6 decimals, or orders a minute. */
  readonly amount: number;
  readonly reason: string;
}

export type GrantAnswer = { readonly account: string; readonly budget: Budget; readonly granted: number };

export interface ReadBook {
  readonly book: BudgetBook;
  readonly version: number;
}

/** What has been granted, under the totals of the configuration where none were applied before. */
export async function readBook({ ledger, configuration }: StepPorts): Promise<ReadBook> {
  const document = await ledger.document(budgetsStream(configuration), BOOK);
  const book = (document?.value as unknown as BudgetBook | undefined) ?? EMPTY_BOOK;
  return {
    book: document ? book : { ...book, totals: totalsOf(configuration) },
    version: document?.version ?? 0,
  };
}

export function totalsOf({ budgets }: Configuration): BudgetBook['totals'] {
  const { currency: _, ...totals } = budgets ?? { currency: '' };
  return totals;
}

/** Takes over the configuration's totals. Throws `BUDGET_OVERGRANTED` where accounts have more. */
export async function applyTotals(ports: StepPorts): Promise<void> {
  const totals = totalsOf(ports.configuration);
  await changeBook(ports, (book) =>
    BUDGETS.every((budget) => book.totals[budget] === totals[budget]) ? undefined : underTotals(book, totals),
  );
}

/**
 * Moves a budget to an account or away from it, between two cycles of it. Throws `BUDGET_NOT_CONFIGURED`, `BUDGET_CURRENCY`,
 * `BUDGET_AMOUNT_INVALID`, `BUDGET_EXHAUSTED`, `CYCLE_IN_WORK`, and what {@link runCommand} throws.
 */
export async function grantBudget(
  ports: StepPorts,
  request: GrantRequest,
  { principal, idempotencyKey, fingerprint = '' }: CommandOrigin,
): Promise<GrantAnswer> {
  const { account, budget, amount, reason } = request;
  assertGrantable(ports, request);
  await assertSettled(ports, account);
  const { id, name } = principal;
  const mine: PendingGrant = { amount, key: idempotencyKey, fingerprint, by: { id, name }, reason };
  for (let turn = 0; turn < MAX_CONFLICTS; turn++) {
    const begun = await begin(ports, account, budget, mine);
    await finish(ports, account, budget, begun);
    if (begun.key === mine.key) return { account, budget, granted: begun.amount };
  }
  throw contended(budget);
}

/** Begins a change of an account's part; or names the one that was begun before and is to be finished first. */
async function begin(ports: StepPorts, account: string, budget: Budget, mine: PendingGrant): Promise<PendingGrant> {
  // A command that was done before is not begun again: what came after it would be undone in the book.
  if (await isDone(ports, account, mine.key)) return mine;
  let begun = mine;
  await changeBook(ports, (book) => {
    const part = partOf(book, budget, account);
    begun = part.pending ?? mine;
    return part.pending ? undefined : withPart(book, budget, account, { ...part, pending: mine });
  });
  return begun;
}

/** Lets the account's ledger take what was begun, and ends it. */
async function finish(ports: StepPorts, account: string, budget: Budget, begun: PendingGrant): Promise<void> {
  const { amount, key, fingerprint, by, reason } = begun;
  const origin: CommandOrigin = { principal: { ...by, roles: [] }, idempotencyKey: key, fingerprint };
  await runCommand(ports, streamNamed(ports, account), 'budgets.grant', origin, (engine, { cursor }) => {
    if (cursor.next !== 'settled') throw inWork(account, cursor.cycle, BEGUN);
    grant(engine, budget, scaled(engine, budget, amount), by.name, reason);
    return { account, budget, granted: amount };
  });
  ports.faultPoint?.('budgets:done');
  // What the ledger has now: while this is pending, nobody else changes it.
  const granted = await grantedIn(ports, account, budget);
  await changeBook(ports, (book) =>
    partOf(book, budget, account).pending?.key === key ? withPart(book, budget, account, { granted }) : undefined,
  );
}

/** What the account may use by its own ledger, in plain units. */
async function grantedIn(ports: StepPorts, account: string, budget: Budget): Promise<number> {
  const { state } = await loadAccount(ports.ledger, streamNamed(ports, account));
  const amount = state.engine.grants?.[budget] ?? 0;
  return budget === 'orderRate' ? amount : Number(formatDecimal(amount, accountNamed(ports, account).moneyDecimals));
}

async function assertSettled(ports: StepPorts, account: string): Promise<void> {
  const { cursor } = (await loadAccount(ports.ledger, streamNamed(ports, account))).state;
  if (cursor.next !== 'settled') throw inWork(account, cursor.cycle, NOTHING);
}

const isDone = async (ports: StepPorts, account: string, key: string): Promise<boolean> =>
  (await ports.ledger.document(streamNamed(ports, account), KEYS.command(key))) !== undefined;

/** Writes what `change` makes of the book, at the version that it was made of; nothing where it makes nothing. */
async function changeBook(ports: StepPorts, change: (book: BudgetBook) => BudgetBook | undefined): Promise<void> {
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const { book, version } = await readBook(ports);
    const next = change(book);
    if (!next) return;
    ports.faultPoint?.('budgets:book');
    if (await writeBook(ports.ledger, budgetsStream(ports.configuration), next, version)) return;
  }
  throw contended('budget');
}

async function writeBook(ledger: LedgerPort, stream: string, book: BudgetBook, version: number): Promise<boolean> {
  const documents = [{ key: BOOK, value: book as unknown as Json, expectedVersion: version }];
  const expected = await ledger.head(stream);
  return (await ledger.commit({ stream, expected, events: [], hash: '', documents, guards: [] })).kind === 'committed';
}

function assertGrantable(ports: StepPorts, { account, budget, amount }: GrantRequest): void {
  const { budgets } = ports.configuration;
  if (budgets?.[budget] === undefined)
    throw new PlimsollError(
      'BUDGET_NOT_CONFIGURED',
      `the instance has no budget of ${budget}`,
      `write its total under \`budgets.${budget}\` of the configuration`,
      NOTHING,
    );
  const isMoney = budget !== 'orderRate';
  const { currency, moneyDecimals } = accountNamed(ports, account);
  if (isMoney && currency !== budgets.currency)
    throw new PlimsollError(
      'BUDGET_CURRENCY',
      `the budget is in ${budgets.currency} and the account "${account}" is in ${currency}`,
      'budgets of money are shared among accounts of one currency',
      NOTHING,
    );
  const isSum = Number.isFinite(amount) && amount >= 0;
  if (isSum) parseDecimal(amount, isMoney ? Math.min(BUDGET_DECIMALS, moneyDecimals) : BUDGET_DECIMALS);
  if (!isSum || (!isMoney && !Number.isInteger(amount)))
    throw new PlimsollError(
      'BUDGET_AMOUNT_INVALID',
      `${amount} cannot be granted`,
      isMoney ? 'grant a sum of 0 or more' : 'grant a whole number of orders a minute',
      NOTHING,
    );
}

const NOTHING = { kept: 'nothing was changed' };

function scaled(engine: Engine, budget: Budget, amount: number): number {
  return budget === 'orderRate' ? amount : parseDecimal(amount, engine.definition.moneyDecimals);
}

const streamNamed = (ports: StepPorts, id: string): string => streamOf(ports.configuration, accountNamed(ports, id));

function accountNamed({ configuration }: StepPorts, id: string): AccountConfiguration {
  const account = configuration.accounts.find((candidate) => candidate.id === id);
  if (account) return account;
  throw new PlimsollError('ACCOUNT_UNKNOWN', `there is no account "${id}"`, 'use one of the configuration', NOTHING);
}

const BEGUN = { kept: 'it is begun, and the larger of both parts counts until it is done' };

const inWork = (account: string, cycle: number, kept: { readonly kept: string }): PlimsollError =>
  new PlimsollError(
    'CYCLE_IN_WORK',
    `cycle ${cycle} of ${account} is in work, and grants move between cycles`,
    'try again in a moment, with the same key',
    kept,
  );

const contended = (what: string): PlimsollError =>
  new PlimsollError('BUDGET_CONTENDED', `the ${what} met other writers ${MAX_CONFLICTS} times`, 'try again', {
    kept: 'no account has more than the book says',
  });
