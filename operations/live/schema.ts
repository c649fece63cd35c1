/** Live trading as it is asked for and shown. Money is in plain units of the account's currency. */
import * as z from 'zod/mini';
import { OCCASIONS } from '../../core/execution/live/account.ts';

const money = z.coerce.number().check(z.positive());
const reason = z._default(z.string().check(z.minLength(1), z.maxLength(200)), 'by hand');

export const armInput = z.strictObject({
  account: z.string(),
  /** Largest notional of one order. */
  maxOrderNotional: money,
  /** Positions and working orders together. */
  maxExposure: money,
  /** The account's name once more, as a person types it. */
  confirm: z.string(),
  reason,
});
export const armOutput = z.object({
  account: z.string(),
  armed: z.boolean(),
  maxOrderNotional: z.number(),
  maxExposure: z.number(),
});

export const disarmInput = z.strictObject({ account: z.string(), reason });
export const disarmOutput = z.object({ account: z.string(), armed: z.boolean(), canceled: z.int() });

export const acceptInput = z.strictObject({ account: z.string(), reason });
export const acceptOutput = z.object({ account: z.string(), accepted: z.boolean() });

const limits = z.object({ maxOrderNotional: z.number(), maxExposure: z.number() });
const time = z.int();

const outstandingOrder = z.object({
  order: z.int(),
  symbol: z.string(),
  side: z.string(),
  type: z.string(),
  quantity: z.string(),
  filled: z.string(),
  state: z.string(),
  /** How far its way to the venue is known. */
  phase: z.enum(['prepared', 'sending', 'unclear', 'known']),
  /** Empty until it is first sent, and until the venue has said it. */
  clientOrderId: z.string(),
  venueOrderId: z.string(),
});

export const showOutput = z.object({
  account: z.string(),
  /** Of a paper account, and before the first cycle, there is nothing more to show. */
  kind: z.enum(['live', 'paper']),
  opened: z.boolean(),
  venue: z.string(),
  currency: z.string(),
  tradingState: z.enum(['Active', 'Reducing', 'Halted']),
  armed: z.boolean(),
  /** What is armed; null while disarmed. */
  limits: z.nullable(limits),
  /** The most that it may be armed for now. */
  most: limits,
  /** Whether the last reconciliation has heard everything and found it in order. */
  reconciled: z.boolean(),
  /** The last one that did: the venue's clock, ms UTC, and what it was made for. */
  lastReconcile: z.nullable(z.object({ at: time, on: z.enum(OCCASIONS) })),
  orders: z.array(outstandingOrder),
  /** Orders that counted as lost and are still looked for. */
  lost: z.int(),
  /** Figures of the venue that are not the ledger's; null where there are none. */
  difference: z.nullable(z.object({ what: z.string(), since: time, comparisons: z.int() })),
  /** Positions that no strategy of the account opened. */
  external: z.array(z.object({ symbol: z.string(), quantity: z.string() })),
  /** The venue, and markets of it, that do not trade as usual by its own word; `since` is a cycle. */
  notOpen: z.array(z.object({ what: z.string(), state: z.string(), text: z.string(), since: time })),
  /**
   * That the venue's stream of the account does not stand, since when and why; null where it does, and where nobody listens. It is
   * reconciled in each cycle then, and not sooner.
   */
  streamAway: z.nullable(z.object({ since: time, reason: z.string() })),
  /** What a person was told and what still stands; `since` is a cycle. */
  alerts: z.array(z.object({ code: z.string(), what: z.string(), since: time })),
});

export type ArmInput = z.output<typeof armInput>;
export type ArmOutput = z.output<typeof armOutput>;
export type DisarmInput = z.output<typeof disarmInput>;
export type DisarmOutput = z.output<typeof disarmOutput>;
export type AcceptInput = z.output<typeof acceptInput>;
export type AcceptOutput = z.output<typeof acceptOutput>;
export type ShowOutput = z.output<typeof showOutput>;
