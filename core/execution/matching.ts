/**
 * The matching engine of backtests, paper accounts and the simulated exchange: what one bar does to the orders of a market.
 *
 * A bar tells where the price was, not in which order. Where it leaves a choice, the worse one for us is taken:
 *
 * 1. At the open: market orders fill at the open. A stop that the open has gapped through fills at the open, not at its price.
 *    A new limit order that the open already satisfies takes the open; one that was resting gets its own price, no better.
 *    A position past its liquidation price is liquidated at the open.
 * 2. Within the bar, stops before everything else: those nearest to the open first, each at its price. Then liquidation, then
 *    limit orders that the bar touched, each at its price. So where a bar reaches both the stop and the target of a
 *    position, the stop was first.
 * 3. The legs of a bracket whose entry filled at the open take part in the rest of the bar. Of an entry that filled later in the bar,
 *    only the stop does, and it is taken to be hit if the bar reached it at all.
 * 4. A trailing stop is tested where it stood before the bar; then the bar's extreme moves it, and it fills at its new price
 *    only if the close lies beyond (then the price has certainly crossed it).
 *
 * Takers pay slippage, half the spread and the volume model (model.ts), rounded against the order.
 */
import { activate, cancel, fill, notionalOf, trigger } from '../engine/bookkeeping.ts';
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import { invariant } from '../errors.ts';
import { mulDivCeil, mulDivFloor } from '../numbers.ts';
import { refreshEnvelope } from './envelope.ts';
import { liquidateAtOpen, liquidateWithin } from './liquidation.ts';
import type { Order } from './order.ts';

/** Why the matching engine cancels. */
const REASONS = {
  flat: 'the position it would reduce is closed',
  other: 'the other order of its group filled',
  entry: 'its entry ended without a fill',
  cash: 'the cash held for it does not buy one lot at this price',
  immediate: 'what could not fill at once is canceled',
  kill: 'it could not fill as a whole',
} as const;

/** Matches the orders of `market` against its current bar. */
export function matchMarket(engine: Engine, market: MarketState): void {
  const available = liquidity(engine, market);
  const bar = { available, fromOpen: true };
  atTheOpen(engine, market, bar);
  bar.fromOpen = false;
  withinTheBar(engine, market, bar);
  trail(engine, market, bar);
  endOfBar(engine, market);
  refreshEnvelope(market, engine.positionsIn(market.index));
}

interface BarUse {
  /** Quantity that the volume model leaves for us. */
  available: number;
  /** While orders fill at the open: their brackets see the whole bar. */
  fromOpen: boolean;
}

function liquidity(engine: Engine, market: MarketState): number {
  const model = engine.definition.execution.volumeShare;
  if (!model) return Number.POSITIVE_INFINITY;
  return Math.floor(market.volume[market.at] * market.quantityScale * model.limit);
}

function atTheOpen(engine: Engine, market: MarketState, bar: BarUse): void {
  const open = market.open[market.at];
  liquidateAtOpen(engine, market, open);
  for (const order of [...market.orders]) {
    if (!isWorking(order)) continue;
    const buys = order.side === 'buy';
    if (order.type === 'market' || (order.type === 'stop' && order.triggered)) {
      take(engine, market, order, open, bar);
    } else if (isUntriggeredStop(order)) {
      if (buys ? open >= order.trigger : open <= order.trigger) fireStop(engine, market, order, open, bar);
    } else if (buys ? open <= order.price : open >= order.price) {
      if (order.barsSeen === 0) take(engine, market, order, open, bar);
      else make(engine, market, order, bar);
    }
  }
}

function withinTheBar(engine: Engine, market: MarketState, bar: BarUse): void {
  // Each stop that fires can end or start others, so the nearest is looked for again; an order fires at most once.
  for (let order = nearestStop(market); order; order = nearestStop(market)) {
    fireStop(engine, market, order, order.trigger, bar);
  }
  liquidateWithin(engine, market);
  const high = market.high[market.at];
  const low = market.low[market.at];
  for (const order of [...market.orders]) {
    if (!isWorking(order) || isUntriggeredStop(order) || order.price === 0) continue;
    if (order.waits) continue;
    if (order.side === 'buy' ? low <= order.price : high >= order.price) make(engine, market, order, bar);
  }
  // Stops of brackets whose entry filled just now, within the bar.
  for (let order = nearestStop(market); order; order = nearestStop(market)) {
    fireStop(engine, market, order, order.trigger, bar);
  }
}

const isWorking = (order: Order): boolean => order.state === 'Accepted' || order.state === 'PartiallyFilled';
const isUntriggeredStop = (order: Order): boolean =>
  !order.triggered && (order.type === 'stop' || order.type === 'stop-limit' || order.type === 'trailing-stop');

/** The untriggered stop that this bar reached and whose price is nearest to the open. */
function nearestStop(market: MarketState): Order | undefined {
  const { at } = market;
  const open = market.open[at];
  let nearest: Order | undefined;
  let distance = Number.POSITIVE_INFINITY;
  for (const order of market.orders) {
    if (!isUntriggeredStop(order) || !isWorking(order)) continue;
    const reached = order.side === 'buy' ? market.high[at] >= order.trigger : market.low[at] <= order.trigger;
    const away = Math.abs(order.trigger - open);
    if (reached && away < distance) {
      nearest = order;
      distance = away;
    }
  }
  return nearest;
}

/** A stop's price was reached: it becomes a market order at `price`, or a limit order that may be satisfied there. */
function fireStop(engine: Engine, market: MarketState, order: Order, price: number, bar: BarUse): void {
  trigger(engine, order);
  if (order.type !== 'stop-limit') {
    take(engine, market, order, price, bar);
  } else if (order.side === 'buy' ? price <= order.price : price >= order.price) {
    take(engine, market, order, price, bar);
  } else {
    order.waits = true;
  }
}

/** Fills as a taker at `price`, worsened by the execution model; a limit is never passed. */
function take(engine: Engine, market: MarketState, order: Order, price: number, bar: BarUse): void {
  const worse = worsened(engine, market, order, price, bar.available);
  const limited = order.price === 0 || order.type === 'stop' || order.type === 'trailing-stop';
  const buys = order.side === 'buy';
  const at = limited ? worse : buys ? Math.min(worse, order.price) : Math.max(worse, order.price);
  execute(engine, market, order, at, false, bar);
}

/** Fills as a maker at the order's own price. */
function make(engine: Engine, market: MarketState, order: Order, bar: BarUse): void {
  execute(engine, market, order, order.price, true, bar);
}

/** The price after slippage, half the spread and impact, on the tick grid, rounded against the order. */
export function worsened(engine: Engine, market: MarketState, order: Order, price: number, available: number): number {
  const { slippageBps, spreadBps, volumeShare } = engine.definition.execution;
  let bps = slippageBps + spreadBps / 2;
  if (volumeShare && volumeShare.impactBps > 0 && available > 0) {
    const volume = market.volume[market.at] * market.quantityScale;
    const share = Math.min(wanted(market, order, price), available) / volume;
    bps += volumeShare.impactBps * share * share;
  }
  if (bps === 0) return price;
  const { tick } = market;
  return order.side === 'buy'
    ? Math.ceil((price * (1 + bps / 10_000)) / tick) * tick
    : Math.max(tick, Math.floor((price * (1 - bps / 10_000)) / tick) * tick);
}

function execute(engine: Engine, market: MarketState, order: Order, price: number, maker: boolean, bar: BarUse): void {
  const held = engine.position(order.strategy, order.instrument);
  const buys = order.side === 'buy';
  let asked = wanted(market, order, price);
  if (order.reduceOnly) {
    const reducible = held.quantity > 0 === buys ? 0 : Math.abs(held.quantity);
    if (reducible === 0) return cancel(engine, order, REASONS.flat);
    asked = Math.min(asked, reducible);
  } else if (buys && !market.isPerpetual) {
    // A gap can make an order dearer than the cash that was reserved for it: it buys what the cash allows.
    asked = Math.min(asked, affordable(market, engine.cash - engine.reservedCash + order.reserved, price, maker));
  }
  let quantity = Math.min(asked, bar.available);
  if (order.timeInForce === 'fok' && quantity < asked) return cancel(engine, order, REASONS.kill);
  quantity = Math.floor(quantity / market.lot) * market.lot;
  if (quantity <= 0) {
    if (asked < market.lot) cancel(engine, order, REASONS.cash);
    return;
  }
  bar.available -= quantity;
  const rest = asked - quantity;
  const complete = rest < market.lot;
  fill(engine, order, quantity, price, maker, complete);
  afterFill(engine, market, order, price, bar);
}

/** Quantity still wanted, were it to fill at `price`. */
function wanted(market: MarketState, order: Order, price: number): number {
  if (order.budget === 0) return order.quantity - order.filled;
  return affordable(market, order.budget - order.filledNotional, price, false);
}

/** The largest quantity, in whole lots, that `money` buys at `price` with its fee. */
export function affordable(market: MarketState, money: number, price: number, maker: boolean): number {
  if (money <= 0) return 0;
  const rate = maker ? market.makerFee : market.takerFee;
  const net = rate === 0 ? money : mulDivFloor(money, 1_000_000, 1_000_000 + rate);
  const raw = mulDivFloor(net, market.divisor, price * market.numerator);
  let quantity = Math.floor(raw / market.lot) * market.lot;
  // The roundings of notional and fee can together pass the budget by a few units: a lot less, at most a few times.
  for (let tries = 0; quantity > 0 && tries < 8; tries++) {
    const notional = notionalOf(market, quantity, price, true);
    if (notional + mulDivCeil(notional, rate, 1_000_000) <= money) return quantity;
    quantity -= market.lot;
  }
  invariant(quantity <= 0, 'eight lots less are within a budget');
  return 0;
}

/** What a fill does to other orders: legs go to work, groups cancel, orders that reduce nothing end. */
function afterFill(engine: Engine, market: MarketState, order: Order, price: number, bar: BarUse): void {
  if (order.group !== 0) {
    for (const other of others(market, order)) {
      if (other.group === order.group) cancel(engine, other, REASONS.other);
    }
  }
  if (order.parent === 0) {
    for (const leg of market.orders) if (leg.parent === order.id) leg.quantity = order.filled;
    if (market.held.length > 0) activateLegs(engine, market, order, price, bar);
  }
  if (engine.position(order.strategy, order.instrument).quantity === 0) endReducers(engine, market, order);
}

function others(market: MarketState, order: Order): Order[] {
  return market.orders.concat(market.held).filter((other) => other !== order && other.strategy === order.strategy);
}

/** Ends what could only reduce the position that has just closed, and forgets the target that a protective fill undid. */
function endReducers(engine: Engine, market: MarketState, order: Order): void {
  if (market.orders.length + market.held.length > 0) {
    for (const other of others(market, order)) {
      if (other.reduceOnly && other.parent !== 0) cancel(engine, other, REASONS.flat);
    }
  }
  if (order.purpose !== 'exit' && order.purpose !== 'entry') {
    engine.position(order.strategy, order.instrument).target = Number.NaN;
  }
}

function activateLegs(engine: Engine, market: MarketState, entry: Order, price: number, bar: BarUse): void {
  for (const leg of market.held.filter((order) => order.parent === entry.id)) {
    market.held.splice(market.held.indexOf(leg), 1);
    const up = leg.side === 'sell' ? 1 : -1;
    const away = leg.purpose === 'take-profit' ? up : -up;
    const level = (fixed: number): number => (leg.offsetBps === 0 ? fixed : offsetPrice(market, price, away * leg.offsetBps));
    const legPrice = leg.type === 'limit' ? level(leg.price) : 0;
    const legTrigger = leg.type === 'limit' ? 0 : level(leg.trigger);
    leg.quantity = entry.filled;
    activate(engine, leg, legPrice, legTrigger);
    // Within the bar of an entry that did not fill at its open, only the stop may act (rule 3): a target waits.
    if (!bar.fromOpen && leg.type === 'limit') leg.waits = true;
  }
}

/** A price `bps` above (or below) another, on the tick grid, rounded away from a quick profit and toward a near stop. */
function offsetPrice(market: MarketState, price: number, bps: number): number {
  const exact = price * (1 + bps / 10_000);
  return Math.max(market.tick, Math.ceil(exact / market.tick - 1e-9) * market.tick);
}

/** Rule 4: the bar's extreme moves trailing stops; one that the close lies beyond has been crossed. */
function trail(engine: Engine, market: MarketState, bar: BarUse): void {
  const { at } = market;
  for (const order of [...market.orders]) {
    if (order.type !== 'trailing-stop' || order.triggered || !isWorking(order)) continue;
    if (order.side === 'sell') {
      order.trigger = Math.max(order.trigger, offsetPrice(market, market.high[at], -order.offsetBps));
      if (market.close[at] < order.trigger) fireStop(engine, market, order, order.trigger, bar);
    } else {
      order.trigger = Math.min(order.trigger, offsetPrice(market, market.low[at], order.offsetBps));
      if (market.close[at] > order.trigger) fireStop(engine, market, order, order.trigger, bar);
    }
  }
}

function endOfBar(engine: Engine, market: MarketState): void {
  for (const order of [...market.orders]) {
    order.barsSeen++;
    order.waits = false;
    if (isWorking(order) && (order.timeInForce === 'ioc' || order.timeInForce === 'fok')) {
      cancel(engine, order, REASONS.immediate);
    }
  }
  for (const leg of [...market.held]) {
    if (!market.orders.some((order) => order.id === leg.parent)) cancel(engine, leg, REASONS.entry);
  }
}
