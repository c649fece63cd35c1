/** What a sweep will cost, from what was measured here and what AWS asks. An estimate: what is billed is what AWS counts. */
import { SWEEP_FUNCTION } from '../../../../functions/support/sweep/bounds.ts';
import { SWEEPS_KEPT_DAYS } from '../../../../functions/support/sweep/sweeps-prefix.ts';
import type { Prices } from './prices.ts';
import type { SweepShape } from './shape.ts';

/** A CPU of Lambda is taken to need as many times as long as the one that measured. */
export const SLOWER = 2;
/** Assumed of a function: its start, and reading plan and bars. */
export const START_MS = 2_000;
/** Of a child execution: its start and its one state. AWS says that it counts each step; what a child's start counts for it does not say. */
const TRANSITIONS_PER_BATCH = 2;
/** Of the map and the execution around it. */
const TRANSITIONS_ELSEWHERE = 2;
/** Assumed of the log of a batch: a few lines of the function, and the events of its execution. */
const LOG_BYTES_PER_BATCH = 10_000;
/** Of a result, beside its returns: metrics and its description. */
const BYTES_PER_RUN = 300;
const GB = 2 ** 30;
const DAYS_PER_MONTH = 30;

export interface CostEstimate {
  /** Expected of all functions together. */
  readonly functionMs: number;
  /** Expected from the first batch to the last. */
  readonly wallMs: number;
  readonly gbSeconds: number;
  readonly transitions: number;
  readonly puts: number;
  readonly gets: number;
  /** Of all results, which leave AWS for this machine once. */
  readonly resultBytes: number;
  readonly usd: {
    readonly compute: number;
    readonly requests: number;
    readonly transitions: number;
    readonly storage: number;
    readonly logs: number;
    readonly all: number;
  };
}

export interface Measured {
  /** ms of a CPU of this machine. */
  readonly msPerRun: number;
  readonly runs: number;
  readonly periods: number;
  readonly barsBytes: number;
}

export function estimateOf(shape: SweepShape, measured: Measured, prices: Prices): CostEstimate {
  const { msPerRun, runs, periods, barsBytes } = measured;
  const { items, batches, concurrency } = shape;
  const functionMs = runs * msPerRun * SLOWER + batches * START_MS;
  const gbSeconds = gbSecondsOf(functionMs);
  const transitions = batches * TRANSITIONS_PER_BATCH + TRANSITIONS_ELSEWHERE;
  const resultBytes = runs * (periods * 8 + BYTES_PER_RUN);
  // Results, and plan, bars, items and what Step Functions writes; listings before and after.
  const puts = items.length + 20 + (2 * items.length) / 1_000;
  // Each item is looked for before it is run; plan and bars by each function; all results by this machine.
  const gets = items.length * 2 + batches * 2 + 20;
  const kept = ((resultBytes + barsBytes) / GB) * (SWEEPS_KEPT_DAYS / DAYS_PER_MONTH);
  const usd = {
    compute: gbSeconds * prices.lambdaGbSecond,
    requests: (batches / 1e6) * prices.lambdaMillionRequests,
    transitions: (transitions / 1e3) * prices.thousandTransitions,
    storage: (puts / 1e3) * prices.s3ThousandPuts + (gets / 1e3) * prices.s3ThousandGets + kept * prices.s3GbMonth,
    logs: ((batches * LOG_BYTES_PER_BATCH) / GB) * prices.logsGb,
  };
  const all = Object.values(usd).reduce((sum, each) => sum + each, 0);
  const inTurns = Math.ceil(batches / concurrency);
  return {
    functionMs,
    wallMs: (functionMs / Math.max(1, batches)) * inTurns,
    gbSeconds,
    transitions,
    puts,
    gets,
    resultBytes,
    usd: { ...usd, all },
  };
}

/** What Lambda counts of functions that run for so long together. */
export const gbSecondsOf = (functionMs: number): number => (functionMs / 1_000) * (SWEEP_FUNCTION.memoryMb / 1_024);
