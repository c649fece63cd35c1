import { cancel, changeTradingState } from '../engine/bookkeeping.ts';
import type { Engine } from '../engine/engine.ts';
import type { Order } from '../execution/order.ts';

/**
 * The switch between trading states, by a person or by a breaker. It acts at two doors: the risk line passes nothing that the state
 * forbids, and {@link forbids} holds back in execute what passed before the state changed.
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

/** Trading goes on, by a person's hand. Drawdown is counted from the equity of this moment; the day's loss is not forgotten. */
export function resume(engine: Engine, reason: string): void {
  if (engine.tradingState !== 'Active') changeTradingState(engine, 'Active', reason);
}

/** Whether the trading state forbids to send this order, or to leave it working. */
export function forbids(engine: Engine, order: Order): boolean {
  return engine.tradingState === 'Halted' || (engine.tradingState === 'Reducing' && !order.reduceOnly);
}

function cancelForbidden(engine: Engine, reason: string): void {
  for (const market of engine.markets) {
    for (const order of [...market.orders, ...market.held]) {
      // Canceling an entry ends the legs that wait for it.
      if (forbids(engine, order) && order.state !== 'Canceled') cancel(engine, order, reason);
    }
  }
}
