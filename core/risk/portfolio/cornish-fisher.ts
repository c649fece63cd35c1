/** The Cornish–Fisher expansion: quantiles of a distribution that is near the normal one, from its skewness and kurtosis. */
import { normalDensity } from '../../statistics/normal-distribution.ts';

export interface Shape {
  readonly skewness: number;
  readonly excessKurtosis: number;
}

/** z, z² and z³: of one z, or their means over all z below one. */
export interface Powers {
  readonly first: number;
  readonly second: number;
  readonly third: number;
}

export const powersOf = (z: number): Powers => ({ first: z, second: z * z, third: z * z * z });

/**
 * Means of the powers of a standard normal variable given that it lies below z, where `tail` is Φ(z): by parts,
 * `E[Z] = -φ/α`, `E[Z²] = 1 - zφ/α`, `E[Z³] = -(z² + 2)φ/α`.
 */
export function meanPowersBelow(z: number, tail: number): Powers {
  const hazard = normalDensity(z) / tail;
  return { first: -hazard, second: 1 - z * hazard, third: -(z * z + 2) * hazard };
}

/**
 * `w = z + (z² - 1) S/6 + (z³ - 3z) K/24 - (2z³ - 5z) S²/36`, which is linear in the powers of z, so that the means of powers give
 * the mean of w. Source: E. Cornish and R. Fisher, Moments and Cumulants in the Specification of Distributions (1938), to the
 * order that D. Maillard, A User's Guide to the Cornish Fisher Expansion (2012), uses.
 */
export function expansionOf({ first, second, third }: Powers, { skewness: s, excessKurtosis: k }: Shape): number {
  return first + ((second - 1) * s) / 6 + ((third - 3 * first) * k) / 24 - ((2 * third - 5 * first) * s * s) / 36;
}

/** Derivatives of the expansion by skewness and by excess kurtosis. */
export function expansionSlopes({ first, second, third }: Powers, { skewness: s }: Shape): Shape {
  return {
    skewness: (second - 1) / 6 - ((2 * third - 5 * first) * s) / 18,
    excessKurtosis: (third - 3 * first) / 24,
  };
}

/** The expansion has to rise between -5 and 5: all but 6e-7 of a normal variable lies there. */
const REACH = 5;

/**
 * Whether the expansion rises, so that it is a quantile function. Its slope is `a z² + b z + c` with a = K/8 - S²/6, b = S/3 and
 * c = 1 - K/8 + 5S²/36. Maillard (2012) asks that it is negative nowhere, which excludes every K below 0; here it has to
 * hold from z = -5 to 5, so that the sample of a normal variable is within the domain.
 */
export function isMonotone({ skewness: s, excessKurtosis: k }: Shape): boolean {
  const a = k / 8 - (s * s) / 6;
  const b = s / 3;
  const c = 1 - k / 8 + (5 * s * s) / 36;
  const slope = (z: number): number => (a * z + b) * z + c;
  const lowest = a > 0 ? Math.max(-REACH, Math.min(REACH, -b / (2 * a))) : 0;
  return slope(-REACH) >= 0 && slope(REACH) >= 0 && slope(lowest) >= 0;
}
