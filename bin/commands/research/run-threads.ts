/**
 * Backtests of many definitions on the same bars, over threads. Each thread has the bars and the strategies' code for itself, and runs a share
 * that is fixed before it starts, so that every result is that of a run on one thread, whatever the number of threads.
 */
import { Worker } from 'node:worker_threads';
import { barsPerYear, type Metrics } from '../../../core/backtest/metrics.ts';
import type { EngineDefinition } from '../../../core/engine/engine.ts';
import { PlimsollError } from '../../../core/errors.ts';
import type { BarColumns } from '../../../core/market/bars.ts';
import { assertEvaluatedHere } from '../../../core/models/evaluated-here.ts';
import { barsPerPeriodOf } from '../../../core/research/sweep/returns.ts';
import { type Tried, type TriedAll, triedOf } from '../../../core/research/sweep/sweep.ts';
import type { RunningStrategy } from '../../../core/strategies/runner.ts';
import { progressLine } from '../progress.ts';
import { guardedSweep } from './guarded-sweep.ts';

/** A strategy by its name: its code is loaded where it is run. */
type NamedStrategy = Omit<RunningStrategy, 'definition'> & { readonly name: string };

/** What a thread is started with. */
export interface ThreadOrder {
  /** Where `strategies/` is. */
  readonly root: string;
  readonly definition: Omit<EngineDefinition, 'strategies'>;
  readonly bars: ReadonlyMap<string, BarColumns>;
  /** Runs of all threads and shares together. */
  readonly total: number;
}

/** Runs of one thread: the strategies of each, and its place among all. */
export interface ShareOrder {
  readonly places: readonly number[];
  readonly strategies: readonly (readonly NamedStrategy[])[];
}

interface Ran extends Omit<Tried, 'definition'> {
  readonly place: number;
  readonly metrics: Metrics;
  readonly barsPerPeriod: number;
}

export type ShareAnswer =
  | Ran
  | { readonly failed: { readonly code: string; readonly message: string; readonly remedy: string } };

const MOST_THREADS = 64;

/** Throws `USAGE`. Asked before anything is run. */
export function assertThreads(threads: number): void {
  if (!(Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS))
    throw new PlimsollError('USAGE', `${threads} threads were asked for`, `ask for 1 to ${MOST_THREADS}`);
}

export interface RunThreadsOptions {
  readonly threads: number;
  /** Runs that will be asked for in all, by which returns are put together into periods. */
  readonly total: number;
  /** Where `strategies/` is. */
  readonly root: string;
}

/** One thread is this one; more are started at the first run, and stay until {@link close}. */
export class RunThreads {
  readonly #bars: ReadonlyMap<string, BarColumns>;
  readonly #options: RunThreadsOptions;
  #workers: Worker[] = [];
  /** Bars that a period of the returns has; 0 before the first run. */
  barsPerPeriod = 0;

  constructor(bars: ReadonlyMap<string, BarColumns>, options: RunThreadsOptions) {
    assertThreads(options.threads);
    this.#bars = bars;
    this.#options = options;
  }

  /**
   * Runs definitions that are alike but for their strategies, in their order. Throws what a run does (the first in order of the threads), and
   * `RESEARCH_RUN_ENDED` where a thread ends.
   */
  async run(definitions: readonly EngineDefinition[], onProgress: (done: number) => void): Promise<Tried[]> {
    const tried = new Array<Tried>(definitions.length);
    let done = 0;
    const took = ({ place, metrics, returns, sharpe, barsPerPeriod }: Ran): void => {
      tried[place] = { definition: definitions[place], metrics, returns, sharpe };
      this.barsPerPeriod = barsPerPeriod;
      onProgress(++done);
    };
    if (this.#options.threads === 1) this.#runHere(definitions, took);
    else await this.#runShares(definitions, took);
    return tried;
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    const workers = this.#workers;
    this.#workers = [];
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  #runHere(definitions: readonly EngineDefinition[], took: (ran: Ran) => void): void {
    let place = 0;
    for (const run of guardedSweep(definitions, this.#bars)) {
      const barsPerPeriod = barsPerPeriodOf(run.equity.length, this.#options.total);
      const { metrics, returns, sharpe } = triedOf(
        { run, definition: definitions[place], bars: this.#bars },
        barsPerPeriod,
      );
      took({ place: place++, metrics, returns, sharpe, barsPerPeriod });
    }
  }

  async #runShares(definitions: readonly EngineDefinition[], took: (ran: Ran) => void): Promise<void> {
    for (const definition of definitions) assertEvaluatedHere(definition, 'threads beside this one');
    if (this.#workers.length === 0) this.#start(definitions[0]);
    const shares = this.#workers.map((worker, k) => {
      const places = definitions.flatMap((_, place) => (place % this.#workers.length === k ? [place] : []));
      return places.length === 0 ? undefined : answersOf(worker, shareOf(places, definitions), took);
    });
    await Promise.all(shares);
  }

  #start({ strategies: _, ...definition }: EngineDefinition): void {
    const { threads, total, root } = this.#options;
    const order: ThreadOrder = { root, definition, bars: this.#bars, total };
    this.#workers = Array.from({ length: Math.min(threads, total) }, () => {
      // What a strategy prints would be printed once a run.
      const worker = new Worker(new URL('./run-thread.ts', import.meta.url), { workerData: order, stdout: true });
      worker.stdout.resume();
      return worker;
    });
  }
}

const shareOf = (places: readonly number[], definitions: readonly EngineDefinition[]): ShareOrder => ({
  places,
  strategies: places.map((place) =>
    definitions[place].strategies.map(({ definition: { name }, ...running }) => ({ ...running, name })),
  ),
});

/** Hands a thread its share, and waits until all of it has come back. */
function answersOf(worker: Worker, share: ShareOrder, took: (ran: Ran) => void): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    let left = share.places.length;
    const onMessage = (answer: ShareAnswer): void => {
      if ('failed' in answer) {
        const { code, message, remedy } = answer.failed;
        settle(() => reject(new PlimsollError(code, message, remedy, { kept: 'nothing was written' })));
        return;
      }
      took(answer);
      if (--left === 0) settle(resolve);
    };
    const onError = (error: unknown): void => settle(() => reject(error));
    const onExit = (): void => settle(() => reject(threadEnded()));
    const settle = (then: () => void): void => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      then();
    };
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage(share);
  });
}

const threadEnded = (): PlimsollError =>
  new PlimsollError(
    'RESEARCH_RUN_ENDED',
    'a thread ended before its runs were done',
    'run it again; with fewer threads, or over a shorter span, where memory ran out',
    { kept: 'nothing was written' },
  );

/** All definitions on the same bars, with a line of progress. Throws as {@link RunThreads.run}. */
export async function runAllOver(
  threads: number,
  definitions: readonly EngineDefinition[],
  bars: ReadonlyMap<string, BarColumns>,
  what: string,
): Promise<TriedAll> {
  const { length: total } = definitions;
  const runs = new RunThreads(bars, { threads, total, root: process.cwd() });
  const progress = progressLine(what);
  try {
    const tried = await runs.run(definitions, (done) => progress(done, total));
    const { barsPerPeriod } = runs;
    return { tried, barsPerPeriod, periodsPerYear: barsPerYear(definitions[0]) / barsPerPeriod };
  } finally {
    progress.end();
    await runs.close();
  }
}
