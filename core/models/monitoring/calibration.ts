/** Whether probabilities mean what they say: of those rows that a model gives 0.6, six of ten should rise. */
import { assertSample, assertWhole, invalid } from './input.ts';

const DEFAULT_BINS = 10;

export interface ReliabilityBin {
  /** Probabilities from here up to, and without, `to`; the last bin holds 1. */
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  /** Mean probability, and share of rises, of its rows. */
  readonly said: number;
  readonly happened: number;
}

/**
 * A. Murphy, A New Vector Partition of the Probability Score, Journal of Applied Meteorology 12 (1973): `score = reliability -
 * resolution + uncertainty + within`. The last is what probabilities differ within a bin: D. Stephenson, C. Coelho and I. Jolliffe, Two
 * Extra Components in the Brier Score Decomposition, Weather and Forecasting 23 (2008).
 */
export interface BrierScore {
  readonly score: number;
  /** How far probabilities are from what happened: 0 is best. */
  readonly reliability: number;
  /** How far what happened differs between bins: the more the better. */
  readonly resolution: number;
  /** Of the outcomes alone: a quarter where as many rise as fall. */
  readonly uncertainty: number;
  readonly within: number;
}

export interface Calibration {
  /** Those that have rows. */
  readonly bins: readonly ReliabilityBin[];
  /** Expected calibration error: the mean of |said - happened| over the rows, 0 to 1. */
  readonly expectedError: number;
  readonly brier: BrierScore;
}

/**
 * @param up probabilities of a rise, and `outcome` 1 or 0, one a row
 * @param bins of equal width
 * Throws `MONITORING_INPUT_INVALID`.
 */
export function calibrationOf(up: Float64Array, outcome: Float64Array, bins = DEFAULT_BINS): Calibration {
  assertRows(up, outcome);
  assertWhole('the number of bins', bins, 2, 1_000);
  const counts = new Float64Array(bins);
  const said = new Float64Array(bins);
  const rises = new Float64Array(bins);
  for (let k = 0; k < up.length; k++) {
    const bin = Math.min(bins - 1, Math.floor(up[k] * bins));
    counts[bin]++;
    said[bin] += up[k];
    rises[bin] += outcome[k];
  }
  const filled: ReliabilityBin[] = [];
  counts.forEach((rows, k) => {
    if (rows === 0) return;
    filled.push({ from: k / bins, to: (k + 1) / bins, rows, said: said[k] / rows, happened: rises[k] / rows });
  });
  const expectedError = meanOver(filled, up.length, (bin) => Math.abs(bin.said - bin.happened));
  return { bins: filled, expectedError, brier: brierScore(up, outcome, filled) };
}

function brierScore(up: Float64Array, outcome: Float64Array, bins: readonly ReliabilityBin[]): BrierScore {
  const rows = up.length;
  const base = outcome.reduce((sum, y) => sum + y, 0) / rows;
  const score = up.reduce((sum, p, k) => sum + (p - outcome[k]) ** 2, 0) / rows;
  const reliability = meanOver(bins, rows, (bin) => (bin.said - bin.happened) ** 2);
  const resolution = meanOver(bins, rows, (bin) => (bin.happened - base) ** 2);
  const uncertainty = base * (1 - base);
  return { score, reliability, resolution, uncertainty, within: score - reliability + resolution - uncertainty };
}

const meanOver = (bins: readonly ReliabilityBin[], rows: number, value: (bin: ReliabilityBin) => number): number =>
  bins.reduce((sum, bin) => sum + bin.rows * value(bin), 0) / rows;

function assertRows(up: Float64Array, outcome: Float64Array): void {
  assertSample(up, 1, 'the probabilities');
  assertSample(outcome, 1, 'the outcomes');
  if (up.length !== outcome.length)
    throw invalid(`there are ${up.length} probabilities for ${outcome.length} outcomes`, 'pass one outcome a row');
  if (up.some((p) => p < 0 || p > 1)) throw invalid('a probability is outside of 0 to 1', 'pass probabilities');
  if (outcome.some((y) => y !== 0 && y !== 1)) throw invalid('an outcome is neither 1 nor 0', 'leave such rows out');
}
