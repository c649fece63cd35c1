import { answerIntents, submitIntents } from '../cycle.ts';
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import type { Order } from '../execution/order.ts';
import type { DenialCode } from './denial.ts';
import { gateLeg } from './gate.ts';
import { reduction } from './sizing.ts';

/**
 * Closes a strategy's position, which must not be flat, by a person's hand and at once: what waits for execute goes on waiting. While
 * trading is halted it closes as the kill switch flattens. Answers the code where risk refused it, as {@link closeNow} does.
 */
export function closeByHand(engine: Engine, strategy: number, market: MarketState, reason: string): Order | DenialCode {
  return closeNow(engine, strategy, market, reason, engine.tradingState === 'Halted' ? 'flatten' : 'manual');
}

/** The same for a purpose of a person's; answers the code where risk refused the order: a remainder below the smallest lot. */
export function closeNow(
  engine: Engine,
  strategy: number,
  market: MarketState,
  reason: string,
  purpose: 'manual' | 'flatten',
): Order | DenialCode {
  const held = engine.position(strategy, market.index);
  const waiting = { intents: engine.intents, cancels: engine.cancels };
  engine.intents = [];
  engine.cancels = [];
  const before = engine.journal.sequence;
  const leg = reduction(held, Math.abs(held.quantity), purpose);
  gateLeg(engine, strategy, market, leg, { kind: 'target', exposure: 0, reason });
  const [order] = engine.intents;
  submitIntents(engine);
  answerIntents(engine);
  Object.assign(engine, waiting);
  if (order) return order;
  const denied = engine.journal.since(before).find(({ kind }) => kind === 'OrderDenied');
  return denied?.denial as DenialCode;
}
