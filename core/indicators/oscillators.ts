import type { BarColumns } from '../market/bars.ts';
import { type IndicatorSpec, indicatorSpec } from './indicator.ts';
import { RollingRange } from './kernels/rolling-range.ts';
import { RollingSum } from './kernels/rolling-sum.ts';
import { indicatorOf, Remembering, scratchColumns } from './memory.ts';
import { checkedLength } from './parameters.ts';

/**
 * Slow stochastic (G. Lane), 0 to 100: where the close lies between the lowest low and the highest high of `length` bars,
 * smoothed over `smoothing` bars as %K and again over `signal` bars as %D, both by simple averages. A smoothing of 1 is the
 * fast stochastic. 50 where the range is zero.
 */
export function stochastic(length = 14, smoothing = 3, signal = 3): IndicatorSpec<'k' | 'd'> {
  checkedLength('stochastic', 'length', length);
  checkedLength('stochastic', 'smoothing', smoothing);
  checkedLength('stochastic', 'signal length', signal);
  const create = () =>
    indicatorOf(
      {
        range: new RollingRange(length),
        k: new RollingSum(smoothing),
        d: new RollingSum(signal),
      },
      (memory, bars, from, to, [k, d], at) => {
        const [places, bottoms] = scratchColumns;
        const count = to - from;
        memory.range.run(bars.high, bars.low, from, to, places, bottoms, 0);
        placeInRange(bars.close, from, count, places, bottoms);
        memory.k.run(places, 0, count, k, at, smoothing);
        memory.d.run(k, at, at + count, d, at, signal);
      },
    );
  const warmUp = length + smoothing + signal - 2;
  return indicatorSpec('stochastic', [length, smoothing, signal], ['k', 'd'], warmUp, create);
}

// The loops of this file are functions of their own for the reason that is told in momentum.ts.

/** Turns highs into places, 0 to 100, of the closes between them and the lows. */
function placeInRange(
  close: Float64Array,
  from: number,
  count: number,
  tops: Float64Array,
  bottoms: Float64Array,
): void {
  for (let k = 0; k < count; k++) {
    const range = tops[k] - bottoms[k];
    tops[k] = range === 0 ? 50 : (100 * (close[from + k] - bottoms[k])) / range;
  }
}

/**
 * Williams %R (L. Williams), −100 to 0: how far the close lies below the highest high of `length` bars, in percent of their
 * range. −50 where the range is zero.
 */
export function williamsR(length = 14): IndicatorSpec<'value'> {
  checkedLength('williamsR', 'length', length);
  const create = () =>
    indicatorOf({ range: new RollingRange(length) }, (memory, bars, from, to, [value], at) => {
      const [tops, bottoms] = scratchColumns;
      memory.range.run(bars.high, bars.low, from, to, tops, bottoms, 0);
      placeBelowTop(bars.close, from, to, value, at);
    });
  return indicatorSpec('williamsR', [length], ['value'], length, create);
}

/** From the highs and lows in the scratch columns. */
function placeBelowTop(close: Float64Array, from: number, to: number, value: Float64Array, at: number): void {
  const [tops, bottoms] = scratchColumns;
  for (let i = from, k = 0; i < to; i++, k++) {
    const range = tops[k] - bottoms[k];
    value[at + k] = range === 0 ? -50 : (100 * (close[i] - tops[k])) / range;
  }
}

/**
 * Commodity channel index (D. Lambert, Commodities, October 1980): how far the typical price, (high + low + close) / 3, lies
 * from its simple average, in units of 0.015 mean absolute deviations. 0 where the deviation is zero.
 */
export function cci(length = 20): IndicatorSpec<'value'> {
  checkedLength('cci', 'length', length);
  const create = () =>
    indicatorOf({ sum: new RollingSum(length), window: new Window(length) }, (memory, bars, from, to, [value], at) =>
      advanceChannelIndex(memory, bars, from, to, value, at),
    );
  return indicatorSpec('cci', [length], ['value'], length, create);
}

function advanceChannelIndex(
  { sum, window: { memory } }: { sum: RollingSum; window: Window },
  { high, low, close }: BarColumns,
  from: number,
  to: number,
  value: Float64Array,
  at: number,
): void {
  const [typical, sums] = scratchColumns;
  const count = to - from;
  for (let k = 0; k < count; k++) typical[k] = high[from + k] + low[from + k] + close[from + k];
  sum.run(typical, 0, count, sums, 0, 1);
  const { ring } = memory;
  const length = ring.length;
  let { slot } = memory;
  for (let k = 0; k < count; k++) {
    ring[slot] = typical[k];
    if (++slot === length) slot = 0;
    value[at + k] = channelIndex(ring, typical[k], sums[k] / length);
  }
  memory.slot = slot;
}

/** The last `length` numbers, in a ring. */
class Window extends Remembering<{ slot: number; ring: Float64Array }> {
  constructor(length: number) {
    super({ slot: 0, ring: new Float64Array(length) });
  }
}

// Four sums side by side: additions of one sum would wait for each other.
function channelIndex(ring: Float64Array, price: number, mean: number): number {
  const length = ring.length;
  const whole = length - (length % 4);
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let j = 0; j < whole; j += 4) {
    a += Math.abs(ring[j] - mean);
    b += Math.abs(ring[j + 1] - mean);
    c += Math.abs(ring[j + 2] - mean);
    d += Math.abs(ring[j + 3] - mean);
  }
  for (let j = whole; j < length; j++) a += Math.abs(ring[j] - mean);
  const deviations = a + b + (c + d);
  return deviations === 0 ? 0 : (length * (price - mean)) / (0.015 * deviations);
}
