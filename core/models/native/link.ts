import { damaged } from './container.ts';
import { exponential } from './exponential.ts';

/** From raw scores to probabilities, or to the value that is predicted. */
export type Link = 'identity' | 'logistic' | 'softmax';

/** How many raw scores a link takes for so many classes (none where a value is predicted). */
export const scoresOf = (link: Link, classes: number): number => (link === 'softmax' ? classes : 1);

/** Throws `MODEL_FILE_DAMAGED` where the link does not go with so many classes. */
export function linkOf(name: unknown, classes: number): Link {
  const fits =
    (name === 'identity' && classes === 0) ||
    (name === 'logistic' && classes === 2) ||
    (name === 'softmax' && classes > 1);
  if (!fits) throw damaged(`the link "${String(name)}" does not go with ${classes} classes`);
  return name as Link;
}

/** As {@link applyLink} takes its numbers: in float64, or each rounded to float32. */
type Rounding = (x: number) => number;
const whole: Rounding = (x) => x;

/**
 * Of two classes the exponential function is the engine's own: `exponential` would move one answer in thirty by a unit in the last place, and a
 * decision that is on record is made again with every bit of its opinion.
 *
 * @param out one number where the link is the identity; else one a class
 * @param round `Math.fround` for a library that works in float32
 */
export function applyLink(link: Link, scores: Float64Array, out: Float64Array, round = whole): void {
  if (link === 'identity') {
    out[0] = scores[0];
  } else if (link === 'logistic') {
    out[1] = round(1 / round(1 + round(Math.exp(-scores[0]))));
    out[0] = round(1 - out[1]);
  } else {
    softmax(scores, out, round);
  }
}

export const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

function softmax(scores: Float64Array, out: Float64Array, round: Rounding): void {
  let highest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < scores.length; k++) highest = Math.max(highest, scores[k]);
  let sum = 0;
  for (let k = 0; k < scores.length; k++) sum += out[k] = round(exponential(round(scores[k] - highest)));
  for (let k = 0; k < scores.length; k++) out[k] = round(out[k] / round(sum));
}
