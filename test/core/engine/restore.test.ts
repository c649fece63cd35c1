import { describe, expect, test } from 'vitest';
import type { Engine, EngineDefinition, EngineSnapshot } from '../../../core/engine/engine.ts';
import { fromCheckpointJson, toCheckpointJson } from '../../../core/json.ts';
import { halt } from '../../../core/risk/kill-switch.ts';
import { buy, CALM, sell, WIDE } from '../execution/trade.ts';
import {
  account,
  bars,
  MINUTE,
  open,
  perpetual,
  playedOf,
  type Row,
  running,
  runStep,
  START,
  scripted,
  stepsOf,
} from './account.ts';

function restored(definition: EngineDefinition, engine: Engine): Engine {
  const next = open(definition);
  next.restore(fromCheckpointJson(JSON.parse(JSON.stringify(toCheckpointJson(engine.snapshot())))) as EngineSnapshot);
  return next;
}

/** Plays rows and restores the account from its snapshot after the given cycle. */
function playRestored(definition: EngineDefinition, rows: readonly Row[], after: number): Engine {
  let engine = open(definition);
  stepsOf(engine, new Map([[definition.instruments[0].symbol, bars(rows)]])).forEach((step, cycle) => {
    runStep(engine, step);
    if (cycle === after) engine = restored(definition, engine);
  });
  return engine;
}

describe('an account restored from its snapshot', () => {
  test('knows that an order has not met a bar yet', () => {
    const script = scripted((_, bar) => (bar === 0 ? buy({ type: 'limit', quantity: 1, price: 95 }) : undefined));
    const definition = account({ strategies: [running(script)] });
    // After a calm bar the order rests, so that the better open gives it its own price.
    const { fills } = playedOf(playRestored(definition, [CALM, CALM, [90, 91, 89, 90]], 0));
    expect(fills).toMatchObject([{ price: 95, maker: true }]);
  });

  test('knows the liquidation price of what it holds', () => {
    const script = scripted((_, bar) => (bar === 0 ? buy({ quantity: 1 }) : undefined));
    const definition = account({
      instruments: [perpetual()],
      strategies: [running(script, { instruments: ['P/USD'] })],
      limits: WIDE,
    });
    const { fills } = playedOf(playRestored(definition, [CALM, CALM, [98, 99, 94, 98]], 1));
    expect(fills.at(-1)).toMatchObject({ purpose: 'liquidation', price: 94.74 });
  });

  test('counts again what is kept beside the state', () => {
    const script = scripted((_, bar) =>
      bar === 0
        ? buy({ quantity: 3, stopLoss: 0.5, takeProfit: 0.5 })
        : bar === 1
          ? ([sell({ quantity: 9 }), buy({ type: 'limit', quantity: 1, price: 90, stopLoss: 0.1 })].flat() as never)
          : undefined,
    );
    const definition = account({ strategies: [running(script)], limits: { ...WIDE, allowShort: true } });
    const engine = open(definition);
    const counts = ({ cash, equity, reservedCash, workingOrders, openPositions, totalMark, markets }: Engine) => ({
      cash,
      equity,
      reservedCash,
      workingOrders,
      openPositions,
      totalMark,
      sides: markets.map((market) => [
        market.longQuantity,
        market.shortQuantity,
        market.netCost,
        market.reservedBuys,
        market.reservedSells,
      ]),
    });
    for (const step of stepsOf(engine, new Map([['A/USD', bars([CALM, CALM, CALM])]]))) {
      runStep(engine, step);
      expect(counts(restored(definition, engine))).toEqual(counts(engine));
    }
    expect(engine.markets[0].shortQuantity).toBe(6_000);
  });

  test('stays halted', () => {
    const script = scripted(() => buy({ quantity: 1 }));
    const definition = account({ strategies: [running(script)] });
    const engine = open(definition);
    const [first, second] = stepsOf(engine, new Map([['A/USD', bars([CALM, CALM])]]));
    halt(engine, 'by hand');
    runStep(engine, first);
    const next = restored(definition, engine);
    runStep(next, second);
    expect([next.tradingState, playedOf(next).of('OrderDenied').length]).toEqual(['Halted', 2]);
  });
});

test('the steps of a cycle take its bar each, and a control that looks back counts it once', () => {
  const definition = account({ limits: { maxShareOfVolume: 1 }, strategies: [running(scripted(() => undefined))] });
  const engine = open(definition);
  const [market] = engine.markets;
  const bar = (minute: number, volume: number) => ({
    timestamp: START + minute * MINUTE,
    open: 100,
    high: 100,
    low: 100,
    close: 100 + minute,
    volume,
  });
  for (let minute = 0; minute < 30; minute++) {
    for (let step = 0; step < 4; step++) {
      const saved = engine.snapshot();
      engine.restore(saved);
      market.useNextBar(bar(minute, minute));
      market.at++;
      const first = Math.max(0, minute - 19);
      expect([market.averageVolume(), market.averageClose()]).toEqual([
        (first + minute) / 2,
        100 + (first + minute) / 2,
      ]);
    }
  }
});
