import type { OperationContext } from '../operation.ts';
import { viewIfOpen } from '../support/account.ts';
import { eventsAfter } from '../support/ledger-events.ts';
import { endedOrders, orderView, workingOrders } from '../support/orders.ts';

/** Events at the end of the ledger in which ended orders are looked for: some 500 orders. */
const EVENTS_LOOKED_AT = 2_500;

export default async function list(
  context: OperationContext,
  input: { account?: string | undefined; all: boolean; limit: number },
) {
  const view = await viewIfOpen(context, input.account);
  if (!view) return { orders: [] };
  const { engine, stream } = view;
  const orders = workingOrders(engine).map((order) => orderView(engine, order));
  if (input.all) {
    const after = Math.max(0, engine.journal.sequence - EVENTS_LOOKED_AT);
    const events = await eventsAfter(context.steps.ledger, stream, after, EVENTS_LOOKED_AT);
    const working = new Set(orders.map(({ id }) => id));
    const ended = endedOrders(events.map(({ event }) => event)).filter(({ id }) => !working.has(id));
    orders.push(...ended.map((order) => orderView(engine, order)));
    orders.sort((a, b) => b.id - a.id);
  }
  return { orders: orders.slice(0, input.limit) };
}
