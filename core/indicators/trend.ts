import { type IndicatorSpec, indicatorSpec } from './indicator.ts';
import { Delay } from './kernels/delay.ts';
import { RollingRange } from './kernels/rolling-range.ts';
import { AverageTrueRange } from './kernels/true-range.ts';
import { WeightedSum } from './kernels/weighted-sum.ts';
import { indicatorOf, scratchColumns } from './memory.ts';
import { checkedLength, checkedMultiplier } from './parameters.ts';
import {
  checkedSource,
  priceUnit,
  type SourceOptions,
  sourceColumn,
  sourceParameters,
  sourceStart,
  sourceUnit,
} from './source.ts';

/**
 * SuperTrend (O. Seban): a stop that trails the price at `multiplier` average true ranges from the middle of the bar, and
 * changes side when the close reaches it. `value` is the stop in price units, `direction` 1 while it lies below the price
 * and −1 while above.
 */
export function superTrend(length = 10, multiplier = 3): IndicatorSpec<'value' | 'direction'> {
  checkedLength('superTrend', 'length', length);
  checkedMultiplier('superTrend', 'multiplier', multiplier);
  const create = () =>
    indicatorOf(
      { range: new AverageTrueRange(length), upper: 0, lower: 0, rising: 0, previousClose: 0 },
      (memory, bars, from, to, [value, direction], at) => {
        const [ranges] = scratchColumns;
        const { high, low, close } = bars;
        const unit = priceUnit(bars);
        memory.range.run(bars, from, to, ranges, 0, 1);
        let { upper, lower, rising, previousClose } = memory;
        for (let i = from, o = at; i < to; i++, o++) {
          const middle = (high[i] + low[i]) / 2;
          const distance = multiplier * ranges[i - from];
          const price = close[i];
          if (Number.isNaN(distance)) {
            value[o] = Number.NaN;
            direction[o] = Number.NaN;
            continue;
          }
          const started = rising !== 0;
          if (!started) rising = price >= middle ? 1 : -1;
          if (!started || middle + distance < upper || previousClose > upper) upper = middle + distance;
          if (!started || middle - distance > lower || previousClose < lower) lower = middle - distance;
          rising = price <= (rising > 0 ? lower : upper) ? -1 : 1;
          value[o] = (rising > 0 ? lower : upper) / unit;
          direction[o] = rising;
          previousClose = price;
        }
        memory.upper = upper;
        memory.lower = lower;
        memory.rising = rising;
        memory.previousClose = previousClose;
      },
    );
  return indicatorSpec('superTrend', [length, multiplier], ['value', 'direction'], length + 1, create);
}

/**
 * Ichimoku Kinko Hyo (G. Hosoda), in price units. `tenkan`, `kijun` and `senkouB` are the middles of the range of 9, 26 and 52
 * bars (with the defaults), `senkouA` half the sum of the first two. The two spans are the cloud that stands at this bar: made
 * `displacement` bars ago. `chikou` is this bar's close, which charts draw `displacement` bars back; no output looks ahead.
 */
export function ichimoku(
  tenkan = 9,
  kijun = 26,
  senkouB = 52,
  displacement = 26,
): IndicatorSpec<'tenkan' | 'kijun' | 'senkouA' | 'senkouB' | 'chikou'> {
  checkedLength('ichimoku', 'tenkan length', tenkan);
  checkedLength('ichimoku', 'kijun length', kijun);
  checkedLength('ichimoku', 'senkou B length', senkouB);
  checkedLength('ichimoku', 'displacement', displacement);
  const create = () =>
    indicatorOf(
      {
        tenkan: new RollingRange(tenkan),
        kijun: new RollingRange(kijun),
        senkouB: new RollingRange(senkouB),
        spanA: new Delay(displacement),
        spanB: new Delay(displacement),
      },
      (memory, bars, from, to, out, at) => {
        const [fast, medium, slow, bottoms, spanA] = scratchColumns;
        const { high, low, close } = bars;
        const unit = priceUnit(bars);
        const count = to - from;
        memory.tenkan.run(high, low, from, to, fast, bottoms, 0);
        for (let k = 0; k < count; k++) fast[k] += bottoms[k];
        memory.kijun.run(high, low, from, to, medium, bottoms, 0);
        for (let k = 0; k < count; k++) medium[k] += bottoms[k];
        memory.senkouB.run(high, low, from, to, slow, bottoms, 0);
        for (let k = 0; k < count; k++) slow[k] += bottoms[k];
        for (let k = 0; k < count; k++) spanA[k] = fast[k] + medium[k];
        memory.spanA.run(spanA, 0, count, spanA, 0);
        memory.spanB.run(slow, 0, count, slow, 0);
        for (let k = 0, o = at; k < count; k++, o++) {
          out[0][o] = fast[k] / (2 * unit);
          out[1][o] = medium[k] / (2 * unit);
          out[2][o] = spanA[k] / (4 * unit);
          out[3][o] = slow[k] / (2 * unit);
          out[4][o] = close[from + k] / unit;
        }
      },
    );
  const outputs = ['tenkan', 'kijun', 'senkouA', 'senkouB', 'chikou'] as const;
  const warmUp = Math.max(tenkan, kijun, senkouB) + displacement;
  return indicatorSpec('ichimoku', [tenkan, kijun, senkouB, displacement], outputs, warmUp, create);
}

/** Slope of the least-squares line through the last `length` prices, in price units a bar. Least length 2. */
export function linearRegressionSlope(length = 14, options: SourceOptions = {}): IndicatorSpec<'value'> {
  const n = checkedLength('linearRegressionSlope', 'length', length, 2);
  const source = checkedSource('linearRegressionSlope', options);
  const create = () =>
    indicatorOf({ sum: new WeightedSum(n, 2, -n - 1) }, ({ sum }, bars, from, to, [value], at) => {
      const prices = sourceColumn(source, bars, from, to);
      const start = sourceStart(source, from);
      // Σ (x − mean x)(y − mean y) / Σ (x − mean x)², both times 2: the positions less their mean are (2·position − n − 1) / 2.
      const divisor = ((n * (n * n - 1)) / 6) * sourceUnit(source, bars);
      sum.run(prices, start, start + to - from, value, at, divisor);
    });
  return indicatorSpec('linearRegressionSlope', [n, ...sourceParameters(source)], ['value'], n, create);
}
