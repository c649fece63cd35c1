import { QUEUES } from '../../core/ports/queue.ts';
import { type GapDocument, KEYS } from '../../functions/steps/account-state.ts';
import { heldView } from '../limits/held.ts';
import type { OperationContext } from '../operation.ts';
import { openViews } from '../support/account.ts';
import { summaryOf } from '../support/summary.ts';
import { standingIn } from './standing.ts';

/** Dead letters that are counted of a queue; beyond it there are simply many. */
const DEAD_LETTERS_COUNTED = 100;

export default async function show(context: OperationContext) {
  const { steps, queue, runtime } = context;
  const views = await openViews(context);
  const accounts = await Promise.all(
    views.map(async (view) => ({
      ...summaryOf(view),
      gap: await lastGap(context, view.stream),
      standing: standingIn(view.engine),
      heldLimits: heldView(view.engine.limits?.held),
    })),
  );
  const queues = await Promise.all(
    QUEUES.map(async (name) => ({
      queue: name,
      waiting: await queue.depth(name),
      deadLetters: (await queue.deadLetters(name, DEAD_LETTERS_COUNTED)).length,
    })),
  );
  return {
    instance: steps.configuration.instance.name,
    version: runtime.version,
    runtime: runtime.kind,
    startedAt: runtime.startedAt,
    now: steps.now(),
    accounts,
    queues,
  };
}

async function lastGap({ steps }: OperationContext, stream: string): Promise<GapDocument | null> {
  const [last] = await steps.ledger.documents(stream, { prefix: KEYS.gapPrefix, reverse: true, limit: 1 });
  return (last?.value as unknown as GapDocument | undefined) ?? null;
}
