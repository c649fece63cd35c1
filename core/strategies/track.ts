import type { Indicator, IndicatorSpec, IndicatorState } from '../indicators/indicator.ts';
import { type BarColumns, emptyBars } from '../market/bars.ts';
import { createResampler, type Resampler, type ResamplerState } from '../market/resample.ts';
import { type Timeframe, timeframeMs } from '../market/timeframe.ts';

/**
 * The first places of every buffer hold what `previous` and `value` were before the block, and the latest value, which is newer
 * than `value` where a bar closed at a time at which the strategy was not asked. The block's bars follow.
 */
const CARRIED = 3;

/** Where the views of a track stand in its buffers. */
export interface TrackClock {
  now: number;
  before: number;
}

export interface TrackState {
  readonly bars: number;
  readonly resampler: ResamplerState | null;
  readonly indicators: readonly IndicatorState[];
  /** For each indicator and output: `previous`, `value` and the latest. */
  readonly carried: readonly (readonly (readonly [number, number, number])[])[];
  /** The last completed bar, scaled. */
  readonly lastBar: readonly number[];
}

interface Line {
  readonly indicator: Indicator;
  readonly outputs: Float64Array[];
}

/**
 * One timeframe of one instrument, as a strategy sees it: its bars (made from the base bars where it is longer) and the
 * indicators on them, computed a block of bars ahead and read bar by bar through a clock. A block of one is a live bar.
 */
export class Track {
  readonly timeframe: Timeframe;
  readonly timeframeMs: number;
  readonly specs: readonly IndicatorSpec[];
  readonly clock: TrackClock = { now: 1, before: 0 };
  /** Completed bars of this block, scaled; place k belongs to buffer place k. */
  bars: BarColumns;
  /** Bars completed up to and including each base bar of the block. */
  #completed: Int32Array;
  /** Whether its bars are the base bars themselves. */
  readonly isBase: boolean;
  readonly #resampler: Resampler | undefined;
  readonly #lines: Line[];
  #capacity = CARRIED + 2;
  /** Bars completed before the block. */
  #seen = 0;
  /** Place of the last bar completed in the block. */
  #latest = CARRIED - 1;

  constructor(base: Timeframe, timeframe: Timeframe, specs: readonly IndicatorSpec[], priceDecimals: number) {
    this.timeframe = timeframe;
    this.timeframeMs = timeframeMs(timeframe);
    this.specs = specs;
    this.isBase = timeframe === base;
    this.#resampler = this.isBase ? undefined : createResampler(base, timeframe);
    this.#lines = specs.map((spec) => ({
      indicator: spec.create(),
      outputs: spec.outputs.map(() => new Float64Array(this.#capacity).fill(Number.NaN)),
    }));
    this.bars = emptyBars(this.#capacity, priceDecimals);
    this.#completed = new Int32Array(1);
  }

  /** Buffers of the k-th indicator, one an output; replaced when a longer block comes. */
  outputs(k: number): readonly Float64Array[] {
    return this.#lines[k].outputs;
  }

  /** Reads base bars `from` to `to`. The clock stands at the last bar before the block. Returns whether buffers were replaced. */
  advance(base: BarColumns, from: number, to: number): boolean {
    const grown = this.#carry(to - from);
    const count = this.#resampler ? this.#resample(base, from, to) : to - from;
    const source = this.#resampler ? this.bars : base;
    const start = this.#resampler ? CARRIED : from;
    this.#latest = CARRIED - 1 + count;
    for (const line of this.#lines) line.indicator.advance(source, start, start + count, line.outputs, CARRIED);
    return grown;
  }

  /**
   * Takes over, as its one block, what other tracks of the same bars and timeframe have read: the bars of `timeline`, and the
   * indicators of `lines`, one each, in the order of this track's own. It must not have read anything itself.
   */
  adopt(timeline: Track, lines: readonly Track[]): void {
    this.bars = timeline.bars;
    this.#completed = timeline.#completed;
    lines.forEach((other, k) => {
      this.#lines[k].outputs.splice(0, this.#lines[k].outputs.length, ...other.outputs(0));
    });
  }

  /** Memory of its columns. */
  get bytes(): number {
    const bars = this.isBase ? 0 : 6 * this.bars.close.byteLength + this.#completed.byteLength;
    return this.#lines.reduce((sum, { outputs }) => sum + outputs.length * outputs[0].byteLength, bars);
  }

  /** Whether base bar `k` of the block completed a bar of this timeframe that the clock has not reached. */
  completesAt(k: number): boolean {
    return this.#resampler === undefined || CARRIED - 1 + this.#completed[k] > Math.max(CARRIED - 1, this.clock.now);
  }

  /** Moves the clock to base bar `k` of the block. */
  moveTo(k: number): void {
    const { clock } = this;
    if (this.#resampler) {
      clock.before = clock.now;
      clock.now = CARRIED - 1 + this.#completed[k];
    } else {
      // Bars may have been passed over: the one before is always the place before.
      clock.now = CARRIED + k;
      clock.before = CARRIED + k - 1;
    }
  }

  /** Where bar `k` of the block stands in the buffers of a track of base bars. */
  placeOf(k: number): number {
    return CARRIED + k;
  }

  /** The first bar of the block with which `bars` are completed, on a track of base bars; negative where they were before it. */
  warmAt(bars: number): number {
    return bars - 1 - this.#seen;
  }

  /** Bars completed so far, as the clock stands. */
  get completed(): number {
    return this.#seen + Math.max(0, this.clock.now - CARRIED + 1);
  }

  #resample(base: BarColumns, from: number, to: number): number {
    const { bars } = this;
    let count = 0;
    let filledTo = from;
    this.#resampler?.advance(base, from, to, (bar, index) => {
      this.#completed.fill(count, filledTo - from, index - from);
      filledTo = index;
      const place = CARRIED + count++;
      bars.timestamp[place] = bar.timestamp;
      bars.open[place] = bar.open;
      bars.high[place] = bar.high;
      bars.low[place] = bar.low;
      bars.close[place] = bar.close;
      bars.volume[place] = bar.volume;
    });
    this.#completed.fill(count, filledTo - from, to - from);
    return count;
  }

  /** Keeps what the clock shows, and the latest, in the first places and makes room for a block of `length`. */
  #carry(length: number): boolean {
    const { now, before } = this.clock;
    const latest = this.#latest;
    this.#seen += latest - CARRIED + 1;
    // The first base bar may complete a bar that was waiting for it, and one of its own.
    const needed = CARRIED + length + 1;
    const grown = needed > this.#capacity;
    if (grown) this.#capacity = needed;
    for (const line of this.#lines) {
      line.outputs.forEach((values, k) => {
        const target = grown ? new Float64Array(needed).fill(Number.NaN) : values;
        const carried = [values[before], values[now], values[latest]];
        target.set(carried);
        line.outputs[k] = target;
      });
    }
    if (this.#resampler) {
      this.#carryBars(now, grown, needed);
      if (grown || this.#completed.length < length) this.#completed = new Int32Array(length);
    }
    this.clock.now = 1;
    this.clock.before = 0;
    return grown;
  }

  #carryBars(now: number, grown: boolean, needed: number): void {
    const old = this.bars;
    const bars = grown ? emptyBars(needed, old.priceDecimals) : old;
    for (const column of ['timestamp', 'open', 'high', 'low', 'close', 'volume'] as const)
      bars[column][1] = old[column][now];
    this.bars = bars;
  }

  snapshot(): TrackState {
    const { now, before } = this.clock;
    const { bars } = this;
    const latest = this.#latest;
    return {
      bars: this.#seen + latest - CARRIED + 1,
      resampler: this.#resampler?.snapshot() ?? null,
      indicators: this.#lines.map((line) => line.indicator.snapshot()),
      carried: this.#lines.map((line) =>
        line.outputs.map((values) => [values[before], values[now], values[latest]] as const),
      ),
      lastBar: this.#resampler
        ? [bars.timestamp[now], bars.open[now], bars.high[now], bars.low[now], bars.close[now], bars.volume[now]]
        : [],
    };
  }

  restore(state: TrackState): void {
    this.#seen = state.bars;
    this.#latest = CARRIED - 1;
    if (state.resampler) this.#resampler?.restore(state.resampler);
    this.#lines.forEach((line, k) => {
      line.indicator.restore(state.indicators[k]);
      line.outputs.forEach((values, output) => {
        values.set(state.carried[k][output]);
      });
    });
    const { bars } = this;
    if (state.lastBar.length > 0) {
      [bars.timestamp[1], bars.open[1], bars.high[1], bars.low[1], bars.close[1], bars.volume[1]] = state.lastBar;
    }
    this.clock.now = 1;
    this.clock.before = 0;
  }
}
