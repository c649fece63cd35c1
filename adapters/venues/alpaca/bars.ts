/** Alpaca's bars as this platform's: each field read from its text, daily ones under their date, shares within their sessions. */
import type { Bar } from '../../../core/market/bars.ts';
import { calendarOf } from '../../../core/market/calendar.ts';
import { DAY_MS, newYorkInstant } from '../../../core/market/civil.ts';
import type { Instrument } from '../../../core/market/instrument.ts';
import { type Timeframe, timeframeMs } from '../../../core/market/timeframe.ts';
import { barsOfCandles } from '../http/candles.ts';
import { type Fields, fieldsOf, listOf, Malformed, Numeral, wordIn, wrong } from '../http/json.ts';
import { instantIn, isAbsent, isSymbol } from './fields.ts';

const LONGEST: Readonly<Record<string, number>> = { m: 59, h: 23, d: 1, w: 1 };
const UNITS: Readonly<Record<string, string>> = { m: 'Min', h: 'Hour', d: 'Day', w: 'Week' };

/** `5Min` for `5m`; undefined for a timeframe that Alpaca has no bars of. */
export function timeframeWord(timeframe: Timeframe): string | undefined {
  const count = Number(timeframe.slice(0, -1));
  const unit = timeframe.slice(-1);
  return count <= (LONGEST[unit] ?? 0) ? `${count}${UNITS[unit]}` : undefined;
}

/** One page, ascending. Throws `Malformed` and `BAR_MALFORMED`. */
export function pageOf(body: unknown, of: Instrument): { bars: Bar[]; next: string | undefined } {
  const fields = fieldsOf(body, 'the answer');
  const next = isAbsent(fields.next_page_token) ? undefined : wordIn(fields, 'next_page_token');
  // Without bars, the map is empty or null.
  const bySymbol = isAbsent(fields.bars) ? {} : fieldsOf(fields.bars, '"bars"');
  const symbol = Object.keys(bySymbol).find((one) => isSymbol(one, of.symbol));
  if (symbol === undefined && Object.keys(bySymbol).length > 0) throw new Malformed('bars came of another symbol');
  const rows = symbol === undefined ? [] : listOf(bySymbol[symbol], 'the bars');
  const candles = rows.map((row) => candleOf(fieldsOf(row, 'a bar'), of));
  return { bars: barsOfCandles(candles, of, 'ascending'), next };
}

function candleOf(row: Fields, of: Instrument): unknown[] {
  const [open, high, low, close] = ['o', 'h', 'l', 'c'].map((key) => priceIn(row, key, of));
  return [instantIn(row, 't'), open, high, low, close, textIn(row, 'v')];
}

function textIn(row: Fields, key: string): string {
  const value = row[key];
  if (!(value instanceof Numeral)) throw wrong(key, value);
  return value.text;
}

const DECIMAL = /^(\d{1,16})(?:\.(\d{1,30}))?$/;

/**
 * A price as its text. Bars of crypto without trades stand on the middle between bid and ask, which is finer than the increment of
 * orders: those are rounded to it, half up, digit by digit.
 */
function priceIn(row: Fields, key: string, of: Instrument): string {
  const text = textIn(row, key);
  const match = DECIMAL.exec(text);
  const fraction = match?.[2] ?? '';
  if (of.type !== 'spot' || !match || fraction.length <= of.priceDecimals) return text;
  const cut = BigInt(match[1] + fraction.slice(0, of.priceDecimals));
  const digits = String(cut + (fraction[of.priceDecimals] >= '5' ? 1n : 0n)).padStart(of.priceDecimals + 1, '0');
  const point = digits.length - of.priceDecimals;
  return of.priceDecimals === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
}

/**
 * Bars of a day or a week of shares open at midnight in New York; here they carry their date, 00:00 UTC. What does not open there
 * stays as it is.
 */
export function underItsDate(bar: Bar, of: Instrument, timeframe: Timeframe): Bar {
  if (of.calendar !== 'XNYS' || timeframeMs(timeframe) < DAY_MS) return bar;
  const day = Math.floor(bar.timestamp / DAY_MS);
  return newYorkInstant(day, 0) === bar.timestamp ? { ...bar, timestamp: day * DAY_MS } : bar;
}

/** Without what trades before and after the sessions of the exchange. `from` and `to` are ms UTC, to exclusive. */
export function withinSessions(
  bars: readonly Bar[],
  of: Instrument,
  timeframe: Timeframe,
  from: number,
  to: number,
): Bar[] {
  if (of.calendar !== 'XNYS' || bars.length === 0) return [...bars];
  const expected = new Set(calendarOf('XNYS').expectedBars(timeframe, from, to));
  return bars.filter(({ timestamp }) => expected.has(timestamp));
}
