/** A job that runs elsewhere, looked at until it is over. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PlimsollError } from '../../core/errors.ts';
import { awsFailure, isAmbiguous, isThrottled } from './aws-errors.ts';
import { callerError } from './sagemaker-errors.ts';

/** How often a job is looked at, and for how long at most. */
export interface WatchPace {
  /** Ms between two looks. */
  readonly everyMs: number;
  /** Ms until nobody looks any more; the job goes on without. */
  readonly withinMs: number;
  /** Ms that a job may take to end once it was told to. */
  readonly stoppingMs: number;
}

export interface Watched<Seen> {
  /** As "the training job x", for errors. */
  readonly what: string;
  readonly look: () => Promise<Seen>;
  readonly isOver: (seen: Seen) => boolean;
  readonly onLook?: (seen: Seen) => void;
  /** Tells the job to end. */
  readonly stop: () => Promise<void>;
  /** Once it is aborted the job is told to end, and looked at until it has. */
  readonly signal?: AbortSignal;
}

/** Looks in a row that may fail for want of an answer; with 15 s between them, five minutes. */
const FAILED_LOOKS = 20;

/**
 * What was seen last, when the job was over. Throws `JOB_WATCH_ENDED` where it is not over in time, and what a look throws: at once what AWS
 * refuses, after 20 looks in a row where no answer comes. The job goes on in either case.
 */
export async function watchJob<Seen>(job: Watched<Seen>, pace: WatchPace): Promise<Seen> {
  const { what, look, isOver, onLook, stop, signal } = job;
  let until = performance.now() + pace.withinMs;
  let failed = 0;
  let isToldToStop = false;
  for (;;) {
    if (signal?.aborted && !isToldToStop) {
      isToldToStop = true;
      until = Math.min(until, performance.now() + pace.stoppingMs);
      await stop();
    }
    try {
      const seen = await look();
      failed = 0;
      onLook?.(seen);
      if (isOver(seen)) return seen;
    } catch (error) {
      failed++;
      if (!mayPass(error) || failed >= FAILED_LOOKS) throw kept(callerError(`look at ${what}`, error), what);
    }
    if (performance.now() >= until) throw ended(what, isToldToStop);
    await pause(pace.everyMs, isToldToStop ? undefined : signal);
  }
}

const mayPass = (error: unknown): boolean => {
  const failure = awsFailure(error);
  return isThrottled(failure) || isAmbiguous(failure);
};

/** Over at once where the signal is aborted. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}

const goesOn = (what: string): string => `${what} goes on without being watched, up to its own time limit`;

const kept = ({ code, message, remedy }: PlimsollError, what: string): PlimsollError =>
  new PlimsollError(code, message, `${remedy}; then run the same command again`, { kept: goesOn(what) });

const ended = (what: string, isToldToStop: boolean): PlimsollError =>
  new PlimsollError(
    'JOB_WATCH_ENDED',
    isToldToStop ? `${what} was told to stop and has not ended yet` : `${what} is not over yet`,
    'run the same command again to go on watching it',
    { kept: goesOn(what) },
  );
