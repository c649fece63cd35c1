/** How the work of a sweep is cut: into items, which are kept one by one, and batches of items, which are a function's call each. */
import { missingRanges, type PlaceRange } from '../../../../core/research/sweep/ranges.ts';
import { SWEEP_BOUNDS } from '../../../../functions/support/sweep/bounds.ts';

/** Expected of an item: what is lost at most where a function ends in the middle of it. */
const ITEM_MS = 15_000;
/** Backtests of an item: its result is a few megabytes at most. */
const MOST_RUNS_PER_ITEM = 500;
/** Bytes of the returns of an item. */
const MOST_ITEM_BYTES = 8_000_000;
/** Expected of a batch: a quarter of what the function has, so that a machine of a quarter of the speed is none the worse. */
const BATCH_MS = 225_000;

export interface SweepShape {
  readonly items: readonly PlaceRange[];
  /** The items as lines of JSON, which Step Functions reads. */
  readonly lines: string;
  readonly itemsPerBatch: number;
  readonly batches: number;
  readonly concurrency: number;
  /** Bytes of the longest input of a batch. */
  readonly inputBytes: number;
}

export interface Work {
  /** Places of the grid that are not run yet. */
  readonly missing: readonly PlaceRange[];
  /** Expected of a backtest there. */
  readonly msPerRun: number;
  /** Periods of the returns of a backtest. */
  readonly periods: number;
  /** Functions at a time. */
  readonly concurrency: number;
}

/** Items of a few seconds, and as many of them a batch as keep all functions busy and no function for long. */
export function shapeOf({ missing, msPerRun, periods, concurrency }: Work): SweepShape {
  const runsPerItem = atLeastOne(
    Math.min(ITEM_MS / msPerRun, MOST_RUNS_PER_ITEM, MOST_ITEM_BYTES / (8 * Math.max(1, periods))),
  );
  const items = missingRanges(missing, [], runsPerItem);
  const lines = items.map(({ from, to }) => JSON.stringify({ from, to }));
  const longest = lines.reduce((most, { length }) => Math.max(most, length), 0);
  const itemsPerBatch = Math.min(
    atLeastOne(BATCH_MS / (runsPerItem * msPerRun)),
    Math.max(1, Math.ceil(items.length / concurrency)),
    // With the comma between two items; the rest of a batch's input is its sweep.
    atLeastOne((SWEEP_BOUNDS.batchBytes - EMPTY_BATCH_BYTES) / (longest + 1)),
  );
  return {
    items,
    lines: lines.map((line) => `${line}\n`).join(''),
    itemsPerBatch,
    batches: Math.ceil(items.length / itemsPerBatch),
    concurrency,
    inputBytes: EMPTY_BATCH_BYTES + Math.min(itemsPerBatch, items.length) * (longest + 1),
  };
}

/** `{"BatchInput":{"sweep":"<64 digits>"},"Items":[]}` */
const EMPTY_BATCH_BYTES = JSON.stringify({ BatchInput: { sweep: '0'.repeat(64) }, Items: [] }).length;

const atLeastOne = (count: number): number => Math.max(1, Math.floor(count));
