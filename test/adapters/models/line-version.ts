/** A version of one member, a line, as a training leaves its files: made here, so that no Python is needed. */
import { hash } from 'node:crypto';
import { evaluatorOf } from '../../../core/models/native/index.ts';
import { deskManifest } from '../../core/models/desk.ts';
import { pack } from '../../core/models/native/pack.ts';

const ROWS = 1_000;
const FEATURES = ['return-3', 'rsi-14'];

export interface LineVersion {
  readonly card: object;
  /** @default 0.1 */
  readonly intercept?: number;
  /** SHA-256 of the table that it learned from, hex. */
  readonly table?: string;
  /** Its parity rows are another model's. */
  readonly unlike?: boolean;
}

/** By name. */
export function lineFiles({ card, intercept = 0.1, table, unlike = false }: LineVersion): Map<string, Uint8Array> {
  const line = (slope: number): Uint8Array =>
    pack(
      { kind: 'linear', features: FEATURES, classes: [0, 1], link: 'logistic' },
      { weights: Float64Array.of(slope, 0.5), intercept: Float64Array.of(intercept) },
    );
  const evaluator = evaluatorOf(line(unlike ? 21 : 20));
  const rows = Float64Array.from({ length: ROWS * FEATURES.length }, (_, k) => Math.sin(k) / 10);
  const scores = new Float64Array(ROWS);
  const probabilities = new Float64Array(2 * ROWS);
  for (let row = 0; row < ROWS; row++) {
    const features = rows.subarray(row * FEATURES.length, (row + 1) * FEATURES.length);
    evaluator.score(features, scores.subarray(row, row + 1));
    evaluator.predict(features, probabilities.subarray(2 * row, 2 * row + 2));
  }
  const files = new Map<string, Uint8Array>([
    ['line.model', line(20)],
    ['card.json', bytesOf(card)],
    ['parity.bin', pack({ kind: 'parity' }, { rows, 'scores/line': scores, 'probabilities/line': probabilities })],
  ]);
  const manifest = deskManifest({
    features: FEATURES,
    members: [{ name: 'line', file: 'line.model', weight: 1 }],
    files: Object.fromEntries([...files].map(([name, bytes]) => [name, hash('sha256', bytes)])),
    ...(table === undefined ? {} : { table }),
  });
  return files.set('manifest.json', bytesOf(manifest));
}

const bytesOf = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
