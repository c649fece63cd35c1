/** What a training of one member, a line, leaves on a table: made here, so that tests of the way to SageMaker and back need no Python. */
import { hash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pythonCodeHash } from '../../adapters/python/code-hash.ts';
import { lineFiles } from '../adapters/models/line-version.ts';

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
export const modelFiles = (table: string, { unlike = false } = {}): Map<string, Uint8Array> =>
  lineFiles({ card: { task: 'classification', rows: 5_000 }, table, unlike });

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
