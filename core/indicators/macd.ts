import { type IndicatorSpec, indicatorSpec } from './indicator.ts';
import { exponential } from './kernels/exponential.ts';
import { ExponentialChain } from './kernels/exponential-chain.ts';
import { indicatorOf, Remembering, scratchColumns } from './memory.ts';
import { checkedLength, refused } from './parameters.ts';
import {
  checkedSource,
  type SourceOptions,
  sourceColumn,
  sourceParameters,
  sourceStart,
  sourceUnit,
} from './source.ts';

/**
 * Moving average convergence divergence (G. Appel): the fast less the slow exponential average, in price units; its own
 * exponential average as signal; the difference of the two as histogram. Each average is seeded with the simple average of
 * its own first bars, so that `macd` is there before `signal` and `histogram` are. Throws where fast is not below slow.
 */
export function macd(
  fast = 12,
  slow = 26,
  signal = 9,
  options: SourceOptions = {},
): IndicatorSpec<'macd' | 'signal' | 'histogram'> {
  checkedLength('macd', 'fast length', fast);
  checkedLength('macd', 'slow length', slow);
  checkedLength('macd', 'signal length', signal);
  if (fast >= slow) throw refused('macd', 'fast length', fast, `use one below the slow length, ${slow}`);
  const source = checkedSource('macd', options);
  const create = () =>
    indicatorOf(
      { averages: new Convergence(fast, slow), signal: exponential(signal) },
      (memory, bars, from, to, [line, average, histogram], at) => {
        const prices = sourceColumn(source, bars, from, to);
        const start = sourceStart(source, from);
        const count = to - from;
        memory.averages.run(prices, start, start + count, line, at, sourceUnit(source, bars));
        memory.signal.run(line, at, at + count, average, at, 1);
        for (let o = at; o < at + count; o++) histogram[o] = line[o] - average[o];
      },
    );
  const parameters = [fast, slow, signal, ...sourceParameters(source)];
  return indicatorSpec('macd', parameters, ['macd', 'signal', 'histogram'], slow + signal - 1, create);
}

/**
 * TRIX (J. Hutson): the change from bar to bar, in percent, of an exponential average smoothed three times. The second and
 * third average start from the first value of the one before.
 */
export function trix(length = 15, options: SourceOptions = {}): IndicatorSpec<'value'> {
  const n = checkedLength('trix', 'length', length);
  const source = checkedSource('trix', options);
  const create = () =>
    indicatorOf(
      { chain: new ExponentialChain(n, [0, 0, 1]), previous: Number.NaN },
      (memory, bars, from, to, [value], at) => {
        const [smooth] = scratchColumns;
        const prices = sourceColumn(source, bars, from, to);
        const start = sourceStart(source, from);
        const count = to - from;
        memory.chain.run(prices, start, start + count, smooth, 0, 1);
        let previous = memory.previous;
        for (let k = 0; k < count; k++) {
          const average = smooth[k];
          value[at + k] = (100 * (average - previous)) / previous;
          previous = average;
        }
        memory.previous = previous;
      },
    );
  return indicatorSpec('trix', [n, ...sourceParameters(source)], ['value'], n + 1, create);
}

/** Fast less slow exponential average, side by side in one loop: neither waits for the other. */
class Convergence extends Remembering<{ fast: number; slow: number; read: number }> {
  readonly fast: number;
  readonly slow: number;

  constructor(fast: number, slow: number) {
    super({ fast: 0, slow: 0, read: 0 });
    this.fast = fast;
    this.slow = slow;
  }

  run(input: Float64Array, from: number, to: number, out: Float64Array, at: number, divisor: number): void {
    const { memory } = this;
    let i = from;
    let o = at;
    for (; i < to && memory.read < this.slow; i++) out[o++] = this.#seed(input[i]) / divisor;
    const fastWeight = 2 / (this.fast + 1);
    const slowWeight = 2 / (this.slow + 1);
    let { fast, slow } = memory;
    for (; i < to; i++) {
      const x = input[i];
      fast += fastWeight * (x - fast);
      slow += slowWeight * (x - slow);
      out[o++] = (fast - slow) / divisor;
    }
    memory.fast = fast;
    memory.slow = slow;
  }

  // Until its seed is complete, each of the two is a sum.
  #seed(x: number): number {
    const { memory } = this;
    memory.read++;
    memory.slow += x;
    if (memory.read > this.fast) memory.fast += (2 / (this.fast + 1)) * (x - memory.fast);
    else memory.fast += x;
    if (memory.read === this.fast) memory.fast /= this.fast;
    if (memory.read < this.slow) return Number.NaN;
    memory.slow /= this.slow;
    return memory.fast - memory.slow;
  }
}
