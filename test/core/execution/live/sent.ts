/** Orders of a live account that are persisted and wait to be sent, and what is told of them afterwards. */
import { liveSchema } from '../../../../core/configuration/schema.ts';
import { submitIntents } from '../../../../core/cycle.ts';
import { queueForVenue } from '../../../../core/engine/bookkeeping.ts';
import type { Engine } from '../../../../core/engine/engine.ts';
import { liveOf } from '../../../../core/engine/venue-bookkeeping.ts';
import type { LiveOrder } from '../../../../core/execution/live/account.ts';
import { Order } from '../../../../core/execution/order.ts';
import type { LedgerEvent } from '../../../../core/ledger/events.ts';
import type { VenueCapabilities } from '../../../../core/ports/execution-venue.ts';
import { gate } from '../../../../core/risk/gate.ts';
import type { Proposal } from '../../../../core/strategies/contract.ts';
import {
  type AccountFields,
  account,
  bars,
  ingest,
  open,
  playedOf,
  running,
  scripted,
  stepsOf,
} from '../../engine/account.ts';
import { CALM } from '../trade.ts';

export const CAPABILITIES: VenueCapabilities = {
  orderTypes: ['market', 'limit', 'stop'],
  timesInForce: ['gtc', 'ioc'],
  postOnly: true,
  reduceOnly: true,
  holdsStops: true,
  clientOrderId: /^[a-z0-9]{1,36}$/,
  clientOrderIdReuse: 'never',
  requestValidityMs: 5_000,
  remembersClosedMs: 1,
};

interface Fields extends Partial<Pick<AccountFields, 'instruments' | 'strategies'>> {
  readonly live?: object;
}

/** A live account that is armed, its instruments at 100.00, and `held` thousandths of a unit of the first in its strategy's hand. */
export function liveAccount(held = 0, { live = {}, ...fields }: Fields = {}): Engine {
  const engine = open({
    ...account({ strategies: [running(scripted(() => undefined))], ...fields }),
    provenance: 'live',
    live: liveSchema.parse(live),
  });
  Object.assign(liveOf(engine), {
    arming: { maxOrderNotional: 1_000_000, maxExposure: 1_000_000 },
    reconciled: true,
  });
  const symbols = engine.markets.map(({ instrument }) => instrument.symbol);
  const [step] = stepsOf(engine, new Map(symbols.map((symbol) => [symbol, bars([CALM])])));
  ingest(engine, step);
  engine.equity = engine.cash;
  for (const market of engine.markets) market.lastPrice = 10_000;
  engine.position(0, 0).quantity = held;
  return engine;
}

/** The same, with what was proposed persisted as submitted. */
export function submitted(proposals: readonly unknown[], held = 0, fields: Fields = {}): Engine {
  const engine = liveAccount(held, fields);
  for (const proposal of proposals) gate(engine, { strategy: 0, instrument: 0, proposal: proposal as Proposal });
  submitIntents(engine);
  engine.intents = [];
  return engine;
}

/** One more order that is persisted as submitted, and how far it is on its way: a purchase of one at the market unless told otherwise. */
export function waiting(engine: Engine, fields: Partial<Order> = {}, live: Partial<LiveOrder> = {}): LiveOrder {
  engine.workingOrders++;
  const order = Object.assign(new Order(), {
    id: engine.workingOrders,
    quantity: 1_000,
    createdAt: engine.time,
    state: 'Submitted',
    ...fields,
  });
  engine.markets[order.instrument].orders.push(order);
  queueForVenue(engine, order);
  return Object.assign(liveOf(engine).orders.get(order.id) as LiveOrder, live);
}

/** The account's first working order of its first market, and its way to the venue. */
export function firstOf(engine: Engine): { order: Order; live: LiveOrder } {
  const [order] = engine.markets[0].orders;
  return { order, live: liveOf(engine).orders.get(order.id)! };
}

/** What the ledger says of a kind of event, with the text that its reason stands for. */
export function told(engine: Engine, kind: LedgerEvent['kind']): unknown[] {
  const { events, of } = playedOf(engine);
  const texts = new Map(
    events
      .filter((event) => event.kind === 'TextDefined')
      .map(({ body }) => body as { index: number; text: string })
      .map(({ index, text }) => [index, text]),
  );
  return of(kind).map(({ order, reason }) => [order, texts.get(Number(reason))]);
}

/** The bodies of what a person was told. */
export const alerts = (engine: Engine): unknown[] =>
  playedOf(engine)
    .of('VenueAlert')
    .map(({ body }) => body);
