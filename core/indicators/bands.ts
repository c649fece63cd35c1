import { type IndicatorSpec, indicatorSpec } from './indicator.ts';
import { exponential } from './kernels/exponential.ts';
import { RollingDeviation } from './kernels/rolling-deviation.ts';
import { RollingRange, rangeOf } from './kernels/rolling-range.ts';
import { AverageTrueRange } from './kernels/true-range.ts';
import { indicatorOf, scratchColumns } from './memory.ts';
import { checkedLength, checkedMultiplier, checkOptions } from './parameters.ts';
import {
  checkedSource,
  priceUnit,
  type SourceOptions,
  sourceColumn,
  sourceParameters,
  sourceStart,
  sourceUnit,
} from './source.ts';

type Band = 'upper' | 'middle' | 'lower';
const BAND = ['upper', 'middle', 'lower'] as const;

/** Bollinger bands (J. Bollinger): the simple average, and `deviations` population standard deviations above and below it. */
export function bollinger(length = 20, deviations = 2, options: SourceOptions = {}): IndicatorSpec<Band> {
  checkedLength('bollinger', 'length', length);
  checkedMultiplier('bollinger', 'number of deviations', deviations);
  const source = checkedSource('bollinger', options);
  const create = () =>
    indicatorOf({ spread: new RollingDeviation(length) }, ({ spread }, bars, from, to, out, at) => {
      const [upper, middle, lower] = out;
      const prices = sourceColumn(source, bars, from, to);
      const start = sourceStart(source, from);
      const [sums, widths] = scratchColumns;
      const count = to - from;
      const unit = sourceUnit(source, bars);
      spread.run(prices, start, start + count, sums, widths, 0, unit);
      const divisor = length * unit;
      for (let k = 0; k < count; k++) {
        const mean = sums[k] / divisor;
        const width = deviations * widths[k];
        upper[at + k] = mean + width;
        middle[at + k] = mean;
        lower[at + k] = mean - width;
      }
    });
  return indicatorSpec('bollinger', [length, deviations, ...sourceParameters(source)], BAND, length, create);
}

export interface DonchianOptions {
  /**
   * Leaves the current bar out: the channel of the `length` bars before it, which a close can break out of.
   * @default false
   */
  readonly excludeCurrent?: boolean;
}

/** Donchian channel (R. Donchian): highest high and lowest low of `length` bars, and half their sum as middle. */
export function donchian(length = 20, options: DonchianOptions = {}): IndicatorSpec<Band> {
  checkedLength('donchian', 'length', length);
  checkOptions('donchian', options, ['excludeCurrent']);
  const delay = options.excludeCurrent ? 1 : 0;
  const create = () =>
    indicatorOf(
      {
        range: new RollingRange(length),
        previousTop: Number.NaN,
        previousBottom: Number.NaN,
      },
      (memory, bars, from, to, [upper, middle, lower], at) => {
        const [tops, bottoms] = scratchColumns;
        const count = to - from;
        const unit = priceUnit(bars);
        memory.range.run(bars.high, bars.low, from, to, tops, bottoms, 0);
        let { previousTop, previousBottom } = memory;
        for (let k = 0; k < count; k++) {
          const top = delay ? previousTop : tops[k];
          const bottom = delay ? previousBottom : bottoms[k];
          upper[at + k] = top / unit;
          middle[at + k] = (top + bottom) / (2 * unit);
          lower[at + k] = bottom / unit;
          previousTop = tops[k];
          previousBottom = bottoms[k];
        }
        memory.previousTop = previousTop;
        memory.previousBottom = previousBottom;
      },
    );
  const parameters = delay ? [length, 'excludeCurrent'] : [length];
  return indicatorSpec('donchian', parameters, BAND, length + delay, create);
}

/**
 * The edges of a Donchian channel, without its middle and the division for it: for features, of which there are many. The same numbers as
 * {@link donchian}, and the same state, since checkpoints hold it.
 */
export function channelEdges(length: number): IndicatorSpec<'upper' | 'lower'> {
  checkedLength('channelEdges', 'length', length);
  const create = () =>
    indicatorOf(
      {
        range: new RollingRange(length),
        previousTop: Number.NaN,
        previousBottom: Number.NaN,
      },
      (memory, bars, from, to, [upper, lower], at) => {
        memory.range.run(bars.high, bars.low, from, to, upper, lower, at, priceUnit(bars));
        [memory.previousTop, memory.previousBottom] = rangeOf(memory.range);
      },
    );
  return indicatorSpec('channelEdges', [length], ['upper', 'lower'], length, create);
}

/**
 * Keltner channel in the form of L. Bradford Raschke: the exponential average of the close over `length` bars, and
 * `multiplier` average true ranges (Wilder's, over `atrLength` bars) above and below it.
 */
export function keltner(length = 20, multiplier = 2, atrLength = 10): IndicatorSpec<Band> {
  checkedLength('keltner', 'length', length);
  checkedMultiplier('keltner', 'multiplier', multiplier);
  checkedLength('keltner', 'length of the average true range', atrLength);
  const create = () =>
    indicatorOf(
      { average: exponential(length), range: new AverageTrueRange(atrLength) },
      (memory, bars, from, to, [upper, middle, lower], at) => {
        const [averages, ranges] = scratchColumns;
        const count = to - from;
        const unit = priceUnit(bars);
        memory.average.run(bars.close, from, to, averages, 0, unit);
        memory.range.run(bars, from, to, ranges, 0, unit);
        for (let k = 0; k < count; k++) {
          const width = multiplier * ranges[k];
          upper[at + k] = averages[k] + width;
          middle[at + k] = averages[k];
          lower[at + k] = averages[k] - width;
        }
      },
    );
  const warmUp = Math.max(length, atrLength + 1);
  return indicatorSpec('keltner', [length, multiplier, atrLength], BAND, warmUp, create);
}
