/** A venue's candles as bars: each field read from its text, and anything that is not a candle refused. */
import { PlimsollError } from '../../../core/errors.ts';
import type { Bar } from '../../../core/market/bars.ts';
import { formatInstant } from '../../../core/market/civil.ts';
import type { Instrument } from '../../../core/market/instrument.ts';
import { parseDecimal } from '../../../core/numbers.ts';

/** As ccxt's parser leaves it when told to keep text: time in ms UTC, open, high, low, close, volume. */
export type RawCandle = readonly unknown[];

/** The order in which an exchange sends candles. `either` where that is not known: a whole page may be newest first. */
export type CandleOrder = 'ascending' | 'either';

/** Thrown by everything here. */
const CODE = 'BAR_MALFORMED';

const FIELDS = ['time', 'open', 'high', 'low', 'close', 'volume'] as const;

/**
 * Bars in ascending order. Throws `BAR_MALFORMED` for a candle with a field missing, null or not a number, a price of more
 * decimals than the instrument has, a high or low that does not enclose open and close, a time twice or out of order.
 */
export function barsOfCandles(candles: readonly RawCandle[], of: Instrument, order: CandleOrder): Bar[] {
  const bars = candles.map((candle) => barOfCandle(candle, of));
  if (order === 'either' && bars.length > 1 && bars[0].timestamp > bars[bars.length - 1].timestamp) bars.reverse();
  for (let i = 1; i < bars.length; i++) {
    if (bars[i].timestamp === bars[i - 1].timestamp) throw malformed(of, bars[i].timestamp, 'comes twice');
    if (bars[i].timestamp < bars[i - 1].timestamp) throw malformed(of, bars[i].timestamp, 'is out of order');
  }
  return bars;
}

function barOfCandle(candle: RawCandle, of: Instrument): Bar {
  const timestamp = candle[0];
  if (typeof timestamp !== 'number' || !Number.isSafeInteger(timestamp) || timestamp < 0) {
    throw malformed(of, undefined, `has ${shown(timestamp)} for its time`);
  }
  const open = price(candle, 1, timestamp, of);
  const high = price(candle, 2, timestamp, of);
  const low = price(candle, 3, timestamp, of);
  const close = price(candle, 4, timestamp, of);
  if (high < Math.max(open, close) || low > Math.min(open, close)) {
    throw malformed(
      of,
      timestamp,
      `has a high of ${shown(candle[2])} and a low of ${shown(candle[3])} that do not enclose its open and close`,
    );
  }
  return { timestamp, open, high, low, close, volume: volume(candle[5], timestamp, of) };
}

function price(candle: RawCandle, field: number, timestamp: number, of: Instrument): number {
  const scaled = decimal(candle[field], FIELDS[field], of.priceDecimals, timestamp, of);
  if (scaled <= 0) throw malformed(of, timestamp, `has ${shown(candle[field])} for its ${FIELDS[field]}`);
  return scaled;
}

function decimal(value: unknown, field: string, decimals: number, timestamp: number, of: Instrument): number {
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw malformed(of, timestamp, `has ${shown(value)} for its ${field}`);
  }
  try {
    return parseDecimal(value, decimals);
  } catch (cause) {
    if (cause instanceof PlimsollError && cause.code === 'DECIMALS_EXCEEDED') {
      throw new PlimsollError(
        CODE,
        `${of.venue} ${of.symbol}: the candle of ${formatInstant(timestamp)} has a ${field} of ${shown(value)}, with more decimals than the instrument's ${decimals}`,
        'load the instrument again: the venue may have changed its tick',
        { cause },
      );
    }
    throw malformed(of, timestamp, `has ${shown(value)} for its ${field}`, cause);
  }
}

const PLAIN_NUMBER = /^\d+(\.\d*)?([eE][+-]?\d{1,3})?$/;

/** A measurement, in the unit of the venue: any finite number that is not negative. */
function volume(value: unknown, timestamp: number, of: Instrument): number {
  const read = typeof value === 'string' && PLAIN_NUMBER.test(value) ? Number(value) : value;
  if (typeof read !== 'number' || !Number.isFinite(read) || read < 0) {
    throw malformed(of, timestamp, `has ${shown(value)} for its volume`);
  }
  return read;
}

function malformed(of: Instrument, timestamp: number | undefined, what: string, cause?: unknown): PlimsollError {
  const which = timestamp === undefined ? 'a candle' : `the candle of ${formatInstant(timestamp)}`;
  return new PlimsollError(
    CODE,
    `${of.venue} ${of.symbol}: ${which} ${what}`,
    'try again later; if it stays, report it to the venue or choose another',
    { kept: 'nothing of that answer was used', cause },
  );
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  const text = typeof value === 'string' ? `"${value}"` : String(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
