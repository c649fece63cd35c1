import { QUEUES } from '../../core/ports/queue.ts';
import type { OperationContext } from '../operation.ts';
import { openViews } from '../support/account.ts';
import { summaryOf } from '../support/summary.ts';

/** Dead letters that are counted of a queue; beyond it there are simply many. */
const DEAD_LETTERS_COUNTED = 100;

export default async function show(context: OperationContext) {
  const { steps, queue, runtime } = context;
  const accounts = (await openViews(context)).map(summaryOf);
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
