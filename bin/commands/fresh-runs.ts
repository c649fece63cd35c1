import { Worker } from 'node:worker_threads';
import type { EngineDefinition } from '../../core/engine/engine.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { BarColumns } from '../../core/market/bars.ts';
import { assertEvaluatedHere } from '../../core/models/evaluated-here.ts';
import type { FreshRuns, TraceRequest } from '../../core/research/trace/run.ts';
import type { Trace } from '../../core/research/trace/trace.ts';
import type { RunningStrategy } from '../../core/strategies/runner.ts';

/** A strategy by its name: its code is loaded where it is run. */
type NamedStrategy = Omit<RunningStrategy, 'definition'> & { readonly name: string };

/** What a thread is started with. */
export interface FreshOrder {
  /** Where `strategies/` is. */
  readonly root: string;
  readonly definition: Omit<EngineDefinition, 'strategies'>;
  readonly strategies: readonly NamedStrategy[];
  readonly requests: readonly TraceRequest[];
}

export type FreshAnswer =
  | { readonly traces: readonly Trace[] }
  | { readonly failed: { readonly code: string; readonly message: string; readonly remedy: string } };

/** Runs in a thread of their own, which imports every strategy anew and shares no memory with any other. Throws `MODEL_ASKED_ELSEWHERE`. */
export function freshRunsOf(whole: EngineDefinition, root: string): FreshRuns {
  assertEvaluatedHere(whole, 'analyses');
  const { strategies, ...definition } = whole;
  const named = strategies.map(({ definition: { name }, ...running }) => ({ ...running, name }));
  return (requests) => {
    const order: FreshOrder = { root, definition, strategies: named, requests };
    return answerOf(
      new Worker(new URL('./fresh-run-thread.ts', import.meta.url), {
        workerData: order,
        transferList: requests.flatMap(({ bars }) => [...bars.values()].flatMap(buffersOf)),
        // What a strategy prints would be printed once a run.
        stdout: true,
      }),
    );
  };
}

async function answerOf(worker: Worker): Promise<readonly Trace[]> {
  worker.stdout.resume();
  try {
    const answer = await new Promise<FreshAnswer>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(ended()));
    });
    if ('traces' in answer) return answer.traces;
    const { code, message, remedy } = answer.failed;
    throw new PlimsollError(code, message, remedy, { kept: 'nothing was written' });
  } finally {
    await worker.terminate();
  }
}

/** Moved to the thread, not copied: a request has bars of its own. */
const buffersOf = ({ timestamp, open, high, low, close, volume }: BarColumns): ArrayBuffer[] =>
  [timestamp, open, high, low, close, volume].map(({ buffer }) => buffer as ArrayBuffer);

const ended = (): PlimsollError =>
  new PlimsollError(
    'RESEARCH_RUN_ENDED',
    'a run ended before it was done',
    'run it again; over a shorter span where memory ran out',
    {
      kept: 'nothing was written',
    },
  );
