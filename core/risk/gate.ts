/**
 * The risk line. Every proposal comes here; what leaves is an order intent, persisted with its reservation, or a denial with
 * its code. Orders that only lower a position pass everything but a halt: they never wait behind a limit.
 */
import { deny, initialize, type Refusal } from '../engine/bookkeeping.ts';
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import { bookedValue, exposures, freeCash } from '../engine/measure.ts';
import { Order, type Purpose } from '../execution/order.ts';
import { mulDivCeil, mulDivFloor } from '../numbers.ts';
import type { Proposal, Protection } from '../strategies/contract.ts';
import type { SignalProposal } from '../strategies/runner.ts';
import type { DenialCode } from './denial.ts';
import { hasWorking, type Leg, legOfOrder, legsOfTarget, sideOf } from './sizing.ts';

/** Takes a proposal through sizing and every control. */
export function gate(engine: Engine, signal: SignalProposal): void {
  const { strategy, proposal } = signal;
  const market = engine.markets[signal.instrument];
  if (proposal.kind === 'cancel') return requestCancels(engine, strategy, market, proposal.reason, undefined);
  const refusal = controlsOfTheMoment(engine, market);
  if (refusal) {
    deny(engine, strategy, market.index, sideOf(proposal), engine.text(proposal.reason), 0, 0, refusal);
    return;
  }
  const legs = proposal.kind === 'target' ? targetLegs(engine, strategy, market, proposal) : [legOfOrder(engine, strategy, market, proposal)];
  for (const leg of legs) gateLeg(engine, strategy, market, leg, proposal);
}

/** A new target replaces what is still on its way to the last one. */
function targetLegs(engine: Engine, strategy: number, market: MarketState, target: Proposal & { kind: 'target' }): Leg[] {
  const legs = legsOfTarget(engine, strategy, market, target);
  if (target.exposure === 0 && hasWorking(market, strategy, 'entry')) {
    requestCancels(engine, strategy, market, 'a new target replaces it', 'entry');
  }
  if (legs.length === 0) return legs;
  if (hasWorking(market, strategy, 'entry')) requestCancels(engine, strategy, market, 'a new target replaces it', 'entry');
  const exitUnderWay = hasWorking(market, strategy, 'exit');
  return exitUnderWay ? legs.filter((leg) => !leg.reduceOnly) : legs;
}

function requestCancels(engine: Engine, strategy: number, market: MarketState, reason: string, purpose: Purpose | undefined): void {
  for (const order of market.orders) {
    if (order.strategy !== strategy || (purpose !== undefined && order.purpose !== purpose)) continue;
    if (engine.cancels.some((request) => request.order === order.id)) continue;
    engine.cancels.push({ order: order.id, instrument: market.index, reason });
  }
}

/** Sends one order of a proposal through the controls. */
export function gateLeg(engine: Engine, strategy: number, market: MarketState, leg: Leg, proposal: Proposal): void {
  const reason = engine.text(proposal.reason);
  const passed = leg.reduceOnly ? passReduction(engine, strategy, market, leg) : passOpening(engine, strategy, market, leg);
  if ('code' in passed) {
    deny(engine, strategy, market.index, leg.side, reason, leg.quantity, leg.budget, passed);
    return;
  }
  const order = intentOf(engine, strategy, market, leg, passed);
  initialize(engine, order, reason, passed.reduced);
  engine.watch.countOrder(engine.time);
  engine.intents.push(order);
  if (proposal.kind === 'target') engine.position(strategy, market.index).target = proposal.exposure;
  if (!leg.reduceOnly) addProtection(engine, market, order, leg.protection, reason);
}

/** What a control lets through: the leg's size, perhaps made smaller, and what it holds back. */
interface Passed {
  readonly quantity: number;
  readonly budget: number;
  readonly reserved: number;
  readonly exposure: number;
  readonly reduced: boolean;
}

const refuse = (code: DenialCode, limit = 0, value = 0): Refusal => ({ code, limit: Math.round(limit), value: Math.round(value) });

/** Controls that ask nothing of the order itself. */
function controlsOfTheMoment(engine: Engine, market: MarketState): Refusal | undefined {
  if (engine.tradingState === 'Halted') return refuse('TRADING_HALTED');
  if (!(market.lastPrice > 0)) return refuse('PRICE_MISSING');
  return undefined;
}

function passReduction(engine: Engine, strategy: number, market: MarketState, leg: Leg): Passed | Refusal {
  const held = engine.position(strategy, market.index);
  const reducible = held.quantity > 0 === (leg.side === 'sell') ? Math.abs(held.quantity) : 0;
  const asked = leg.budget > 0 ? mulDivFloor(leg.budget, market.divisor, market.lastPrice * market.numerator) : leg.quantity;
  const quantity = Math.floor(Math.min(asked, reducible) / market.lot) * market.lot;
  if (quantity <= 0) return refuse('QUANTITY_BELOW_MIN', market.minQuantity, quantity);
  return { quantity, budget: 0, reserved: 0, exposure: 0, reduced: quantity < asked };
}

function passOpening(engine: Engine, strategy: number, market: MarketState, leg: Leg): Passed | Refusal {
  return (
    controlsOfOpening(engine, market) ??
    controlsOfPrice(engine, market, leg) ??
    controlsOfShort(engine, strategy, market, leg) ??
    sized(engine, strategy, market, leg)
  );
}

function controlsOfOpening(engine: Engine, market: MarketState): Refusal | undefined {
  const { limits } = engine.definition;
  const { watch } = engine;
  if (engine.tradingState === 'Reducing') return refuse('TRADING_REDUCING_ONLY');
  if (market.restricted) return refuse('INSTRUMENT_RESTRICTED');
  if (engine.lateByMs > 0) return refuse('SIGNAL_STALE', 0, engine.lateByMs);
  const age = engine.time - market.pricedAt;
  if (limits.staleAfterMs !== undefined && age > limits.staleAfterMs) return refuse('PRICE_STALE', limits.staleAfterMs, age);
  if (!(engine.equity > 0)) return refuse('EQUITY_NOT_POSITIVE', 0, engine.equity);
  const lost = watch.dayStart - engine.equity;
  if (limits.maxDailyLoss !== undefined && lost >= watch.dayStart * limits.maxDailyLoss) {
    return refuse('DAILY_LOSS_EXCEEDS_MAX', limits.maxDailyLoss * 10_000, (lost / watch.dayStart) * 10_000);
  }
  const below = watch.peak - engine.equity;
  if (limits.maxDrawdown !== undefined && below > watch.peak * limits.maxDrawdown) {
    return refuse('DRAWDOWN_EXCEEDS_MAX', limits.maxDrawdown * 10_000, (below / watch.peak) * 10_000);
  }
  if (engine.workingOrders >= limits.maxWorkingOrders) return refuse('WORKING_ORDERS_EXCEED_MAX', limits.maxWorkingOrders, engine.workingOrders);
  const rate = watch.ordersWithinMinute(engine.time);
  if (rate >= limits.maxOrdersPerMinute) return refuse('ORDER_RATE_EXCEEDS_MAX', limits.maxOrdersPerMinute, rate);
  return undefined;
}

function controlsOfPrice(engine: Engine, market: MarketState, leg: Leg): Refusal | undefined {
  const needsPrice = leg.type === 'limit' || leg.type === 'stop-limit';
  const needsTrigger = leg.type === 'stop' || leg.type === 'stop-limit' || leg.type === 'trailing-stop';
  if (needsPrice !== leg.price > 0 || needsTrigger !== leg.trigger > 0) return refuse('ORDER_PRICE_INVALID');
  if (leg.type === 'trailing-stop' && leg.offsetBps === 0) return refuse('ORDER_PRICE_INVALID');
  for (const price of [leg.price, leg.trigger]) {
    if (price === 0) continue;
    const away = (Math.abs(price - market.lastPrice) / market.lastPrice) * 10_000;
    if (leg.type !== 'trailing-stop' && away > engine.definition.limits.priceCollarBps) {
      return refuse('PRICE_OUTSIDE_COLLAR', engine.definition.limits.priceCollarBps, away);
    }
  }
  return protectionRefusal(market, leg);
}

/** A stop on the wrong side of the price would close the position as it opens. */
function protectionRefusal(market: MarketState, { side, protection }: Leg): Refusal | undefined {
  const { stopLoss, takeProfit } = protection;
  if (stopLoss === undefined && takeProfit === undefined) return undefined;
  const above = (level: Protection['stopLoss']) => typeof level === 'object' && level.price * market.priceScale >= market.lastPrice;
  const below = (level: Protection['stopLoss']) => typeof level === 'object' && level.price * market.priceScale <= market.lastPrice;
  const wrong = side === 'buy' ? above(stopLoss) || below(takeProfit) : below(stopLoss) || above(takeProfit);
  return wrong ? refuse('ORDER_PRICE_INVALID') : undefined;
}

function controlsOfShort(engine: Engine, strategy: number, market: MarketState, leg: Leg): Refusal | undefined {
  if (leg.side === 'buy' || engine.definition.limits.allowShort) return undefined;
  const held = engine.position(strategy, market.index).quantity;
  return leg.quantity > 0 && leg.quantity <= held ? undefined : refuse('SHORT_NOT_ALLOWED');
}

/** Sizes that cap an order, each with the code it denies with. */
function caps(engine: Engine, market: MarketState, buys: boolean): { code: DenialCode; room: number }[] {
  const { limits } = engine.definition;
  const scale = engine.moneyScale;
  const { gross, net } = exposures(engine);
  const all: { code: DenialCode; room: number }[] = [];
  if (limits.maxOrderNotional !== undefined) {
    all.push({ code: 'NOTIONAL_EXCEEDS_MAX_PER_ORDER', room: Math.floor(limits.maxOrderNotional * scale) });
  }
  if (limits.maxPositionNotional !== undefined) {
    const value = bookedValue(market, market.netQuantity);
    const used = buys ? value + market.reservedBuys : -value + market.reservedSells;
    all.push({ code: 'POSITION_EXCEEDS_MAX', room: Math.floor(limits.maxPositionNotional * scale) - used });
  }
  all.push({ code: 'GROSS_EXPOSURE_EXCEEDS_MAX', room: Math.floor(limits.maxGrossExposure * engine.equity) - gross });
  all.push({ code: 'NET_EXPOSURE_EXCEEDS_MAX', room: Math.floor(limits.maxNetExposure * engine.equity) - (buys ? net : -net) });
  if (market.isPerpetual) {
    const margin = market.instrument.initialMarginBps + market.takerFee / 100;
    all.push({ code: 'CASH_INSUFFICIENT', room: Math.floor((freeCash(engine) * 10_000) / margin) });
  } else if (buys) {
    all.push({ code: 'CASH_INSUFFICIENT', room: freeCash(engine) });
  }
  return all;
}

function sized(engine: Engine, strategy: number, market: MarketState, leg: Leg): Passed | Refusal {
  const { limits } = engine.definition;
  const buys = leg.side === 'buy';
  const price = leg.price || leg.trigger || market.lastPrice;
  const fee = (notional: number): number => (leg.budget > 0 ? 0 : mulDivCeil(notional, Math.max(0, market.takerFee), 1_000_000));
  const notional = mulDivCeil(leg.quantity * market.numerator, price, market.divisor);
  // What an order may cost: its budget, fee included, or its notional at its own price, and the fee on top.
  const asked = leg.budget > 0 ? leg.budget : notional + fee(notional);
  let allowed = asked;
  let binding: DenialCode = 'QUANTITY_BELOW_MIN';
  for (const { code, room } of caps(engine, market, buys)) {
    if (room >= allowed) continue;
    if (limits.oversize === 'deny') return refuse(code, Math.max(0, room), asked);
    allowed = room;
    binding = code;
  }
  const quantity = leg.budget > 0 ? 0 : shrunk(market, leg.quantity, asked, allowed);
  const worth = leg.budget > 0 ? mulDivFloor(Math.max(0, allowed), market.divisor, price * market.numerator) : quantity;
  if (worth < market.minQuantity || allowed <= 0) return refuse(binding, market.minQuantity, Math.max(0, worth));
  if (allowed < market.minNotional) return refuse(binding === 'QUANTITY_BELOW_MIN' ? 'NOTIONAL_BELOW_MIN' : binding, market.minNotional, allowed);
  const reserved = market.isPerpetual
    ? mulDivCeil(allowed, Math.ceil(market.instrument.initialMarginBps + Math.max(0, market.takerFee) / 100), 10_000)
    : buys
      ? allowed
      : 0;
  const held = engine.position(strategy, market.index).quantity;
  const lowers = !buys && leg.quantity > 0 && leg.quantity <= held;
  return { quantity, budget: leg.budget > 0 ? allowed : 0, reserved, exposure: lowers ? 0 : allowed, reduced: allowed < asked };
}

function shrunk(market: MarketState, quantity: number, asked: number, allowed: number): number {
  if (allowed >= asked) return Math.floor(quantity / market.lot) * market.lot;
  return Math.floor(mulDivFloor(quantity, Math.max(0, allowed), asked) / market.lot) * market.lot;
}

function intentOf(engine: Engine, strategy: number, market: MarketState, leg: Leg, passed: Passed): Order {
  const id = engine.nextOrder++;
  return new Order({
    id,
    strategy,
    instrument: market.index,
    side: leg.side,
    type: leg.type,
    timeInForce: leg.timeInForce,
    purpose: leg.purpose,
    postOnly: leg.postOnly,
    reduceOnly: leg.reduceOnly,
    quantity: passed.quantity,
    budget: passed.budget,
    price: leg.price,
    trigger: leg.trigger,
    offsetBps: leg.offsetBps,
    parent: 0,
    group: leg.group === undefined ? 0 : groupOf(engine, leg.group, id),
    reserved: passed.reserved,
    exposure: passed.exposure,
    reference: market.lastPrice,
    createdAt: engine.time,
  });
}

/** Orders of one cycle with the same word share the id of the first. */
function groupOf(engine: Engine, word: string, id: number): number {
  const known = engine.groups.get(word);
  if (known !== undefined) return known;
  engine.groups.set(word, id);
  return id;
}

/** The legs that protect an entry wait with it; where there are two, one cancels the other. */
function addProtection(engine: Engine, market: MarketState, entry: Order, protection: Protection, reason: number): void {
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
  const fixed = typeof level === 'object' ? Math.round((level.price * market.priceScale) / market.tick) * market.tick : 0;
  const order = new Order({
    id: engine.nextOrder++,
    strategy: entry.strategy,
    instrument: entry.instrument,
    side: entry.side === 'buy' ? 'sell' : 'buy',
    type,
    timeInForce: 'gtc',
    purpose,
    postOnly: false,
    reduceOnly: true,
    quantity: entry.quantity,
    budget: 0,
    price: type === 'limit' ? fixed : 0,
    trigger: type === 'limit' ? 0 : fixed,
    offsetBps: typeof level === 'object' ? 0 : Math.max(1, Math.round(level * 10_000)),
    parent: entry.id,
    group: entry.id,
    reserved: 0,
    exposure: 0,
    reference: entry.reference,
    createdAt: engine.time,
  });
  initialize(engine, order, reason, false);
  engine.intents.push(order);
}
