/** What a batch's job is given and what it leaves: bars in Parquet with their hash, and a row a bar, in the same way. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileWriter } from 'hyparquet-writer';
import { z } from 'zod';
import { PlimsollError } from '../../core/errors.ts';
import type { BarColumns } from '../../core/market/bars.ts';
import { pow10 } from '../../core/numbers.ts';
import { sha256OfFile } from '../files/bar-file.ts';
import { openParquetFile, ParquetEncoder } from '../files/parquet.ts';
import type { KeptRow } from '../models/batches/table.ts';

const BARS_FORMAT = 'plimsoll-batch-bars/1';
const FORMAT = 'plimsoll-batch/1';
const ROW_GROUP = 65_536;
const MOST_ROWS = 1_000_000;

export interface BatchBars {
  readonly symbol: string;
  readonly timeframeMs: number;
  readonly bars: BarColumns;
  /** By name, a column of the bars' length without a missing value; none where the method looks at prices alone. */
  readonly features: ReadonlyMap<string, Float32Array>;
  /** Open of the first bar that a row is wanted of, ms UTC. */
  readonly from: number;
}

/** Writes the channel `bars` of a job into a folder, which is made. Prices are in plain units. Throws `FILE_UNWRITABLE`. */
export async function writeBatchBars(folder: string, given: BatchBars): Promise<void> {
  const { symbol, timeframeMs, bars, features, from } = given;
  const path = join(folder, 'bars.parquet');
  try {
    await mkdir(folder, { recursive: true });
    writeColumns(`${path}.partial`, bars, features);
    await rename(`${path}.partial`, path);
    const about = { format: BARS_FORMAT, sha256: await sha256OfFile(path), symbol, timeframeMs };
    await writeFile(join(folder, 'bars.json'), JSON.stringify({ ...about, features: [...features.keys()], from }));
  } catch (cause) {
    throw new PlimsollError(
      'FILE_UNWRITABLE',
      `the bars of a batch cannot be written to ${folder} (${(cause as Error).message})`,
      'check the folder and the free space',
      { cause },
    );
  }
}

function writeColumns(path: string, bars: BarColumns, features: BatchBars['features']): void {
  const power = pow10(bars.priceDecimals);
  const encoder = new ParquetEncoder(fileWriter(path));
  for (let from = 0; from < bars.length; from += ROW_GROUP) {
    const to = Math.min(bars.length, from + ROW_GROUP);
    const plain = (column: Float64Array): Float64Array => column.slice(from, to).map((price) => price / power);
    encoder.write([
      { name: 'time', data: BigInt64Array.from(bars.timestamp.subarray(from, to), BigInt) },
      ...(['open', 'high', 'low', 'close'] as const).map((name) => ({ name, data: plain(bars[name]) })),
      { name: 'volume', data: bars.volume.slice(from, to) },
      ...Array.from(features, ([name, column]) => ({ name, data: column.slice(from, to) })),
    ]);
  }
  encoder.finish();
}

const aboutShape = z.object({
  format: z.literal(FORMAT),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  rows: z.int().min(0).max(MOST_ROWS),
  entry: z.string(),
  versions: z.record(z.string(), z.string()),
  missing: z.int().min(0),
});

/** The rows that a job left, and the versions of the libraries that made them. */
export interface BatchRowsMade {
  readonly rows: readonly KeptRow[];
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * Reads the folder of a job's model. Throws `BATCH_RESULT_INVALID` where a file is not there or not as its hash says, and where a row is none:
 * out of order, without a reason where it has no value, or of another entry.
 */
export async function readBatchRows(folder: string, entry: string): Promise<BatchRowsMade> {
  const path = join(folder, 'predictions.parquet');
  try {
    const about = aboutShape.parse(JSON.parse(await readFile(join(folder, 'batch.json'), 'utf8')));
    if (about.entry !== entry) throw new Error(`it is of the entry ${about.entry}, not of ${entry}`);
    if ((await sha256OfFile(path)) !== about.sha256) throw new Error('predictions.parquet has another SHA-256');
    const rows = await readRows(path);
    if (rows.length !== about.rows) throw new Error(`it holds ${rows.length} rows, and says ${about.rows}`);
    return { rows, versions: about.versions };
  } catch (cause) {
    throw new PlimsollError(
      'BATCH_RESULT_INVALID',
      `what the batch's job left cannot be used: ${(cause as Error).message}`,
      'report this, with the file batch.json of that folder',
      { kept: 'the table is as it was', cause },
    );
  }
}

async function readRows(path: string): Promise<KeptRow[]> {
  const file = await openParquetFile(path);
  try {
    if (file.rows > MOST_ROWS) throw new Error(`it holds ${file.rows} rows, more than ${MOST_ROWS}`);
    const column = async (name: string): Promise<unknown[]> => {
      if (!file.columns.includes(name)) throw new Error(`it has no column ${name}`);
      const all = new Array<unknown>(file.rows);
      await file.readColumn(name, (values, row) => {
        for (let k = 0; k < values.length; k++) all[row + k] = values[k];
      });
      return all;
    };
    const [time, close, value, fitted, missing] = await Promise.all(
      ['time', 'close', 'value', 'fitted', 'missing'].map(column),
    );
    return time.map((at, k) => rowOf(numberOf(at), numberOf(close[k]), value[k], fitted[k], missing[k]));
  } finally {
    await file.close();
  }
}

function rowOf(time: number, close: number, value: unknown, fitted: unknown, missing: unknown): KeptRow {
  if (!Number.isFinite(time) || !Number.isFinite(close))
    throw new Error(`a row has the time ${time} and closes at ${close}`);
  const hasValue = typeof value === 'number' && Number.isFinite(value);
  if (hasValue === (typeof missing === 'string'))
    throw new Error(`the row of ${time} has the value ${value} and the reason ${missing}`);
  // Where there was no fit its time is none: nothing, or a number before all bars.
  const at = fitted === null || fitted === undefined ? null : numberOf(fitted);
  return {
    ...{ time, close, value: hasValue ? value : null },
    fitted: at !== null && at > 0 ? at : null,
    ...(typeof missing === 'string' ? { missing } : {}),
  };
}

const numberOf = (value: unknown): number => Number(value);
