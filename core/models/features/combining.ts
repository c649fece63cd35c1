/** What features make of the outputs of indicators: each a loop of its own, which is why there are so few of them. */
import type { Combine } from './feature.ts';

/** a / b, and 0 where b is: a market that does not move is in the middle of its range. NaN stays NaN. */
export const ratio = (a: number, b: number): number => (b === 0 ? 0 * a : a / b);

/** An output as it is. */
export const taken =
  (input: number): Combine =>
  (out, at, { inputs, count }) => {
    const values = inputs[input];
    for (let k = 0; k < count; k++) out[at + k] = values[k];
  };

/** One output less another. */
export const difference =
  (input: number, less: number): Combine =>
  (out, at, { inputs, count }) => {
    const values = inputs[input];
    const other = inputs[less];
    for (let k = 0; k < count; k++) out[at + k] = values[k] - other[k];
  };

/** One output by another. */
export const ratioOf =
  (input: number, by: number): Combine =>
  (out, at, { inputs, count }) => {
    const values = inputs[input];
    const other = inputs[by];
    for (let k = 0; k < count; k++) out[at + k] = ratio(values[k], other[k]);
  };

/** How far the close is above the first output, in units of the second. */
export const closeAbove: Combine = (out, at, { bars: { close }, from, unit, inputs: [level, scale], count }) => {
  for (let k = 0; k < count; k++) out[at + k] = ratio(close[from + k] / unit - level[k], scale[k]);
};

/** So many times an output, in percent of the close. */
export const percentOfClose =
  (times = 1): Combine =>
  (out, at, { bars: { close }, from, unit, inputs: [values], count }) => {
    const percent = 100 * times;
    for (let k = 0; k < count; k++) out[at + k] = ratio(percent * values[k], close[from + k] / unit);
  };

/** Where the close lies between two bands, the first and the third output: -1 at the lower one, 1 at the upper one. */
export const bandPosition: Combine = (out, at, { bars: { close }, from, unit, inputs: [upper, , lower], count }) => {
  for (let k = 0; k < count; k++)
    out[at + k] = ratio((2 * close[from + k]) / unit - upper[k] - lower[k], upper[k] - lower[k]);
};

/** Of a bar's own range: the way from open to close, and what lies above and below both. */
export const body: Combine = (out, at, { bars: { open, high, low, close }, from, count }) => {
  for (let k = 0, i = from; k < count; k++, i++) out[at + k] = ratio(close[i] - open[i], high[i] - low[i]);
};

export const upperShadow: Combine = (out, at, { bars: { open, high, low, close }, from, count }) => {
  for (let k = 0, i = from; k < count; k++, i++)
    out[at + k] = ratio(high[i] - Math.max(open[i], close[i]), high[i] - low[i]);
};

export const lowerShadow: Combine = (out, at, { bars: { open, high, low, close }, from, count }) => {
  for (let k = 0, i = from; k < count; k++, i++)
    out[at + k] = ratio(Math.min(open[i], close[i]) - low[i], high[i] - low[i]);
};

/** A wave of the time at which a bar opened. `start` (ms UTC) is the begin of a period, `period` its ms. */
export const cyclic =
  (wave: (angle: number) => number, start: number, period: number): Combine =>
  (out, at, { bars: { timestamp }, from, count }) => {
    for (let k = 0; k < count; k++)
      out[at + k] = wave((2 * Math.PI * ((timestamp[from + k] - start) % period)) / period);
  };
