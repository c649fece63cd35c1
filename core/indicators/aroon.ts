import { type IndicatorSpec, indicatorSpec } from './indicator.ts';
import { BarsSinceHighest } from './kernels/bars-since.ts';
import { indicatorOf } from './memory.ts';
import { checkedLength } from './parameters.ts';

/**
 * Aroon (T. Chande, Technical Analysis of Stocks & Commodities 13:9, 1995): 100 × (length − bars since the highest high or
 * lowest low) / length, over `length` bars and the one before them; of equal extremes the earliest counts. `oscillator` is
 * up less down.
 */
export function aroon(length = 25): IndicatorSpec<'up' | 'down' | 'oscillator'> {
  checkedLength('aroon', 'length', length);
  const create = () =>
    indicatorOf(
      { high: new BarsSinceHighest(length + 1), low: new BarsSinceHighest(length + 1) },
      (memory, bars, from, to, [up, down, oscillator], at) => {
        memory.high.run(bars.high, from, to, up, at, 1);
        memory.low.run(bars.low, from, to, down, at, -1);
        strengthsOf(length, up, down, oscillator, at, at + to - from);
      },
    );
  return indicatorSpec('aroon', [length], ['up', 'down', 'oscillator'], length + 1, create);
}

/** Bars since the extremes become strengths. A function of its own for the reason that is told in momentum.ts. */
function strengthsOf(
  length: number,
  up: Float64Array,
  down: Float64Array,
  oscillator: Float64Array,
  from: number,
  to: number,
): void {
  for (let o = from; o < to; o++) {
    up[o] = (100 * (length - up[o])) / length;
    down[o] = (100 * (length - down[o])) / length;
    oscillator[o] = up[o] - down[o];
  }
}
