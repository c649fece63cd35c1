/** What is traded, and the units in which it is counted. */
import * as z from 'zod';
import { PlimsollError } from '../errors.ts';
import { EXACT_LIMIT, MAX_DECIMALS } from '../numbers.ts';

const decimals = z.int().min(0).max(MAX_DECIMALS);
const scaledInteger = z.int().min(0);
const asset = z.string().min(1).max(32);
const basisPoints = z.number().min(0).max(10_000);

/**
 * An instrument. A change of any field that gives numbers their meaning (decimals, multiplier, settlement) is a new
 * `version`; what is in the ledger keeps the version under which it was written. Unknown keys are refused.
 */
export const InstrumentSchema = z.strictObject({
  /** As the venue writes it: `BTC/USDT`, `BTC/USDT:USDT`, `AAPL`. */
  symbol: z.string().min(1).max(64),
  /** The venue's name as configured. */
  venue: z.string().min(1).max(64),
  /** Default `spot`. */
  type: z
    .enum(['spot', 'linear-perpetual', 'inverse-perpetual', 'future', 'option', 'equity', 'currency-pair'])
    .default('spot'),
  /** The asset that is bought and sold. */
  base: asset,
  /** The asset that the price is expressed in. */
  quote: asset,
  /** The asset that profit and loss is paid in: the quote for spot and linear, the base for inverse. */
  settlement: asset,
  /** Counts up from 1, the default. */
  version: z.int().min(1).default(1),
  /** Decimals of scaled prices. Default 2. */
  priceDecimals: decimals.default(2),
  /** Decimals of scaled quantities. Default 8. */
  quantityDecimals: decimals.default(8),
  /** Decimals of the settlement asset in the ledger. Default 8. */
  moneyDecimals: decimals.default(8),
  /** Units of the base (of the quote, for inverse) in one contract. Default 1. */
  multiplier: z.number().positive().max(1e9).default(1),
  /** Smallest step of the price, scaled by `priceDecimals`. Without it, one unit of the last decimal. */
  tickSize: scaledInteger.min(1).optional(),
  /** Smallest step of the quantity, scaled by `quantityDecimals`. Without it, one unit of the last decimal. */
  lotSize: scaledInteger.min(1).optional(),
  /** Smallest order quantity, scaled by `quantityDecimals`. Without it, none beyond the lot. */
  minQuantity: scaledInteger.optional(),
  /** Smallest order value, scaled by `moneyDecimals`. Without it, none. */
  minNotional: scaledInteger.optional(),
  /** Basis points of the notional. Negative is a rebate. Default 0. */
  makerFeeBps: z.number().min(-1_000).max(10_000).default(0),
  /** Basis points of the notional. Default 0. */
  takerFeeBps: z.number().min(-1_000).max(10_000).default(0),
  /** Basis points of the notional to open a position. Default 10,000: no leverage. */
  initialMarginBps: basisPoints.default(10_000),
  /** Basis points of the notional below which a position is liquidated. Default 0: never. */
  maintenanceMarginBps: basisPoints.default(0),
  /** Milliseconds between funding payments. Default 0: no funding. */
  fundingIntervalMs: z.int().min(0).default(0),
  /** Basis points a year on what is borrowed to sell short. Default 0. */
  borrowBpsPerYear: z.number().min(0).max(1_000_000).default(0),
  /** Milliseconds UTC at which it ceases to trade. Without it, never. */
  expiry: z.int().optional(),
  /** When it trades. Default `24/7`. */
  calendar: z.enum(['24/7', 'XNYS', 'FX']).default('24/7'),
});

export type Instrument = z.output<typeof InstrumentSchema>;
/** An instrument before the defaults. */
export type InstrumentInput = z.input<typeof InstrumentSchema>;

/** An instrument from plain data, with the defaults filled in. Throws `INSTRUMENT_INVALID` naming the first bad field. */
export function instrument(input: InstrumentInput): Instrument {
  const parsed = InstrumentSchema.safeParse(input);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
    throw new PlimsollError(
      'INSTRUMENT_INVALID',
      `the instrument ${String(input?.symbol ?? 'without a symbol')} is not valid (${where}${issue.message})`,
      'correct that field',
    );
  }
  assertConsistent(parsed.data);
  return parsed.data;
}

/** The instrument's id in logs, keys and reports: `venue:symbol`. */
export const instrumentId = (of: Pick<Instrument, 'venue' | 'symbol'>): string => `${of.venue}:${of.symbol}`;

/**
 * Whether a position in it is a contract for the difference of prices, on margin: a fill moves no notional, only what is realised. A
 * currency pair is one here, as dealers offer it, with financing in the place of funding.
 */
export const isMargined = (type: unknown): boolean => type === 'linear-perpetual' || type === 'currency-pair';

function assertConsistent(of: Instrument): void {
  const expected = of.type === 'inverse-perpetual' ? of.base : isMargined(of.type) ? of.quote : undefined;
  if (expected !== undefined && of.settlement !== expected) {
    throw new PlimsollError(
      'INSTRUMENT_INVALID',
      `${instrumentId(of)} is ${of.type} and settles in ${of.settlement}`,
      `set settlement to ${expected}, or another type`,
    );
  }
  if (of.maintenanceMarginBps > of.initialMarginBps) {
    throw new PlimsollError(
      'INSTRUMENT_INVALID',
      `${instrumentId(of)} has a maintenance margin of ${of.maintenanceMarginBps} basis points above its initial margin of ${of.initialMarginBps}`,
      'set maintenanceMarginBps to at most initialMarginBps',
    );
  }
}

/** The largest figures that an instrument's account will meet, in plain units (69123.45, not scaled). */
export interface RangeBounds {
  /** In the quote asset. */
  readonly maxPrice: number;
  /** Of a position, in units or contracts. */
  readonly maxQuantity: number;
  /** Of a balance or a notional, in the settlement asset. */
  readonly maxMoney: number;
}

/**
 * Refuses an instrument whose scaled integers could pass 2^53, so that plain numbers stay exact in the hot loop. Called
 * when an instrument is loaded. Throws `INSTRUMENT_RANGE_EXCEEDED` naming the figure.
 */
export function assertExactRange(of: Instrument, bounds: RangeBounds): void {
  assertExact(of, 'price', bounds.maxPrice, of.priceDecimals, 'priceDecimals');
  assertExact(of, 'quantity', bounds.maxQuantity, of.quantityDecimals, 'quantityDecimals');
  assertExact(of, 'balance', bounds.maxMoney, of.moneyDecimals, 'moneyDecimals');
}

function assertExact(of: Instrument, what: string, maximum: number, decimalsOf: number, field: string): void {
  if (!(maximum >= 0)) {
    throw new PlimsollError(
      'INSTRUMENT_RANGE_EXCEEDED',
      `the largest ${what} of ${instrumentId(of)} is ${maximum}`,
      'state a bound of zero or more',
    );
  }
  if (maximum * 10 ** decimalsOf < EXACT_LIMIT) return;
  const most = Math.max(0, Math.floor(Math.log10(EXACT_LIMIT / maximum)));
  throw new PlimsollError(
    'INSTRUMENT_RANGE_EXCEEDED',
    `${instrumentId(of)} cannot be counted exactly: a ${what} of ${maximum} at ${decimalsOf} decimals is past 2^53 (${EXACT_LIMIT})`,
    `set ${field} to at most ${most}, or lower the largest ${what}`,
  );
}
