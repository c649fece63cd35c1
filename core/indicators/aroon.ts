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
        for (let o = at; o < at + to - from; o++) {
          up[o] = (100 * (length - up[o])) / length;
          down[o] = (100 * (length - down[o])) / length;
          oscillator[o] = up[o] - down[o];
        }
      },
    );
  return indicatorSpec('aroon', [length], ['up', 'down', 'oscillator'], length + 1, create);
}
