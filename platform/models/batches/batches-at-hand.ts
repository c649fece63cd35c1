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
 * A run without a single row would refuse every bar and say so in its ledger alone. Throws `BATCH_EMPTY`, and `BATCH_UNREADABLE` where a table
 * cannot be read.
 */
export function assertRowsFor({ strategies }: EngineDefinition, bars: ReadonlyMap<string, BarColumns>): void {
  for (const { definition, params, instruments } of strategies) {
    for (const { name, version, rows } of batchesGiven(definition, params)) {
      const read = instruments.flatMap((symbol) => bars.get(symbol) ?? []);
      if (read.some(({ timestamp, length }) => timestamp.subarray(0, length).some((time) => rows.of(time)))) continue;
      const [first] = read;
      if (first === undefined || first.length === 0) continue;
      if (rows.of(first.timestamp[0]) === undefined)
        throw new PlimsollError(
          'BATCH_UNREADABLE',
          `the batch "${name}" cannot be read: ${rows.refusal}`,
          'put it right',
        );
      throw new PlimsollError(
        'BATCH_EMPTY',
        `the batch "${name}" (version ${version}) has no row for the bars from ${formatInstant(first.timestamp[0])} to ${formatInstant(first.timestamp[first.length - 1])}`,
        `make it from these bars first: plimsoll models batch ${name} --bars FILE`,
      );
    }
  }
}
