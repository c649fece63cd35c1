/** Economic figures from a file. */
import { basename } from 'node:path';
import { sha256OfFile } from '../../../adapters/files/bar-file.ts';
import { readCsv } from '../../../adapters/files/csv.ts';
import { openParquetFile } from '../../../adapters/files/parquet.ts';
import { PlimsollError } from '../../../core/errors.ts';
import { requireInstant } from '../../../core/market/civil.ts';
import {
  type MacroObservation,
  type UnpublishedObservation,
  withPublicationLag,
} from '../../../core/models/regimes/macro.ts';

export interface MacroFile {
  readonly rows: readonly MacroObservation[];
  /** The file's name, without its folder. */
  readonly file: string;
  /** Of the file as it is, hex. */
  readonly sha256: string;
}

/** A figure whose time of publication the file may leave out. */
type FileRow = UnpublishedObservation & { readonly known: number | undefined };

/** What the columns may be called. The last may be missing. */
const COLUMNS = {
  series: ['series'],
  observed: ['observed', 'timestamp'],
  value: ['value'],
  known: ['known'],
} as const;
type Column = keyof typeof COLUMNS;

/**
 * Reads the figures of `series` from a CSV file (by its name), else Parquet: columns series, observed (or timestamp), value, and known,
 * where the file says when a figure was published; times ISO or ms UTC. Where it does not, `lagDays` of its series count. Throws
 * `MACRO_UNDATED` for a series without either, `MACRO_SERIES_MISSING` for one that is not in the file, `COLUMN_MISSING`,
 * `NUMBER_MALFORMED`, and as the readers do.
 */
export async function readMacroFile(
  path: string,
  series: readonly string[],
  lagDays: Readonly<Record<string, number>>,
): Promise<MacroFile> {
  const sha256 = await sha256OfFile(path).catch((cause) => {
    throw new PlimsollError('FILE_UNREADABLE', `the file ${path} cannot be read`, 'check the path', { cause });
  });
  const read = /\.csv(\.gz)?$/i.test(path) ? await readCsvRows(path) : await readParquetRows(path);
  const missing = series.find((name) => !read.some((row) => row.series === name));
  if (missing !== undefined)
    throw new PlimsollError(
      'MACRO_SERIES_MISSING',
      `the file ${path} has no series "${missing}"`,
      `give a file with ${series.join(', ')}`,
    );
  const rows = read
    .filter((row) => series.includes(row.series))
    .flatMap((row) => (row.known === undefined ? withPublicationLag([row], lagDays) : [{ ...row, known: row.known }]));
  return { rows, file: basename(path), sha256 };
}

async function readCsvRows(path: string): Promise<FileRow[]> {
  const rows: FileRow[] = [];
  let places: Record<Column, number> | undefined;
  await readCsv(path, (fields, line) => {
    if (places === undefined) {
      places = placesOf(path, fields);
      return;
    }
    const { series, observed, value, known } = places;
    const row = rowOf(`line ${line} of ${path}`, [fields[series], fields[observed], fields[value], fields[known]]);
    if (row !== undefined) rows.push(row);
  });
  return rows;
}

async function readParquetRows(path: string): Promise<FileRow[]> {
  const file = await openParquetFile(path);
  try {
    const places = placesOf(path, file.columns);
    const values = Array.from({ length: file.rows }, (): unknown[] => new Array(4));
    for (const [k, place] of Object.values(places).entries()) {
      if (place < 0) continue;
      await file.readColumn(file.columns[place], (run, first) => {
        for (let t = 0; t < run.length; t++) values[first + t][k] = run[t];
      });
    }
    return values.flatMap((row, t) => rowOf(`row ${t} of ${path}`, row) ?? []);
  } finally {
    await file.close();
  }
}

function placesOf(path: string, names: readonly string[]): Record<Column, number> {
  const plain = names.map((name) => name.trim().toLowerCase());
  const placeOf = (column: Column): number =>
    plain.findIndex((name) => (COLUMNS[column] as readonly string[]).includes(name));
  const places = {
    series: placeOf('series'),
    observed: placeOf('observed'),
    value: placeOf('value'),
    known: placeOf('known'),
  };
  const missing = (['series', 'observed', 'value'] as const).find((column) => places[column] < 0);
  if (missing === undefined) return places;
  throw new PlimsollError(
    'COLUMN_MISSING',
    `the file ${path} has no column "${missing}"`,
    `name one of its columns so`,
  );
}

/** None where there is no value: agencies leave it out, or write a point. */
function rowOf(where: string, [series, observed, value, known]: readonly unknown[]): FileRow | undefined {
  const text = String(value ?? '').trim();
  if (text === '' || text === '.' || Number.isNaN(value)) return undefined;
  if (!Number.isFinite(Number(text)))
    throw new PlimsollError('NUMBER_MALFORMED', `${where} has the value "${text}"`, 'write a number');
  return {
    series: String(series ?? '').trim(),
    observed: timeOf(where, observed),
    value: Number(text),
    known: known === undefined || known === null || known === '' ? undefined : timeOf(where, known),
  };
}

const timeOf = (where: string, time: unknown): number =>
  typeof time === 'number' || typeof time === 'bigint'
    ? Number(time)
    : requireInstant(String(time ?? '').trim(), where);
