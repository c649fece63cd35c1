import { type IndicatorSpec, indicatorSpec } from './indicator.ts';
import { exponential } from './kernels/exponential.ts';
import { ExponentialChain } from './kernels/exponential-chain.ts';
import { RollingSum } from './kernels/rolling-sum.ts';
import { WeightedSum } from './kernels/weighted-sum.ts';
import { indicatorOf, scratchColumns } from './memory.ts';
import { checkedLength } from './parameters.ts';
import {
  checkedSource,
  type SourceOptions,
  sourceColumn,
  sourceParameters,
  sourceStart,
  sourceUnit,
} from './source.ts';

/**
 * Simple moving average over `length` bars. The sum is one of whole numbers, so that equal averages compare equal (as long as
 * `length` × scaled price stays below 2^53).
 */
export function sma(length: number, options: SourceOptions = {}): IndicatorSpec<'value'> {
  const n = checkedLength('sma', 'length', length);
  const source = checkedSource('sma', options);
  return indicatorSpec('sma', [n, ...sourceParameters(source)], ['value'], n, () =>
    indicatorOf({ sum: new RollingSum(n) }, ({ sum }, bars, from, to, [value], at) => {
      const prices = sourceColumn(source, bars, from, to);
      const start = sourceStart(source, from);
      sum.run(prices, start, start + to - from, value, at, n * sourceUnit(source, bars));
    }),
  );
}

/** Exponential moving average: weight 2 / (length + 1), seeded with the simple average of the first `length` bars. */
export function ema(length: number, options: SourceOptions = {}): IndicatorSpec<'value'> {
  const n = checkedLength('ema', 'length', length);
  const source = checkedSource('ema', options);
  return indicatorSpec('ema', [n, ...sourceParameters(source)], ['value'], n, () =>
    indicatorOf({ average: exponential(n) }, ({ average }, bars, from, to, [value], at) => {
      const prices = sourceColumn(source, bars, from, to);
      const start = sourceStart(source, from);
      average.run(prices, start, start + to - from, value, at, sourceUnit(source, bars));
    }),
  );
}

/** Linearly weighted moving average: the newest bar weighs `length`, the oldest 1. Exact as {@link sma} is. */
export function wma(length: number, options: SourceOptions = {}): IndicatorSpec<'value'> {
  const n = checkedLength('wma', 'length', length);
  const source = checkedSource('wma', options);
  return indicatorSpec('wma', [n, ...sourceParameters(source)], ['value'], n, () =>
    indicatorOf({ sum: new WeightedSum(n) }, ({ sum }, bars, from, to, [value], at) => {
      const prices = sourceColumn(source, bars, from, to);
      const start = sourceStart(source, from);
      sum.run(prices, start, start + to - from, value, at, totalWeight(n) * sourceUnit(source, bars));
    }),
  );
}

/**
 * Double exponential moving average, 2·EMA − EMA(EMA) (P. Mulloy, Technical Analysis of Stocks & Commodities 12:1, 1994).
 * The second average starts from the first value of the first.
 */
export function dema(length: number, options: SourceOptions = {}): IndicatorSpec<'value'> {
  const n = checkedLength('dema', 'length', length);
  const source = checkedSource('dema', options);
  return indicatorSpec('dema', [n, ...sourceParameters(source)], ['value'], n, () =>
    indicatorOf({ chain: new ExponentialChain(n, [2, -1, 0]) }, ({ chain }, bars, from, to, [value], at) => {
      const prices = sourceColumn(source, bars, from, to);
      const start = sourceStart(source, from);
      chain.run(prices, start, start + to - from, value, at, sourceUnit(source, bars));
    }),
  );
}

/**
 * Triple exponential moving average, 3·EMA − 3·EMA(EMA) + EMA(EMA(EMA)) (P. Mulloy, Technical Analysis of Stocks &
 * Commodities 12:2, 1994). Each average starts from the first value of the one before.
 */
export function tema(length: number, options: SourceOptions = {}): IndicatorSpec<'value'> {
  const n = checkedLength('tema', 'length', length);
  const source = checkedSource('tema', options);
  return indicatorSpec('tema', [n, ...sourceParameters(source)], ['value'], n, () =>
    indicatorOf({ chain: new ExponentialChain(n, [3, -3, 1]) }, ({ chain }, bars, from, to, [value], at) => {
      const prices = sourceColumn(source, bars, from, to);
      const start = sourceStart(source, from);
      chain.run(prices, start, start + to - from, value, at, sourceUnit(source, bars));
    }),
  );
}

/** Hull moving average: WMA(2·WMA(length / 2) − WMA(length), √length), both lengths rounded down. Least length 2. */
export function hma(length: number, options: SourceOptions = {}): IndicatorSpec<'value'> {
  const n = checkedLength('hma', 'length', length, 2);
  const source = checkedSource('hma', options);
  const half = Math.floor(n / 2);
  const root = Math.floor(Math.sqrt(n));
  const create = () =>
    indicatorOf(
      { half: new WeightedSum(half), full: new WeightedSum(n), smooth: new WeightedSum(root) },
      (memory, bars, from, to, [value], at) => {
        const [fast, slow] = scratchColumns;
        const prices = sourceColumn(source, bars, from, to);
        const start = sourceStart(source, from);
        const count = to - from;
        const unit = sourceUnit(source, bars);
        memory.half.run(prices, start, start + count, fast, 0, totalWeight(half) * unit);
        memory.full.run(prices, start, start + count, slow, 0, totalWeight(n) * unit);
        for (let k = 0; k < count; k++) slow[k] = 2 * fast[k] - slow[k];
        memory.smooth.run(slow, 0, count, value, at, totalWeight(root));
      },
    );
  return indicatorSpec('hma', [n, ...sourceParameters(source)], ['value'], n + root - 1, create);
}

const totalWeight = (length: number) => (length * (length + 1)) / 2;
