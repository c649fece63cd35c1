/**
 * The table of a batch, beside the lake: `batches/NAME/VERSION/PART.rows`, each part the rows of so many bars, with the hash of them. A part is
 * replaced as a whole when rows come to its end; none is ever taken away or changed.
 */
import { hash } from 'node:crypto';
import * as z from 'zod';
import { PlimsollError } from '../../../core/errors.ts';
import { formatInstant } from '../../../core/market/civil.ts';
import type { BatchRow } from '../../../core/ports/batch-rows.ts';
import type { ObjectStore } from '../../../core/ports/object-store.ts';

const FORMAT = 'plimsoll-batch-rows/1';
/** Bars of a part: what is written anew with each bar, and read in each cycle. */
const PART_BARS = 2_048;
/** So many digits that keys sort as their numbers do. */
const PART_DIGITS = 12;
const PAGE = 1_000;
/** The most rows of a table: half a year of minutes, and decades of hours. */
export const MOST_TABLE_ROWS = 250_000;

/** A row with what it was made from. */
export interface KeptRow extends BatchRow {
  /** Open of the last bar that the fit looked at, ms UTC; null where there was no fit. */
  readonly fitted: number | null;
}

const rowShape = z.tuple([z.number(), z.number(), z.number().nullable(), z.number().nullable(), z.string().nullable()]);
const partShape = z.object({
  format: z.literal(FORMAT),
  batch: z.string(),
  version: z.string(),
  sha256: z.string(),
  rows: z.array(rowShape).max(PART_BARS),
});
/** Time, close, value, fitted, missing. */
type Told = z.infer<typeof rowShape>;

export class BatchTable {
  readonly #objects: ObjectStore;
  readonly #name: string;
  readonly #version: string;
  readonly #intervalMs: number;

  /** @param intervalMs length of the bars */
  constructor(objects: ObjectStore, { name, version }: { name: string; version: string }, intervalMs: number) {
    this.#objects = objects;
    this.#name = name;
    this.#version = version;
    this.#intervalMs = intervalMs;
  }

  /** The rows of the bars that open at `times` (ms UTC), those that there are. Throws `BATCH_FILE_CHANGED`, and as the store. */
  async rowsAt(times: readonly number[]): Promise<KeptRow[]> {
    const wanted = new Set(times);
    const found: KeptRow[] = [];
    for (const part of new Set(times.map((time) => this.#partOf(time)))) {
      for (const row of await this.#read(this.#keyOf(part))) if (wanted.has(row.time)) found.push(row);
    }
    return found;
  }

  /** All rows in order of time. Throws `BATCH_FILE_CHANGED`, and as the store. */
  async all(): Promise<KeptRow[]> {
    const rows: KeptRow[] = [];
    for (const key of await this.#keys()) rows.push(...(await this.#read(key)));
    return rows;
  }

  /** The latest row, undefined where there is none. Throws as {@link all}. */
  async last(): Promise<KeptRow | undefined> {
    const keys = await this.#keys();
    const latest = keys.at(-1);
    return latest === undefined ? undefined : (await this.#read(latest)).at(-1);
  }

  /**
   * Puts rows to the end, ascending by time and later than all that are there. Throws `BATCH_TABLE_FULL`, `BATCH_ROWS_INVALID` for rows out of
   * order, `BATCH_FILE_CHANGED`, and as the store.
   */
  async append(rows: readonly KeptRow[]): Promise<void> {
    if (rows.length === 0) return;
    const last = await this.last();
    let before = last?.time ?? Number.NEGATIVE_INFINITY;
    for (const { time } of rows) {
      if (!(time > before))
        throw new PlimsollError(
          'BATCH_ROWS_INVALID',
          `the row of ${formatInstant(time)} comes after that of ${formatInstant(before)} in the batch "${this.#name}"`,
          'report this: rows are made in order of time',
          { kept: 'the table is as it was' },
        );
      before = time;
    }
    const span = Math.ceil((before - (await this.#first(rows[0].time))) / this.#intervalMs) + 1;
    if (span > MOST_TABLE_ROWS) throw this.#full();
    const parts = Map.groupBy(rows, ({ time }) => this.#partOf(time));
    for (const [part, added] of [...parts].sort(([a], [b]) => a - b)) {
      const key = this.#keyOf(part);
      await this.#write(key, [...(await this.#read(key)), ...added]);
    }
  }

  /** Open of the first bar that its first part may hold. */
  async #first(otherwise: number): Promise<number> {
    const [first] = await this.#keys();
    if (first === undefined) return otherwise;
    return (await this.#read(first))[0]?.time ?? otherwise;
  }

  #full(): PlimsollError {
    return new PlimsollError(
      'BATCH_TABLE_FULL',
      `the table of the batch "${this.#name}" would be longer than ${MOST_TABLE_ROWS} bars`,
      'begin it later with --from, or read longer bars',
      { kept: 'the rows that it has' },
    );
  }

  #partOf = (time: number): number => Math.floor(time / (this.#intervalMs * PART_BARS));

  /** What all its keys begin with. */
  get prefix(): string {
    return `batches/${this.#name}/${this.#version}/`;
  }

  #keyOf = (part: number): string => `${this.prefix}${String(part).padStart(PART_DIGITS, '0')}.rows`;

  async #keys(): Promise<string[]> {
    const keys: string[] = [];
    for (let after = ''; ; after = keys[keys.length - 1]) {
      const page = await this.#objects.list(this.prefix, { after, limit: PAGE });
      keys.push(...page);
      if (page.length < PAGE) return keys.filter((key) => key.endsWith('.rows'));
    }
  }

  async #write(key: string, rows: readonly KeptRow[]): Promise<void> {
    const told = rows.map(
      ({ time, close, value, fitted, missing }): Told => [time, close, value, fitted, missing ?? null],
    );
    const { sha256, text } = hashed(told);
    const about = { format: FORMAT, batch: this.#name, version: this.#version, sha256 };
    await this.#objects.put(key, Buffer.from(`${JSON.stringify(about).slice(0, -1)},"rows":${text}}`));
  }

  async #read(key: string): Promise<KeptRow[]> {
    const bytes = await this.#objects.get(key);
    if (bytes === undefined) return [];
    const part = partShape.safeParse(parsed(bytes)).data;
    const isOwn = part?.batch === this.#name && part.version === this.#version;
    if (!part || !isOwn || hashed(part.rows).sha256 !== part.sha256)
      throw new PlimsollError(
        'BATCH_FILE_CHANGED',
        `the table of the batch "${this.#name}" was changed or damaged: ${key}`,
        `put it back from a backup, or remove the folder ${this.prefix} and run \`plimsoll models batch ${this.#name}\``,
      );
    return part.rows.map(([time, close, value, fitted, missing]) => ({
      ...{ time, close, value, fitted },
      ...(missing === null ? {} : { missing }),
    }));
  }
}

function hashed(rows: readonly Told[]): { sha256: string; text: string } {
  const text = JSON.stringify(rows);
  return { sha256: hash('sha256', text), text };
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
