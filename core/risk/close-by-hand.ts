import { answerIntents, submitIntents } from '../cycle.ts';
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import type { Order } from '../execution/order.ts';
import { gateLeg } from './gate.ts';
import { reduction } from './sizing.ts';

/** Closes a strategy's position, which must not be flat, by a person's hand and at once: what waits for execute goes on waiting. */
export function closeByHand(engine: Engine, strategy: number, market: MarketState, reason: string): Order {
  const held = engine.position(strategy, market.index);
  const waiting = { intents: engine.intents, cancels: engine.cancels };
  engine.intents = [];
  engine.cancels = [];
  const leg = reduction(held, Math.abs(held.quantity), 'manual');
  gateLeg(engine, strategy, market, leg, { kind: 'target', exposure: 0, reason });
  const [order] = engine.intents;
  submitIntents(engine);
  answerIntents(engine);
  Object.assign(engine, waiting);
  return order;
}
