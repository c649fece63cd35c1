/**
 * What every label has in common. A label of row i is said at the close of bar i and covers what the bars i+1 … end do.
 *
 * A label is made of bars that follow one another: it is not known (NaN, end -1) where its span would reach past the last bar, over
 * a bar without sound prices, or over a gap longer than was allowed. Bars are counted, not hours: without `maxGapMs` a weekend
 * is one step.
 */
import { PlimsollError } from '../../errors.ts';
import type { BarColumns } from '../../market/bars.ts';

export interface Labels {
  /** One value a bar, NaN where the label is not known. */
  readonly label: Float64Array;
  /** Index of the bar whose close decides the label; no later bar changes it. -1 where it is not known. */
  readonly end: Int32Array;
}

export interface SpanOptions {
  /** The longest time between the opens of two neighbouring bars that a label may cover. Absent: any. */
  readonly maxGapMs?: number;
}

/** Bars that one call labels: seven years of minutes. */
export const MAX_BARS = 4_000_000;

/** The longest span of a label, in bars. */
export const MAX_SPAN_BARS = 10_000;

/** A `LABEL_INPUT_INVALID` error: the bars or columns are not what labels can be made of. */
export const invalidInput = (what: string, remedy: string): PlimsollError =>
  new PlimsollError('LABEL_INPUT_INVALID', what, remedy);

/** A `LABEL_PARAMETER` error: a width, span or choice is out of its bounds. */
export const refusedParameter = (parameter: string, value: unknown, remedy: string): PlimsollError =>
  new PlimsollError('LABEL_PARAMETER', `a label cannot have ${String(value)} as its ${parameter}`, remedy);

/** `value` if it is a whole number of bars from `least` to `most`; throws `LABEL_PARAMETER` otherwise. */
export function checkedSpan(parameter: string, value: number, least = 1, most = MAX_SPAN_BARS): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw refusedParameter(parameter, value, `use a whole number of bars from ${least} to ${most}`);
}

/** `value` if it is a fraction of a price from 0 to below 1; throws `LABEL_PARAMETER` otherwise. */
export function checkedFraction(parameter: string, value: number): number {
  if (typeof value === 'number' && value >= 0 && value < 1) return value;
  throw refusedParameter(parameter, value, 'use a fraction of the price, from 0 to below 1: 0.001 is ten basis points');
}

/** Throws `LABEL_INPUT_INVALID` where a column that goes with the bars has another length. */
export function assertColumn(name: string, column: ArrayLike<number>, { length }: BarColumns): void {
  if (column.length === length) return;
  throw invalidInput(
    `${name} has ${column.length} values for ${length} bars`,
    'pass one value a bar, NaN where there is none',
  );
}

/** Labels of which none is known yet. */
export function unknownLabels(length: number): { label: Float64Array; end: Int32Array } {
  return { label: new Float64Array(length).fill(Number.NaN), end: new Int32Array(length).fill(-1) };
}

/**
 * For each bar the last one that a span from it reaches over sound prices and allowed gaps, -1 where the bar itself is not
 * sound. Throws `LABEL_INPUT_INVALID` where there are no bars, too many, or bars out of order.
 */
export function lastReached(bars: BarColumns, { maxGapMs = Number.POSITIVE_INFINITY }: SpanOptions): Int32Array {
  const { length, timestamp } = bars;
  if (length < 1 || length > MAX_BARS)
    throw invalidInput(`there are ${length} bars to label`, `pass 1 to ${MAX_BARS} bars`);
  if (!(maxGapMs > 0)) throw refusedParameter('maxGapMs', maxGapMs, 'use milliseconds above 0, or leave it out');
  const last = new Int32Array(length);
  for (let i = length - 1; i >= 0; i--) {
    const gap = i + 1 < length ? timestamp[i + 1] - timestamp[i] : 1;
    if (!(gap > 0))
      throw invalidInput(`bar ${i + 1} opens no later than bar ${i}`, 'sort the bars and drop repeated ones');
    const isCarried = i + 1 < length && last[i + 1] >= 0 && gap <= maxGapMs;
    last[i] = isSound(bars, i) ? (isCarried ? last[i + 1] : i) : -1;
  }
  return last;
}

/** Whether all prices of a bar are finite, positive, and between its low and its high. */
export function isSound({ open, high, low, close }: BarColumns, i: number): boolean {
  return (
    low[i] > 0 && low[i] <= Math.min(open[i], close[i]) && high[i] >= Math.max(open[i], close[i]) && high[i] < Infinity
  );
}
