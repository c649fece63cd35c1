import type { BarColumns } from '../market/bars.ts';
import { type IndicatorSpec, indicatorSpec } from './indicator.ts';
import { indicatorOf, Remembering } from './memory.ts';
import { checkedMultiplier, refused } from './parameters.ts';
import { priceUnit } from './source.ts';

/**
 * Parabolic stop and reverse (J. Welles Wilder, New Concepts in Technical Trading Systems, 1978). `value` is the stop in price
 * units, `direction` 1 while it lies below the price and −1 while above. The first trend is assumed to rise, from the low of
 * the first bar: until the first reversal the values are a guess. The acceleration starts at `step` and grows by it up to
 * `maximum`.
 */
export function parabolicSar(step = 0.02, maximum = 0.2): IndicatorSpec<'value' | 'direction'> {
  checkedMultiplier('parabolicSar', 'step', step);
  checkedMultiplier('parabolicSar', 'maximum', maximum);
  if (step > maximum) throw refused('parabolicSar', 'step', step, `use one of at most the maximum, ${maximum}`);
  const create = () =>
    indicatorOf({ trend: new Trend(step, maximum) }, ({ trend }, bars, from, to, [value, direction], at) => {
      trend.run(bars, from, to, value, direction, at, priceUnit(bars));
    });
  return indicatorSpec('parabolicSar', [step, maximum], ['value', 'direction'], 2, create);
}

class Trend extends Remembering<TrendMemory> {
  readonly step: number;
  readonly maximum: number;

  constructor(step: number, maximum: number) {
    // Where there are no bars before, their highs and lows hold nothing back.
    const before = { high: -Number.MAX_VALUE, low: Number.MAX_VALUE };
    super({
      direction: 0,
      stop: 0,
      extreme: 0,
      acceleration: step,
      ...before,
      highBefore: before.high,
      lowBefore: before.low,
    });
    this.step = step;
    this.maximum = maximum;
  }

  run(
    bars: BarColumns,
    from: number,
    to: number,
    value: Float64Array,
    directions: Float64Array,
    at: number,
    unit: number,
  ): void {
    const { memory, step, maximum } = this;
    let { direction, stop, extreme, acceleration, high, low, highBefore, lowBefore } = memory;
    for (let i = from, o = at; i < to; i++, o++) {
      const top = bars.high[i];
      const bottom = bars.low[i];
      stop += acceleration * (extreme - stop);
      if (direction > 0) stop = Math.min(stop, low, lowBefore);
      else if (direction < 0) stop = Math.max(stop, high, highBefore);
      const reversed = direction > 0 ? bottom < stop : top > stop;
      if (direction === 0) {
        stop = bottom;
        extreme = top;
      } else if (reversed) {
        stop = extreme;
        extreme = direction > 0 ? bottom : top;
        acceleration = step;
        direction = -direction;
      } else if (direction > 0 ? top > extreme : bottom < extreme) {
        extreme = direction > 0 ? top : bottom;
        acceleration = Math.min(acceleration + step, maximum);
      }
      value[o] = direction === 0 ? Number.NaN : stop / unit;
      directions[o] = direction === 0 ? Number.NaN : direction;
      if (direction === 0) direction = 1;
      highBefore = high;
      lowBefore = low;
      high = top;
      low = bottom;
    }
    Object.assign(memory, { direction, stop, extreme, acceleration, high, low, highBefore, lowBefore });
  }
}

type TrendMemory = {
  /** 1 rising, −1 falling, 0 before the first bar. */
  direction: number;
  stop: number;
  /** Highest high of a rising trend, lowest low of a falling one. */
  extreme: number;
  acceleration: number;
  /** High and low of the last bar, and of the one before it. */
  high: number;
  low: number;
  highBefore: number;
  lowBefore: number;
};
