/**
 * What features make of the outputs of indicators: each a loop of its own, which is why there are so few of them. Every one rounds to
 * float32 as it writes: a pass of its own would take as long as most of these loops do.
 *
 * A division is made without a look at its denominator first: that takes half of the time. A quotient that is no finite number (`doubt`
 * is not 0 then) tells that a denominator may have been 0, and the stretch is made again by {@link ratio}.
 */
import type { Combine } from './feature.ts';

/** a / b, and 0 where b is: a market that does not move is in the middle of its range. NaN stays NaN. */
export const ratio = (a: number, b: number): number => (b === 0 ? 0 * a : a / b);

/** An output as it is. */
export const taken =
  (input: number): Combine =>
  (out, at, { inputs, count }) => {
    const values = inputs[input];
    for (let k = 0; k < count; k++) out[at + k] = Math.fround(values[k]);
  };

/** One output less another. */
export const difference =
  (input: number, less: number): Combine =>
  (out, at, { inputs, count }) => {
    const values = inputs[input];
    const other = inputs[less];
    for (let k = 0; k < count; k++) out[at + k] = Math.fround(values[k] - other[k]);
  };

/** One output by another. */
export const ratioOf =
  (input: number, by: number): Combine =>
  (out, at, { inputs, count }) => {
    const values = inputs[input];
    const other = inputs[by];
    let doubt = 0;
    for (let k = 0; k < count; k++) {
      const quotient = values[k] / other[k];
      out[at + k] = Math.fround(quotient);
      doubt += quotient - quotient;
    }
    if (doubt === 0) return;
    for (let k = 0; k < count; k++) out[at + k] = Math.fround(ratio(values[k], other[k]));
  };

/** How far the close is above the first output, in units of the second. */
export const closeAbove: Combine = (out, at, { closes, inputs: [level, scale], count }) => {
  let doubt = 0;
  for (let k = 0; k < count; k++) {
    const quotient = (closes[k] - level[k]) / scale[k];
    out[at + k] = Math.fround(quotient);
    doubt += quotient - quotient;
  }
  if (doubt === 0) return;
  for (let k = 0; k < count; k++) out[at + k] = Math.fround(ratio(closes[k] - level[k], scale[k]));
};

/** So many times an output, in percent of the close. */
export const percentOfClose =
  (times = 1): Combine =>
  (out, at, { closes, inputs: [values], count }) => {
    const percent = 100 * times;
    let doubt = 0;
    for (let k = 0; k < count; k++) {
      const quotient = (percent * values[k]) / closes[k];
      out[at + k] = Math.fround(quotient);
      doubt += quotient - quotient;
    }
    if (doubt === 0) return;
    for (let k = 0; k < count; k++) out[at + k] = Math.fround(ratio(percent * values[k], closes[k]));
  };

/** Where the close lies between two edges, the first output and the second: -1 at the lower one, 1 at the upper one. */
export const bandPosition: Combine = (out, at, { closes, inputs: [upper, lower], count }) => {
  let doubt = 0;
  for (let k = 0; k < count; k++) {
    const quotient = (2 * closes[k] - upper[k] - lower[k]) / (upper[k] - lower[k]);
    out[at + k] = Math.fround(quotient);
    doubt += quotient - quotient;
  }
  if (doubt === 0) return;
  for (let k = 0; k < count; k++)
    out[at + k] = Math.fround(ratio(2 * closes[k] - upper[k] - lower[k], upper[k] - lower[k]));
};

/** Of a bar's own range: the way from open to close, and what lies above and below both. */
export const body: Combine = (out, at, { bars: { open, high, low, close }, from, count }) => {
  for (let k = 0, i = from; k < count; k++, i++) out[at + k] = Math.fround(ratio(close[i] - open[i], high[i] - low[i]));
};

export const upperShadow: Combine = (out, at, { bars: { open, high, low, close }, from, count }) => {
  for (let k = 0, i = from; k < count; k++, i++)
    out[at + k] = Math.fround(ratio(high[i] - Math.max(open[i], close[i]), high[i] - low[i]));
};

export const lowerShadow: Combine = (out, at, { bars: { open, high, low, close }, from, count }) => {
  for (let k = 0, i = from; k < count; k++, i++)
    out[at + k] = Math.fround(ratio(Math.min(open[i], close[i]) - low[i], high[i] - low[i]));
};

/** A wave of the time at which a bar opened. `start` (ms UTC) is the begin of a period, `period` its ms. */
export const cyclic =
  (wave: (angle: number) => number, start: number, period: number): Combine =>
  (out, at, { bars: { timestamp }, from, count }) => {
    for (let k = 0; k < count; k++)
      out[at + k] = Math.fround(wave((2 * Math.PI * ((timestamp[from + k] - start) % period)) / period));
  };
