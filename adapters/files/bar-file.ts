/** Bar files: recorded bars in Parquet or CSV, to scaled columns and back. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileWriter } from 'hyparquet-writer';
import { PlimsollError } from '../../core/errors.ts';
import type { BarColumns } from '../../core/market/bars.ts';
import type { CalendarId } from '../../core/market/calendar.ts';
import { checkBars, inferTimeframeMs, type QualityReport } from '../../core/market/quality.ts';
import { type Timeframe, timeframeOf } from '../../core/market/timeframe.ts';
import { pow10 } from '../../core/numbers.ts';
import { readCsvBars } from './csv-bars.ts';
import { ParquetEncoder } from './parquet.ts';
import { readParquetBars } from './parquet-bars.ts';
import { priceDecimalsOf, scalePrices } from './price-scale.ts';
import { assertSound, PRICE_FIELDS, type RawFile, type RawSeries, type Selection } from './raw-bars.ts';

export interface ReadBarFileOptions {
  /** The one symbol to read; also the name of the series where the file has no symbol column. */
  readonly symbol?: string;
  /** Several symbols, or all that the file holds. */
  readonly symbols?: readonly string[] | 'all';
  /** Where the file has a venue column: only rows of this venue. */
  readonly venue?: string;
  /** Decimals of scaled prices. Without it, the most that each symbol's prices use; never fewer than that. */
  readonly priceDecimals?: number;
  /** Open time of the first bar, ms UTC, inclusive. */
  readonly from?: number;
  /** Exclusive. */
  readonly to?: number;
  /** For the findings: without it, the most common distance between bars. */
  readonly timeframe?: Timeframe;
  /** For the findings. Default `24/7`. */
  readonly calendar?: CalendarId;
}

export interface BarFile {
  /** By symbol, in the order in which the file names them first. */
  readonly bars: ReadonlyMap<string, BarColumns>;
  readonly priceDecimals: ReadonlyMap<string, number>;
  /** The most common distance between bars; absent for a series of one bar, or of no whole seconds. */
  readonly timeframes: ReadonlyMap<string, Timeframe>;
  /** Gaps, outliers and stale stretches, by symbol; what would make a bar unusable was refused. */
  readonly findings: ReadonlyMap<string, QualityReport>;
  readonly provenance: BarFileProvenance;
}

export interface BarFileProvenance {
  readonly source: 'recorded';
  /** The file's name without its folder. */
  readonly file: string;
  /** Of the file as it is, hex. */
  readonly sha256: string;
  /** Rows of the file, those that were not asked for included. */
  readonly rows: number;
}

/**
 * Reads bars: columns timestamp (ms UTC of the open; in CSV also ISO), open, high, low, close, volume, perhaps symbol and
 * venue. CSV by its name (`.csv`, `.csv.gz`), anything else is Parquet. Throws a `PlimsollError` that names the row or line:
 * `FILE_NOT_FOUND`, `FILE_NOT_PARQUET`, `FILE_UNREADABLE`, `FILE_EMPTY`, `CSV_MALFORMED`, `COLUMN_MISSING`,
 * `NUMBER_MALFORMED`, `TIMESTAMP_INVALID`, `TIMESTAMP_OUT_OF_ORDER`, `TIMESTAMP_DUPLICATE`, `BAR_PRICE_INVALID`,
 * `BAR_OHLC_VIOLATED`, `BAR_VOLUME_INVALID`, `SYMBOL_REQUIRED`, `SYMBOL_NOT_IN_FILE`, `VENUE_REQUIRED`,
 * `SYMBOLS_TOO_MANY`, `PRICE_DECIMALS_EXCEEDED`, `PRICE_RANGE_EXCEEDED`.
 */
export async function readBarFile(path: string, options: ReadBarFileOptions = {}): Promise<BarFile> {
  const name = basename(path);
  await assertReadable(path);
  const selection = selectionOf(name, options);
  const raw = isCsv(path) ? await readCsvBars(path, name, selection) : await readParquetBars(path, name, selection);
  const found = raw.series.filter((series) => series.length > 0);
  if (found.length === 0) throw noBars(name, raw, selection);
  const result = {
    bars: new Map<string, BarColumns>(),
    priceDecimals: new Map<string, number>(),
    timeframes: new Map<string, Timeframe>(),
    findings: new Map<string, QualityReport>(),
  };
  for (const series of found) {
    const bars = toColumns(name, series, options.priceDecimals);
    const timeframe = options.timeframe ?? inferTimeframe(bars);
    result.bars.set(series.symbol, bars);
    result.priceDecimals.set(series.symbol, bars.priceDecimals);
    if (timeframe === undefined) continue;
    result.timeframes.set(series.symbol, timeframe);
    result.findings.set(series.symbol, checkBars(bars, { timeframe, calendar: options.calendar }));
  }
  return {
    ...result,
    provenance: { source: 'recorded', file: name, sha256: await sha256OfFile(path), rows: raw.rows },
  };
}

/** SHA-256 of a file's bytes, hex. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

const isCsv = (path: string): boolean => /\.csv(\.gz)?$/i.test(path);

async function assertReadable(path: string): Promise<void> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const missing = cause.code === 'ENOENT' || cause.code === 'ENOTDIR';
    const why = missing ? `there is no file ${path}` : `the file ${path} cannot be read (${cause.code})`;
    throw new PlimsollError(missing ? 'FILE_NOT_FOUND' : 'FILE_UNREADABLE', why, 'check the path', { cause });
  });
  if (!found.isFile())
    throw new PlimsollError('FILE_NOT_FOUND', `the path ${path} is not a file`, 'give a Parquet or CSV file');
  if (found.size === 0)
    throw new PlimsollError('FILE_EMPTY', `the file ${path} is empty`, 'give a file with at least one bar');
}

function selectionOf(name: string, options: ReadBarFileOptions): Selection {
  return {
    symbols: options.symbol === undefined ? options.symbols : [options.symbol],
    venue: options.venue,
    from: options.from ?? Number.NEGATIVE_INFINITY,
    to: options.to ?? Number.POSITIVE_INFINITY,
    fallbackSymbol: options.symbol ?? name.replace(/\.(parquet|csv|csv\.gz)$/i, ''),
  };
}

function noBars(name: string, raw: RawFile, selection: Selection): PlimsollError {
  if (raw.rows === 0)
    return new PlimsollError('FILE_EMPTY', `the file ${name} holds no bar`, 'give a file with at least one bar');
  const venue = selection.venue === undefined ? '' : ` of ${selection.venue}`;
  return new PlimsollError(
    'FILE_EMPTY',
    `none of the ${raw.rows} rows of ${name}${venue} is in the span asked for`,
    'widen --from and --to',
  );
}

function toColumns(name: string, series: RawSeries, asked: number | undefined): BarColumns {
  assertSound(name, series);
  const priceDecimals = priceDecimalsOf(name, series, asked);
  scalePrices(series, priceDecimals);
  const { length, timestamp, open, high, low, close, volume } = series;
  return { length, priceDecimals, timestamp, open, high, low, close, volume };
}

function inferTimeframe(bars: BarColumns): Timeframe | undefined {
  const length = inferTimeframeMs(bars.timestamp);
  return length === undefined || length % 1_000 !== 0 ? undefined : timeframeOf(length);
}

/** Rows of a row group: the unit in which files are written, so that memory does not grow with the file. */
const ROW_GROUP_BARS = 122_880;

/**
 * Writes bars as zstd Parquet with plain prices, with a symbol column where the bars are a map. The file appears whole or not
 * at all. Returns its SHA-256 (hex) and rows. Throws `FILE_EMPTY` for no bars, `FILE_UNWRITABLE`.
 */
export async function writeBarFile(
  path: string,
  bars: BarColumns | ReadonlyMap<string, BarColumns>,
): Promise<{ sha256: string; rows: number }> {
  const all: (readonly [string | undefined, BarColumns])[] = isColumns(bars) ? [[undefined, bars]] : [...bars];
  const rows = all.reduce((sum, [, series]) => sum + series.length, 0);
  if (rows === 0) throw new PlimsollError('FILE_EMPTY', `there is no bar to write to ${path}`, 'give at least one');
  const temporary = `${path}.partial`;
  try {
    const encoder = new ParquetEncoder(fileWriter(temporary));
    for (const [symbol, series] of all) {
      for (let from = 0; from < series.length; from += ROW_GROUP_BARS) {
        encoder.write(parquetColumns(series, from, Math.min(series.length, from + ROW_GROUP_BARS), symbol));
      }
    }
    encoder.finish();
    await syncToDisk(temporary);
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new PlimsollError(
      'FILE_UNWRITABLE',
      `the file ${path} cannot be written (${(cause as Error).message})`,
      'check the folder and the free space',
      { cause },
    );
  }
  return { sha256: await sha256OfFile(path), rows };
}

const isColumns = (bars: BarColumns | ReadonlyMap<string, BarColumns>): bars is BarColumns => 'priceDecimals' in bars;

async function syncToDisk(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  await handle.sync();
  await handle.close();
}

/** Columns of bars `from` to `to` for {@link ParquetEncoder}: int64 milliseconds and plain doubles. */
export function parquetColumns(bars: BarColumns, from: number, to: number, symbol?: string) {
  const power = pow10(bars.priceDecimals);
  const timestamp = BigInt64Array.from({ length: to - from }, (_, i) => BigInt(bars.timestamp[from + i]));
  return [
    ...(symbol === undefined ? [] : [{ name: 'symbol', data: new Array<string>(to - from).fill(symbol) }]),
    { name: 'timestamp', data: timestamp },
    ...PRICE_FIELDS.map((field) => ({ name: field, data: bars[field].slice(from, to).map((price) => price / power) })),
    { name: 'volume', data: bars.volume.slice(from, to) },
  ];
}
