import { type IndicatorSpec, indicatorSpec } from './indicator.ts';
import { RollingDeviation } from './kernels/rolling-deviation.ts';
import { AverageTrueRange } from './kernels/true-range.ts';
import { indicatorOf, scratchColumns } from './memory.ts';
import { checkedLength } from './parameters.ts';
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
 * Average true range in price units (J. Welles Wilder, New Concepts in Technical Trading Systems, 1978), seeded with the mean
 * of the first `length` true ranges. The first bar has none, for want of a close before it.
 */
export function atr(length = 14): IndicatorSpec<'value'> {
  checkedLength('atr', 'length', length);
  const create = () =>
    indicatorOf({ range: new AverageTrueRange(length) }, ({ range }, bars, from, to, [value], at) => {
      range.run(bars, from, to, value, at, priceUnit(bars));
    });
  return indicatorSpec('atr', [length], ['value'], length + 1, create);
}

/** Population standard deviation over `length` bars, in price units. */
export function stddev(length: number, options: SourceOptions = {}): IndicatorSpec<'value'> {
  const n = checkedLength('stddev', 'length', length);
  const source = checkedSource('stddev', options);
  const create = () =>
    indicatorOf({ deviation: new RollingDeviation(n) }, ({ deviation }, bars, from, to, [value], at) => {
      const prices = sourceColumn(source, bars, from, to);
      const start = sourceStart(source, from);
      const [sums] = scratchColumns;
      deviation.run(prices, start, start + to - from, sums, value, at, sourceUnit(source, bars));
    });
  return indicatorSpec('stddev', [n, ...sourceParameters(source)], ['value'], n, create);
}
