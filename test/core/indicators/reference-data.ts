// Reads the recorded prices and the reference results of other libraries.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { parquetReadObjects } from 'hyparquet';
import type { BarColumns } from '../../../core/market/bars.ts';
import { barsFromRows } from '../../../core/market/bars.ts';

const folder = process.env.PLIMSOLL_DATA ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url));

/** Whether the recorded data are on this machine. */
export const referenceDataFound = existsSync(`${folder}/vectors`);

const compressors = { ZSTD: (data: Uint8Array) => new Uint8Array(zstdDecompressSync(data)) };

type Row = Record<string, number | null>;

/** Results of stock-indicators (Skender) on its standard quotes, by name without ".standard". */
export function stockIndicatorsResults(): Map<string, Row[]> {
  const lines = readLines<{ name: string; rows: Row[] }>('vectors/stock_indicators_results.jsonl.gz');
  return new Map(lines.map(({ name, rows }) => [name.replace('.standard', ''), rows]));
}

/** The quotes that {@link stockIndicatorsResults} were computed on. */
export async function stockIndicatorsQuotes(): Promise<BarColumns> {
  const bytes = readFileSync(`${folder}/equity/spy_1d_2017_2018.parquet`);
  const rows = await parquetReadObjects({
    file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer,
    compressors,
  });
  const scaled = (price: unknown) => Math.round(Number(price) * 100);
  return barsFromRows(
    rows.map((row) => ({
      timestamp: Number(row.timestamp),
      open: scaled(row.open),
      high: scaled(row.high),
      low: scaled(row.low),
      close: scaled(row.close),
      volume: Number(row.volume),
    })),
    2,
  );
}

/** A table of prices with one library's results beside them, every cell as printed. */
export interface PrintedTable {
  readonly bars: BarColumns;
  /** Cells of a column, '' where there is none. */
  cells(column: string): readonly string[];
}

/** The tables of Lean, by file name. */
export function leanTables(): Map<string, PrintedTable> {
  const lines = readLines<{ path: string; text: string }>('vectors/lean_indicator_tables.jsonl.gz');
  return new Map(lines.map(({ path, text }) => [path.slice(path.lastIndexOf('/') + 1), printedTable(text)]));
}

function readLines<T>(path: string): T[] {
  const text = gunzipSync(readFileSync(`${folder}/${path}`)).toString('utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

function printedTable(text: string): PrintedTable {
  const [head, ...lines] = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const names = head.split(',').map((name) => name.trim());
  const rows = lines.map((line) => line.split(','));
  const cells = (column: string) => {
    const at = names.findIndex((name) => name.toLowerCase() === column.toLowerCase());
    return rows.map((row) => (at < 0 ? '' : (row[at] ?? '').trim()));
  };
  // What a table lacks is filled in from the close; an indicator that reads it is not compared on such a table.
  const close = cells('close');
  const price = (column: string) => cells(column).map((cell, i) => (cell === '' ? close[i] : cell));
  const columns = { open: price('open'), high: price('high'), low: price('low'), close };
  const decimals = Math.max(...Object.values(columns).flatMap((column) => column.map(decimalsOf)));
  const scale = 10 ** decimals;
  const scaled = (cell: string) => Math.round(Number(cell) * scale);
  const volume = cells('volume');
  const bars = barsFromRows(
    rows.map((_, i) => ({
      timestamp: i,
      open: scaled(columns.open[i]),
      high: scaled(columns.high[i]),
      low: scaled(columns.low[i]),
      close: scaled(columns.close[i]),
      volume: Number(volume[i]),
    })),
    decimals,
  );
  return { bars, cells };
}

/** Decimals that a cell prints: 2 for "1.25", 4 less than nothing for "1.2E+05". */
export function decimalsOf(cell: string): number {
  const [mantissa, exponent = '0'] = cell.toLowerCase().split('e');
  const fraction = mantissa.split('.')[1] ?? '';
  return fraction.length - Number(exponent);
}
