import { normalQuantile } from '../../statistics/normal-quantile.ts';
import { placeOf, REGIME_COUNT, REGIMES, type RegimeAxis, regimeInvalid } from './regime.ts';

/** An estimate, and where it lies with the confidence asked for. */
export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

export interface TransitionMatrix {
  readonly regimes: readonly string[];
  /** How often a bar of one regime was followed by one of another: by the former, by the latter. */
  readonly counts: readonly (readonly number[])[];
  /** Shares of a row of the counts; all NaN where the regime was never left or kept. */
  readonly rates: readonly (readonly Interval[])[];
  /** Bars that a regime lasts from any bar of it on, `1 / (1 - rate of staying)`; infinite at an end where it was never seen to end. */
  readonly duration: readonly Interval[];
}

/**
 * How regimes follow each other from bar to bar; a bar without one breaks the chain. Intervals of rates are Wilson's (E. Wilson, Probable
 * Inference, the Law of Succession, and Statistical Inference, 1927), as if transitions were independent given the regime; those of
 * durations follow from them. Throws `REGIME_INPUT_INVALID`.
 */
export function transitionMatrix(axis: RegimeAxis, regimes: Float64Array, confidence = 0.95): TransitionMatrix {
  if (!(confidence > 0 && confidence < 1))
    throw regimeInvalid(`the confidence is ${confidence}`, 'pass a number between 0 and 1');
  const counts = Array.from({ length: REGIME_COUNT }, () => new Array<number>(REGIME_COUNT).fill(0));
  for (let t = 1; t < regimes.length; t++) {
    const from = placeOf(axis, regimes[t - 1]);
    const to = placeOf(axis, regimes[t]);
    if (from >= 0 && to >= 0) counts[from][to]++;
  }
  const z = normalQuantile((1 + confidence) / 2);
  const rates = counts.map((row) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.map((count) => wilson(count, total, z));
  });
  const lasting = (stay: number): number => 1 / (1 - stay);
  const duration = rates.map((row, k) => ({
    estimate: lasting(row[k].estimate),
    low: lasting(row[k].low),
    high: lasting(row[k].high),
  }));
  return { regimes: REGIMES[axis].names, counts, rates, duration };
}

function wilson(count: number, total: number, z: number): Interval {
  if (total === 0) return { estimate: Number.NaN, low: Number.NaN, high: Number.NaN };
  const estimate = count / total;
  const weight = (z * z) / total;
  const centre = (estimate + weight / 2) / (1 + weight);
  const reach = (z * Math.sqrt((estimate * (1 - estimate)) / total + weight / (4 * total))) / (1 + weight);
  return { estimate, low: Math.max(0, centre - reach), high: Math.min(1, centre + reach) };
}
