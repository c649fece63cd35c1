import { type IndicatorSpec, indicatorSpec } from './indicator.ts';
import { RollingSum } from './kernels/rolling-sum.ts';
import { indicatorOf, scratchColumns } from './memory.ts';
import { checkedLength } from './parameters.ts';
import { checkedSource, type SourceOptions, sourceColumn, sourceParameters, sourceStart } from './source.ts';

// The loops of this file are functions of their own, not parts of the closure that a spec makes: V8 compiles a closure anew for every
// spec, and twenty lengths of one indicator would be slow twenty times.

/**
 * Relative strength index (J. Welles Wilder, New Concepts in Technical Trading Systems, 1978), 0 to 100. The averages of
 * gains and losses are Wilder's, seeded with the mean of the first `length` changes. 50 where the price has never changed.
 */
export function rsi(length = 14, options: SourceOptions = {}): IndicatorSpec<'value'> {
  const n = checkedLength('rsi', 'length', length);
  const source = checkedSource('rsi', options);
  const create = () =>
    indicatorOf({ previous: Number.NaN, changes: 0, gain: 0, loss: 0 }, (memory, bars, from, to, [value], at) => {
      const start = sourceStart(source, from);
      advanceStrength(memory, n, sourceColumn(source, bars, from, to), start, start + to - from, value, at);
    });
  return indicatorSpec('rsi', [n, ...sourceParameters(source)], ['value'], n + 1, create);
}

type RsiMemory = { previous: number; changes: number; gain: number; loss: number };

function advanceStrength(
  memory: RsiMemory,
  length: number,
  prices: Float64Array,
  start: number,
  end: number,
  value: Float64Array,
  at: number,
): void {
  let i = start;
  let o = at;
  for (; i < end && memory.changes < length; i++) value[o++] = firstStrength(memory, length, prices[i]);
  const weight = 1 / length;
  let { previous, gain, loss } = memory;
  for (; i < end; i++) {
    const price = prices[i];
    const change = price - previous;
    previous = price;
    gain += weight * (rise(change) - gain);
    loss += weight * (rise(-change) - loss);
    value[o++] = strength(gain, loss);
  }
  memory.previous = previous;
  memory.gain = gain;
  memory.loss = loss;
}

function firstStrength(memory: RsiMemory, length: number, price: number): number {
  const change = price - memory.previous;
  memory.previous = price;
  if (Number.isNaN(change)) return Number.NaN;
  memory.gain += rise(change);
  memory.loss += rise(-change);
  memory.changes++;
  if (memory.changes < length) return Number.NaN;
  memory.gain /= length;
  memory.loss /= length;
  return strength(memory.gain, memory.loss);
}

// The change where it is above 0, else 0; without a branch, for rises and falls come at random.
const rise = (change: number) => (Math.abs(change) + change) / 2;

const strength = (gain: number, loss: number) => (gain + loss > 0 ? (100 * gain) / (gain + loss) : 50);

/**
 * Chande momentum oscillator, −100 to 100: (gains − losses) / (gains + losses), summed over `length` changes (T. Chande and
 * S. Kroll, The New Technical Trader, 1994). 0 where the price has not changed in the window.
 */
export function cmo(length = 14, options: SourceOptions = {}): IndicatorSpec<'value'> {
  const n = checkedLength('cmo', 'length', length);
  const source = checkedSource('cmo', options);
  const create = () =>
    indicatorOf(
      { previous: Number.NaN, net: new RollingSum(n), total: new RollingSum(n) },
      (memory, bars, from, to, [value], at) => {
        const prices = sourceColumn(source, bars, from, to);
        advanceMomentum(memory, prices, sourceStart(source, from), to - from, value, at);
      },
    );
  return indicatorSpec('cmo', [n, ...sourceParameters(source)], ['value'], n + 1, create);
}

type CmoMemory = { previous: number; net: RollingSum; total: RollingSum };

function advanceMomentum(
  memory: CmoMemory,
  prices: Float64Array,
  start: number,
  count: number,
  value: Float64Array,
  at: number,
): void {
  const [changes, sizes] = scratchColumns;
  let previous = memory.previous;
  for (let k = 0; k < count; k++) {
    const change = prices[start + k] - previous;
    changes[k] = change;
    sizes[k] = Math.abs(change);
    previous = prices[start + k];
  }
  memory.previous = previous;
  memory.net.run(changes, 0, count, changes, 0, 1);
  memory.total.run(sizes, 0, count, sizes, 0, 1);
  for (let k = 0; k < count; k++) value[at + k] = sizes[k] === 0 ? 0 : (100 * changes[k]) / sizes[k];
}

/** Rate of change over `length` bars, in percent of the earlier price. Not a finite number where that price was 0. */
export function roc(length: number, options: SourceOptions = {}): IndicatorSpec<'value'> {
  const n = checkedLength('roc', 'length', length);
  const source = checkedSource('roc', options);
  const create = () =>
    indicatorOf({ slot: 0, ring: new Float64Array(n).fill(Number.NaN) }, (memory, bars, from, to, [value], at) => {
      const start = sourceStart(source, from);
      advanceChange(memory, sourceColumn(source, bars, from, to), start, start + to - from, value, at);
    });
  return indicatorSpec('roc', [n, ...sourceParameters(source)], ['value'], n + 1, create);
}

function advanceChange(
  memory: { slot: number; ring: Float64Array },
  prices: Float64Array,
  start: number,
  end: number,
  value: Float64Array,
  at: number,
): void {
  const { ring } = memory;
  const length = ring.length;
  let { slot } = memory;
  let i = start;
  let o = at;
  while (i < end) {
    const stop = Math.min(end, i + length - slot);
    for (; i < stop; i++, slot++) {
      const price = prices[i];
      const earlier = ring[slot];
      ring[slot] = price;
      value[o++] = (100 * (price - earlier)) / earlier;
    }
    if (slot === length) slot = 0;
  }
  memory.slot = slot;
}
