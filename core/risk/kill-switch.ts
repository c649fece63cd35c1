import { cancel, changeTradingState, deny, haltInstrument, pauseStrategy } from '../engine/bookkeeping.ts';
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import type { Order } from '../execution/order.ts';
import { refuse } from './controls/control.ts';
import { sideOf } from './sizing.ts';

/**
 * The kill switch, in a person's hand or a breaker's: of the account, of a strategy, of an instrument. It acts at two doors: the
 * risk line passes nothing that is forbidden, and {@link forbids} holds back in execute what passed before. What a person flattens
 * is the one order that passes both while trading is halted, and nothing but a person takes it back.
 */

/** Stops everything: no order of any kind passes, and every working one is canceled, stops included. Positions stay. */
export function halt(engine: Engine, reason: string): void {
  if (engine.tradingState !== 'Halted') changeTradingState(engine, 'Halted', reason);
  cancelForbidden(engine, 'trading is halted');
}

/** Lets only what lowers risk pass; working orders that could raise a position are canceled, protection stays. */
export function reduce(engine: Engine, reason: string): void {
  if (engine.tradingState !== 'Reducing') changeTradingState(engine, 'Reducing', reason);
  cancelForbidden(engine, 'trading is reducing');
}

/** The same, and a halt stays a halt: what the platform does by itself never loosens one. */
export function reduceUnlessHalted(engine: Engine, reason: string): void {
  if (engine.tradingState !== 'Halted') reduce(engine, reason);
}

/** Trading goes on, by a person's hand. Drawdown is counted from the equity of this moment; the day's loss is not forgotten. */
export function resume(engine: Engine, reason: string): void {
  if (engine.tradingState !== 'Active') changeTradingState(engine, 'Active', reason);
}

/** A strategy is asked no more, what it proposed and was not decided is denied, and its orders are canceled, stops included. */
export function haltStrategy(engine: Engine, strategy: number, reason: string): void {
  if (!engine.paused[strategy]) pauseStrategy(engine, strategy, true, reason);
  denyProposals(engine, strategy);
  cancelWhere(engine, 'its strategy is halted', (order) => order.strategy === strategy);
}

/** Nothing new is opened in an instrument, and its orders are canceled, stops included; what closes a position in it still passes. */
export function haltMarket(engine: Engine, market: MarketState, reason: string): void {
  if (!market.halted) haltInstrument(engine, market, true, reason);
  cancelWhere(engine, 'its instrument is halted', (order) => order.instrument === market.index);
}

/** Whether the trading state forbids to send this order, or to leave it working. */
export function forbids(engine: Engine, order: Order): boolean {
  if (order.purpose === 'flatten') return false;
  return engine.tradingState === 'Halted' || (engine.tradingState === 'Reducing' && !order.reduceOnly);
}

/** Cancels one order. With one that is worked in parts end those of them that were about to be sent. */
export function cancelOne(engine: Engine, order: Order, reason: string): void {
  cancel(engine, order, reason);
  engine.intents = engine.intents.filter(({ state }) => state !== 'Canceled');
}

/** Cancels what could open anything, at work or about to be sent; protection stays. Says how many orders that were. */
export function cancelOpenings(engine: Engine, reason: string): number {
  const before = openings(engine);
  cancelWhere(engine, reason, ({ reduceOnly }) => !reduceOnly);
  return before;
}

const openings = (engine: Engine): number =>
  [...engine.markets.flatMap(({ orders, held }) => [...orders, ...held]), ...engine.intents].filter(
    ({ reduceOnly }) => !reduceOnly,
  ).length;

function cancelForbidden(engine: Engine, reason: string): void {
  cancelWhere(engine, reason, (order) => forbids(engine, order));
}

/** Cancels what works and what waits to be sent; never what a person flattens. */
function cancelWhere(engine: Engine, reason: string, matches: (order: Order) => boolean): void {
  const ends = (order: Order): boolean => order.purpose !== 'flatten' && order.state !== 'Canceled' && matches(order);
  for (const market of engine.markets) {
    // Canceling an entry ends the legs that wait for it.
    for (const order of [...market.orders, ...market.held]) if (ends(order)) cancel(engine, order, reason);
  }
  if (engine.intents.length === 0) return;
  for (const order of engine.intents) {
    const entry = engine.intents.find(({ id }) => id === order.parent);
    if (ends(order) || entry?.state === 'Canceled') cancel(engine, order, reason);
  }
  engine.intents = engine.intents.filter(({ state }) => state !== 'Canceled');
}

/** What a strategy proposed in the cycle that is in flight. */
function denyProposals(engine: Engine, strategy: number): void {
  for (const { strategy: of, instrument, proposal } of engine.proposals) {
    if (of !== strategy || proposal.kind === 'cancel') continue;
    const text = engine.text(proposal.reason);
    deny(engine, strategy, instrument, sideOf(proposal), text, 0, 0, refuse('TRADING_HALTED'));
  }
  engine.proposals = engine.proposals.filter((signal) => signal.strategy !== strategy);
}
