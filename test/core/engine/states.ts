/** An account compared: with its ledger's fold, with itself restored, and with another that should be in the same state. */
import type { Engine, EngineDefinition, EngineSnapshot } from '../../../core/engine/engine.ts';
import { fromCheckpointJson, type Json, toCheckpointJson } from '../../../core/json.ts';
import type { LedgerFold } from '../../../core/ledger/fold.ts';
import type { StrategyCheckpoint } from '../../../core/strategies/runner.ts';
import { open } from './account.ts';

/** What the fold and the engine both know, as text. */
export function stateOf(engine: Engine): unknown {
  const orders = engine.markets.flatMap((market) => [...market.orders, ...market.held]).sort((a, b) => a.id - b.id);
  return {
    cash: String(engine.cash),
    reserved: String(engine.reservedCash),
    tradingState: engine.tradingState,
    working: engine.workingOrders,
    positions: engine.positions.map((held) =>
      [held.quantity, held.cost, held.realised, held.fees, held.funding].map(text),
    ),
    exposures: engine.markets.map((market) => [text(market.reservedBuys), text(market.reservedSells)]),
    sides: engine.markets.map((market) => [
      text(market.longQuantity),
      text(market.shortQuantity),
      text(market.netQuantity),
    ]),
    orders: orders.map((order) => [
      order.id,
      order.state,
      ...[order.filled, order.filledNotional, order.reserved, order.exposure, order.price].map(text),
    ]),
  };
}

const text = (value: number | bigint): string => String(typeof value === 'number' ? value + 0 : value);

export function stateOfFold(folded: LedgerFold, engine: Engine): unknown {
  const { account } = folded;
  const markets = engine.markets.map((market) => market.index);
  const strategies = engine.runners.map((runner) => runner.index);
  const working = folded.workingOrders();
  const held = (sign: bigint, market: number): bigint =>
    strategies.reduce((sum, s) => {
      const quantity = folded.position(s, market).quantity * sign;
      return quantity > 0n ? sum + quantity : sum;
    }, 0n);
  return {
    cash: text(account.cash),
    reserved: text(account.reservedCash),
    tradingState: account.tradingState,
    working: working.length,
    positions: strategies.flatMap((s) =>
      markets.map((m) => {
        const position = folded.position(s, m);
        return [position.quantity, position.cost, position.realised, position.fees, position.funding].map(text);
      }),
    ),
    exposures: markets.map((m) => [text(folded.exposure(m, 'buy')), text(folded.exposure(m, 'sell'))]),
    sides: markets.map((m) => [text(held(1n, m)), text(held(-1n, m)), text(held(1n, m) - held(-1n, m))]),
    orders: working.map((order) => [
      order.id,
      order.state,
      ...[order.filled, order.filledNotional, order.reserved, order.exposure, order.price].map(text),
    ]),
  };
}

/** The account from what a step leaves to the next, through JSON. */
export function restored(definition: EngineDefinition, engine: Engine): Engine {
  const saved = JSON.stringify({
    engine: toCheckpointJson(engine.snapshot()),
    strategies: engine.runners.map((runner) => runner.checkpoint()),
  });
  const { engine: snapshot, strategies } = JSON.parse(saved) as { engine: Json; strategies: Json[] };
  const next = open(definition);
  next.restore(fromCheckpointJson(snapshot) as EngineSnapshot);
  next.runners.forEach((runner, k) => {
    runner.restore(fromCheckpointJson(strategies[k]) as StrategyCheckpoint);
  });
  return next;
}

/** All that a step hands to the next. */
export const snapshotOf = (engine: Engine): unknown =>
  toCheckpointJson({
    engine: engine.snapshot(),
    strategies: engine.runners.map((runner) => runner.checkpoint()),
  });
