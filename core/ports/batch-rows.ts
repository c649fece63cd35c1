/** Batch predictions as the platform reads them: rows that a job has written beforehand, one a bar. */

/** What a batch says of one bar. Plain data: it is kept with the cycle that read it. */
export interface BatchRow {
  /** Open of the bar, ms UTC. */
  readonly time: number;
  /** Close of the bar that it was made from, in plain units: by time and close it is known to be of the bar that is asked about. */
  readonly close: number;
  /** In the unit of the batch's task; null where there is none, and `missing` says why. Never a number that is not finite. */
  readonly value: number | null;
  readonly missing?: string;
}

/** A batch asked for its rows of some bars. */
export interface BatchQuestion {
  readonly batch: string;
  /** 16 hex digits: rows of another definition or other code are not given. */
  readonly version: string;
  /** Opens of the bars, ms UTC. */
  readonly times: readonly number[];
}

/**
 * The rows that there are, in any order. Throws a `PlimsollError` such as `BATCH_FILE_CHANGED`, whose message becomes the reason in the ledger why a
 * strategy was not asked.
 */
export type ReadBatch = (question: BatchQuestion) => Promise<readonly BatchRow[]>;

/** The most bars of one question. */
export const MAX_QUESTION_BARS = 1_000;
