/** Models that are asked elsewhere than in this process: an endpoint, a model server on a laptop, a runtime of another language. */

/** A version asked about rows, all at once. */
export interface ModelQuestion {
  readonly model: string;
  readonly version: string;
  /** Features in the order of the manifest; finite. */
  readonly rows: readonly Float64Array[];
}

/** By row, then by member in the order of the manifest: the probability of class 1. Within 0 to 1, seen by who asked. */
export type ModelAnswers = readonly (readonly number[])[];

/**
 * Within a bound of time. Throws `MODEL_SERVER_SLOW`, `MODEL_SERVER_DOWN` or `MODEL_SERVER_ANSWER_INVALID`, whose message says of which server and what
 * was wrong: it becomes the reason in the ledger why a strategy was not asked.
 */
export type AskModel = (question: ModelQuestion) => Promise<ModelAnswers>;

/** The most rows of one question. */
export const MAX_QUESTION_ROWS = 1_000;

/** How long a cycle waits for a model, ms: a serverless endpoint that is warm answers in tens of them, one that is cold would hold the cycle up. */
export const MODEL_ANSWER_MS = 5_000;
