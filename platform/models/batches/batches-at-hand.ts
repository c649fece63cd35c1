/** Batches as strategies and cycles read them: from the tables of a data directory. */
import { BatchTable } from '../../../adapters/models/batches/table.ts';
import type { EngineDefinition } from '../../../core/engine/engine.ts';
import { PlimsollError } from '../../../core/errors.ts';
import type { BarColumns } from '../../../core/market/bars.ts';
import { formatInstant } from '../../../core/market/civil.ts';
import type { Timeframe } from '../../../core/market/timeframe.ts';
import type { BatchAtHand, BatchesAtHand } from '../../../core/models/batch/batch.ts';
import { intervalOf } from '../../../core/models/batch/definition.ts';
import { BatchRows } from '../../../core/models/batch/rows.ts';
import { pow10 } from '../../../core/numbers.ts';
import type { BatchRow, ReadBatch } from '../../../core/ports/batch-rows.ts';
import type { ObjectStore } from '../../../core/ports/object-store.ts';
import { batchesGiven } from '../../../core/strategies/opinions-asked.ts';
import { batchNamed, type NamedBatch } from './batch-file.ts';

/** The table of a batch. */
export const tableOf = (objects: ObjectStore, batch: NamedBatch): BatchTable =>
  new BatchTable(objects, batch, intervalOf(batch));

const givenOf = ({ name, version, definition }: NamedBatch): BatchAtHand => ({
  ...{ name, version, lag: definition.lag, timeframe: definition.timeframe as Timeframe },
  rows: new BatchRows(),
});

const byName =
  (batches: readonly NamedBatch[], given: readonly BatchAtHand[]): BatchesAtHand =>
  (name) =>
    given.find((each) => each.name === name) ?? givenOf(batchNamed(batches, name));

/** For cycles, which ask for the rows that they need. Throws `BATCH_UNKNOWN` for a batch that is none of these. */
export const batchesAtHand = (batches: readonly NamedBatch[]): BatchesAtHand => byName(batches, batches.map(givenOf));

/** For runs over recorded bars, with all rows at hand. A table that cannot be read refuses its bars, and says why. Throws as {@link batchesAtHand}. */
export async function batchesWithTables(objects: ObjectStore, batches: readonly NamedBatch[]): Promise<BatchesAtHand> {
  const given: BatchAtHand[] = [];
  for (const batch of batches) {
    const one = givenOf(batch);
    given.push(one);
    try {
      const rows = await tableOf(objects, batch).all();
      one.rows.use(new Map(rows.map((row) => [row.time, row])));
    } catch (error) {
      if (!(error instanceof PlimsollError)) throw error;
      one.rows.refuse(error.message);
    }
  }
  return byName(batches, given);
}

/** The way from a cycle to the tables. A batch that is described otherwise by now has no rows for it. */
export const readingOf =
  (objects: ObjectStore, batches: readonly NamedBatch[]): ReadBatch =>
  async ({ batch: name, version, times }) => {
    const batch = batches.find((each) => each.name === name && each.version === version);
    if (batch === undefined) return [];
    const rows = await tableOf(objects, batch).rowsAt(times);
    return rows.map(({ fitted: _, ...row }): BatchRow => row);
  };

/**
 * A run in which no bar has its row would refuse every bar and say so in its ledger alone. Throws `BATCH_EMPTY`, `BATCH_UNREADABLE` where a table
 * cannot be read, and `BATCH_OF_OTHER_BARS` where its rows are of other prices, as those of another instrument are.
 */
export function assertRowsFor(
  { strategies, timeframe }: EngineDefinition,
  bars: ReadonlyMap<string, BarColumns>,
): void {
  for (const { definition, params, instruments } of strategies) {
    const read = instruments.flatMap((symbol) => bars.get(symbol) ?? []).filter(({ length }) => length > 0);
    if (read.length === 0) continue;
    for (const batch of batchesGiven(definition, params)) {
      // The closes of longer bars are made in the run.
      const compares = batch.timeframe === timeframe;
      if (!read.some((columns) => hasRowFor(batch, columns, compares))) throw noRowFor(batch, read, compares);
    }
  }
}

function hasRowFor({ rows }: BatchAtHand, { timestamp, close, length, priceDecimals }: BarColumns, compares: boolean) {
  const unit = pow10(priceDecimals);
  for (let k = 0; k < length; k++) {
    const row = rows.of(timestamp[k]);
    if (row && (!compares || Math.round(row.close * unit) === close[k])) return true;
  }
  return false;
}

function noRowFor(batch: BatchAtHand, read: readonly BarColumns[], compares: boolean): PlimsollError {
  const { name, version, rows } = batch;
  const [{ timestamp, length }] = read;
  const remedy = `make it from these bars first: plimsoll models batch ${name} --bars FILE`;
  if (rows.of(timestamp[0]) === undefined)
    return new PlimsollError('BATCH_UNREADABLE', `the batch "${name}" cannot be read: ${rows.refusal}`, 'put it right');
  const of = `the bars from ${formatInstant(timestamp[0])} to ${formatInstant(timestamp[length - 1])}`;
  if (compares && read.some((columns) => hasRowFor(batch, columns, false)))
    return new PlimsollError(
      'BATCH_OF_OTHER_BARS',
      `the batch "${name}" (version ${version}) was made from other prices than ${of}`,
      `run over the instrument that it is of, or ${remedy} --anew`,
    );
  return new PlimsollError('BATCH_EMPTY', `the batch "${name}" (version ${version}) has no row for ${of}`, remedy);
}
