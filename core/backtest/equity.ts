/** Statistics of an equity column; its unit does not matter. */
export function meanOf(values: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += values[k];
  return sum / values.length;
}

export interface ReturnStatistics {
  readonly mean: number;
  /** Of the sample (n - 1); NaN below two returns, and where all returns are equal, so that no ratio is made of rounding. */
  readonly deviation: number;
  readonly downside: number;
}

/** Statistics of the returns `E[i] / E[i-1] - 1`. Two passes: the sum of squares about the mean loses no digits that way. */
export function returnStatistics(equity: Float64Array): ReturnStatistics {
  const count = equity.length - 1;
  if (count < 2) return { mean: Number.NaN, deviation: Number.NaN, downside: Number.NaN };
  let sum = 0;
  let negative = 0;
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (let k = 1; k <= count; k++) {
    const value = returnAt(equity, k);
    sum += value;
    if (value < 0) negative += value * value;
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  const mean = sum / count;
  let squares = 0;
  for (let k = 1; k <= count; k++) squares += (returnAt(equity, k) - mean) ** 2;
  const deviation = lowest === highest ? Number.NaN : Math.sqrt(squares / (count - 1));
  return { mean, deviation, downside: Math.sqrt(negative / count) };
}

/** NaN once there is nothing left to earn a return on. */
const returnAt = (equity: Float64Array, k: number): number =>
  equity[k - 1] > 0 ? equity[k] / equity[k - 1] - 1 : Number.NaN;

/** The deepest fall, as places in the equity column, and the longest time below a peak. */
export interface Drawdown {
  readonly depth: number;
  readonly from: number;
  readonly to: number;
  readonly longest: number;
}

/** `deposit` is the first peak; places count from 0. */
export function drawdownOf(equity: Float64Array, deposit: number): Drawdown {
  let peak = deposit;
  let peakAt = 0;
  let longest = 0;
  let deepest = { depth: 0, from: 0, to: 0 };
  let isRegained = true;
  for (let k = 0; k < equity.length; k++) {
    if (equity[k] >= peak) {
      if (!isRegained && deepest.from === peakAt) deepest.to = k;
      isRegained = true;
      peak = equity[k];
      peakAt = k;
      continue;
    }
    longest = Math.max(longest, k - peakAt);
    const depth = 1 - equity[k] / peak;
    if (depth > deepest.depth) {
      deepest = { depth, from: peakAt, to: equity.length - 1 };
      isRegained = false;
    }
  }
  return { ...deepest, longest };
}
