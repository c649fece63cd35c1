/** Inside a thread of {@link RunThreads}: loads the strategies, then runs each share that it is given, until it is told no more. */
import { parentPort, workerData } from 'node:worker_threads';

import type { EngineDefinition } from '../../../core/engine/engine.ts';
import { PlimsollError } from '../../../core/errors.ts';
import { barsPerPeriodOf } from '../../../core/research/sweep/returns.ts';
import { triedOf } from '../../../core/research/sweep/sweep.ts';
import { findStrategy, type StrategyRegistry } from '../../../core/strategies/registry.ts';
import { strategiesFor } from '../strategies-for.ts';
import { guardedSweep } from './guarded-sweep.ts';
import type { ShareAnswer, ShareOrder, ThreadOrder } from './run-threads.ts';

const { root, definition, bars, total } = workerData as ThreadOrder;
const answer = (message: ShareAnswer, moved: ArrayBuffer[] = []): void => parentPort?.postMessage(message, moved);

function runShare(registry: StrategyRegistry, { places, strategies }: ShareOrder): void {
  const definitions = strategies.map((named): EngineDefinition => {
    const own = named.map(({ name, ...running }) => ({
      ...running,
      definition: findStrategy(registry, name).definition,
    }));
    return { ...definition, strategies: own };
  });
  let k = 0;
  for (const run of guardedSweep(definitions, bars)) {
    const barsPerPeriod = barsPerPeriodOf(run.equity.length, total);
    const { metrics, returns, sharpe } = triedOf({ run, definition: definitions[k], bars }, barsPerPeriod);
    answer({ place: places[k++], metrics, returns, sharpe, barsPerPeriod }, [returns.buffer as ArrayBuffer]);
  }
}

/** Says what a strategy or the run did wrong; what is our own fault ends the thread. */
function failed(error: unknown): void {
  if (!(error instanceof PlimsollError)) throw error;
  const { code, message, remedy } = error;
  answer({ failed: { code, message, remedy } });
}

const loading = strategiesFor(root);
parentPort?.on('message', async (order: ShareOrder) => {
  try {
    runShare(await loading, order);
  } catch (error) {
    failed(error);
  }
});
