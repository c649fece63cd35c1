import * as z from 'zod';

/**
 * The limits of an account. Shares are of the account's equity (1 is all of it); money is in the account's currency, in plain
 * units. A limit left out does not apply; what is written is never widened by a default.
 */
export const limitsSchema = z.strictObject({
  /** Largest notional of one order, in money. */
  maxOrderNotional: z.number().positive().optional(),
  /** Largest notional of the position in one instrument, working orders included, in money. */
  maxPositionNotional: z.number().positive().optional(),
  /** All positions and working orders, long plus short, as a share of equity. */
  maxGrossExposure: z.number().positive().max(100).default(1),
  /** Long minus short, either way, as a share of equity. */
  maxNetExposure: z.number().positive().max(100).default(1),
  /** How far a limit or stop price may be from the last price, in basis points. */
  priceCollarBps: z.number().positive().max(10_000).default(1_000),
  /** Oldest price that an order may be checked against, in ms of cycle time, counted from the bar's close. */
  staleAfterMs: z.int().positive().optional(),
  /** Orders within any 60 s of cycle time. */
  maxOrdersPerMinute: z.int().positive().max(100_000).default(600),
  /** Working orders at one time. */
  maxWorkingOrders: z.int().positive().max(10_000).default(500),
  /** Loss since the day (UTC) began, as a share of its first equity: no new risk until the next day. */
  maxDailyLoss: z.number().positive().max(1).optional(),
  /** Loss from the highest equity: trading goes to Reducing and stays there until a person resumes it. */
  maxDrawdown: z.number().positive().max(1).optional(),
  /** Symbols in which nothing new is opened. */
  restricted: z.array(z.string()).max(10_000).default([]),
  /** What happens to an order that is too large for a limit: it is made smaller, or denied. */
  oversize: z.enum(['reduce', 'deny']).default('reduce'),
  /** Whether positions below zero may be opened. */
  allowShort: z.boolean().default(false),
});

export type Limits = z.infer<typeof limitsSchema>;
export type LimitsInput = z.input<typeof limitsSchema>;
