/**
 * Longer bars from shorter ones. Bars stand on multiples of their timeframe since the epoch, weeks on Mondays.
 *
 * A longer bar is complete, and emitted, at the earlier of: its last base bar has closed (that bar's close time reaches the
 * longer bar's end), or a base bar of a later period has arrived (the missing ones will not come). So a gap never holds a
 * bar back beyond the next base bar; a period without any base bar has no longer bar; and the unfinished bar at the end of
 * a series is never emitted. `count` says how many base bars it is made of.
 */
import { PlimsollError } from '../errors.ts';
import { type BarColumns, emptyBars, sliceBars } from './bars.ts';
import { formatInstant } from './civil.ts';
import { timeframeMs, timeframeOriginMs } from './timeframe.ts';

/** A longer bar, complete. Prices scaled as in the base bars, times in ms UTC. */
export interface ResampledBar {
  readonly timestamp: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  /** Base bars in it. */
  readonly count: number;
}

/** Called with each complete bar and the index of the base bar whose close made it known. */
export type EmitResampled = (bar: ResampledBar, index: number) => void;

/** The bar in progress as plain data. */
export interface ResamplerState {
  /** Open of the bar in progress; `count` 0 means there is none and the prices mean nothing. */
  readonly timestamp: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  /** What the running sum of volume has lost to rounding. */
  readonly volumeCorrection: number;
  readonly count: number;
  /** Open of the latest base bar; -Infinity before the first. */
  readonly latest: number;
}

export interface Resampler {
  /** Reads bars `from` (inclusive) to `to` (exclusive), which follow those read before. Throws `BARS_OUT_OF_ORDER`. */
  advance(bars: BarColumns, from: number, to: number, emit: EmitResampled): void;
  snapshot(): ResamplerState;
  restore(state: ResamplerState): void;
}

/**
 * A resampler from one timeframe to a longer one that it divides (5m to 1h, 1d to 1w). Throws `TIMEFRAME_NOT_MULTIPLE`.
 * Volume is summed with the rounding error carried along (Neumaier 1974) and then taken as the decimal of at most eight
 * places that it stands for, so that the sum of 0.1 and 0.2 is 0.3 and the order of resampling does not matter.
 */
export function createResampler(base: string, longer: string): Resampler {
  const baseMs = timeframeMs(base);
  const longerMs = timeframeMs(longer);
  if (longerMs <= baseMs || longerMs % baseMs !== 0) {
    throw new PlimsollError(
      'TIMEFRAME_NOT_MULTIPLE',
      `${longer} bars cannot be made from ${base} bars`,
      `use a timeframe that is a multiple of ${base}`,
    );
  }
  return new BlockResampler(baseMs, longerMs, timeframeOriginMs(longer));
}

/** The column form: every complete bar of a series. */
export interface ResampledColumns {
  readonly bars: BarColumns;
  /** Base bars in each longer bar. */
  readonly counts: Float64Array;
  /** Index of the base bar whose close made each longer bar known: a decision on base bar i may use those with index at most i. */
  readonly knownAt: Float64Array;
}

/** Resamples a whole series; the same code as {@link createResampler}, in one block. */
export function resample(bars: BarColumns, base: string, longer: string): ResampledColumns {
  const room = Math.min(bars.length, Math.ceil(spanOf(bars) / timeframeMs(longer)) + 2);
  const out = emptyBars(room, bars.priceDecimals);
  const counts = new Float64Array(room);
  const knownAt = new Float64Array(room);
  let length = 0;
  createResampler(base, longer).advance(bars, 0, bars.length, (bar, index) => {
    out.timestamp[length] = bar.timestamp;
    out.open[length] = bar.open;
    out.high[length] = bar.high;
    out.low[length] = bar.low;
    out.close[length] = bar.close;
    out.volume[length] = bar.volume;
    counts[length] = bar.count;
    knownAt[length++] = index;
  });
  return { bars: sliceBars(out, 0, length), counts: counts.subarray(0, length), knownAt: knownAt.subarray(0, length) };
}

const spanOf = (bars: BarColumns): number =>
  bars.length === 0 ? 0 : bars.timestamp[bars.length - 1] - bars.timestamp[0];

class BlockResampler implements Resampler {
  readonly #baseMs: number;
  readonly #longerMs: number;
  readonly #originMs: number;
  #timestamp = 0;
  #open = 0;
  #high = 0;
  #low = 0;
  #close = 0;
  #volume = 0;
  #volumeCorrection = 0;
  #count = 0;
  #latest = Number.NEGATIVE_INFINITY;

  constructor(baseMs: number, longerMs: number, originMs: number) {
    this.#baseMs = baseMs;
    this.#longerMs = longerMs;
    this.#originMs = originMs;
  }

  advance(bars: BarColumns, from: number, to: number, emit: EmitResampled): void {
    for (let i = from; i < to; i++) {
      const time = bars.timestamp[i];
      if (!(time >= this.#latest + this.#baseMs)) throw outOfOrder(time, this.#latest);
      this.#latest = time;
      if (this.#count > 0 && time >= this.#timestamp + this.#longerMs) this.#emit(emit, i);
      if (this.#count === 0) this.#begin(bars, i, time);
      else this.#extend(bars, i);
      this.#addVolume(bars.volume[i]);
      if (time + this.#baseMs >= this.#timestamp + this.#longerMs) this.#emit(emit, i);
    }
  }

  #begin(bars: BarColumns, index: number, time: number): void {
    this.#timestamp = Math.floor((time - this.#originMs) / this.#longerMs) * this.#longerMs + this.#originMs;
    this.#open = bars.open[index];
    this.#high = bars.high[index];
    this.#low = bars.low[index];
    this.#close = bars.close[index];
    this.#volume = 0;
    this.#volumeCorrection = 0;
    this.#count = 1;
  }

  #extend(bars: BarColumns, index: number): void {
    if (bars.high[index] > this.#high) this.#high = bars.high[index];
    if (bars.low[index] < this.#low) this.#low = bars.low[index];
    this.#close = bars.close[index];
    this.#count++;
  }

  #addVolume(volume: number): void {
    const sum = this.#volume + volume;
    this.#volumeCorrection +=
      Math.abs(this.#volume) >= Math.abs(volume) ? this.#volume - sum + volume : volume - sum + this.#volume;
    this.#volume = sum;
  }

  #emit(emit: EmitResampled, index: number): void {
    const count = this.#count;
    this.#count = 0;
    emit(
      {
        timestamp: this.#timestamp,
        open: this.#open,
        high: this.#high,
        low: this.#low,
        close: this.#close,
        volume: asDecimal(this.#volume + this.#volumeCorrection),
        count,
      },
      index,
    );
  }

  snapshot(): ResamplerState {
    return {
      timestamp: this.#timestamp,
      open: this.#open,
      high: this.#high,
      low: this.#low,
      close: this.#close,
      volume: this.#volume,
      volumeCorrection: this.#volumeCorrection,
      count: this.#count,
      latest: this.#latest,
    };
  }

  restore(state: ResamplerState): void {
    this.#timestamp = state.timestamp;
    this.#open = state.open;
    this.#high = state.high;
    this.#low = state.low;
    this.#close = state.close;
    this.#volume = state.volume;
    this.#volumeCorrection = state.volumeCorrection;
    this.#count = state.count;
    this.#latest = state.latest;
  }
}

const VOLUME_UNITS = 1e8;
const EXACT_UNITS = 2 ** 49;

/** The addends are themselves rounded, so even a perfect sum is a few units in the last place off its decimal. */
function asDecimal(volume: number): number {
  if (!(volume < EXACT_UNITS / VOLUME_UNITS)) return volume;
  const decimal = Math.round(volume * VOLUME_UNITS) / VOLUME_UNITS;
  return Math.abs(decimal - volume) <= volume * 2 ** -49 ? decimal : volume;
}

function outOfOrder(time: number, latest: number): PlimsollError {
  return new PlimsollError(
    'BARS_OUT_OF_ORDER',
    `the bar of ${formatInstant(time)} overlaps or precedes the one of ${formatInstant(latest)}`,
    'give bars in ascending order, each once, of the stated timeframe',
  );
}
