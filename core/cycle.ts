/**
 * The trading cycle: one logical time of one account. A backtest runs these functions in a loop; the live path runs each in its
 * own handler, from a snapshot to a commit. There is no other way in which an account moves.
 *
 *     ingest     the bars that closed at `time` become the bars of the cycle
 *     reconcile  what happened to working orders: matched against those bars; then the account is measured
 *     signal     every strategy that is due is asked, in declared order: proposals
 *     risk       each proposal passes the risk line: an order intent, or a denial; algorithms at work send their next parts
 *     execute    cancels, then submissions; the venue's answers
 *
 * Matching comes first, so that a decision knows what the bar did to the orders of the last one.
 */

import { startAlgorithm } from './engine/algorithm-bookkeeping.ts';
import { accept, cancel, expire, hold, reject, submit } from './engine/bookkeeping.ts';
import { chargeBorrow, settleFunding } from './engine/charges.ts';
import type { Engine } from './engine/engine.ts';
import type { MarketState } from './engine/market-state.ts';
import { measure } from './engine/measure.ts';
import { driveAlgorithms } from './execution/algorithms/driver.ts';
import type { ParentOrder } from './execution/algorithms/parent-order.ts';
import { takeVolumes } from './execution/algorithms/volume-profile.ts';
import { isTouched } from './execution/envelope.ts';
import { matchMarket } from './execution/matching.ts';
import type { Order } from './execution/order.ts';
import { DAY_MS } from './market/civil.ts';
import { gate } from './risk/gate.ts';
import { forbids, halt, reduce } from './risk/kill-switch.ts';
import { guardMargins } from './risk/margin-guard.ts';
import { closeOverdue } from './risk/time-stops.ts';

/** One whole cycle, after its bars were taken in. */
export function runCycle(engine: Engine): void {
  reconcile(engine);
  signal(engine);
  if (isRiskDue(engine)) risk(engine);
  if (engine.intents.length > 0 || engine.cancels.length > 0) execute(engine);
}

/** Whether the risk line has anything to decide in this cycle. */
export const isRiskDue = ({ proposals, algorithms }: Engine): boolean => proposals.length > 0 || algorithms > 0;

/** Opens the cycle at `time`. The markets whose bar it has are named one by one with {@link takeBar}. */
export function openCycle(engine: Engine, time: number): void {
  engine.time = time;
  engine.dueCount = 0;
}

/** The next bar of a market belongs to the open cycle. */
export function takeBar(engine: Engine, market: MarketState): void {
  market.at++;
  engine.due[engine.dueCount++] = market;
}

/** Working orders meet the bars; then positions are marked and the breakers look at the equity. */
export function reconcile(engine: Engine): void {
  if (engine.time > engine.watch.dayEnd) startDay(engine);
  const { due, dueCount } = engine;
  for (let k = 0; k < dueCount; k++) {
    const market = due[k];
    const { at } = market;
    if (market.nextFunding < engine.time && market.timestamp[at] >= market.nextFunding) fund(engine, market);
    if (isTouched(market)) matchMarket(engine, market);
    market.lastPrice = market.close[at];
    market.pricedAt = engine.time;
  }
  takeVolumes(engine);
  takeMeasure(engine);
}

/** The same where a real venue matches: what it did is in the ledger already, and it settles what falls due itself. */
export function reconcileLive(engine: Engine): void {
  if (engine.time > engine.watch.dayEnd) openDay(engine);
  for (let k = 0; k < engine.dueCount; k++) {
    const market = engine.due[k];
    market.lastPrice = market.close[market.at];
    market.pricedAt = engine.time;
  }
  takeVolumes(engine);
  takeMeasure(engine);
}

function takeMeasure(engine: Engine): void {
  measure(engine);
  const { equity, watch } = engine;
  if (equity > watch.peak) watch.setPeak(equity);
  else if (equity < watch.tripBelow) trip(engine);
}

/** Strategies that are due are asked; what is near to its liquidation, or held for its time, is closed, whatever they say. */
export function signal(engine: Engine): void {
  const { runners } = engine;
  for (let k = 0; k < runners.length; k++) runners[k].decide(engine);
  closeOverdue(engine);
  guardMargins(engine);
}

/** The risk line. */
export function risk(engine: Engine): void {
  if (engine.groups.size > 0) engine.groups.clear();
  for (const proposal of engine.proposals) gate(engine, proposal);
  engine.proposals = [];
  if (engine.algorithms > 0) driveAlgorithms(engine);
}

/** Cancels first; then every intent is submitted; then the venue answers. */
export function execute(engine: Engine): void {
  submitIntents(engine);
  answerIntents(engine);
}

/** What is persisted before any venue hears of it. */
export function submitIntents(engine: Engine): void {
  if (engine.cancels.length > 0) cancelRequested(engine);
  // The second door of the kill switch: what passed risk before the state changed stays here.
  for (const order of engine.intents) {
    if (order.state === 'Canceled') continue;
    const entry = order.parent === 0 ? order : engine.intents.find((intent) => intent.id === order.parent);
    if (forbids(engine, order) || entry?.state === 'Canceled')
      cancel(engine, order, 'trading stopped before it was sent');
    else if (order.isParent) startAlgorithm(engine, order as ParentOrder);
    else submit(engine, order);
  }
  for (const order of engine.intents) {
    if (order.state === 'Submitted') continue;
    engine.intents = engine.intents.filter((intent) => intent.state === 'Submitted');
    return;
  }
}

function cancelRequested(engine: Engine): void {
  for (const request of engine.cancels) {
    const { orders, held } = engine.markets[request.instrument];
    const isMeant = ({ id }: Order): boolean => id === request.order;
    const order = orders.find(isMeant) ?? held.find(isMeant);
    if (order) cancel(engine, order, request.reason);
  }
  engine.cancels = [];
}

/** The answers of the simulated venue: it takes everything but a post-only order that would take. A real one is asked later. */
export function answerIntents(engine: Engine): void {
  if (engine.live !== undefined) {
    engine.intents = [];
    return;
  }
  for (const order of engine.intents) {
    if (order.parent !== 0) answerLeg(engine, order);
    else if (order.postOnly && wouldTake(engine, order)) reject(engine, order, 'it is post-only and would take');
    else accept(engine, order);
  }
  engine.intents = [];
}

/** A leg waits for its entry, which the venue has taken, or else has no reason to be. */
function answerLeg(engine: Engine, leg: Order): void {
  const { orders, held } = engine.markets[leg.instrument];
  const isEntry = ({ id }: Order): boolean => id === leg.parent;
  if (orders.some(isEntry) || held.some(isEntry)) hold(engine, leg);
  else cancel(engine, leg, 'its entry ended without a fill');
}

function wouldTake(engine: Engine, order: Order): boolean {
  const last = engine.markets[order.instrument].lastPrice;
  if (order.type !== 'limit') return order.type === 'market';
  return order.side === 'buy' ? last <= order.price : last >= order.price;
}

/** A new day (UTC): day orders end, shorts pay for what they borrowed, and the day's loss is counted from here. */
function startDay(engine: Engine): void {
  const { watch } = engine;
  const dayBefore = watch.dayEnd;
  openDay(engine);
  if (dayBefore === Number.NEGATIVE_INFINITY) return;
  const days = (watch.dayEnd - dayBefore) / DAY_MS;
  for (const market of engine.markets) {
    for (const order of market.orders.filter((working) => isDayOver(engine, market, working))) expire(engine, order);
    if (market.isPerpetual || market.shortQuantity === 0) continue;
    for (let day = 0; day < days; day++) borrow(engine, market);
  }
}

function openDay(engine: Engine): void {
  const { watch } = engine;
  if (watch.dayEnd === Number.NEGATIVE_INFINITY) engine.equity = engine.cash;
  watch.startDay(engine.time, engine.equity);
}

/** A day order meets the bars that open on the day of its decision; a decision at 00:00 has the whole day before it. */
function isDayOver(engine: Engine, market: MarketState, order: Order): boolean {
  const dayAfter = (Math.floor(order.createdAt / DAY_MS) + 1) * DAY_MS;
  return order.timeInForce === 'day' && engine.time - market.intervalMs >= dayAfter;
}

function borrow(engine: Engine, market: MarketState): void {
  const bps = engine.definition.execution.borrowBpsPerYear || market.instrument.borrowBpsPerYear;
  if (bps === 0) return;
  for (let strategy = 0; strategy < engine.runners.length; strategy++) {
    if (engine.position(strategy, market.index).quantity < 0)
      chargeBorrow(engine, market, strategy, market.lastPrice, bps);
  }
}

/**
 * Funding falls due at the open of this bar: on what was held until then, at the open. A bar or a gap that is longer than the
 * interval owes each of the payments in it.
 */
function fund(engine: Engine, market: MarketState): void {
  const { at, nextFunding } = market;
  const interval = market.instrument.fundingIntervalMs;
  market.nextFunding = (Math.floor(market.timestamp[at] / interval) + 1) * interval;
  if (nextFunding === Number.NEGATIVE_INFINITY || market.fundingRateMillionths === 0) return;
  for (let due = nextFunding; due < market.nextFunding; due += interval) {
    for (let strategy = 0; strategy < engine.runners.length; strategy++) {
      if (engine.position(strategy, market.index).quantity !== 0)
        settleFunding(engine, market, strategy, market.open[at]);
    }
  }
}

/** The drawdown breaker, in two steps: trading goes to reducing, and where it falls further, to a halt. */
function trip(engine: Engine): void {
  if (engine.equity < engine.watch.haltBelow) {
    if (engine.tradingState !== 'Halted') halt(engine, 'the drawdown limit that halts was passed');
  } else if (engine.tradingState === 'Active') reduce(engine, 'the drawdown limit was passed');
}
