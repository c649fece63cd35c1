/** Works the parent orders: once a cycle each is asked for its next move, and the children that it wants become intents. */
import { append } from '../../append.ts';
import { carve, completeParent } from '../../engine/algorithm-bookkeeping.ts';
import { cancel, deny, endIfAsked } from '../../engine/bookkeeping.ts';
import type { Engine } from '../../engine/engine.ts';
import type { MarketState } from '../../engine/market-state.ts';
import { Order } from '../order.ts';
import { refusalOfChild } from './admit.ts';
import type { Move, Situation } from './algorithm.ts';
import { isSendable, isUsedUp } from './family.ts';
import { iceberg } from './iceberg.ts';
import { childrenOf, type ParentOrder, parentsIn, restOf, totalOf, usedOf } from './parent-order.ts';
import { peg } from './peg.ts';
import { twap } from './twap.ts';
import { vwap } from './vwap.ts';

const REASONS = {
  flat: 'the position it would reduce is closed',
  over: 'its window is over',
  replaced: 'the next part replaces it',
} as const;

/**
 * Part of the risk line, after the proposals of the cycle. Only markets that have a bar in the cycle are worked: without a new price
 * nothing is decided.
 */
export function driveAlgorithms(engine: Engine): void {
  const begun = engine.intents.filter((order): order is ParentOrder => order.isParent);
  for (const market of engine.markets) {
    if (market.pricedAt !== engine.time) continue;
    if (market.held.length > 0) for (const parent of parentsIn(market)) drive(engine, market, parent);
    for (const parent of begun) if (parent.instrument === market.index) drive(engine, market, parent);
  }
}

function drive(engine: Engine, market: MarketState, parent: ParentOrder): void {
  if (parent.state === 'PendingCancel') {
    endIfAsked(engine, parent);
    return;
  }
  if (engine.cancels.some(({ order }) => order === parent.id)) return;
  if (parent.begunAt === 0) {
    if (waitsForClosing(engine, market, parent)) return;
    parent.begunAt = engine.time;
  }
  if (parent.reduceOnly && reducible(engine, parent) === 0) end(engine, parent, REASONS.flat);
  else if (isUsedUp(engine, market, parent, market.lastPrice)) completeParent(engine, parent);
  else if (isWindowOver(engine, parent)) finish(engine, market, parent);
  else move(engine, market, parent);
}

/** The other side of a target is opened after this one is closed, or what closes would find nothing left. */
function waitsForClosing({ intents }: Engine, market: MarketState, { reduceOnly, strategy }: ParentOrder): boolean {
  const isClosing = (order: Order): boolean =>
    order.isParent && order.reduceOnly && order.strategy === strategy && order.instrument === market.index;
  return !reduceOnly && (market.held.some(isClosing) || intents.some(isClosing));
}

const isWindowOver = ({ time }: Engine, { algorithm: { durationMs }, begunAt }: ParentOrder): boolean =>
  durationMs > 0 && time >= begunAt + durationMs;

/** Ended in execute, as every cancel of the cycle is. */
function end(engine: Engine, { id, instrument }: ParentOrder, reason: string): void {
  engine.cancels.push({ order: id, instrument, reason });
}

/** The window is over: the rest ends with it, or goes out once more, as one order. */
function finish(engine: Engine, market: MarketState, parent: ParentOrder): void {
  const { algorithm, begunAt, lastSentAt, price } = parent;
  const isLastOut = lastSentAt >= begunAt + algorithm.durationMs;
  if (algorithm.atEnd === 'cancel' || (isLastOut && childrenOf(engine, parent).length === 0)) {
    end(engine, parent, REASONS.over);
    return;
  }
  if (isLastOut) return;
  for (const child of childrenOf(engine, parent)) cancel(engine, child, REASONS.over);
  if (childrenOf(engine, parent).length > 0) return;
  if (!send(engine, market, parent, { due: totalOf(parent), price }, 'ioc')) end(engine, parent, REASONS.over);
}

function move(engine: Engine, market: MarketState, parent: ParentOrder): void {
  const wanted = moveOf(parent, situationOf(engine, market, parent));
  if (wanted.due <= usedOf(parent)) return;
  if (wanted.replaces) for (const child of childrenOf(engine, parent)) cancel(engine, child, REASONS.replaced);
  send(engine, market, parent, wanted, 'gtc');
}

function moveOf({ algorithm }: ParentOrder, situation: Situation): Move {
  switch (algorithm.kind) {
    case 'twap':
      return twap(algorithm, situation);
    case 'vwap':
      return vwap(algorithm, situation);
    case 'iceberg':
      return iceberg(algorithm, situation);
    case 'peg':
      return peg(algorithm, situation);
  }
}

function situationOf(engine: Engine, market: MarketState, parent: ParentOrder): Situation {
  const children = childrenOf(engine, parent);
  return {
    now: engine.time,
    begunAt: parent.begunAt,
    cycleMs: market.intervalMs,
    total: totalOf(parent),
    used: usedOf(parent),
    working: workingOf(children),
    lastSentAt: parent.lastSentAt,
    side: parent.side,
    lastPrice: market.lastPrice,
    limit: parent.price,
    tick: market.tick,
    workingPrice: children.at(-1)?.price ?? 0,
  };
}

const workingOf = (children: readonly Order[]): number => children.reduce((sum, child) => sum + restOf(child), 0);

/** Sends what is due and not out yet, as one child; false where there is nothing to send, or a control stands against it. */
function send(
  engine: Engine,
  market: MarketState,
  parent: ParentOrder,
  { due, price }: Pick<Move, 'due' | 'price'>,
  rest: 'gtc' | 'ioc',
): boolean {
  const amount = amountOf(engine, market, parent, due, price || market.lastPrice);
  if (amount === 0) return false;
  const child = childOf(market, parent, amount, price, rest);
  const refusal = refusalOfChild(engine, market, child);
  if (refusal) {
    // A refusal that lasts from cycle to cycle is recorded once.
    if (parent.refused !== refusal.code)
      deny(
        engine,
        parent.strategy,
        market.index,
        parent.side,
        reasonOf(engine, parent),
        child.quantity,
        child.budget,
        refusal,
      );
    parent.refused = refusal.code;
    return false;
  }
  parent.refused = '';
  parent.lastSentAt = engine.time;
  child.id = engine.nextOrder++;
  child.createdAt = engine.time;
  carve(engine, parent, child, reasonOf(engine, parent));
  engine.watch.countPart(engine.time);
  engine.intents = append(engine.intents, child);
  return true;
}

const reasonOf = (engine: Engine, { id, algorithm }: ParentOrder): number =>
  engine.text(`part of order ${id} by ${algorithm.kind}`);

/** In the parent's measure, on the lot; with a rest that would be too small to send. 0 where it is too small itself. */
function amountOf(engine: Engine, market: MarketState, parent: ParentOrder, due: number, price: number): number {
  const out = workingOf(childrenOf(engine, parent));
  const whole = parent.reduceOnly ? Math.min(restOf(parent), reducible(engine, parent)) - out : restOf(parent) - out;
  const wanted = Math.min(whole, due - usedOf(parent) - out);
  const onLot = (amount: number): number => (parent.budget > 0 ? amount : Math.floor(amount / market.lot) * market.lot);
  const amount = onLot(wanted);
  const isLast = !isSendable(market, parent, whole - amount, price);
  const sent = isLast ? onLot(whole) : amount;
  return isSendable(market, parent, sent, price) ? sent : 0;
}

/** Of the position that the strategy holds, what an order of this side would lower. */
function reducible(engine: Engine, { strategy, instrument, side }: ParentOrder): number {
  const { quantity } = engine.position(strategy, instrument);
  return quantity > 0 === (side === 'sell') ? Math.abs(quantity) : 0;
}

function childOf(market: MarketState, parent: ParentOrder, amount: number, price: number, rest: 'gtc' | 'ioc'): Order {
  const child = new Order();
  child.strategy = parent.strategy;
  child.instrument = parent.instrument;
  child.side = parent.side;
  child.type = price > 0 ? 'limit' : 'market';
  child.price = price;
  // The last part has the open of one bar within a limit; at the market it takes whatever comes until it has filled.
  child.timeInForce = price > 0 ? rest : 'gtc';
  child.purpose = parent.purpose;
  child.reduceOnly = parent.reduceOnly;
  if (parent.budget > 0) child.budget = amount;
  else child.quantity = amount;
  child.carvedFrom = parent.id;
  child.reference = market.lastPrice;
  return child;
}
