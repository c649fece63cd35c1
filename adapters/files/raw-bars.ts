/** Bars as a file has them, before prices are scaled: what both readers produce, and the checks that both must pass. */
import { PlimsollError } from '../../core/errors.ts';
import { formatInstant } from '../../core/market/civil.ts';

export const PRICE_FIELDS = ['open', 'high', 'low', 'close'] as const;
export const BAR_FIELDS = ['timestamp', ...PRICE_FIELDS, 'volume'] as const;
export type BarField = (typeof BAR_FIELDS)[number];

/** One symbol's bars. Prices are plain, times ms UTC; the arrays may be longer than `length`. */
export interface RawSeries extends Record<BarField, Float64Array> {
  readonly symbol: string;
  readonly length: number;
  /** Where bar `index` stands in the file: `row 12` (Parquet, counted from 1) or `line 13` (CSV). */
  place(index: number): string;
}

export interface RawFile {
  readonly series: RawSeries[];
  /** Rows of the file, those left out included. */
  readonly rows: number;
  /** Every symbol in the file; empty where it has no such column. */
  readonly symbols: readonly string[];
}

/** What to read. */
export interface Selection {
  /** Undefined: the only symbol of the file. */
  readonly symbols: readonly string[] | 'all' | undefined;
  readonly venue: string | undefined;
  /** Open time, ms UTC, inclusive. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** What the series is called where the file names no symbol. */
  readonly fallbackSymbol: string;
}

/** The most symbols of one file. */
export const MAX_SYMBOLS = 10_000;

/** Throws `COLUMN_MISSING` unless all columns of a bar are there. Names are compared without case. */
export function locateColumns(file: string, header: readonly string[]): Map<string, number> {
  const columns = new Map(header.map((name, index) => [name.trim().toLowerCase(), index]));
  const missing = BAR_FIELDS.filter((field) => !columns.has(field));
  if (missing.length > 0) {
    throw new PlimsollError(
      'COLUMN_MISSING',
      `the file ${file} has no column ${missing.join(', ')}; it has ${header.slice(0, 30).join(', ') || 'none'}`,
      `name its columns ${BAR_FIELDS.join(', ')} (timestamp in ms UTC)`,
    );
  }
  return columns;
}

/** Gives each row its series: symbols are told apart, venues and times filtered. */
export class SeriesSelector {
  readonly #file: string;
  readonly #selection: Selection;
  readonly #slots = new Map<string, number>();
  readonly #venues = new Map<string, string>();
  readonly names: string[] = [];

  constructor(file: string, selection: Selection) {
    this.#file = file;
    this.#selection = selection;
  }

  /** The slot of a row by symbol and venue (empty: the file has no such column), or -1 to leave it out. */
  slotOf(symbol: string, venue: string): number {
    const slot = this.#slots.get(symbol) ?? this.#newSlot(symbol);
    if (slot < 0 || venue === '') return slot;
    if (this.#selection.venue !== undefined) return venue === this.#selection.venue ? slot : -1;
    const known = this.#venues.get(symbol);
    if (known === undefined) this.#venues.set(symbol, venue);
    else if (known !== venue) throw this.#severalVenues(symbol, known, venue);
    return slot;
  }

  #newSlot(symbol: string): number {
    if (this.#slots.size >= MAX_SYMBOLS) {
      throw new PlimsollError(
        'SYMBOLS_TOO_MANY',
        `the file ${this.#file} holds more than ${MAX_SYMBOLS} symbols`,
        'split it',
      );
    }
    const wanted = this.#selection.symbols;
    const chosen = wanted === undefined || wanted === 'all' || symbol === '' || wanted.includes(symbol);
    const slot = chosen ? this.names.length : -1;
    if (chosen) this.names.push(symbol);
    this.#slots.set(symbol, slot);
    return slot;
  }

  /** Every symbol seen, wanted or not. */
  get symbols(): string[] {
    return [...this.#slots.keys()].filter((symbol) => symbol !== '');
  }

  /** To be called when all rows were seen. Throws where what was asked for is not there, or nobody said what is wanted. */
  assertFound(): void {
    const wanted = this.#selection.symbols;
    const seen = this.symbols;
    if (seen.length === 0) return;
    const listed = `${seen.slice(0, 10).join(', ')}${seen.length > 10 ? ` and ${seen.length - 10} more` : ''}`;
    if (wanted === undefined && seen.length > 1) {
      throw new PlimsollError(
        'SYMBOL_REQUIRED',
        `the file ${this.#file} holds ${seen.length} symbols: ${listed}`,
        'say which one with --symbol',
      );
    }
    if (wanted === undefined || wanted === 'all') return;
    const absent = wanted.filter((symbol) => !this.#slots.has(symbol));
    if (absent.length > 0) {
      throw new PlimsollError(
        'SYMBOL_NOT_IN_FILE',
        `the file ${this.#file} does not hold ${absent.join(', ')}; it holds ${listed}`,
        'name one of those',
      );
    }
  }

  nameOf(slot: number): string {
    return this.names[slot] === '' ? this.#selection.fallbackSymbol : this.names[slot];
  }

  #severalVenues(symbol: string, first: string, second: string): PlimsollError {
    return new PlimsollError(
      'VENUE_REQUIRED',
      `the file ${this.#file} holds ${symbol} of ${first} and of ${second}`,
      'say which venue is meant',
    );
  }
}

/** Later than the year 5000 in milliseconds: such a timestamp is in micro- or nanoseconds. */
const LATEST_TIMESTAMP_MS = 1e14;

/** Refuses the first bar that cannot be one, with its place in the file. */
export function assertSound(file: string, series: RawSeries): void {
  const { timestamp, open, high, low, close, volume, length } = series;
  for (let i = 0; i < length; i++) {
    const time = timestamp[i];
    if (!(Math.abs(time) < LATEST_TIMESTAMP_MS)) throw badTimestamp(file, series, i);
    if (i > 0 && !(time > timestamp[i - 1])) throw outOfOrder(file, series, i);
    for (const field of PRICE_FIELDS) {
      const price = series[field][i];
      if (!(price > 0 && price < Number.POSITIVE_INFINITY)) throw badPrice(file, series, i, field);
    }
    if (high[i] < open[i] || high[i] < close[i] || high[i] < low[i] || low[i] > open[i] || low[i] > close[i]) {
      throw new PlimsollError(
        'BAR_OHLC_VIOLATED',
        `in ${file}, ${series.place(i)}: high ${high[i]} and low ${low[i]} do not hold open ${open[i]} and close ${close[i]}`,
        'correct or remove that bar',
      );
    }
    if (!(volume[i] >= 0 && volume[i] < Number.POSITIVE_INFINITY)) {
      throw new PlimsollError(
        'BAR_VOLUME_INVALID',
        `in ${file}, ${series.place(i)}: the volume is ${volume[i]}`,
        'write zero or a positive number',
      );
    }
  }
}

function badTimestamp(file: string, series: RawSeries, i: number): PlimsollError {
  return new PlimsollError(
    'TIMESTAMP_INVALID',
    `in ${file}, ${series.place(i)}: the timestamp ${series.timestamp[i]} is no time in milliseconds UTC`,
    "write the bar's open in milliseconds since 1970, UTC",
  );
}

function badPrice(file: string, series: RawSeries, i: number, field: BarField): PlimsollError {
  return new PlimsollError(
    'BAR_PRICE_INVALID',
    `in ${file}, ${series.place(i)}: the ${field} is ${series[field][i]}, not a positive number`,
    'correct or remove that bar',
  );
}

function outOfOrder(file: string, series: RawSeries, i: number): PlimsollError {
  const time = formatInstant(series.timestamp[i]);
  if (series.timestamp[i] === series.timestamp[i - 1]) {
    return new PlimsollError(
      'TIMESTAMP_DUPLICATE',
      `in ${file}, ${series.place(i - 1)} and ${series.place(i)} both are the bar of ${time}`,
      'keep one of them',
    );
  }
  const sort = file.toLowerCase().includes('.csv')
    ? 'sort its lines by timestamp (sort -t, -n on that column, below the header)'
    : `sort it, for example in DuckDB: COPY (FROM '${file}' ORDER BY timestamp) TO 'sorted.parquet'`;
  return new PlimsollError(
    'TIMESTAMP_OUT_OF_ORDER',
    `in ${file}, ${series.place(i)} (${time}) comes after ${series.place(i - 1)} (${formatInstant(series.timestamp[i - 1])})`,
    sort,
  );
}
