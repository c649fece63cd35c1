/** The returns of many runs as the tests for overfitting take them: a bounded number of periods, the same for every run. */

/** Periods of a run at most. The tests' work grows with their square. */
const MOST_PERIODS = 10_000;
/** Returns of all runs together, 160 MB of float64: what the tests take. */
const MOST_VALUES = 20_000_000;

/** Bars in a period, so that `trials` runs over `cycles` cycles stay within what the tests take: 1 wherever that is enough. */
export function barsPerPeriodOf(cycles: number, trials: number): number {
  const most = Math.min(MOST_PERIODS, Math.floor(MOST_VALUES / Math.max(1, trials)));
  return Math.max(1, Math.ceil((cycles - 1) / most));
}

/**
 * Return of each period of `barsPerPeriod` bars, from equity after each bar: `E[i] / E[i - k] - 1`. The oldest bars that fill no period
 * are left out. Where nothing is left to earn a return on it is 0.
 */
export function periodReturns(equity: Float64Array, barsPerPeriod = 1): Float64Array {
  const periods = Math.max(0, Math.floor((equity.length - 1) / barsPerPeriod));
  const returns = new Float64Array(periods);
  let at = equity.length - 1 - periods * barsPerPeriod;
  for (let k = 0; k < periods; k++, at += barsPerPeriod) {
    const before = equity[at];
    returns[k] = before > 0 ? equity[at + barsPerPeriod] / before - 1 : 0;
  }
  return returns;
}

/** Mean ÷ sample deviation, per period; NaN where the returns never vary or are fewer than two. */
export function sharpeOf(returns: Float64Array): number {
  const { length } = returns;
  let [mean, squares, lowest, highest] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let k = 0; k < length; k++) {
    // B. Welford's sums, as in the Monte Carlo of a run.
    const off = returns[k] - mean;
    mean += off / (k + 1);
    squares += off * (returns[k] - mean);
    if (returns[k] < lowest) lowest = returns[k];
    if (returns[k] > highest) highest = returns[k];
  }
  return length < 2 || lowest === highest ? Number.NaN : mean / Math.sqrt(squares / (length - 1));
}
