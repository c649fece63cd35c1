import type { BarColumns } from '../market/bars.ts';
import { type IndicatorSpec, indicatorSpec } from './indicator.ts';
import { wilder } from './kernels/exponential.ts';
import { trueRange } from './kernels/true-range.ts';
import { indicatorOf, Remembering, scratchColumns } from './memory.ts';
import { checkedLength } from './parameters.ts';

/**
 * Average directional index with the directional indicators +DI and −DI, each 0 to 100 (J. Welles Wilder, New Concepts in
 * Technical Trading Systems, 1978). The indicators are there after `length` + 1 bars, the index after 2 × `length`.
 * 0 where there is no range or no direction.
 */
export function adx(length = 14): IndicatorSpec<'adx' | 'plusDi' | 'minusDi'> {
  checkedLength('adx', 'length', length);
  const create = () =>
    indicatorOf(
      { direction: new Direction(length), average: wilder(length) },
      (memory, bars, from, to, [index, plus, minus], at) => {
        const [strengths] = scratchColumns;
        memory.direction.run(bars, from, to, plus, minus, at, strengths);
        memory.average.run(strengths, 0, to - from, index, at, 1);
      },
    );
  return indicatorSpec('adx', [length], ['adx', 'plusDi', 'minusDi'], 2 * length, create);
}

/** Wilder's averages of true range and of directional movement up and down, and what is made of them. */
class Direction extends Remembering<DirectionMemory> {
  readonly length: number;

  constructor(length: number) {
    super({
      previousHigh: Number.NaN,
      previousLow: Number.NaN,
      previousClose: Number.NaN,
      moves: 0,
      range: 0,
      up: 0,
      down: 0,
    });
    this.length = length;
  }

  run(
    bars: BarColumns,
    from: number,
    to: number,
    plus: Float64Array,
    minus: Float64Array,
    at: number,
    strengths: Float64Array,
  ): void {
    const { memory, length } = this;
    const { high, low, close } = bars;
    const weight = 1 / length;
    let { previousHigh, previousLow, previousClose, moves, range, up, down } = memory;
    for (let i = from; i < to; i++) {
      const top = high[i];
      const bottom = low[i];
      const rise = top - previousHigh;
      const fall = previousLow - bottom;
      const width = trueRange(top, bottom, previousClose);
      const rose = positive(rise) * Number(rise > fall);
      const fell = positive(fall) * Number(fall > rise);
      previousHigh = top;
      previousLow = bottom;
      previousClose = close[i];
      const o = at + i - from;
      if (moves === length) {
        range += weight * (width - range);
        up += weight * (rose - up);
        down += weight * (fell - down);
      } else {
        if (!Number.isNaN(width)) {
          moves++;
          range += width;
          up += rose;
          down += fell;
        }
        if (moves < length) {
          plus[o] = minus[o] = strengths[i - from] = Number.NaN;
          continue;
        }
        range /= length;
        up /= length;
        down /= length;
      }
      const both = up + down;
      plus[o] = range > 0 ? (100 * up) / range : 0;
      minus[o] = range > 0 ? (100 * down) / range : 0;
      strengths[i - from] = both > 0 ? (100 * Math.abs(up - down)) / both : 0;
    }
    memory.previousHigh = previousHigh;
    memory.previousLow = previousLow;
    memory.previousClose = previousClose;
    memory.moves = moves;
    memory.range = range;
    memory.up = up;
    memory.down = down;
  }
}

// The move where it is above 0, else 0; without a branch, for moves up and down come at random.
const positive = (move: number) => (Math.abs(move) + move) * 0.5;

type DirectionMemory = {
  previousHigh: number;
  previousLow: number;
  previousClose: number;
  /** Bars with one before them that were read, at most `length`. */
  moves: number;
  /** Sums while fewer than `length` moves were read; then averages. */
  range: number;
  up: number;
  down: number;
};
