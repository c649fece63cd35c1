/** Brings the table of a batch up to the latest closed bar: what is missing at its end is made by the job, piece by piece, and put there. */
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileLock, lockFile } from '../../../adapters/embedded/file-lock.ts';
import { BatchTable, MOST_TABLE_ROWS } from '../../../adapters/models/batches/table.ts';
import { readBatchRows, writeBatchBars } from '../../../adapters/python/batch-channel.ts';
import { runTrainingJob } from '../../../adapters/python/training-job.ts';
import { PlimsollError } from '../../../core/errors.ts';
import { type BarColumns, sliceBars } from '../../../core/market/bars.ts';
import { formatInstant } from '../../../core/market/civil.ts';
import { intervalOf } from '../../../core/models/batch/definition.ts';
import { pow10 } from '../../../core/numbers.ts';
import type { ObjectStore } from '../../../core/ports/object-store.ts';
import { type FeaturedBars, withFeatures } from './batch-bars.ts';
import type { NamedBatch } from './batch-file.ts';

const ENTRY = 'plimsoll_models.batch';
/** Rows of one job: the table grows by so many at a time, and what was made is kept whatever becomes of the rest. */
const ROWS_OF_JOB = 10_000;
/** For one job. */
const WITHIN_MS = 3_600_000;

export interface BringUp {
  /** Data directory. */
  readonly directory: string;
  readonly objects: ObjectStore;
  readonly batch: NamedBatch;
  /** Closed bars, from as early on as there are. */
  readonly bars: BarColumns;
  /** Path of a Python that has the method's library. */
  readonly python: () => Promise<string>;
  /** Open of the first bar of a new table, ms UTC; the first of all without it. A table that is there goes on where it ends. */
  readonly from?: number;
  /** The table is taken away first, and made again from the beginning. */
  readonly anew?: boolean;
  readonly signal?: AbortSignal;
  /** Rows that the table has now, of so many. */
  readonly onProgress?: (rows: number, of: number) => void;
  /** @default 10,000 */
  readonly rowsOfJob?: number;
}

export interface BroughtUp {
  /** Rows that were put to its end. */
  readonly added: number;
  /** Of those, without a value. */
  readonly missing: number;
  /** Open of the latest bar of the table, ms UTC; undefined where it has none. */
  readonly last: number | undefined;
  /** What the job had to say, at most 100 of it. */
  readonly notes: readonly string[];
}

const MOST_NOTES = 100;

/**
 * Throws `BATCH_IN_USE` where another process makes it, `BATCH_BARS_FEW` where there are fewer bars than its window, `BATCH_BARS_CHANGED` where its
 * latest rows were made from other bars than these, `BATCH_TABLE_FULL`; and as the job, the table and making a Python do. Rows that were made are kept.
 */
export async function bringUp(wanted: BringUp): Promise<BroughtUp> {
  const { directory, objects, batch, bars } = wanted;
  const lock = lockBatch(directory, batch.name);
  try {
    const table = new BatchTable(objects, batch, intervalOf(batch));
    if (wanted.anew) await rm(join(directory, 'objects', table.prefix), { recursive: true, force: true });
    const last = await table.last();
    if (last !== undefined) assertSameBars(batch, bars, last);
    const featured = withFeatures(batch, bars);
    const first = firstOf(featured.bars, last?.time, wanted.from);
    const none = { added: 0, missing: 0, last: last?.time, notes: [] };
    if (first === featured.bars.length) return none;
    assertEnough(batch, featured.bars);
    return await added(wanted, table, featured, first);
  } finally {
    lock.release();
  }
}

async function added(wanted: BringUp, table: BatchTable, featured: FeaturedBars, first: number): Promise<BroughtUp> {
  const { rowsOfJob = ROWS_OF_JOB, onProgress } = wanted;
  const { length } = featured.bars;
  const python = await wanted.python();
  let missing = 0;
  let last: number | undefined;
  const notes: string[] = [];
  for (let at = first, end = first; at < length; at = end) {
    // The first bars of all have to be as many as a window, whatever becomes of their rows.
    end = Math.min(length, Math.max(at + rowsOfJob, wanted.batch.definition.window));
    const made = await rowsMade(wanted, python, featured, { at, end });
    await table.append(made.rows);
    missing += made.rows.filter(({ value }) => value === null).length;
    last = made.rows.at(-1)?.time;
    notes.push(...made.notes.slice(0, MOST_NOTES - notes.length));
    onProgress?.(end - first, length - first);
  }
  return { added: length - first, missing, last, notes };
}

/** One job: the rows of the bars from `at` to before `end`. */
async function rowsMade(
  { directory, batch, signal }: BringUp,
  python: string,
  featured: FeaturedBars,
  { at, end }: { at: number; end: number },
) {
  const { entry, definition } = batch;
  const { symbol, window, refit, seed, set } = definition;
  // A fit looks at the window up to a bar that is at most `refit` bars back, and at the return into its first bar.
  const start = Math.max(0, Math.min(at - window - refit, end - window) - 1);
  const folder = join(directory, 'batches', batch.name);
  const channel = join(folder, 'bars');
  await writeBatchBars(channel, {
    ...{ symbol, timeframeMs: intervalOf(batch) },
    bars: sliceBars(featured.bars, start, end),
    features: new Map(Array.from(featured.features, ([name, column]) => [name, column.subarray(start, end)])),
    from: featured.bars.timestamp[at],
  });
  const job = join(folder, 'job');
  const { model, notes } = await runTrainingJob({
    ...{ python, entry: ENTRY, channels: { bars: channel }, folder: job, withinMs: WITHIN_MS },
    hyperparameters: { entry: entry.name, window, refit, seed, set: JSON.stringify(set) },
    ...(signal ? { signal } : {}),
  });
  const { rows } = await readBatchRows(model, entry.name);
  assertAnswers(batch, featured.bars, { at, end }, rows);
  // What was finished is in the table: the checkpoints of this piece are of no use to the next.
  await rm(join(job, 'checkpoints'), { recursive: true, force: true });
  return { rows, notes };
}

/** Takes a batch for oneself until it is released or the process ends. */
function lockBatch(directory: string, name: string): FileLock {
  const folder = join(directory, 'batches', name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = lockFile(join(folder, 'lock'));
  if (lock) return lock;
  throw new PlimsollError(
    'BATCH_IN_USE',
    `the batch "${name}" is made by another process now`,
    'wait until it is done; a platform makes those of its batches.yaml by itself',
    { kept: 'nothing was changed' },
  );
}

/** Place of the first bar that gets a row. */
function firstOf({ timestamp, length }: BarColumns, last: number | undefined, from: number | undefined): number {
  const after = last === undefined ? (from ?? Number.NEGATIVE_INFINITY) : last + 1;
  const first = timestamp.subarray(0, length).findIndex((time) => time >= after);
  return first < 0 ? length : first;
}

/**
 * The latest row is of a bar that closed as it does here: else rows would not follow from one series. Bars that begin after it, or end before, say
 * nothing against it.
 */
function assertSameBars({ name }: NamedBatch, bars: BarColumns, last: { time: number; close: number }): void {
  const { timestamp, length } = bars;
  if (length === 0 || last.time < timestamp[0] || last.time > timestamp[length - 1]) return;
  const at = timestamp.subarray(0, length).indexOf(last.time);
  const closes = at < 0 ? undefined : bars.close[at] / pow10(bars.priceDecimals);
  if (closes === last.close) return;
  const found = closes === undefined ? 'is none of these' : `closes at ${closes} in these`;
  throw new PlimsollError(
    'BATCH_BARS_CHANGED',
    `the table of the batch "${name}" was made from other bars: that of ${formatInstant(last.time)} closed at ${last.close} there and ${found}`,
    `give it the bars that it was made from, or make it again with \`plimsoll models batch ${name} --anew\``,
    { kept: 'the table is as it was' },
  );
}

function assertEnough({ name, definition, features }: NamedBatch, { length }: BarColumns): void {
  const { window } = definition;
  if (length < window)
    throw new PlimsollError(
      'BATCH_BARS_FEW',
      `the batch "${name}" has ${length} bars${features.length > 0 ? ' with whole features' : ''}, and its window is ${window}`,
      'name a file of earlier bars as `bars` in batches.yaml, wait for more, or take a smaller window',
    );
  if (length > MOST_TABLE_ROWS * 4)
    throw new PlimsollError(
      'BATCH_BARS_MANY',
      `the batch "${name}" has ${length} bars, more than ${MOST_TABLE_ROWS * 4}`,
      'give it a file of later bars, or longer bars',
    );
}

/** A job answers for the bars that it was asked about, each once. */
function assertAnswers(
  { name }: NamedBatch,
  bars: BarColumns,
  { at, end }: { at: number; end: number },
  rows: readonly { time: number; close: number }[],
): void {
  const power = pow10(bars.priceDecimals);
  const isWhole =
    rows.length === end - at &&
    rows.every(({ time, close }, k) => time === bars.timestamp[at + k] && close === bars.close[at + k] / power);
  if (isWhole) return;
  throw new PlimsollError(
    'BATCH_RESULT_INVALID',
    `the job of the batch "${name}" answered for ${rows.length} bars, and was asked about ${end - at} from ${formatInstant(bars.timestamp[at])} on`,
    'report this',
    { kept: 'the table is as it was' },
  );
}
