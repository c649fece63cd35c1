/** Inside the thread of {@link freshRunsOf}: loads the strategies, runs what it was started for, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import type { EngineDefinition } from '../../core/engine/engine.ts';
import { PlimsollError } from '../../core/errors.ts';
import { type TraceRequest, traceOf } from '../../core/research/trace/run.ts';
import type { Trace } from '../../core/research/trace/trace.ts';
import { findStrategy } from '../../core/strategies/registry.ts';
import { withDeadline } from '../../functions/support/deadline.ts';
import { inlineMore } from '../../functions/support/inlining.ts';
import { purely } from '../../functions/support/purely.ts';
import type { FreshAnswer, FreshOrder } from './fresh-runs.ts';
import { strategiesFor } from './strategies-for.ts';

/** Far beyond what honest strategies need: a minute, and five milliseconds a bar. */
const patienceMs = ({ bars }: TraceRequest): number =>
  60_000 + [...bars.values()].reduce((sum, { length }) => sum + 5 * length, 0);

function guarded(definition: EngineDefinition, request: TraceRequest): Trace {
  const limitMs = patienceMs(request);
  const names = definition.strategies.map(({ id }) => `"${id}"`).join(', ');
  return purely(() => withDeadline(limitMs, `the strategy ${names}`, () => traceOf(definition, request)));
}

async function answer({ root, definition, strategies, requests }: FreshOrder): Promise<FreshAnswer> {
  try {
    const registry = await strategiesFor(root);
    const loaded = strategies.map(({ name, ...running }) => ({
      ...running,
      definition: findStrategy(registry, name).definition,
    }));
    return { traces: requests.map((request) => guarded({ ...definition, strategies: loaded }, request)) };
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    const { code, message, remedy } = error;
    const shorter = 'look for a loop that does not end in it, or choose a shorter span';
    return { failed: { code, message, remedy: code === 'STRATEGY_TIMEOUT' ? shorter : remedy } };
  }
}

inlineMore();
parentPort?.postMessage(await answer(workerData as FreshOrder));
