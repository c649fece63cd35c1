/** What a fill does to other orders: legs go to work, groups cancel, orders that reduce nothing end. */
import { activate, cancel } from '../engine/bookkeeping.ts';
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import { startTimeStop } from '../risk/time-stops.ts';
import { afterChildFill } from './algorithms/family.ts';
import { parentOf } from './algorithms/parent-order.ts';
import { setBreakEven } from './break-even.ts';
import type { Order } from './order.ts';
import { offsetPrice } from './prices.ts';

const REASONS = {
  flat: 'the position it would reduce is closed',
  other: 'the other order of its group filled',
  protection: 'its protection has ended',
} as const;

/**
 * Follows a fill of `quantity` of `order` at `price`; `reached` is the market's own price then (before slippage, spread and
 * impact), and `atOpen` whether it was the bar's open.
 */
export function afterFill(
  engine: Engine,
  market: MarketState,
  order: Order,
  quantity: number,
  price: number,
  reached: number,
  atOpen: boolean,
): void {
  if (order.group !== 0) cancelGroup(engine, market, order);
  const parent = order.carvedFrom === 0 ? undefined : parentOf(engine, order);
  if (order.parent === 0) {
    const entry = parent ?? order;
    startTimeStop(engine, market, entry);
    for (const leg of market.orders) if (leg.parent === entry.id) leg.quantity += quantity;
    if (market.held.length > 0) activateLegs(engine, market, entry, price, reached, atOpen);
  } else {
    afterLeg(engine, market, order, quantity);
  }
  if (engine.position(order.strategy, order.instrument).quantity === 0) endReducers(engine, market, order);
  if (parent) afterChildFill(engine, market, parent, reached);
}

/** Cancels an order that would reduce a position that is not there; a leg takes the rest of its entry with it. */
export function cancelReducer(engine: Engine, market: MarketState, order: Order): void {
  cancel(engine, order, REASONS.flat);
  if (order.parent !== 0) endEntry(engine, market, order);
}

/** Ends what could only reduce the position that `order` has closed, and forgets the target that was not the strategy's to undo. */
export function endReducers(engine: Engine, market: MarketState, order: Order): void {
  if (market.orders.length > 0) cancelReducers(engine, market, order);
  if (order.purpose !== 'exit' && order.purpose !== 'entry') {
    engine.position(order.strategy, order.instrument).target = Number.NaN;
  }
}

function cancelReducers(engine: Engine, market: MarketState, order: Order): void {
  const reducers = market.orders.filter(
    (other) => other !== order && other.strategy === order.strategy && other.reduceOnly,
  );
  for (const other of reducers) {
    if (other.state === 'Accepted' || other.state === 'PartiallyFilled') cancelReducer(engine, market, other);
  }
}

/**
 * One cancels the other. Orders that a strategy has grouped do so with their first fill; the legs of a bracket when one has filled
 * as a whole, since until then what is left needs both.
 */
function cancelGroup(engine: Engine, market: MarketState, order: Order): void {
  if (order.parent !== 0 && order.state !== 'Filled') return;
  const others = market.orders.filter(
    (other) => other !== order && other.group === order.group && other.parent === order.parent,
  );
  for (const other of others) cancel(engine, other, REASONS.other);
}

/** The other leg protects what this one has left; when this one is done, so is the entry. */
function afterLeg(engine: Engine, market: MarketState, leg: Order, quantity: number): void {
  if (leg.state === 'Filled') {
    endEntry(engine, market, leg);
    return;
  }
  for (const other of market.orders) if (other !== leg && other.parent === leg.parent) other.quantity -= quantity;
}

/** No entry works on without its protection: what is left of it is canceled. */
function endEntry(engine: Engine, market: MarketState, leg: Order): void {
  const isEntry = (order: Order): boolean => order.id === leg.parent;
  const entry = market.orders.find(isEntry) ?? market.held.find(isEntry);
  if (entry) cancel(engine, entry, REASONS.protection);
}

function activateLegs(
  engine: Engine,
  market: MarketState,
  entry: Order,
  price: number,
  reached: number,
  atOpen: boolean,
): void {
  for (const leg of market.held.filter((order) => order.parent === entry.id)) {
    market.held.splice(market.held.indexOf(leg), 1);
    const up = leg.side === 'sell' ? 1 : -1;
    const away = leg.purpose === 'take-profit' ? up : -up;
    const level = (fixed: number): number =>
      leg.offsetBps === 0 ? fixed : offsetPrice(market, leg.side, price, away * leg.offsetBps);
    leg.quantity = entry.filled;
    if (leg.type === 'limit') activate(engine, leg, level(leg.price), 0);
    else activate(engine, leg, 0, notPassed(leg, level(leg.trigger), reached));
    setBreakEven(market, leg, price);
    // Of the bar of an entry that filled after its open, neither the target nor the extreme that moves a stop is known to be later.
    leg.waits = !atOpen;
  }
}

/** A stop that the entry's own price is already past can be reached there, not at a better price that lies behind. */
function notPassed(leg: Order, trigger: number, reached: number): number {
  return leg.side === 'sell' ? Math.min(trigger, reached) : Math.max(trigger, reached);
}
