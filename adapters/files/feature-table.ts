import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileWriter } from 'hyparquet-writer';
import { PlimsollError } from '../../core/errors.ts';
import { canonicalJson, type Json } from '../../core/json.ts';
import type { FeatureTable, TableRows } from '../../core/models/table.ts';
import { sha256OfFile } from './bar-file.ts';
import { ParquetEncoder } from './parquet.ts';

/** The files of a table's folder: what is trained on, what is locked away beside it, and what both are. */
export const TABLE_FILES = { rows: 'rows.parquet', locked: 'locked.parquet', about: 'table.json' } as const;

/** What a table says of itself, besides its rows. */
export interface TableDescription {
  readonly features: readonly string[];
  readonly label: Json;
  readonly timeframe: string;
  readonly symbols: readonly string[];
  /** The files of bars that it was made from. */
  readonly sources: readonly { readonly file: string; readonly sha256: string; readonly provenance: string }[];
  /** ms UTC. */
  readonly lockedFrom?: number;
}

/** A table as it was written; hashes are SHA-256, hex. */
export interface WrittenTable {
  readonly rows: number;
  readonly sha256: string;
  /** Of the rows that no training may read. */
  readonly locked?: { readonly rows: number; readonly sha256: string };
}

const ROW_GROUP = 65_536;
/** The most rows of a file, and so what a reader has to hold. */
const MAX_ROWS = 20_000_000;

/**
 * Writes the rows to `train/rows.parquet` of a folder, and those of the locked period to `locked/locked.parquet`: a training job is given the
 * first folder alone. `table.json` beside the rows describes them and holds the hash of what is locked. Throws `FILE_UNWRITABLE`.
 */
export async function writeFeatureTable(
  folder: string,
  table: FeatureTable,
  description: TableDescription,
): Promise<WrittenTable> {
  const train = join(folder, 'train');
  try {
    await mkdir(train, { recursive: true });
    const sha256 = await writeRows(join(train, TABLE_FILES.rows), description.features, table.rows);
    const rows = table.rows.label.length;
    const written = { rows, sha256, ...(await lockedOf(folder, description.features, table.locked)) };
    const about = { format: 'plimsoll-features/1', ...description, ...written, leftOut: table.leftOut };
    await writeFile(join(train, TABLE_FILES.about), `${canonicalJson(about)}\n`);
    return written;
  } catch (cause) {
    if (cause instanceof PlimsollError) throw cause;
    throw new PlimsollError(
      'FILE_UNWRITABLE',
      `the table cannot be written to ${folder} (${(cause as Error).message})`,
      'check the folder and the free space',
      { cause },
    );
  }
}

async function lockedOf(
  folder: string,
  features: readonly string[],
  locked: TableRows,
): Promise<Pick<WrittenTable, 'locked'>> {
  if (locked.label.length === 0) return {};
  const apart = join(folder, 'locked');
  await mkdir(apart, { recursive: true });
  return {
    locked: { rows: locked.label.length, sha256: await writeRows(join(apart, TABLE_FILES.locked), features, locked) },
  };
}

/** Features as float32, in which they are exact; times as int64 ms; label and weight as doubles. Returns the file's hash. */
async function writeRows(path: string, features: readonly string[], rows: TableRows): Promise<string> {
  const count = rows.label.length;
  if (count > MAX_ROWS)
    throw new PlimsollError(
      'TABLE_TOO_LONG',
      `a table of ${count} rows cannot be written`,
      `take at most ${MAX_ROWS} rows`,
    );
  const encoder = new ParquetEncoder(fileWriter(path));
  for (let from = 0; from < count; from += ROW_GROUP) {
    const to = Math.min(count, from + ROW_GROUP);
    const times = (column: Float64Array): BigInt64Array => BigInt64Array.from(column.subarray(from, to), BigInt);
    encoder.write([
      { name: 'symbol', data: rows.symbol.slice(from, to) },
      { name: 'known', data: times(rows.known) },
      { name: 'end', data: times(rows.end) },
      { name: 'close', data: rows.close.slice(from, to) },
      ...features.map((name, k) => ({ name, data: new Float32Array(rows.features[k].subarray(from, to)) })),
      { name: 'label', data: rows.label.slice(from, to) },
      { name: 'weight', data: rows.weight.slice(from, to) },
    ]);
  }
  encoder.finish();
  return sha256OfFile(path);
}
