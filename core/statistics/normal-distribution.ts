/**
 * The standard normal distribution. W. J. Cody, "Algorithm 715: SPECFUN", ACM Transactions on Mathematical Software 19 (1993)
 * 22–32, routine ANORM: three rational Chebyshev approximations whose relative error is that of float64, in the tails too.
 */

const ROOT_TWO_PI = 2.5066282746310007;
const INVERSE_ROOT_TWO_PI = 0.3989422804014327;
/** Where Φ is 3/4. */
const CENTRE = 0.67448975;
const ROOT_32 = 5.656854249492381;
/** Beyond it the density is below the least float64. */
const FARTHEST = 39;
/** Squares are taken of multiples of 1/16, which are exact, so that the exponential keeps its last digits. */
const GRID = 16;

// Numerators and denominators of the paper's approximations, the leading coefficient of a numerator last.
const CENTRE_OVER = [
  2.2352520354606837, 161.02823106855587, 1067.6894854603709, 18154.98125334356, 0.06568233791820745,
];
const CENTRE_UNDER = [47.202581904688245, 976.0985517377767, 10260.932208618979, 45507.78933502673];
const MIDDLE_OVER = [
  0.39894151208813466, 8.883149794388377, 93.50665613217785, 597.2702763948002, 2494.5375852903726, 6848.190450536283,
  11602.65143764735, 9842.714838383978, 1.0765576773720192e-8,
];
const MIDDLE_UNDER = [
  22.266688044328117, 235.387901782625, 1519.3775994075547, 6485.558298266761, 18615.571640885097, 34900.95272114598,
  38912.00328609327, 19685.429676859992,
];
const TAIL_OVER = [
  0.215898534057957, 0.12740116116024736, 0.022235277870649807, 0.0014216191932278934, 2.911287495116879e-5,
  0.023073441764940174,
];
const TAIL_UNDER = [
  1.284260096144911, 0.4682382124808651, 0.06598813786892856, 0.0037823963320275824, 7.297515550839662e-5,
];

/** φ(x), the density. 0 at ±∞. */
export const normalDensity = (x: number): number => Math.exp((-x * x) / 2) / ROOT_TWO_PI;

/** Φ(x), the probability of less than `x`. 0 and 1 at ∓∞. */
export function normalDistribution(x: number): number {
  const distance = Math.abs(x);
  if (distance <= CENTRE) return 0.5 + x * rational(CENTRE_OVER, CENTRE_UNDER, x * x);
  const outside = distance <= ROOT_32 ? middle(distance) : tail(distance);
  return x < 0 ? outside : 1 - outside;
}

function middle(distance: number): number {
  return gaussian(distance) * rational(MIDDLE_OVER, MIDDLE_UNDER, distance);
}

function tail(distance: number): number {
  if (distance > FARTHEST) return 0;
  const inverseSquare = 1 / (distance * distance);
  const correction = inverseSquare * rational(TAIL_OVER, TAIL_UNDER, inverseSquare);
  return (gaussian(distance) * (INVERSE_ROOT_TWO_PI - correction)) / distance;
}

/** exp(−x²/2) without the loss that squaring `x` would bring. */
function gaussian(x: number): number {
  const coarse = Math.trunc(x * GRID) / GRID;
  return Math.exp((-coarse * coarse) / 2) * Math.exp((-(x - coarse) * (x + coarse)) / 2);
}

/** over / under at `x`, both by Horner's rule; `under` is led by 1. */
function rational(over: readonly number[], under: readonly number[], x: number): number {
  const last = under.length - 1;
  let numerator = over[last + 1] * x;
  let denominator = x;
  for (let k = 0; k < last; k++) {
    numerator = (numerator + over[k]) * x;
    denominator = (denominator + under[k]) * x;
  }
  return (numerator + over[last]) / (denominator + under[last]);
}
