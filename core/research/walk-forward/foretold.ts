/** What the model of one window said of the bars of its test window, and what came of them. */
import type { BarColumns } from '../../market/bars.ts';
import { logLoss } from '../../models/combining/predictions.ts';
import { type Judge, predictionLog } from '../../models/monitoring/prediction-log.ts';
import { type MeanDifference, meanDifference } from '../overfitting/mean-difference.ts';
import { meanOf } from '../overfitting/sample.ts';
import { figureOr } from '../sweep/doubts.ts';
import { copyBars } from '../trace/variants.ts';
import { stitched } from './stitched.ts';
import type { Window } from './windows.ts';

/** Of the rows of a test window whose outcome was known before the next window began; losses in nats. */
export interface Foretold {
  /** By row. */
  readonly losses: Float64Array;
  /** Of who says the share of ones among the rows that were learned from. */
  readonly baseline: Float64Array;
  /** Rows on whose right side of a half the model stood. */
  readonly right: number;
  /** Rows that it gave no answer to. */
  readonly refused: number;
}

/**
 * Asks the model about every bar of the test window. Rows whose label is decided after the window are left out, whether or not there are
 * bars to decide it: the figures of a window do not change with what comes after it.
 * @param upShare what the baseline says of every row
 */
export function foretoldIn(
  bars: BarColumns,
  judge: Judge,
  { testFrom, testTo }: Window,
  { intervalMs, upShare }: { readonly intervalMs: number; readonly upShare: number },
): Foretold {
  const seen = copyBars(bars, 0, testTo);
  const log = predictionLog(seen, judge, { intervalMs, from: seen.timestamp[testFrom] + intervalMs });
  const places = Array.from(log.known.keys()).filter((k) => Number.isFinite(log.outcome[k]));
  const answered = places.filter((k) => Number.isFinite(log.up[k]));
  return {
    losses: Float64Array.from(answered, (k) => logLoss(log.outcome[k], log.up[k])),
    baseline: Float64Array.from(answered, (k) => logLoss(log.outcome[k], upShare)),
    right: answered.filter((k) => log.up[k] > 0.5 === (log.outcome[k] === 1)).length,
    refused: places.length - answered.length,
  };
}

/** Of all windows together. */
export interface Foresight {
  readonly rows: number;
  readonly refused: number;
  /** Means, nats a row; NaN without a row. */
  readonly logLoss: number;
  readonly baseline: number;
  readonly accuracy: number;
  /** Test of what is gained over the baseline, two-sided, by stationary bootstrap: labels overlap. Null where it cannot be made. */
  readonly gained: MeanDifference | null;
}

/** @param options of the bootstrap */
export function foresightOf(
  windows: readonly Foretold[],
  options: { readonly draws: number; readonly seed: number },
): Foresight {
  const losses = stitched(windows.map((window) => window.losses));
  const baseline = stitched(windows.map((window) => window.baseline));
  const right = windows.reduce((sum, window) => sum + window.right, 0);
  return {
    rows: losses.length,
    refused: windows.reduce((sum, { refused }) => sum + refused, 0),
    logLoss: meanOf(losses),
    baseline: meanOf(baseline),
    accuracy: right / losses.length,
    gained: figureOr(
      () => meanDifference(baseline, losses, options),
      () => undefined,
    ),
  };
}
