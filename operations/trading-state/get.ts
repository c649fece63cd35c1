import type { OperationContext } from '../operation.ts';
import { viewIfOpen } from '../support/account.ts';
import { namedEvents } from '../support/events.ts';
import { eventsBefore } from '../support/ledger-events.ts';

/** An account that was never halted is not searched to its beginning. */
const WINDOWS_WHILE_ACTIVE = 5;

export default async function get(context: OperationContext, input: { account?: string | undefined }) {
  const { ledger } = context.steps;
  const view = await viewIfOpen(context, input.account);
  if (!view) return { state: 'Active' as const, reason: '', since: null };
  const state = view.engine.tradingState;
  const windows = state === 'Active' ? WINDOWS_WHILE_ACTIVE : undefined;
  const { commit } = await ledger.head(view.stream);
  for await (const event of eventsBefore(ledger, view.stream, commit + 1, windows)) {
    if (event.event.kind !== 'TradingStateChanged') continue;
    const [named] = await namedEvents(ledger, view, [event]);
    return { state, reason: String(named.fields.reason), since: event.event.cycle };
  }
  return { state, reason: '', since: null };
}
