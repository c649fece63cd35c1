/**
 * The risk line. Every proposal comes here; what leaves is an order intent, persisted with its reservation, or a denial with
 * its code. Orders that only lower a position pass everything but a halt: they never wait behind a limit.
 */
import { append } from '../append.ts';
import { cancel, deny, initialize } from '../engine/bookkeeping.ts';
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import type { Algorithm } from '../execution/algorithms/algorithm.ts';
import { fixAlgorithm, parentFrom } from '../execution/algorithms/begin.ts';
import { type ParentOrder, parentsIn } from '../execution/algorithms/parent-order.ts';
import type { Order } from '../execution/order.ts';
import { mulDivFloor } from '../numbers.ts';
import type { OrderProposal, TargetProposal } from '../strategies/contract.ts';
import type { SignalProposal } from '../strategies/runner.ts';
import { refuse } from './controls/control.ts';
import { refusalOfTheMoment } from './controls/market.ts';
import { priceFault } from './controls/price.ts';
import { addProtection, number } from './legs.ts';
import { passOpening, type Verdict } from './opening.ts';
import { recordSize } from './sizer.ts';
import { isOnItsWay, isStanding, legOfOrder, legsOfTarget, sideOf, toTick } from './sizing.ts';
import { heldForMs } from './time-stops.ts';

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
    // A part of an order that is worked ends with that.
    if (order.carvedFrom !== 0) continue;
    if (order.strategy !== strategy || order.purpose === 'flatten' || !matches(order)) continue;
    if (engine.cancels.some((request) => request.order === order.id)) continue;
    engine.cancels.push({ order: order.id, instrument: market.index, reason });
  }
  if (engine.algorithms > 0) requestParentCancels(engine, strategy, market, reason);
  if (engine.intents.length === 0) return;
  const dropped = engine.intents.filter(
    (order) => order.strategy === strategy && order.instrument === market.index && order.parent === 0 && matches(order),
  );
  for (const order of dropped) dropIntent(engine, order, reason);
}

function requestParentCancels(engine: Engine, strategy: number, market: MarketState, reason: string): void {
  for (const { id, strategy: of } of parentsIn(market))
    if (of === strategy && engine.cancels.every(({ order }) => order !== id))
      engine.cancels.push({ order: id, instrument: market.index, reason });
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
  draft: Order,
  proposal: TargetProposal | OrderProposal,
): void {
  const leg = proposal.algorithm === undefined ? draft : parentFor(market, draft, proposal.algorithm);
  const reason = engine.text(proposal.reason);
  const asked = engine.watch.askedBy(leg);
  const size = leg.reduceOnly ? undefined : engine.sizer?.sizeOf(engine, strategy, market, leg, proposal);
  const passed = leg.reduceOnly
    ? passReduction(engine, strategy, market, leg)
    : passOpening(engine, strategy, market, leg, proposal, size);
  if (typeof passed === 'object') {
    deny(engine, strategy, market.index, leg.side, reason, leg.quantity, leg.budget, passed);
    if (size) recordSize(engine, strategy, market, null, size);
    return;
  }
  number(engine, strategy, market, leg);
  if (!leg.reduceOnly) leg.heldForMs = heldForMs(engine, strategy, proposal);
  if (proposal.kind === 'target') engine.position(strategy, market.index).target = proposal.exposure;
  else if (proposal.oneCancelsOther !== undefined) {
    leg.group = groupOf(engine, strategy, market, proposal.oneCancelsOther, leg.id);
  }
  initialize(engine, leg, reason, passed === 'reduced');
  if (proposal.algorithm !== undefined) fixAlgorithm(engine, market, leg as ParentOrder, proposal.algorithm);
  if (size) recordSize(engine, strategy, market, leg.id, size);
  engine.watch.countOrder(engine.time, leg, asked);
  engine.intents = append(engine.intents, leg);
  if (!leg.reduceOnly) addProtection(engine, market, leg, proposal, reason);
}

const parentFor = (market: MarketState, draft: Order, { limit }: Algorithm): ParentOrder =>
  parentFrom(draft, limit === undefined ? 0 : toTick(market, draft.side, limit));

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

/** Orders of a strategy for one instrument, in one cycle, with the same word share the id of the first. */
function groupOf(engine: Engine, strategy: number, market: MarketState, word: string, id: number): number {
  const key = `${strategy}/${market.index}/${word}`;
  const known = engine.groups.get(key);
  if (known !== undefined) return known;
  engine.groups.set(key, id);
  return id;
}
