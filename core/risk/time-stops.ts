/** Closes positions that have been held for as long as they were to be. */
import { append } from '../append.ts';
import { begin, RECORDS } from '../engine/bookkeeping.ts';
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import type { Order } from '../execution/order.ts';
import { timeframeMs } from '../market/timeframe.ts';
import type { Protection } from '../strategies/contract.ts';

/** How long a position may be held, in ms from the open of the bar in which it is opened; 0 for as long as it likes. */
export function heldForMs(engine: Engine, strategy: number, { timeStop }: Protection): number {
  if (timeStop === undefined) return 0;
  if ('ms' in timeStop) return timeStop.ms;
  return timeStop.bars * timeframeMs(engine.definition.strategies[strategy].timeframe);
}

/** An entry has filled: its position has the time that it was given, or what an earlier entry left it where that is less. */
export function startTimeStop(engine: Engine, market: MarketState, entry: Order): void {
  if (entry.heldForMs === 0) return;
  const held = engine.position(entry.strategy, market.index);
  const closeAt = held.openedAt - market.intervalMs + entry.heldForMs;
  if (held.quantity === 0 || (held.closeAt !== 0 && held.closeAt <= closeAt)) return;
  held.closeAt = closeAt;
  market.closeDue = Math.min(market.closeDue, closeAt);
  const at = begin(engine, RECORDS.TimeStopSet, entry.strategy);
  engine.journal.words[at] = market.index;
  engine.journal.words[at + 1] = closeAt;
}

/**
 * Proposes to close every position whose time is over, after what the strategies proposed, so that it replaces it. It is looked at
 * when a bar closes, and closed at the next open. A halt is a person's, and nothing is proposed under one.
 */
export function closeOverdue(engine: Engine): void {
  for (let k = 0; k < engine.dueCount; k++) {
    const market = engine.due[k];
    if (engine.time < market.closeDue) continue;
    countCloseDue(engine, market);
    if (engine.time < market.closeDue || engine.tradingState === 'Halted') continue;
    engine.positionsIn(market.index).forEach(({ closeAt }, strategy) => {
      if (closeAt === 0 || engine.time < closeAt) return;
      const proposal = { kind: 'target', exposure: 0, reason: 'its time is over' } as const;
      engine.proposals = append(engine.proposals, { strategy, instrument: market.index, proposal });
    });
  }
}

/** When the first of a market's positions is to be closed. */
export function countCloseDue(engine: Engine, market: MarketState): void {
  market.closeDue = Number.POSITIVE_INFINITY;
  for (const { closeAt } of engine.positionsIn(market.index))
    if (closeAt !== 0) market.closeDue = Math.min(market.closeDue, closeAt);
}
