/** Brings batches up in turn as their bars close, for as long as the platform runs. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SeriesId } from '../../../adapters/lake/lake.ts';
import { PlimsollError } from '../../../core/errors.ts';
import { formatInstant } from '../../../core/market/civil.ts';
import { intervalOf } from '../../../core/models/batch/definition.ts';
import { sentenceOf } from '../../log.ts';
import type { NamedBatch } from './batch-file.ts';
import { type BatchHere, bringUpHere } from './bring-up-here.ts';

/** It is looked for new bars so many times while one forms: a row is there well before the bar after it closes. */
const LOOKS_A_BAR = 60;
const LOOK_MS = { least: 1_000, most: 30_000 } as const;
/** After a failure it is tried again later each time, at most so late. */
const AGAIN_MS = { first: 10_000, most: 3_600_000 } as const;

export interface RunBatch {
  readonly batch: NamedBatch;
  /** Where the lake keeps its bars; without it, those of its file are all there is. */
  readonly series?: SeriesId;
}

export interface BatchRunnerSettings {
  /** The data directory. */
  readonly directory: string;
  readonly batches: readonly RunBatch[];
}

export interface BatchRunnerHooks {
  /** For people, in a line. */
  readonly tell: (line: string) => void;
  /** ms UTC */
  readonly now: () => number;
  /** @default one in the data directory */
  readonly python?: BatchHere['python'];
}

/** A batch, when it is looked at next (ms UTC), and what kept it from being brought up. */
interface Turn extends RunBatch {
  at: number;
  failures: number;
  problem: string | undefined;
  isUp: boolean;
}

export class BatchRunner {
  readonly #directory: string;
  readonly #hooks: BatchRunnerHooks;
  readonly #turns: readonly Turn[];

  constructor({ directory, batches }: BatchRunnerSettings, hooks: BatchRunnerHooks) {
    this.#directory = directory;
    this.#hooks = hooks;
    this.#turns = batches.map((each) => ({ ...each, at: 0, failures: 0, problem: undefined, isUp: false }));
  }

  /** Until it is told to stop; a job that runs is broken off then. What fails at one batch leaves the others. */
  async run(stopping: AbortSignal): Promise<void> {
    while (!stopping.aborted && this.#turns.length > 0) {
      const next = this.#turns.reduce((first, turn) => (turn.at < first.at ? turn : first));
      const waitMs = next.at - this.#hooks.now();
      if (waitMs > 0) await sleep(waitMs, undefined, { signal: stopping }).catch(() => undefined);
      else await this.#look(next, stopping);
    }
  }

  /** A problem is told of once, and when it is over. */
  async #look(turn: Turn, stopping: AbortSignal): Promise<void> {
    const { batch, series } = turn;
    const { tell, now, python } = this.#hooks;
    try {
      const { added, missing, last } = await bringUpHere({
        ...{ directory: this.#directory, batch, signal: stopping, now: now(), onlyNewer: true },
        ...(series ? { series } : {}),
        ...(python ? { python } : {}),
      });
      turn.at = now() + lookMs(batch);
      turn.failures = 0;
      if (last !== undefined && (!turn.isUp || turn.problem !== undefined))
        tell(
          `The batch "${batch.name}" is up to ${formatInstant(last)}: ${added} rows were made, ${missing} of them without a value.`,
        );
      turn.isUp ||= last !== undefined;
      turn.problem = undefined;
    } catch (error) {
      if (stopping.aborted) return;
      const problem = sentenceOf(error);
      turn.at = now() + againMs(turn, error);
      if (problem !== turn.problem) tell(`The batch "${batch.name}" is not brought up: ${problem}`);
      turn.problem = problem;
    }
  }
}

const lookMs = (batch: NamedBatch): number =>
  Math.min(LOOK_MS.most, Math.max(LOOK_MS.least, intervalOf(batch) / LOOKS_A_BAR));

/** What waits for bars is as soon looked at again as one that has them. */
function againMs(turn: Turn, error: unknown): number {
  if (error instanceof PlimsollError && ['BATCH_BARS_FEW', 'BATCH_IN_USE', 'USAGE'].includes(error.code))
    return lookMs(turn.batch);
  return Math.min(AGAIN_MS.most, AGAIN_MS.first * 2 ** Math.min(turn.failures++, 20));
}
