/** What the function that runs batches has, for the stack that makes it and for who reckons what a sweep costs. */
export const SWEEP_FUNCTION = {
  /** A whole CPU: a batch uses one. */
  memoryMb: 1_769,
  /** The longest that Lambda runs. */
  timeoutMs: 900_000,
} as const;

export const SWEEP_BOUNDS = {
  /**
   * Functions at a time where nothing else is asked for, and at most. An account may run 1,000 at a time unless it has asked for another
   * number, and the steps of trading are among them.
   */
  concurrency: 100,
  mostConcurrency: 500,
  /** Of the input of a batch; Step Functions takes 262,144. */
  batchBytes: 131_072,
  /** Of batches, in percent: one that fails costs little, hundreds that fail alike are stopped. */
  toleratedFailures: 5,
  /** Of a sweep, all attempts of its batches included. */
  hours: 12,
} as const;

/** What an execution is started with. Keys are those of the bucket, the prefix of sweeps included. */
export interface SweepExecutionInput {
  readonly sweep: string;
  readonly items: string;
  readonly runs: string;
  readonly itemsPerBatch: number;
  readonly concurrency: number;
}
