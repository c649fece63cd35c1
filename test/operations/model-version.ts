/** A version that needs no training, whose card says what it is told to. */
import { lineFiles } from '../adapters/models/line-version.ts';

export const FROM = Date.UTC(2020, 0, 1);
export const TO = Date.UTC(2020, 11, 31);

/** The files of a version whose card says these log losses. */
export function versionFiles(logLoss: number, gained: readonly [number, number]): Map<string, Uint8Array> {
  const card = {
    task: 'classification',
    rows: 5_000,
    period: { from: FROM, to: TO },
    ensemble: { logLoss, accuracy: 0.5, auc: 0.5 },
    baseline: { logLoss: 0.7 },
    beatsBaseline: gained[0] > 0,
    intervals: { logLossGained: gained, accuracy: [0.4, 0.6] },
    sure: { share: 0.8, accuracy: 0.5 },
    calibration: { error: 0.01 },
    limits: ['It is a test’s.'],
  };
  return lineFiles({ card, intercept: logLoss });
}
