/** A version that needs no training: the files of one member, a line, whose card says what it is told to. */
import { createHash } from 'node:crypto';
import { evaluatorOf } from '../../core/models/native/index.ts';
import { pack } from '../core/models/native/pack.ts';

const ROWS = 1_000;
const FEATURES = ['return-3', 'rsi-14'];
export const FROM = Date.UTC(2020, 0, 1);
export const TO = Date.UTC(2020, 11, 31);

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** The files of a version whose card says these log losses. */
export function versionFiles(logLoss: number, gained: readonly [number, number]): Map<string, Uint8Array> {
  const line = pack(
    { kind: 'linear', features: FEATURES, classes: [0, 1], link: 'logistic' },
    { weights: Float64Array.of(20, 0.5), intercept: Float64Array.of(logLoss) },
  );
  const evaluator = evaluatorOf(line);
  const rows = Float64Array.from({ length: ROWS * FEATURES.length }, (_, k) => Math.sin(k) / 10);
  const scores = new Float64Array(ROWS);
  const probabilities = new Float64Array(2 * ROWS);
  for (let row = 0; row < ROWS; row++) {
    const features = rows.subarray(row * FEATURES.length, (row + 1) * FEATURES.length);
    evaluator.score(features, scores.subarray(row, row + 1));
    evaluator.predict(features, probabilities.subarray(2 * row, 2 * row + 2));
  }
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
  const files = new Map<string, Uint8Array>([
    ['line.model', line],
    ['card.json', bytesOf(card)],
    ['parity.bin', pack({ kind: 'parity' }, { rows, 'scores/line': scores, 'probabilities/line': probabilities })],
  ]);
  const manifest = {
    format: 'plimsoll-model/1',
    features: FEATURES,
    classes: [0, 1],
    label: { kind: 'triple-barrier', bars: 24, width: 3, volatilityBars: 100 },
    timeframe: '1h',
    table: 'a'.repeat(64),
    members: [{ name: 'line', file: 'line.model', weight: 1 }],
    conformal: { coverage: 0.6, limit: 0.5 },
    disagreement: { limit: 1 },
    files: Object.fromEntries([...files].map(([name, bytes]) => [name, sha256(bytes)])),
  };
  return files.set('manifest.json', bytesOf(manifest));
}
