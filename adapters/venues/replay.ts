/**
 * Recorded bars as a venue. Its clock is the bars' own: it stands where the run has come to, and shows only what had closed
 * by then, so that a strategy cannot see ahead.
 */
import { setTimeout as sleepFor } from 'node:timers/promises';
import { PlimsollError } from '../../core/errors.ts';
import { type Bar, type BarColumns, barAt } from '../../core/market/bars.ts';
import { type Instrument, instrument } from '../../core/market/instrument.ts';
import { resample } from '../../core/market/resample.ts';
import { type Timeframe, timeframeMs } from '../../core/market/timeframe.ts';
import type { MarketDataPort } from '../../core/ports/market-data.ts';
import { readBarFile } from '../files/bar-file.ts';
import { assertBarRange, symbolUnknown } from './ranges.ts';

export interface ReplayFileOptions {
  /** Parquet or CSV. */
  readonly path: string;
  /** Which symbols of the file. Default: all; a file without a symbol column needs the name of its one symbol. */
  readonly symbols?: readonly string[];
  /** Of the file's bars. Default: the most common distance between them. */
  readonly timeframe?: Timeframe;
  /** Open of the first bar, ms UTC, inclusive. */
  readonly from?: number;
  /** Exclusive. */
  readonly to?: number;
  /** Decimals of prices. Default: the most that each symbol's prices use. */
  readonly priceDecimals?: number;
  /** What a symbol of the file stands for. Default: {@link recordedInstrument}, without fees. */
  readonly instrumentFor?: (symbol: string, priceDecimals: number) => Instrument;
  readonly venue?: string;
}

export interface ReplaySeries {
  readonly instrument: Instrument;
  readonly timeframe: Timeframe;
  readonly bars: BarColumns;
}

/** As fast as the run can, or so many cycles a second. */
export type ReplayPace = 'unbounded' | number;

/** The fastest pace that is waited for; beyond it, `unbounded` says what is meant. */
export const REPLAY_PACE_MAX = 1_000;

export interface ReplayTimesOptions {
  /** Default `unbounded`. */
  readonly pace?: ReplayPace;
  /** Ends the iteration, as at the end of the file. */
  readonly signal?: AbortSignal;
  readonly sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

/** Opens a file of bars for replay. Throws what reading it throws, and `TIMEFRAME_REQUIRED` where it cannot be told. */
export async function openReplay(options: ReplayFileOptions): Promise<ReplayVenue> {
  const venue = options.venue ?? 'replay';
  const { path, symbols, timeframe, from, to, priceDecimals } = options;
  const only = symbols?.length === 1 ? { symbol: symbols[0] } : { symbols: symbols ?? ('all' as const) };
  const file = await readBarFile(path, { ...only, timeframe, from, to, priceDecimals });
  const instrumentFor = options.instrumentFor ?? ((symbol, decimals) => recordedInstrument(venue, symbol, decimals));
  const series = Array.from(file.bars, ([symbol, bars]): ReplaySeries => {
    const of = timeframe ?? file.timeframes.get(symbol);
    if (of === undefined) throw timeframeRequired(symbol, path);
    return { instrument: instrumentFor(symbol, bars.priceDecimals), timeframe: of, bars };
  });
  return new ReplayVenue(venue, series);
}

export class ReplayVenue implements MarketDataPort {
  readonly venue: string;
  readonly provenance = 'recorded';
  readonly #series: ReadonlyMap<string, ReplaySeries>;
  readonly #times: Float64Array;
  readonly #resampled = new Map<string, VisibleBars>();
  /** Cycle times that have been reached. */
  #reached = 0;

  constructor(venue: string, series: readonly ReplaySeries[]) {
    this.venue = venue;
    this.#series = new Map(series.map((one) => [one.instrument.symbol, one]));
    this.#times = closeTimes(series);
  }

  /** The symbols that are replayed, in the file's order. */
  get symbols(): string[] {
    return [...this.#series.keys()];
  }

  /** The timeframe in which a symbol was recorded. Throws `SYMBOL_UNKNOWN`. */
  timeframeOf(symbol: string): Timeframe {
    return this.#of(symbol).timeframe;
  }

  /** The time that the replay has come to, ms UTC; undefined before the first cycle. */
  get now(): number | undefined {
    return this.#reached === 0 ? undefined : this.#times[this.#reached - 1];
  }

  /** Whether every bar has been shown. */
  get ended(): boolean {
    return this.#reached === this.#times.length;
  }

  /** Cycles shown and cycles in all. */
  get progress(): { readonly done: number; readonly total: number } {
    return { done: this.#reached, total: this.#times.length };
  }

  /**
   * Moves the clock to the next time at which a bar closed, of any symbol, and returns it (ms UTC). Undefined at the end of
   * the file, where the clock stays.
   */
  nextTime(): number | undefined {
    return this.ended ? undefined : this.#times[this.#reached++];
  }

  /** Sets the clock to `time`: what closed by then is seen, and {@link nextTime} goes on after it. For a run that resumes. */
  seek(time: number): void {
    this.#reached = upperBound(this.#times, time);
  }

  /** Every cycle time from here to the end of the file, at a pace; the clock moves with it. */
  async *times(options: ReplayTimesOptions = {}): AsyncGenerator<number, void, void> {
    const { pace = 'unbounded', signal, sleep = sleepUnlessAborted } = options;
    const waitMs = waitOf(pace);
    for (let first = true; !this.ended && !signal?.aborted; first = false) {
      if (!first && waitMs > 0) await sleep(waitMs, signal);
      if (signal?.aborted) return;
      const time = this.nextTime();
      if (time !== undefined) yield time;
    }
  }

  async instruments(symbols: readonly string[]): Promise<Instrument[]> {
    return symbols.map((symbol) => this.#of(symbol).instrument);
  }

  /** Longer timeframes are made from the recorded one; a shorter one throws `TIMEFRAME_NOT_MULTIPLE`. */
  async bars(of: Instrument, timeframe: Timeframe, from: number, to: number, limit: number): Promise<Bar[]> {
    assertBarRange(from, to, limit);
    const { bars, knownAt } = this.#visible(this.#of(of.symbol), timeframe);
    const first = lowerBound(bars.timestamp, from);
    const known = this.now === undefined ? 0 : upperBound(knownAt, this.now);
    const end = Math.min(known, lowerBound(bars.timestamp, to), first + limit);
    return Array.from({ length: Math.max(0, end - first) }, (_, i) => barAt(bars, first + i));
  }

  async close(): Promise<void> {}

  #of(symbol: string): ReplaySeries {
    const series = this.#series.get(symbol);
    if (!series) throw symbolUnknown(this.venue, symbol, this.#series.keys());
    return series;
  }

  #visible(series: ReplaySeries, timeframe: Timeframe): VisibleBars {
    const key = `${series.instrument.symbol} ${timeframeMs(timeframe)}${timeframe.endsWith('w') ? 'w' : ''}`;
    const made = this.#resampled.get(key) ?? visibleBars(series, timeframe);
    this.#resampled.set(key, made);
    return made;
  }
}

/** What a recorded symbol stands for when nothing else is said: spot, its assets from its name (`BTC/USDT`, `BTC_USDT`). */
export function recordedInstrument(venue: string, symbol: string, priceDecimals: number): Instrument {
  const [base, quote] = symbol.split(':')[0].split(/[/_-]/);
  return instrument({ symbol, venue, base, quote: quote || 'USD', settlement: quote || 'USD', priceDecimals });
}

interface VisibleBars {
  readonly bars: BarColumns;
  /** When each bar became known, ms UTC. */
  readonly knownAt: Float64Array;
}

function visibleBars(series: ReplaySeries, timeframe: Timeframe): VisibleBars {
  const { bars: base } = series;
  const length = timeframeMs(series.timeframe);
  if (timeframeMs(timeframe) === length) return { bars: base, knownAt: base.timestamp.map((open) => open + length) };
  const { bars, knownAt } = resample(base, series.timeframe, timeframe);
  return { bars, knownAt: knownAt.map((index) => base.timestamp[index] + length) };
}

/** The times at which a bar of any series closed, ascending, each once. */
function closeTimes(series: readonly ReplaySeries[]): Float64Array {
  const all = new Float64Array(series.reduce((sum, one) => sum + one.bars.length, 0));
  let length = 0;
  for (const { bars, timeframe } of series) {
    const duration = timeframeMs(timeframe);
    for (let i = 0; i < bars.length; i++) all[length++] = bars.timestamp[i] + duration;
  }
  all.sort();
  let kept = 0;
  for (let i = 0; i < length; i++) if (kept === 0 || all[i] !== all[kept - 1]) all[kept++] = all[i];
  return all.slice(0, kept);
}

/** How many values are below `value`, in an ascending column. */
function lowerBound(column: Float64Array, value: number): number {
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (column[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many values are at most `value`. */
function upperBound(column: Float64Array, value: number): number {
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (column[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function waitOf(pace: ReplayPace): number {
  if (pace === 'unbounded') return 0;
  if (pace > 0 && pace <= REPLAY_PACE_MAX) return 1000 / pace;
  throw new PlimsollError(
    'REPLAY_PACE_INVALID',
    `a replay cannot run at ${pace} bars a second`,
    `use a number above 0 and up to ${REPLAY_PACE_MAX}, or unbounded`,
  );
}

async function sleepUnlessAborted(milliseconds: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleepFor(milliseconds, undefined, { signal });
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}

function timeframeRequired(symbol: string, path: string): PlimsollError {
  return new PlimsollError(
    'TIMEFRAME_REQUIRED',
    `the timeframe of ${symbol} cannot be told from the bars in ${path}`,
    'name it with --timeframe',
  );
}
