/** A few backtests of a sweep on this machine, before it is spread: how long one takes, and what it has to come to elsewhere too. */
import type { EngineDefinition } from '../../../../core/engine/engine.ts';
import { PlimsollError } from '../../../../core/errors.ts';
import type { BarColumns } from '../../../../core/market/bars.ts';
import { barsPerPeriodOf } from '../../../../core/research/sweep/returns.ts';
import { type Tried, triedOf } from '../../../../core/research/sweep/sweep.ts';
import { guardedSweep } from '../guarded-sweep.ts';

const MOST_PILOTS = 1_000;
/** Of a backtest, however coarse the clock. */
const LEAST_MS = 0.01;

export interface Pilot {
  /** Of a CPU, of all threads of this process: what else this machine does is not counted, and a function has one CPU for all. */
  readonly msPerRun: number;
  /** Runs that this is the mean of. */
  readonly measured: number;
  /** By the index of the definition. */
  readonly tried: ReadonlyMap<number, Tried>;
  readonly barsPerPeriod: number;
  readonly periods: number;
}

/** Throws `USAGE`. Asked before anything is run. */
export function assertPilots(count: number): void {
  if (Number.isInteger(count) && count >= 1 && count <= MOST_PILOTS) return;
  throw new PlimsollError('USAGE', `${count} runs were asked for to measure`, `ask for 1 to ${MOST_PILOTS}`);
}

/**
 * Runs `count` of the definitions, evenly spread over all of them, and measures the second half of them: a function too is slow at its first
 * runs, and makes hundreds. Throws what a run does.
 */
export function pilotOf(
  definitions: readonly EngineDefinition[],
  bars: ReadonlyMap<string, BarColumns>,
  count: number,
): Pilot {
  const chosen = evenly(definitions.length, count);
  const measuredFrom = Math.floor(chosen.length / 2);
  const tried = new Map<number, Tried>();
  let barsPerPeriod = 1;
  let begun = process.cpuUsage();
  const runs = guardedSweep(
    chosen.map((index) => definitions[index]),
    bars,
  );
  let k = 0;
  for (const run of runs) {
    const index = chosen[k++];
    barsPerPeriod = barsPerPeriodOf(run.equity.length, definitions.length);
    tried.set(index, triedOf({ run, definition: definitions[index], bars }, barsPerPeriod));
    if (k === measuredFrom) begun = process.cpuUsage();
  }
  const { user, system } = process.cpuUsage(begun);
  const measured = chosen.length - measuredFrom;
  const msPerRun = Math.max(LEAST_MS, (user + system) / 1_000 / measured);
  const [first] = tried.values();
  return { msPerRun, measured, tried, barsPerPeriod, periods: first.returns.length };
}

/** `count` indices of `length`, the first among them, each once. */
function evenly(length: number, count: number): number[] {
  const taken = Math.min(length, count);
  return Array.from({ length: taken }, (_, k) => Math.floor((k * length) / taken));
}
