import * as z from 'zod';

const share = z.number().positive().max(100);
const span = z
  .int()
  .positive()
  .max(366 * 86_400_000);
const trades = z.int().min(1).max(1_000);

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

  /** Oldest price that a market order may take, in ms of cycle time. */
  freshQuoteMs: span.optional(),
  /** How far an order's prices, and the last price, may be from the average close of the last 20 bars, in basis points. */
  referenceCollarBps: z.number().positive().max(10_000).optional(),
  /** Largest order as a share of the average volume of the last 20 bars. */
  maxShareOfVolume: z.number().positive().max(1_000).optional(),
  /** Refuses an order that would trade with a working one of the same account. */
  preventSelfMatch: z.literal(true).optional(),
  /** An order equal to the last one of its strategy in the instrument is refused within this time. */
  duplicateWithinMs: span.optional(),
  /** Exposure in one instrument, working orders included, as a share of equity. */
  maxInstrumentExposure: share.optional(),
  /** Instruments that count as one bet, and their exposure together as a share of equity. */
  groups: z
    .array(z.strictObject({ symbols: z.array(z.string()).min(1).max(4_096), maxExposure: share }))
    .max(256)
    .optional(),
  /** Perpetuals, long plus short, as a share of equity. */
  maxLeverage: share.optional(),
  /**
   * A perpetual whose price is nearer to its liquidation than this share of the price is closed, before the venue does it: 0.05 is
   * 5 %. Looked at when a bar closes.
   */
  minLiquidationDistance: z.number().positive().max(0.5).optional(),
  /** All working orders that may open anything, in money. */
  maxOpenOrderNotional: z.number().positive().optional(),
  /** Cash and margin in use, as a share of equity. */
  maxCapitalInUse: z.number().positive().max(1).optional(),
  /** The account's part of a gross exposure that the instance shares out among accounts, in money. */
  budget: z.number().positive().optional(),
  /** Orders for each fill, since the day (UTC) began. */
  maxOrdersPerFill: z.number().min(1).max(100_000).optional(),
  /** Orders by which a strategy may open on one side of an instrument, without a fill on the other or a person's resumption. */
  maxRepeatedExecutions: z.int().positive().max(100_000).optional(),
  /** Loss since the week (Monday, UTC) began, as a share of its first equity. */
  maxWeeklyLoss: z.number().positive().max(1).optional(),
  /** Loss from the highest equity at which trading is halted, protection included; deeper than `maxDrawdown`. */
  haltDrawdown: z.number().positive().max(1).optional(),
  /** So many losing trades of a strategy in a row, and it opens nothing for a while. */
  losingStreak: z.strictObject({ trades, pauseMs: span }).optional(),
  /** After a trade has ended, nothing new in its instrument for so long. */
  cooldownMs: span.optional(),
  /** So many stop-losses within a time, and the account opens nothing for a while. */
  stopLossGuard: z.strictObject({ stops: trades, withinMs: span, pauseMs: span }).optional(),
  /** Trades in an instrument that lost a share of the equity within a time: nothing new in it for a while. */
  instrumentLoss: z.strictObject({ share, trades: trades.default(1), withinMs: span, pauseMs: span }).optional(),
  /** A drawdown of the closed trades within a time, as a share of equity: the account opens nothing for a while. */
  recentDrawdown: z.strictObject({ share, trades: trades.default(1), withinMs: span, pauseMs: span }).optional(),
});

export type Limits = z.infer<typeof limitsSchema>;
export type LimitsInput = z.input<typeof limitsSchema>;
