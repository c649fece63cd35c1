/** What a training of one member, a line, leaves on a table: made here, so that tests of the way to SageMaker and back need no Python. */
import { hash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pythonCodeHash } from '../../adapters/python/code-hash.ts';
import { evaluatorOf } from '../../core/models/native/index.ts';
import { pack } from '../core/models/native/pack.ts';

const ROWS = 1_000;
const FEATURES = ['return-3', 'rsi-14'];

const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** A folder with a table whose rows are no Parquet: what is sent is its bytes. Returns the hash of the rows. */
export function writeTable(folder: string, text = 'rows'): string {
  const rows = new TextEncoder().encode(text);
  const sha256 = hash('sha256', rows);
  mkdirSync(join(folder, 'train'), { recursive: true });
  writeFileSync(join(folder, 'train', 'rows.parquet'), rows);
  writeFileSync(
    join(folder, 'train', 'table.json'),
    JSON.stringify({ format: 'plimsoll-features/1', sha256, rows: 5 }),
  );
  return sha256;
}

/** The files of a model of this table. @param unlike its parity rows are another model's */
export function modelFiles(table: string, { unlike = false } = {}): Map<string, Uint8Array> {
  const line = (slope: number) =>
    pack(
      { kind: 'linear', features: FEATURES, classes: [0, 1], link: 'logistic' },
      { weights: Float64Array.of(slope, 0.5), intercept: Float64Array.of(0.1) },
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
    ['card.json', bytesOf({ task: 'classification', rows: 5_000 })],
    ['parity.bin', pack({ kind: 'parity' }, { rows, 'scores/line': scores, 'probabilities/line': probabilities })],
  ]);
  const manifest = {
    format: 'plimsoll-model/1',
    features: FEATURES,
    classes: [0, 1],
    label: { kind: 'triple-barrier', bars: 24, width: 3, volatilityBars: 100 },
    timeframe: '1h',
    table,
    members: [{ name: 'line', file: 'line.model', weight: 1 }],
    conformal: { coverage: 0.6, limit: 0.5 },
    disagreement: { limit: 1 },
    files: Object.fromEntries([...files].map(([name, bytes]) => [name, hash('sha256', bytes)])),
  };
  return files.set('manifest.json', bytesOf(manifest));
}

/** `run.json` of that training. */
export const recordFiles = (change: object = {}): Map<string, Uint8Array> =>
  new Map([
    [
      'run.json',
      bytesOf({
        schema: 1,
        status: 'done',
        entry: 'plimsoll_models.train',
        started: '2026-01-01T00:00:00.000Z',
        ended: '2026-01-01T00:01:00.000Z',
        wall_seconds: 60,
        resumed: { units: 0, seconds: 0 },
        seed: 0,
        threads: 1,
        hyperparameters: {},
        data: { hash: 'a'.repeat(64), files: {} },
        code: pythonCodeHash(),
        identity: 'b'.repeat(64),
        python: 'cpython 3.12.0',
        libraries: {},
        metrics: { log_loss: 0.69 },
        model: {},
        cost: { usd: 0, usd_per_hour: 0 },
        tracking: {},
        notes: ['it was a test'],
        ...change,
      }),
    ],
  ]);
