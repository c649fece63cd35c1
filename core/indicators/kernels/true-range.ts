import type { BarColumns } from '../../market/bars.ts';
import { Remembering } from '../memory.ts';

/** max(high, previous close) − min(low, previous close), without a branch: exact on whole numbers below 2^52. */
export const trueRange = (high: number, low: number, previousClose: number): number =>
  (high - low + (Math.abs(high - previousClose) + Math.abs(low - previousClose))) * 0.5;

/**
 * Wilder's average of the true range, seeded with the mean of the first `length`. The first bar has no true range, for want of
 * a close before it.
 */
export class AverageTrueRange extends Remembering<AverageTrueRangeMemory> {
  readonly length: number;

  constructor(length: number) {
    super({ previousClose: Number.NaN, ranges: 0, average: 0 });
    this.length = length;
  }

  /** Writes average ÷ `divisor`; NaN for the first `length` bars. */
  run(bars: BarColumns, from: number, to: number, out: Float64Array, at: number, divisor: number): void {
    const { memory, length } = this;
    const { high, low, close } = bars;
    let i = from;
    let o = at;
    for (; i < to && memory.ranges < length; i++) out[o++] = this.#seed(high[i], low[i], close[i]) / divisor;
    const weight = 1 / length;
    let { previousClose, average } = memory;
    for (; i < to; i++) {
      average += weight * (trueRange(high[i], low[i], previousClose) - average);
      previousClose = close[i];
      out[o++] = average / divisor;
    }
    memory.previousClose = previousClose;
    memory.average = average;
  }

  #seed(high: number, low: number, close: number): number {
    const { memory, length } = this;
    const range = trueRange(high, low, memory.previousClose);
    memory.previousClose = close;
    if (Number.isNaN(range)) return Number.NaN;
    memory.average += range;
    memory.ranges++;
    if (memory.ranges < length) return Number.NaN;
    memory.average /= length;
    return memory.average;
  }
}

type AverageTrueRangeMemory = {
  previousClose: number;
  /** True ranges read, at most `length`. */
  ranges: number;
  /** Their sum while there are fewer than `length`; then the average. */
  average: number;
};
