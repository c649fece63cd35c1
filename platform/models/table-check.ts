/**
 * Before anything learns from a table it is made again from its bars: every value has to be what the platform makes of them where it decides.
 * So a feature that is known a bar too early is found whatever it is, and so is a table that an older version wrote with other features.
 * Statistics of leaks (models/plimsoll_models/leaks.py) cannot see one that says little of prices.
 */
import { join } from 'node:path';
import { TABLE_FILES } from '../../adapters/files/feature-table.ts';
import { openParquetFile, type ParquetSource } from '../../adapters/files/parquet.ts';
import { hasTableBars, tableBars } from '../../adapters/files/table-bars.ts';
import { readTableAbout } from '../../adapters/files/table-files.ts';
import { PlimsollError } from '../../core/errors.ts';
import { formatInstant } from '../../core/market/civil.ts';
import type { TableRows } from '../../core/models/table.ts';
import { makeTrainingTable } from './training-table.ts';

const NOT_MADE_AGAIN =
  'a table has no bars beside it to be made again from: of features that know the future, only what statistics can see was looked for';

/**
 * Returns notes for whoever trains on it: that it could not be told, where no file of bars lies beside the table. Throws `TABLE_DIFFERS` with
 * the first value that is another, `TABLE_BARS_CHANGED`, `TABLE_MISSING`, `TABLE_INVALID`, and as making a table does.
 * @param folder of the table, as `plimsoll models table` wrote it
 */
export async function assertMadeFromItsBars(folder: string): Promise<readonly string[]> {
  if (!(await hasTableBars(folder))) return [NOT_MADE_AGAIN];
  const { features, label, lockedFrom, symbols, sources } = await readTableAbout(folder);
  const [source, ...others] = sources;
  if (source === undefined || others.length > 0) return [NOT_MADE_AGAIN];
  const { table } = await makeTrainingTable({
    bars: await tableBars(folder, source),
    symbols,
    features,
    label,
    ...(lockedFrom === undefined ? {} : { lockedFrom }),
  });
  await assertSameRows(join(folder, 'train', TABLE_FILES.rows), features, table.rows);
  return [];
}

/** As {@link assertMadeFromItsBars}, of several tables; a note that is the same of some is there once. */
export async function assertMadeFromTheirBars(folders: readonly string[]): Promise<readonly string[]> {
  const notes = new Set<string>();
  for (const folder of folders) for (const note of await assertMadeFromItsBars(folder)) notes.add(note);
  return [...notes];
}

type Column = ArrayLike<string | number>;

async function assertSameRows(path: string, features: readonly string[], made: TableRows): Promise<void> {
  const { symbol, known, end, close, label, weight } = made;
  const columns: readonly (readonly [name: string, what: string, values: Column])[] = [
    // Which bar a row is of comes first: where one is left out, everything after it is another.
    ['symbol', 'the symbol', symbol],
    ['known', 'the time', known],
    ...features.map((name, k) => [name, `the feature "${name}"`, made.features[k]] as const),
    ['label', 'the label', label],
    ['end', 'the time at which the label is known', end],
    ['close', 'the close', close],
    ['weight', 'the weight', weight],
  ];
  const rows = await opened(path);
  try {
    for (const [name, what, values] of columns) {
      const found = await firstDifference(rows, name, values);
      if (found) throw differs(`${what} in row ${found.row}${placeOf(made, found.row)} is ${told(found)}`);
    }
    if (rows.rows !== symbol.length) throw differs(`it has ${rows.rows} rows, and its bars give ${symbol.length}`);
  } finally {
    await rows.close();
  }
}

interface Difference {
  /** From 0. */
  readonly row: number;
  readonly said: unknown;
  readonly made: string | number;
}

/** Throws `TABLE_INVALID` where there is no such column, or it cannot be read. */
async function firstDifference(rows: ParquetSource, name: string, made: Column): Promise<Difference | undefined> {
  let found: Difference | undefined;
  const compare = (values: ArrayLike<unknown>, from: number): void => {
    for (let i = 0; found === undefined && i < values.length && from + i < made.length; i++) {
      const said = typeof values[i] === 'bigint' ? Number(values[i]) : values[i];
      if (said !== made[from + i]) found = { row: from + i, said, made: made[from + i] };
    }
  };
  if (!rows.columns.includes(name)) throw invalid(`the column ${name} is missing`);
  try {
    await rows.readColumn(name, compare);
  } catch (cause) {
    throw invalid(`the column ${name} cannot be read`, cause);
  }
  return found;
}

async function opened(path: string): Promise<ParquetSource> {
  try {
    return await openParquetFile(path);
  } catch (cause) {
    throw invalid(`${TABLE_FILES.rows} cannot be read`, cause);
  }
}

const placeOf = ({ symbol, known }: TableRows, row: number): string =>
  ` (${symbol[row]}, known at ${formatInstant(known[row])})`;

const told = ({ said, made }: Difference): string => `${String(said)}, and its bars give ${made}`;

const WAY_OUT =
  'write it again with `plimsoll models table`: only what the platform computes itself is the same where it decides';

const differs = (what: string): PlimsollError =>
  new PlimsollError('TABLE_DIFFERS', `the table is not what its bars give: ${what}`, WAY_OUT, {
    kept: 'nothing was trained',
  });

const invalid = (what: string, cause?: unknown): PlimsollError =>
  new PlimsollError('TABLE_INVALID', `the rows of the table cannot be compared with its bars: ${what}`, WAY_OUT, {
    kept: 'nothing was trained',
    ...(cause === undefined ? {} : { cause }),
  });
