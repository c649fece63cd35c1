/**
 * The risk line. Every proposal comes here; what leaves is an order intent, persisted with its reservation, or a denial with
 * its code. Orders that only lower a position pass everything but a halt: they never wait behind a limit.
 */
import { append } from '../append.ts';
import { cancel, deny, initialize, type Refusal } from '../engine/bookkeeping.ts';
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import { exposures, freeCash, marginOf, sideExposure } from '../engine/measure.ts';
import { Order, type Purpose } from '../execution/order.ts';
import { affordable } from '../execution/prices.ts';
import { mulDivCeil, mulDivFloor } from '../numbers.ts';
import type { OrderProposal, Protection, TargetProposal } from '../strategies/contract.ts';
import type { SignalProposal } from '../strategies/runner.ts';
import type { DenialCode } from './denial.ts';
import { isOnItsWay, isStanding, legOfOrder, legsOfTarget, sideOf, toTick } from './sizing.ts';

/** Takes a proposal through sizing and every control. */
export function gate(engine: Engine, signal: SignalProposal): void {
  const { strategy, proposal } = signal;
  const market = engine.markets[signal.instrument];
  engine.behind?.catchUp(market);
  if (proposal.kind === 'cancel') {
    requestCancels(engine, strategy, market, proposal.reason, () => true);
    return;
  }
  const refusal = controlsOfTheMoment(engine, market);
  if (refusal) {
    deny(engine, strategy, market.index, sideOf(proposal), engine.text(proposal.reason), 0, 0, refusal);
    return;
  }
  if (proposal.kind === 'target') gateTarget(engine, strategy, market, proposal);
  else gateLeg(engine, strategy, market, legOfOrder(engine, strategy, market, proposal), proposal);
}

/** A new target replaces what is still on its way to the last one; the same target, given again, changes nothing. */
function gateTarget(engine: Engine, strategy: number, market: MarketState, target: TargetProposal): void {
  if (isStanding(engine, strategy, market, target)) return;
  requestCancels(engine, strategy, market, 'a new target replaces it', isOnItsWay);
  legsOfTarget(engine, strategy, market, target, gateLeg);
}

/** Orders of the strategy that `matches` picks: those a venue knows are canceled in execute, those of this cycle at once. */
function requestCancels(
  engine: Engine,
  strategy: number,
  market: MarketState,
  reason: string,
  matches: (order: Order) => boolean,
): void {
  for (const order of market.orders) {
    if (order.strategy !== strategy || !matches(order)) continue;
    if (engine.cancels.some((request) => request.order === order.id)) continue;
    engine.cancels.push({ order: order.id, instrument: market.index, reason });
  }
  if (engine.intents.length === 0) return;
  const dropped = engine.intents.filter(
    (order) => order.strategy === strategy && order.instrument === market.index && order.parent === 0 && matches(order),
  );
  for (const order of dropped) dropIntent(engine, order, reason);
}

/** An intent that nobody has heard of ends here, with the legs that would have protected it. */
function dropIntent(engine: Engine, order: Order, reason: string): void {
  for (const intent of engine.intents)
    if (intent === order || intent.parent === order.id) cancel(engine, intent, reason);
  engine.intents = engine.intents.filter((intent) => intent.state === 'Initialized');
}

/** Sends one order of a proposal (`leg`, not yet numbered) through the controls: it becomes an intent, or is denied. */
export function gateLeg(
  engine: Engine,
  strategy: number,
  market: MarketState,
  leg: Order,
  proposal: TargetProposal | OrderProposal,
): void {
  const reason = engine.text(proposal.reason);
  const passed = leg.reduceOnly
    ? passReduction(engine, strategy, market, leg)
    : passOpening(engine, strategy, market, leg, proposal);
  if (typeof passed === 'object') {
    deny(engine, strategy, market.index, leg.side, reason, leg.quantity, leg.budget, passed);
    return;
  }
  number(engine, strategy, market, leg);
  if (proposal.kind === 'target') engine.position(strategy, market.index).target = proposal.exposure;
  else if (proposal.oneCancelsOther !== undefined) {
    leg.group = groupOf(engine, strategy, market, proposal.oneCancelsOther, leg.id);
  }
  initialize(engine, leg, reason, passed === 'reduced');
  engine.watch.countOrder(engine.time);
  engine.intents = append(engine.intents, leg);
  if (!leg.reduceOnly) addProtection(engine, market, leg, proposal, reason);
}

/** What the controls make of a leg: it passes with what they set on it, perhaps smaller than asked, or is refused as it was. */
type Verdict = 'passed' | 'reduced' | Refusal;

const refuse = (code: DenialCode, limit = 0, value = 0): Refusal => ({
  code,
  limit: Math.round(limit),
  value: Math.round(value),
});

/** Controls that ask nothing of the order itself. */
function controlsOfTheMoment(engine: Engine, market: MarketState): Refusal | undefined {
  if (engine.tradingState === 'Halted') return refuse('TRADING_HALTED');
  if (!(market.lastPrice > 0)) return refuse('PRICE_MISSING');
  return undefined;
}

function passReduction(engine: Engine, strategy: number, market: MarketState, leg: Order): Verdict {
  const invalid = priceFault(leg);
  if (invalid) return invalid;
  const held = engine.position(strategy, market.index);
  const reducible = held.quantity > 0 === (leg.side === 'sell') ? Math.abs(held.quantity) : 0;
  const asked =
    leg.budget > 0 ? mulDivFloor(leg.budget, market.divisor, market.lastPrice * market.numerator) : leg.quantity;
  const quantity = Math.floor(Math.min(asked, reducible) / market.lot) * market.lot;
  if (quantity <= 0) return refuse('QUANTITY_BELOW_MIN', market.minQuantity, quantity);
  leg.quantity = quantity;
  leg.budget = 0;
  return quantity < asked ? 'reduced' : 'passed';
}

function passOpening(
  engine: Engine,
  strategy: number,
  market: MarketState,
  leg: Order,
  protection: Protection,
): Verdict {
  return (
    controlsOfOpening(engine, market) ??
    controlsOfPrice(engine, market, leg, protection) ??
    controlsOfShort(engine, leg) ??
    sized(engine, strategy, market, leg)
  );
}

function controlsOfOpening(engine: Engine, market: MarketState): Refusal | undefined {
  const { limits } = engine.definition;
  const loss = controlsOfLoss(engine);
  if (loss) return loss;
  if (engine.tradingState === 'Reducing') return refuse('TRADING_REDUCING_ONLY');
  if (market.restricted) return refuse('INSTRUMENT_RESTRICTED');
  if (engine.lateByMs > 0) return refuse('SIGNAL_STALE', 0, engine.lateByMs);
  const age = engine.time - market.pricedAt;
  if (limits.staleAfterMs !== undefined && age > limits.staleAfterMs)
    return refuse('PRICE_STALE', limits.staleAfterMs, age);
  if (engine.workingOrders >= limits.maxWorkingOrders)
    return refuse('WORKING_ORDERS_EXCEED_MAX', limits.maxWorkingOrders, engine.workingOrders);
  const rate = engine.watch.ordersWithinMinute(engine.time);
  if (rate >= limits.maxOrdersPerMinute) return refuse('ORDER_RATE_EXCEEDS_MAX', limits.maxOrdersPerMinute, rate);
  return undefined;
}

/** What the account has lost, ahead of the trading state that follows from it: the denial names the cause. */
function controlsOfLoss(engine: Engine): Refusal | undefined {
  const { limits } = engine.definition;
  const { watch } = engine;
  if (!(engine.equity > 0)) return refuse('EQUITY_NOT_POSITIVE', 0, engine.equity);
  const lost = watch.dayStart - engine.equity;
  if (limits.maxDailyLoss !== undefined && lost >= watch.dayStart * limits.maxDailyLoss) {
    return refuse('DAILY_LOSS_EXCEEDS_MAX', limits.maxDailyLoss * 10_000, (lost / watch.dayStart) * 10_000);
  }
  const below = watch.peak - engine.equity;
  if (limits.maxDrawdown !== undefined && below > watch.peak * limits.maxDrawdown) {
    return refuse('DRAWDOWN_EXCEEDS_MAX', limits.maxDrawdown * 10_000, (below / watch.peak) * 10_000);
  }
  return undefined;
}

function controlsOfPrice(engine: Engine, market: MarketState, leg: Order, protection: Protection): Refusal | undefined {
  const invalid = priceFault(leg) ?? passedStop(market, leg) ?? protectionFault(market, leg, protection);
  if (invalid || leg.type === 'market' || leg.type === 'trailing-stop') return invalid;
  return outsideCollar(engine, market, leg.price) ?? outsideCollar(engine, market, leg.trigger);
}

function outsideCollar(engine: Engine, market: MarketState, price: number): Refusal | undefined {
  if (price === 0) return undefined;
  const { priceCollarBps } = engine.definition.limits;
  const away = (Math.abs(price - market.lastPrice) / market.lastPrice) * 10_000;
  return away > priceCollarBps ? refuse('PRICE_OUTSIDE_COLLAR', priceCollarBps, away) : undefined;
}

/** Whether the order has the prices that its type needs, and no others. */
function priceFault(leg: Order): Refusal | undefined {
  const needsPrice = leg.type === 'limit' || leg.type === 'stop-limit';
  const needsTrigger = leg.type === 'stop' || leg.type === 'stop-limit' || leg.type === 'trailing-stop';
  if (needsPrice !== leg.price > 0 || needsTrigger !== leg.trigger > 0) return refuse('ORDER_PRICE_INVALID');
  return leg.type === 'trailing-stop' && leg.offsetBps === 0 ? refuse('ORDER_PRICE_INVALID') : undefined;
}

/** A stop that would fire at once is a mistake where it opens a position; where it closes one it may. */
function passedStop(market: MarketState, { side, type, trigger }: Order): Refusal | undefined {
  if (type !== 'stop' && type !== 'stop-limit') return undefined;
  const isPassed = side === 'buy' ? trigger <= market.lastPrice : trigger >= market.lastPrice;
  return isPassed ? refuse('ORDER_PRICE_INVALID') : undefined;
}

/** Protection on the wrong side of the entry would close the position as it opens. */
function protectionFault(
  market: MarketState,
  { side, price, trigger }: Order,
  { stopLoss, takeProfit }: Protection,
): Refusal | undefined {
  const entry = price || trigger || market.lastPrice;
  const buys = side === 'buy';
  const isWrong = isPast(market, stopLoss, entry, buys) || isPast(market, takeProfit, entry, !buys);
  return isWrong ? refuse('ORDER_PRICE_INVALID') : undefined;
}

/** Whether a level that is a price is at `entry`, or above it where it should be below (below it where above). */
function isPast(market: MarketState, level: Protection['stopLoss'], entry: number, shouldBeBelow: boolean): boolean {
  if (typeof level !== 'object') return false;
  const price = level.price * market.priceScale;
  return shouldBeBelow ? price >= entry : price <= entry;
}

/** Without leave to be short, a sell only ever reduces: one of more than is held, or of a budget, is refused. */
function controlsOfShort(engine: Engine, leg: Order): Refusal | undefined {
  return leg.side === 'buy' || engine.definition.limits.allowShort ? undefined : refuse('SHORT_NOT_ALLOWED');
}

/** A limit on an order's size that leaves it too little room: the limit and the order in the unit of its code. */
interface Cap {
  readonly code: DenialCode;
  /** Money. */
  readonly room: number;
  readonly limit: number;
  readonly value: number;
}

/** The limit that cuts an order of `asked` money; undefined where it passes them all. */
function cutBy(engine: Engine, strategy: number, market: MarketState, buys: boolean, asked: number): Cap | undefined {
  const { limits } = engine.definition;
  const side = sideExposure(market, buys);
  const { gross, netLong, netShort } = exposures(engine);
  let cap: Cap | undefined;
  if (limits.maxOrderNotional !== undefined) {
    const limit = Math.floor(limits.maxOrderNotional * engine.moneyScale);
    cap = tighter(engine, cap, asked, 'NOTIONAL_EXCEEDS_MAX_PER_ORDER', limit, 0);
  }
  if (limits.maxPositionNotional !== undefined) {
    const limit = Math.floor(limits.maxPositionNotional * engine.moneyScale);
    cap = tighter(engine, cap, asked, 'POSITION_EXCEEDS_MAX', limit, side);
  }
  const elsewhere = gross - Math.max(side, sideExposure(market, !buys));
  cap = tighterShare(engine, cap, asked, 'GROSS_EXPOSURE_EXCEEDS_MAX', limits.maxGrossExposure, elsewhere + side);
  cap = tighterShare(engine, cap, asked, 'NET_EXPOSURE_EXCEEDS_MAX', limits.maxNetExposure, buys ? netLong : netShort);
  if (market.isPerpetual) {
    cap = tighter(engine, cap, asked, 'CASH_INSUFFICIENT', marginRoom(engine, strategy, market, buys), 0);
  } else if (buys) {
    cap = tighter(engine, cap, asked, 'CASH_INSUFFICIENT', freeCash(engine), 0);
  }
  return cap;
}

/** `cap`, or a limit in money that leaves less room than it does; where too large orders are denied, the first counts. */
function tighter(
  engine: Engine,
  cap: Cap | undefined,
  asked: number,
  code: DenialCode,
  limit: number,
  used: number,
): Cap | undefined {
  return isLooser(engine, cap, asked, limit - used) ? cap : { code, room: limit - used, limit, value: used + asked };
}

/** As {@link tighter}, with a limit that is a share of the equity. */
function tighterShare(
  engine: Engine,
  cap: Cap | undefined,
  asked: number,
  code: DenialCode,
  limit: number,
  used: number,
): Cap | undefined {
  const room = Math.floor(limit * engine.equity) - used;
  if (isLooser(engine, cap, asked, room)) return cap;
  return { code, room, limit: limit * 10_000, value: ((used + asked) / engine.equity) * 10_000 };
}

function isLooser(engine: Engine, cap: Cap | undefined, asked: number, room: number): boolean {
  if (cap === undefined) return room >= asked;
  return engine.definition.limits.oversize === 'deny' || room >= cap.room;
}

/** Margin and fee that an order in a perpetual holds, in basis points of its notional. */
const marginBps = (market: MarketState): number =>
  Math.ceil(market.instrument.initialMarginBps + Math.max(0, market.takerFee) / 100);

/** Notional whose margin is free. An order against a position that its strategy holds sets that position's margin free first. */
function marginRoom(engine: Engine, strategy: number, market: MarketState, buys: boolean): number {
  const bps = marginBps(market);
  if (bps === 0) return Number.POSITIVE_INFINITY;
  const held = engine.position(strategy, market.index).quantity;
  const freed = held !== 0 && held > 0 !== buys ? marginOf(market, Math.abs(held)) : 0;
  return mulDivFloor(freeCash(engine) + freed, 10_000, bps);
}

function sized(engine: Engine, strategy: number, market: MarketState, leg: Order): Verdict {
  const buys = leg.side === 'buy';
  const price = leg.price || leg.trigger || market.lastPrice;
  const asked = leg.budget > 0 ? leg.budget : costOf(market, leg.quantity, price);
  const cap = cutBy(engine, strategy, market, buys, asked);
  const allowed = cap ? cap.room : asked;
  const tooLarge = cap && refuse(cap.code, cap.limit, cap.value);
  if (tooLarge && (allowed <= 0 || engine.definition.limits.oversize === 'deny')) return tooLarge;
  const quantity =
    leg.budget > 0 ? affordable(market, allowed, price, false) : shrunk(market, leg.quantity, asked, allowed);
  if (quantity < market.minQuantity) return tooLarge ?? refuse('QUANTITY_BELOW_MIN', market.minQuantity, quantity);
  const notional = mulDivFloor(quantity * market.numerator, price, market.divisor);
  if (notional < market.minNotional) return tooLarge ?? refuse('NOTIONAL_BELOW_MIN', market.minNotional, notional);
  if (leg.budget > 0) {
    leg.quantity = 0;
    leg.budget = allowed;
  } else {
    leg.quantity = quantity;
  }
  leg.reserved = market.isPerpetual ? mulDivCeil(allowed, marginBps(market), 10_000) : buys ? allowed : 0;
  leg.exposure = allowed;
  return allowed < asked ? 'reduced' : 'passed';
}

/** What a quantity may cost at a price: its notional, and the fee of a taker on top. */
function costOf(market: MarketState, quantity: number, price: number): number {
  const notional = mulDivCeil(quantity * market.numerator, price, market.divisor);
  return notional + mulDivCeil(notional, Math.max(0, market.takerFee), 1_000_000);
}

function shrunk(market: MarketState, quantity: number, asked: number, allowed: number): number {
  if (allowed >= asked) return quantity;
  return Math.floor(mulDivFloor(quantity, allowed, asked) / market.lot) * market.lot;
}

/** Makes an order of a draft: it has a number, and knows whose it is and of when. */
function number(engine: Engine, strategy: number, market: MarketState, draft: Order): void {
  draft.id = engine.nextOrder++;
  draft.strategy = strategy;
  draft.instrument = market.index;
  draft.reference = market.lastPrice;
  draft.createdAt = engine.time;
}

/** Orders of a strategy for one instrument, in one cycle, with the same word share the id of the first. */
function groupOf(engine: Engine, strategy: number, market: MarketState, word: string, id: number): number {
  const key = `${strategy}/${market.index}/${word}`;
  const known = engine.groups.get(key);
  if (known !== undefined) return known;
  engine.groups.set(key, id);
  return id;
}

/** The legs that protect an entry wait with it, past every limit on the number of orders; where there are two, one cancels the other. */
function addProtection(
  engine: Engine,
  market: MarketState,
  entry: Order,
  protection: Protection,
  reason: number,
): void {
  const { stopLoss, takeProfit, trailingStop } = protection;
  if (stopLoss !== undefined) addLeg(engine, market, entry, 'stop-loss', 'stop', stopLoss, reason);
  if (trailingStop !== undefined) addLeg(engine, market, entry, 'stop-loss', 'trailing-stop', trailingStop, reason);
  if (takeProfit !== undefined) addLeg(engine, market, entry, 'take-profit', 'limit', takeProfit, reason);
}

function addLeg(
  engine: Engine,
  market: MarketState,
  entry: Order,
  purpose: Purpose,
  type: 'stop' | 'trailing-stop' | 'limit',
  level: number | { readonly price: number },
  reason: number,
): void {
  const order = new Order();
  order.side = entry.side === 'buy' ? 'sell' : 'buy';
  order.type = type;
  order.purpose = purpose;
  order.reduceOnly = true;
  order.quantity = entry.quantity;
  if (typeof level === 'number') order.offsetBps = Math.max(1, Math.round(level * 10_000));
  else if (type === 'limit') order.price = toTick(market, order.side, level.price);
  else order.trigger = toTick(market, order.side, level.price);
  number(engine, entry.strategy, market, order);
  order.parent = entry.id;
  order.group = entry.id;
  order.reference = entry.reference;
  initialize(engine, order, reason, false);
  engine.intents = append(engine.intents, order);
}
