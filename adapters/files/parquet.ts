/** Parquet as this project reads and writes it: one column of one row group at a time, zstd from Node itself. */
import { open } from 'node:fs/promises';
import { gunzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetRead } from 'hyparquet';
import { ByteWriter, type ColumnSource, ParquetWriter, schemaFromColumnData, type Writer } from 'hyparquet-writer';
import { PlimsollError } from '../../core/errors.ts';

/** A Parquet file or buffer that is open for reading. */
export interface ParquetSource {
  readonly rows: number;
  /** Top-level columns, in the order of the file. */
  readonly columns: readonly string[];
  /** Rows of each row group. */
  readonly groups: readonly number[];
  /** The file's own notes. */
  readonly notes: ReadonlyMap<string, string>;
  /** Calls back with runs of a column's values in the order of rows; `row` counts from 0 over the whole file. */
  readColumn(column: string, read: (values: ArrayLike<unknown>, row: number) => void): Promise<void>;
  close(): Promise<void>;
}

/** Opens a file. Throws `FILE_NOT_PARQUET`. */
export async function openParquetFile(path: string): Promise<ParquetSource> {
  const handle = await open(path, 'r');
  const { size } = await handle.stat();
  const file: AsyncBuffer = {
    byteLength: size,
    async slice(start, end = size) {
      const bytes = new Uint8Array(end - start);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
      return bytes.buffer.slice(0, bytesRead);
    },
  };
  try {
    return await openSource(file, () => handle.close());
  } catch (cause) {
    await handle.close();
    throw notParquet(path, cause);
  }
}

/** Opens a buffer. Throws `FILE_NOT_PARQUET`; `name` is what the error calls it. */
export async function openParquetBytes(bytes: Uint8Array, name: string): Promise<ParquetSource> {
  // A copy: a Buffer is often a piece of a larger one, and its own slice() would share that.
  const { buffer } = new Uint8Array(bytes);
  try {
    return await openSource({ byteLength: buffer.byteLength, slice: (start, end) => buffer.slice(start, end) });
  } catch (cause) {
    throw notParquet(name, cause);
  }
}

const COMPRESSORS = {
  ZSTD: (bytes: Uint8Array) => new Uint8Array(zstdDecompressSync(bytes)),
  GZIP: (bytes: Uint8Array) => new Uint8Array(gunzipSync(bytes)),
};

/** Timestamps come as plain milliseconds, whatever the unit of the column. */
const PARSERS = {
  timestampFromMilliseconds: (value: bigint) => Number(value),
  timestampFromMicroseconds: (value: bigint) => Number(value) / 1_000,
  timestampFromNanoseconds: (value: bigint) => Number(value / 1_000n) / 1_000,
  dateFromDays: (value: number) => value * 86_400_000,
};

async function openSource(file: AsyncBuffer, close: () => Promise<void> = async () => {}): Promise<ParquetSource> {
  const metadata = await parquetMetadataAsync(file);
  return {
    rows: Number(metadata.num_rows),
    columns: topLevelColumns(metadata),
    groups: metadata.row_groups.map((group) => Number(group.num_rows)),
    notes: new Map((metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? ''])),
    readColumn: (column, read) => readColumn(file, metadata, column, read),
    close,
  };
}

function topLevelColumns(metadata: FileMetaData): string[] {
  const columns = new Set<string>();
  for (const { meta_data } of metadata.row_groups[0]?.columns ?? []) {
    if (meta_data) columns.add(meta_data.path_in_schema[0]);
  }
  if (columns.size > 0) return [...columns];
  return metadata.schema
    .slice(1)
    .filter((element) => !element.num_children)
    .map((element) => element.name);
}

async function readColumn(
  file: AsyncBuffer,
  metadata: FileMetaData,
  column: string,
  read: (values: ArrayLike<unknown>, row: number) => void,
): Promise<void> {
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    const pieces: { values: ArrayLike<unknown>; row: number }[] = [];
    await parquetRead({
      file,
      metadata,
      columns: [column],
      rowStart,
      rowEnd,
      compressors: COMPRESSORS,
      parsers: PARSERS,
      onChunk: ({ columnData, rowStart: row }) => pieces.push({ values: columnData as ArrayLike<unknown>, row }),
    });
    for (const { values, row } of pieces) read(values, row);
    rowStart = rowEnd;
  }
}

function notParquet(name: string, cause: unknown): PlimsollError {
  return new PlimsollError(
    'FILE_NOT_PARQUET',
    `the file ${name} cannot be read as Parquet (${cause instanceof Error ? cause.message : String(cause)})`,
    'check that the file is whole and really Parquet, or give a .csv file',
    { cause },
  );
}

/** Writes columns as zstd Parquet in row groups as they come; every batch has the columns of the first. */
export class ParquetEncoder {
  readonly #writer: Writer;
  readonly #notes: Readonly<Record<string, string>>;
  #parquet: ParquetWriter | undefined;

  constructor(writer: Writer, notes: Readonly<Record<string, string>> = {}) {
    this.#writer = writer;
    this.#notes = notes;
  }

  write(columnData: ColumnSource[]): void {
    this.#parquet ??= new ParquetWriter({
      writer: this.#writer,
      schema: schemaFromColumnData({ columnData }),
      codec: 'ZSTD',
      compressors: { ZSTD: (bytes) => new Uint8Array(zstdCompressSync(bytes)) },
      kvMetadata: Object.entries(this.#notes).map(([key, value]) => ({ key, value })),
      createdBy: 'plimsoll',
    });
    this.#parquet.write({ columnData, rowGroupSize: columnData[0].data.length });
  }

  finish(): void {
    this.#parquet?.finish();
  }
}

/** One batch as a whole Parquet file in memory. */
export function encodeParquet(columnData: ColumnSource[], notes: Readonly<Record<string, string>> = {}): Uint8Array {
  const writer = new ByteWriter();
  const encoder = new ParquetEncoder(writer, notes);
  encoder.write(columnData);
  encoder.finish();
  return writer.getBytes();
}
