import type * as z from 'zod/mini';
import type { Engine } from '../../core/engine/engine.ts';
import type { AlgorithmKind } from '../../core/execution/algorithms/algorithm.ts';
import type { Order, OrderState } from '../../core/execution/order.ts';
import type { LedgerEvent } from '../../core/ledger/events.ts';
import type { order } from '../schemas.ts';
import { moneyText, orNull, priceText, quantityText } from './decimals.ts';

export type OrderView = z.output<typeof order>;

/** Orders at work, legs that wait for their entry and intents on their way included, newest first. */
export function workingOrders(engine: Engine): Order[] {
  const resting = engine.markets.flatMap((market) => [...market.orders, ...market.held]);
  return [...resting, ...engine.intents].sort((a, b) => b.id - a.id);
}

/** An order as people see it. */
export function orderView(engine: Engine, of: OrderFigures): OrderView {
  const market = engine.markets[of.instrument];
  return {
    id: of.id,
    strategy: engine.definition.strategies[of.strategy].id,
    symbol: market.instrument.symbol,
    side: of.side,
    type: of.type,
    purpose: of.purpose,
    state: of.state,
    timeInForce: of.timeInForce,
    quantity: orNull((scaled) => quantityText(market, scaled), of.quantity),
    budget: orNull((scaled) => moneyText(engine, scaled), of.budget),
    filled: quantityText(market, of.filled),
    price: orNull((scaled) => priceText(market, scaled), of.price),
    trigger: orNull((scaled) => priceText(market, scaled), of.trigger),
    algorithm: of.algorithm?.kind ?? null,
    partOf: of.carvedFrom || null,
    createdAt: of.createdAt,
  };
}

type OrderFigures = Pick<
  Order,
  | 'id'
  | 'strategy'
  | 'instrument'
  | 'side'
  | 'type'
  | 'purpose'
  | 'timeInForce'
  | 'quantity'
  | 'budget'
  | 'price'
  | 'trigger'
  | 'createdAt'
> & {
  state: OrderState;
  filled: number;
  price: number;
  trigger: number;
  carvedFrom: number;
  /** Of an order that one works. */
  algorithm?: { readonly kind: AlgorithmKind };
};

const ENDS: Partial<Record<LedgerEvent['kind'], OrderState>> = {
  OrderCanceled: 'Canceled',
  OrderExpired: 'Expired',
  OrderRejected: 'Rejected',
  OrderLost: 'Lost',
  ParentFilled: 'Filled',
};

/** The orders that began and ended within these events, by number. */
export function endedOrders(events: Iterable<LedgerEvent>): OrderFigures[] {
  const orders = new Map<number, OrderFigures>();
  for (const event of events) {
    if (event.kind === 'OrderInitialized') {
      const begun = begin(event);
      orders.set(begun.id, begun);
      continue;
    }
    if (event.kind === 'AlgorithmSet') {
      const { order, algorithm } = event.body as { order: number; algorithm: { kind: AlgorithmKind } };
      const worked = orders.get(order);
      if (worked) worked.algorithm = algorithm;
      continue;
    }
    const order = orders.get(event.order as number);
    if (order) follow(order, event, orders);
  }
  return [...orders.values()].filter(({ state }) => state !== 'Initialized');
}

function begin(event: LedgerEvent): OrderFigures {
  const { order, strategy, instrument, side, type, purpose, timeInForce } = event as unknown as OrderFigures & {
    order: number;
  };
  return {
    ...{ id: order, strategy, instrument, side, type, purpose, timeInForce },
    quantity: Number(event.quantity),
    budget: Number(event.budget),
    price: Number(event.price),
    trigger: Number(event.trigger),
    createdAt: event.cycle,
    state: 'Initialized',
    filled: 0,
    carvedFrom: 0,
  };
}

function follow(order: OrderFigures, event: LedgerEvent, orders: ReadonlyMap<number, OrderFigures>): void {
  const end = ENDS[event.kind];
  if (end) order.state = end;
  if (event.kind === 'ChildCarved') order.carvedFrom = event.parent as number;
  if (event.kind === 'OrderFilled' || event.kind === 'OrderFilledAtVenue') {
    order.filled += Number(event.quantity);
    if (event.complete) order.state = 'Filled';
    // A fill of a part is one of the order that it is a part of.
    const whole = orders.get(order.carvedFrom);
    if (whole) whole.filled += Number(event.quantity);
  }
  if (event.kind === 'OrderActivated') {
    order.price = Number(event.price);
    order.trigger = Number(event.trigger);
  }
}
