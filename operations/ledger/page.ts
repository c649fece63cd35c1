import type { OperationContext } from '../operation.ts';
import { viewIfOpen } from '../support/account.ts';
import { namedEvents } from '../support/events.ts';
import { eventsAfter } from '../support/ledger-events.ts';

/** `sequence` and `hash` are those of the whole ledger as it stands, to compare with what was anchored elsewhere. */
export default async function page(
  context: OperationContext,
  input: { account?: string | undefined; after: number; limit: number },
) {
  const { ledger } = context.steps;
  const view = await viewIfOpen(context, input.account);
  if (!view) return { events: [], sequence: 0, hash: '' };
  const events = await eventsAfter(ledger, view.stream, input.after, input.limit);
  const head = await ledger.head(view.stream);
  const [last] = await ledger.read(view.stream, head.commit - 1, 1);
  return {
    events: await namedEvents(ledger, view, events),
    sequence: head.sequence,
    hash: last?.hash ?? '',
  };
}
