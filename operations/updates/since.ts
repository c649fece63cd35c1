import type { OperationContext } from '../operation.ts';
import { viewIfOpen } from '../support/account.ts';
import { lastCycles } from '../support/cycles.ts';
import { namedEvents } from '../support/events.ts';
import { eventsAfter } from '../support/ledger-events.ts';
import { summaryBeforeOpening, summaryOf } from '../support/summary.ts';

/** The latest cycles come with every update: their verdicts grow without an event. */
const CYCLES_TOLD = 20;

export default async function since(
  context: OperationContext,
  input: { account?: string | undefined; after: number; limit: number },
) {
  const { ledger } = context.steps;
  const view = await viewIfOpen(context, input.account);
  if (!view) return { account: summaryBeforeOpening(context, input.account), events: [], cycles: [], sequence: 0 };
  const events = await eventsAfter(ledger, view.stream, input.after, input.limit);
  const { sequence } = view.engine.journal;
  return {
    account: summaryOf(view),
    events: await namedEvents(ledger, view, events),
    cycles: await lastCycles(context, input.account, CYCLES_TOLD),
    sequence: events.at(-1)?.sequence ?? Math.min(input.after, sequence),
  };
}
