/**
 * The matching engine of backtests, paper accounts and the simulated exchange: what one bar does to the orders of a market.
 *
 * A bar tells where the price was, not in which order. Where it leaves a choice, the worse one for us is taken:
 *
 * 1. At the open: market orders fill at the open. A stop that the open has gapped through fills at the open, not at its price.
 *    A new limit order that the open already satisfies takes the open; one that was resting (a post-only order rests from its
 *    decision on) gets its own price, no better. A position past its liquidation price is liquidated at the open, before all.
 * 2. Within the bar, stops before everything else: those nearest to the open first, each at its price. Then liquidation, each
 *    position at its liquidation price. Then limit orders that the bar touched, each at its own price. So where a bar reaches both
 *    the stop and the target of a position, the stop was first. A position opened within the bar meets stops and liquidation
 *    as if the whole bar came after it.
 * 3. The legs of a bracket whose entry filled at the open take part in the rest of the bar. Of an entry that filled later in the bar,
 *    only the stop does, and it is taken to be hit if the bar reached it at all; the target waits for the next bar. A stop that
 *    its entry's price is already past works at that price, never at a better one.
 * 4. A stop that moves (trailing, or to break even) is tested where it stood before the bar; then the bar's extreme moves it, and it fills at its new price
 *    only if the close has reached it (then the price has certainly crossed it). In the bar of an entry that filled after the open
 *    the close is the only price known to be later, so it alone moves the stop.
 * 5. A stop-limit order that the open triggers rests at its limit for the whole bar. One triggered within the bar fills there only
 *    where its limit allows the stop's own price; otherwise it rests from the next bar on.
 * 6. Immediate-or-cancel and fill-or-kill orders have the open of their first bar and nothing more; as stops, the moment at which
 *    they are triggered.
 *
 * Takers pay slippage, half the spread and the volume model (model.ts), rounded against the order. On spot an order buys no more
 * than the cash that nothing else holds.
 */
import { cancel, fill, trigger } from '../engine/bookkeeping.ts';
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import { afterFill, cancelReducer } from './after-fill.ts';
import { moveToBreakEven } from './break-even.ts';
import { refreshEnvelope } from './envelope.ts';
import { liquidateAtOpen, liquidateWithin } from './liquidation.ts';
import { isImmediate, isUntriggeredStop, type Order, worksAtMarket } from './order.ts';
import { affordable, offsetPrice, worsened } from './prices.ts';

/** Why the matching engine cancels. */
const REASONS = {
  cash: 'the cash held for it does not buy one lot at this price',
  immediate: 'what could not fill at once is canceled',
  kill: 'it could not fill as a whole',
} as const;

/** Matches the orders of `market` against its current bar. */
export function matchMarket(engine: Engine, market: MarketState): void {
  const bar = { available: liquidity(engine, market), atOpen: true };
  atTheOpen(engine, market, bar);
  if (market.orders.length > 0 || market.isPerpetual) {
    bar.atOpen = false;
    withinTheBar(engine, market, bar);
    trail(engine, market, bar);
    endOfBar(engine, market);
  }
  refreshEnvelope(engine, market);
}

interface BarUse {
  /** Quantity that the volume model leaves for us. */
  available: number;
  /** While orders fill at the open: their brackets see the whole bar. */
  atOpen: boolean;
}

function liquidity(engine: Engine, market: MarketState): number {
  const model = engine.definition.execution.volumeShare;
  if (!model) return Number.POSITIVE_INFINITY;
  return Math.floor(market.volume[market.at] * market.quantityScale * model.limit);
}

function atTheOpen(engine: Engine, market: MarketState, bar: BarUse): void {
  const open = market.open[market.at];
  liquidateAtOpen(engine, market, open);
  const { orders } = market;
  if (orders.length === 1) meetTheOpen(engine, market, orders[0], open, bar);
  else for (const order of orders.slice()) meetTheOpen(engine, market, order, open, bar);
}

function meetTheOpen(engine: Engine, market: MarketState, order: Order, open: number, bar: BarUse): void {
  if (!isWorking(order)) return;
  const buys = order.side === 'buy';
  if (worksAtMarket(order)) {
    take(engine, market, order, open, bar);
  } else if (isUntriggeredStop(order)) {
    if (buys ? open >= order.trigger : open <= order.trigger) fireStop(engine, market, order, open, bar);
  } else if (buys ? open <= order.price : open >= order.price) {
    if (order.barsSeen === 0 && !order.postOnly) take(engine, market, order, open, bar);
    else make(engine, market, order, bar);
  }
}

function withinTheBar(engine: Engine, market: MarketState, bar: BarUse): void {
  fireStops(engine, market, bar);
  liquidateWithin(engine, market);
  const high = market.high[market.at];
  const low = market.low[market.at];
  for (const order of market.orders.slice()) {
    if (!isWorking(order) || isUntriggeredStop(order) || order.price === 0 || order.waits) continue;
    if (isImmediate(order)) continue;
    if (order.side === 'buy' ? low <= order.price : high >= order.price) make(engine, market, order, bar);
  }
  // Stops of brackets, and positions, whose entry was one of these limit orders.
  fireStops(engine, market, bar);
  liquidateWithin(engine, market);
}

/** Each stop that fires can end or start others, so the nearest is looked for again; an order fires at most once. */
function fireStops(engine: Engine, market: MarketState, bar: BarUse): void {
  for (let order = nearestStop(market); order; order = nearestStop(market)) {
    fireStop(engine, market, order, order.trigger, bar);
  }
}

const isWorking = (order: Order): boolean => order.state === 'Accepted' || order.state === 'PartiallyFilled';

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
    order.waits = !bar.atOpen;
  }
}

/** Fills as a taker at `price`, worsened by the execution model; a limit is never passed. */
function take(engine: Engine, market: MarketState, order: Order, price: number, bar: BarUse): void {
  const hasImpact = engine.definition.execution.volumeShare !== undefined;
  const quantity = hasImpact ? Math.min(wanted(market, order, price, false), bar.available) : 0;
  const worse = worsened(engine, market, order.side, price, quantity);
  const limit = order.price === 0 ? worse : order.price;
  const paid = order.side === 'buy' ? Math.min(worse, limit) : Math.max(worse, limit);
  execute(engine, market, order, paid, price, false, bar);
}

/** Fills as a maker at the order's own price. */
function make(engine: Engine, market: MarketState, order: Order, bar: BarUse): void {
  execute(engine, market, order, order.price, order.price, true, bar);
}

/** Fills what can be filled at `price`, where the market's own price was `reached`. */
function execute(
  engine: Engine,
  market: MarketState,
  order: Order,
  price: number,
  reached: number,
  maker: boolean,
  bar: BarUse,
): void {
  const held = engine.position(order.strategy, order.instrument);
  const buys = order.side === 'buy';
  let asked = wanted(market, order, price, maker);
  if (order.reduceOnly) {
    const reducible = held.quantity > 0 === buys ? 0 : Math.abs(held.quantity);
    if (reducible === 0) {
      cancelReducer(engine, market, order);
      return;
    }
    asked = Math.min(asked, reducible);
  }
  let within = Math.min(asked, bar.available);
  if (buys && !market.isPerpetual && !order.reduceOnly) {
    // A gap can make an order dearer than the cash that was reserved for it: it buys what the cash allows.
    const cash = engine.cash - engine.reservedCash + order.reserved;
    const isBudgeted = order.budget > 0 && order.budget - order.filledNotional <= cash;
    const most = isBudgeted ? asked : affordable(market, cash, price, maker);
    within = Math.min(within, most);
    if (order.timeInForce !== 'fok') asked = Math.min(asked, most);
  }
  if (order.timeInForce === 'fok' && within < asked) {
    cancel(engine, order, REASONS.kill);
    return;
  }
  const quantity = Math.floor(within / market.lot) * market.lot;
  if (quantity <= 0) {
    if (asked < market.lot) cancel(engine, order, REASONS.cash);
    return;
  }
  bar.available -= quantity;
  fill(engine, order, quantity, price, maker, asked - quantity < market.lot);
  afterFill(engine, market, order, quantity, price, reached, bar.atOpen);
}

/** Quantity still wanted, were it to fill at `price`. */
function wanted(market: MarketState, order: Order, price: number, maker: boolean): number {
  if (order.budget === 0) return order.quantity - order.filled;
  return affordable(market, order.budget - order.filledNotional, price, maker);
}

/** Rule 4: the bar's extreme moves stops; one that the close has reached has been crossed. */
function trail(engine: Engine, market: MarketState, bar: BarUse): void {
  const { at } = market;
  const close = market.close[at];
  for (const order of market.orders.slice()) {
    if (order.breakEvenFrom !== 0) breakEven(engine, market, order, bar);
    if (order.type !== 'trailing-stop' || order.triggered || !isWorking(order)) continue;
    if (order.side === 'sell') {
      order.trigger = Math.max(
        order.trigger,
        offsetPrice(market, 'sell', order.waits ? close : market.high[at], -order.offsetBps),
      );
      if (close <= order.trigger) fireStop(engine, market, order, order.trigger, bar);
    } else {
      order.trigger = Math.min(
        order.trigger,
        offsetPrice(market, 'buy', order.waits ? close : market.low[at], order.offsetBps),
      );
      if (close >= order.trigger) fireStop(engine, market, order, order.trigger, bar);
    }
  }
}

function breakEven(engine: Engine, market: MarketState, order: Order, bar: BarUse): void {
  const { at } = market;
  const close = market.close[at];
  if (order.triggered || !isWorking(order)) return;
  const [high, low] = order.waits ? [close, close] : [market.high[at], market.low[at]];
  if (!moveToBreakEven(engine, order, high, low)) return;
  if (order.side === 'sell' ? close <= order.trigger : close >= order.trigger)
    fireStop(engine, market, order, order.trigger, bar);
}

function endOfBar(engine: Engine, market: MarketState): void {
  for (const order of market.orders.slice()) {
    order.barsSeen++;
    order.waits = false;
    if (isWorking(order) && isImmediate(order)) cancel(engine, order, REASONS.immediate);
  }
}
