/**
 * The risk line. Every proposal comes here; what leaves is an order intent, persisted with its reservation, or a denial with
 * its code. Orders that only lower a position pass everything but a halt: they never wait behind a limit.
 */
import { append } from '../append.ts';
import { cancel, deny, initialize, type Refusal } from '../engine/bookkeeping.ts';
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import { Order, type Purpose } from '../execution/order.ts';
import { affordable } from '../execution/prices.ts';
import { mulDivCeil, mulDivFloor } from '../numbers.ts';
import type { OrderProposal, Protection, TargetProposal } from '../strategies/contract.ts';
import type { SignalProposal } from '../strategies/runner.ts';
import { Candidate, type Cap, inBps, refuse } from './controls/control.ts';
import { marginBps } from './controls/exposure.ts';
import { refusalOf } from './controls/index.ts';
import { refusalOfTheMoment } from './controls/market.ts';
import { priceFault } from './controls/price.ts';
import type { Limits } from './limits.ts';
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
  const refusal = refusalOfTheMoment(engine, market);
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

/**
 * Orders of the strategy that `matches` picks: those a venue knows are canceled in execute, those of this cycle at once. What a
 * person flattens with is not the strategy's to cancel.
 */
function requestCancels(
  engine: Engine,
  strategy: number,
  market: MarketState,
  reason: string,
  matches: (order: Order) => boolean,
): void {
  for (const order of market.orders) {
    if (order.strategy !== strategy || order.purpose === 'flatten' || !matches(order)) continue;
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
  const asked = engine.watch.askedBy(leg);
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
  engine.watch.countOrder(engine.time, leg, asked);
  engine.intents = append(engine.intents, leg);
  if (!leg.reduceOnly) addProtection(engine, market, leg, proposal, reason);
}

/** What the controls make of a leg: it passes with what they set on it, perhaps smaller than asked, or is refused as it was. */
type Verdict = 'passed' | 'reduced' | Refusal;

function passReduction(engine: Engine, strategy: number, market: MarketState, leg: Order): Verdict {
  const invalid = priceFault(market, leg);
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

/** Takes an order that may raise a position through every control. Where it passes, its size and what it holds back are set. */
export function passOpening(
  engine: Engine,
  strategy: number,
  market: MarketState,
  leg: Order,
  protection: Protection,
): Verdict {
  const candidate = new Candidate(engine, strategy, market, leg, protection);
  const { limits } = engine.definition;
  return refusalOf(candidate, limits) ?? sized(candidate, limits);
}

/** The cap that cuts an order of `asked` money, and the room it leaves; undefined where all let it pass as it is. */
function cutBy(candidate: Candidate, limits: Limits, asked: number): Cut | undefined {
  let cut: Cut | undefined;
  const { caps } = candidate.engine.controls;
  for (let k = 0; k < caps.length; k++) {
    const cap = caps[k];
    const limit = cap.limitOf(candidate, limits);
    if (limit === Number.POSITIVE_INFINITY) continue;
    const used = cap.usedOf(candidate, limits);
    const room = limit - used;
    // Where too large orders are denied, the first cap that cuts counts; else the tightest.
    if (cut === undefined ? room >= asked : limits.oversize === 'deny' || room >= cut.room) continue;
    cut = { cap, room, limit, used };
  }
  return cut;
}

interface Cut {
  readonly cap: Cap;
  /** Money. */
  readonly room: number;
  readonly limit: number;
  readonly used: number;
}

/** The refusal of a cut order, in the unit of its code. */
function tooLarge({ cap, limit, used }: Cut, { engine }: Candidate, limits: Limits, asked: number): Refusal {
  if (!cap.isShare) return refuse(cap.code, limit, used + asked);
  const share = cap.limit === undefined ? undefined : limits[cap.limit];
  return refuse(
    cap.code,
    typeof share === 'number' ? inBps(share) : inBps(limit / engine.equity),
    inBps((used + asked) / engine.equity),
  );
}

function sized(candidate: Candidate, limits: Limits): Verdict {
  const { market, leg, buys, price } = candidate;
  const asked = leg.budget > 0 ? leg.budget : costOf(market, leg.quantity, price);
  const cut = cutBy(candidate, limits, asked);
  const allowed = cut ? cut.room : asked;
  const refusal = cut && tooLarge(cut, candidate, limits, asked);
  if (refusal && (allowed <= 0 || limits.oversize === 'deny')) return refusal;
  const quantity =
    leg.budget > 0 ? affordable(market, allowed, price, false) : shrunk(market, leg.quantity, asked, allowed);
  if (quantity < market.minQuantity) return refusal ?? refuse('QUANTITY_BELOW_MIN', market.minQuantity, quantity);
  const notional = mulDivFloor(quantity * market.numerator, price, market.divisor);
  if (notional < market.minNotional) return refusal ?? refuse('NOTIONAL_BELOW_MIN', market.minNotional, notional);
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
