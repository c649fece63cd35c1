/**
 * Batches that strategies read, asked for their rows before the strategies are: what was read is an input of the cycle as its bars are, kept
 * beside them, so that a decision can be made again whatever became of the table. A row that is not there yet is refused for the cycle, in words.
 */
import type { Engine } from '../../core/engine/engine.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { BatchAtHand } from '../../core/models/batch/batch.ts';
import type { BatchRows } from '../../core/models/batch/rows.ts';
import { type BatchRow, MAX_QUESTION_BARS, type ReadBatch } from '../../core/ports/batch-rows.ts';
import { batchesGiven } from '../../core/strategies/opinions-asked.ts';
import type { RunningStrategy, StrategyRunner } from '../../core/strategies/runner.ts';

/** A batch's part in a cycle, as it is kept: its rows of the bars at `times` (ms UTC), or why it could not be read. */
export interface KeptRows {
  readonly batch: string;
  readonly version: string;
  readonly times: readonly number[];
  readonly rows?: readonly BatchRow[];
  readonly refusal?: string;
}

/** Those that strategies read, by their rows: each version once for each strategy that was given it. */
export const batchesRead = (runners: readonly StrategyRunner[]): BatchAtHand[] => [
  ...new Map(runners.flatMap(({ running }) => batchesOf(running)).map((each) => [each.rows, each])).values(),
];

/** Looked up in every cycle: most strategies read none. */
const known = new WeakMap<RunningStrategy, readonly BatchAtHand[]>();

function batchesOf(running: RunningStrategy): readonly BatchAtHand[] {
  const found = known.get(running) ?? batchesGiven(running.definition, running.params);
  known.set(running, found);
  return found;
}

/** What a batch says of the bars at `times`, for the cycle. */
export async function rowsRead(
  { name, version }: BatchAtHand,
  times: readonly number[],
  read: ReadBatch | undefined,
): Promise<KeptRows> {
  const asked = { batch: name, version, times };
  try {
    if (read === undefined) throw nobodyToRead();
    if (times.length > MAX_QUESTION_BARS) throw tooMany(times.length);
    const wanted = new Set(times);
    const rows = await read({ batch: name, version, times });
    return { ...asked, rows: rows.filter(({ time }) => wanted.has(time)) };
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    return { ...asked, refusal: error.message };
  }
}

/** Gives what was kept to the batches of an engine. */
export function takeRows(engine: Engine, kept: readonly KeptRows[]): readonly BatchRows[] {
  const batches = batchesRead(engine.runners);
  for (const { batch, version, times, rows, refusal } of kept) {
    for (const each of batches) {
      if (each.name !== batch || each.version !== version) continue;
      if (refusal === undefined) each.rows.take(times, rows ?? []);
      else each.rows.refuse(refusal);
    }
  }
  return batches.map((each) => each.rows);
}

const nobodyToRead = (): PlimsollError =>
  new PlimsollError('BATCH_NOT_AT_HAND', 'no tables of batches are known here', 'run the platform where they are');

const tooMany = (bars: number): PlimsollError =>
  new PlimsollError(
    'BATCH_QUESTION_TOO_LARGE',
    `a cycle asks about ${bars} bars, more than ${MAX_QUESTION_BARS}`,
    'let fewer instruments read it',
  );
