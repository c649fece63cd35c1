/** What of the persisted orders is sent now: chosen, and marked before any venue hears of it. */
import { cancel, endCanceled, notionalOf, reject } from '../../engine/bookkeeping.ts';
import type { Engine } from '../../engine/engine.ts';
import type { MarketState } from '../../engine/market-state.ts';
import { liveOf, orderOf, prepare, watchHere } from '../../engine/venue-bookkeeping.ts';
import { mulDivFloor } from '../../numbers.ts';
import type { VenueCapabilities, VenueOrderRequest } from '../../ports/execution-venue.ts';
import { forbids } from '../../risk/kill-switch.ts';
import { isUntriggeredStop, type Order, type OrderType } from '../order.ts';
import { affordable } from '../prices.ts';
import { LIVE_BOUNDS, type LiveOrder } from './account.ts';
import { comparable } from './amounts.ts';
import { clientOrderIdOf } from './client-order-id.ts';
import { standingAgainst } from './market-standing.ts';

/** Whether anything of an account is to be said to its venue, or asked. */
export function waitsForVenue(engine: Engine): boolean {
  if (engine.live === undefined) return false;
  for (const sent of engine.live.orders.values())
    if (sent.phase !== 'known' || orderOf(engine, sent)?.state === 'PendingCancel') return true;
  return engine.live.found.size > 0;
}

/** An order that is marked as sending. */
export interface Sending {
  readonly order: number;
  readonly request: VenueOrderRequest;
  /** Whether it may raise a position. */
  readonly opens: boolean;
}

/**
 * Marks the orders that may go out now, at most {@link LIVE_BOUNDS}.sendsPerPass. The second door of the kill switch, and of the arming:
 * what neither allows any more ends here. An order waits while another of its strategy in the instrument is not settled.
 * `now` is this machine's clock, ms UTC.
 */
export function prepareSends(engine: Engine, capabilities: VenueCapabilities, now: number): Sending[] {
  const live = liveOf(engine);
  const sendings: Sending[] = [];
  for (const waiting of [...live.orders.values()]) {
    if (waiting.phase !== 'prepared' || sendings.length === LIVE_BOUNDS.sendsPerPass) continue;
    const order = orderOf(engine, waiting);
    if (!order || order.state === 'PendingCancel' || now < waiting.heldUntil) continue;
    const sending = prepareOne(engine, order, waiting, capabilities);
    if (sending) sendings.push(sending);
  }
  return sendings;
}

/** Ends every opening that waits to be sent and has waited too long. */
export function giveUpStaleOnes(engine: Engine): void {
  for (const waiting of [...liveOf(engine).orders.values()]) {
    const order = waiting.phase === 'prepared' ? orderOf(engine, waiting) : undefined;
    if (order && order.state !== 'PendingCancel') giveUpStale(engine, order);
  }
}

function prepareOne(
  engine: Engine,
  order: Order,
  live: LiveOrder,
  capabilities: VenueCapabilities,
): Sending | undefined {
  const isArmed = order.reduceOnly || liveOf(engine).arming !== undefined;
  if (!isArmed || forbids(engine, order)) {
    cancel(engine, order, 'trading stopped before it was sent');
    return undefined;
  }
  if (isUntriggeredStop(order) && !isHeldThere(order, capabilities)) {
    watchHere(engine, order, 'the venue holds no such stop');
    return undefined;
  }
  const missing = whatIsMissing(order, capabilities);
  if (missing !== undefined) {
    reject(engine, order, `the venue takes no ${missing}`);
    return undefined;
  }
  if (isNotTaken(engine, order) || giveUpStale(engine, order) || isInTheWay(engine, order)) return undefined;
  return send(engine, order, live, capabilities);
}

function send(engine: Engine, order: Order, live: LiveOrder, capabilities: VenueCapabilities): Sending | undefined {
  const market = engine.markets[order.instrument];
  // What is sent again is sent as it was.
  const quantity = live.quantity || quantityToAsk(engine, order);
  if (
    quantity < market.minQuantity ||
    notionalOf(market, quantity, priceOf(engine, order), false) < market.minNotional
  ) {
    endCanceled(engine, order, 'what is left of it is smaller than the venue takes');
    return undefined;
  }
  const { stream, strategies } = engine.definition;
  const identity = {
    stream,
    strategy: strategies[order.strategy].id,
    symbol: market.instrument.symbol,
    cycle: order.createdAt,
    order: order.id,
  };
  const clientOrderId = clientOrderIdOf(identity, capabilities.clientOrderId);
  prepare(engine, order, live, clientOrderId, quantity);
  return { order: order.id, request: requestOf(engine, order, live, capabilities), opens: !order.reduceOnly };
}

function requestOf(
  engine: Engine,
  order: Order,
  { clientOrderId, quantity }: LiveOrder,
  capabilities: VenueCapabilities,
): VenueOrderRequest {
  const type = typeToAsk(order);
  return {
    instrument: engine.markets[order.instrument].instrument,
    clientOrderId,
    side: order.side,
    type,
    timeInForce: order.timeInForce,
    postOnly: order.postOnly,
    reduceOnly: order.reduceOnly && capabilities.reduceOnly && isAlone(engine, order),
    quantity,
    price: type === 'market' ? 0 : order.price,
    trigger: order.triggered ? 0 : order.trigger,
  };
}

/** Whether what the venue holds in a perpetual is the strategy's: it knows the sum of all, and would refuse to reduce beyond it. */
function isAlone(engine: Engine, { strategy, instrument }: Order): boolean {
  const { isPerpetual, netQuantity } = engine.markets[instrument];
  return !isPerpetual || engine.position(strategy, instrument).quantity === netQuantity;
}

/** A stop whose price was reached here is a market order there, one with a limit a limit order; a target is taken at the market. */
function typeToAsk(order: Order): OrderType {
  if (!order.triggered) return order.type;
  return order.type === 'stop-limit' ? 'limit' : 'market';
}

/** Whether the venue holds a stop itself; a trailing one is always watched here. */
export const isHeldThere = (order: Order, { holdsStops, orderTypes }: VenueCapabilities): boolean =>
  holdsStops && order.type !== 'trailing-stop' && orderTypes.includes(order.type);

function whatIsMissing(order: Order, { orderTypes, timesInForce, postOnly }: VenueCapabilities): string | undefined {
  const type = typeToAsk(order);
  if (!orderTypes.includes(type)) return `${type} orders`;
  if (order.postOnly && !postOnly) return 'post-only orders';
  if (type !== 'market' && !timesInForce.includes(order.timeInForce)) return `${order.timeInForce} orders`;
  return undefined;
}

/** Whether its market does not take it now: what opens ends, and may be asked for again; what lowers a position waits. */
function isNotTaken(engine: Engine, order: Order): boolean {
  const standing = standingAgainst(liveOf(engine), order.instrument, order, typeToAsk(order), engine.time);
  if (standing === undefined) return false;
  if (order.reduceOnly) return true;
  engine.position(order.strategy, order.instrument).target = Number.NaN;
  cancel(engine, order, `MARKET_NOT_OPEN: the venue says ${standing.state} (${standing.text})`);
  return true;
}

/**
 * Whether another order of the strategy in the instrument must be settled first. What may still fill is not sent past: two orders for
 * one target would both fill. To close, what else would lower the position is called back, since it may hold the quantity.
 */
function isInTheWay(engine: Engine, order: Order): boolean {
  const others = engine.markets[order.instrument].orders.filter(
    (other) => other !== order && other.strategy === order.strategy && liveOf(engine).isOut(other),
  );
  if (order.reduceOnly && typeToAsk(order) === 'market')
    for (const other of others) if (other.reduceOnly) cancel(engine, other, 'its position is being closed');
  return others.some((other) => other.state !== 'Accepted' && other.state !== 'PartiallyFilled');
}

/** An opening that has waited too long is old news, and ends; the same target may be asked for again. */
function giveUpStale(engine: Engine, order: Order): boolean {
  if (order.reduceOnly || engine.time - order.createdAt <= liveOf(engine).settings.staleAfterMs) return false;
  engine.position(order.strategy, order.instrument).target = Number.NaN;
  cancel(engine, order, 'it could not be sent in time');
  return true;
}

function quantityToAsk(engine: Engine, order: Order): number {
  const market = engine.markets[order.instrument];
  if (order.reduceOnly) return reducible(engine, order);
  if (order.budget === 0) return order.quantity;
  return affordable(market, order.budget, priceOf(engine, order), false);
}

/** What it may lower, less what others are out to lower, and what the venue may have taken as a fee and not said. */
function reducible(engine: Engine, order: Order): number {
  const market = engine.markets[order.instrument];
  const held = engine.position(order.strategy, order.instrument).quantity;
  let room = held > 0 === (order.side === 'sell') ? Math.abs(held) - feesNotSaid(engine, market) : 0;
  for (const other of market.orders) {
    const out = other !== order && other.strategy === order.strategy && other.reduceOnly;
    const live = out ? liveOf(engine).orders.get(other.id) : undefined;
    if (live) room -= Math.max(0, live.quantity - other.filled);
  }
  return Math.max(0, Math.floor(Math.min(order.quantity - order.filled, room) / market.lot) * market.lot);
}

/** Coins of a market, scaled, that a sale should leave: the venue would refuse one of more than it holds. */
function feesNotSaid(engine: Engine, { instrument, isPerpetual }: MarketState): number {
  const most = isPerpetual ? 0n : liveOf(engine).feesToCome.mostOf(instrument.base);
  const unit = comparable(1, instrument.quantityDecimals);
  return Number((most + unit - 1n) / unit);
}

/** What one unit of it may cost: its own price, or the last one and the cushion above it. */
function priceOf(engine: Engine, order: Order): number {
  const { lastPrice } = engine.markets[order.instrument];
  const own = order.triggered ? 0 : order.price || order.trigger;
  if (own > 0 || order.side === 'sell') return own || lastPrice;
  return mulDivFloor(lastPrice, 10_000 + liveOf(engine).settings.cushionBps, 10_000) + 1;
}
