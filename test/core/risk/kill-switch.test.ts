import { describe, expect, test } from 'vitest';
import { execute, reconcile, risk, signal } from '../../../core/cycle.ts';
import type { Engine } from '../../../core/engine/engine.ts';
import { halt, reduce, resume } from '../../../core/risk/kill-switch.ts';
import type { LimitsInput } from '../../../core/risk/limits.ts';
import type { Decision } from '../../../core/strategies/contract.ts';
import {
  account,
  bars,
  ingest,
  open,
  type Played,
  play,
  playedOf,
  type Row,
  running,
  runStep,
  scripted,
  stepsOf,
} from '../engine/account.ts';
import { both, buy, CALM, sell, WIDE } from '../execution/trade.ts';

function run(
  answers: Readonly<Record<number, Decision>>,
  rows: readonly Row[],
  each: (engine: Engine, cycle: number) => void,
  limits: LimitsInput = {},
): Played {
  return play(
    account({ strategies: [running(scripted((_, bar) => answers[bar]))], limits: { ...WIDE, ...limits } }),
    bars(rows),
    each,
  );
}

const flat = (price: number): Row => [price, price, price, price];
const states = (played: Played) => played.of('TradingStateChanged').map((event) => [event.from, event.to]);

describe('the kill switch', () => {
  const bracket = buy({ quantity: 1, stopLoss: 0.05 });

  test('cancels every working order, stops and waiting legs included, and leaves the position', () => {
    const resting = buy({ type: 'limit', quantity: 1, price: 50, stopLoss: 0.05, takeProfit: 0.1 });
    const played = run({ 0: both(bracket, resting) }, [CALM, CALM, [100, 101, 40, 50]], (engine, cycle) => {
      if (cycle === 1) halt(engine, 'by hand');
    });
    expect(played.of('OrderCanceled')).toHaveLength(4);
    expect(played.fills).toHaveLength(1);
    expect([played.engine.workingOrders, played.engine.reservedCash, played.engine.position(0, 0).quantity]).toEqual([
      0, 0, 1_000,
    ]);
  });

  test('holds back at the second door what passed risk before', () => {
    for (const [stop, sent] of [
      [halt, 0],
      [reduce, 1],
    ] as const) {
      const script = scripted((_, bar) =>
        bar === 1 ? both(bracket, sell({ quantity: 1 })) : bar === 0 ? buy({ quantity: 2 }) : undefined,
      );
      const engine = open(account({ strategies: [running(script)], limits: WIDE }));
      const [first, second] = stepsOf(engine, new Map([['A/USD', bars([CALM, CALM])]]));
      runStep(engine, first);
      ingest(engine, second);
      reconcile(engine);
      signal(engine);
      risk(engine);
      stop(engine, 'by hand');
      execute(engine);
      const { of } = playedOf(engine);
      expect(of('OrderSubmitted').length - 1).toBe(sent);
      expect([engine.workingOrders, engine.intents.length]).toEqual([sent, 0]);
    }
  });

  test('thrown twice says so once', () => {
    const played = run({}, [CALM, CALM, CALM], (engine) => halt(engine, 'by hand'));
    expect(states(played)).toEqual([['Active', 'Halted']]);
  });
});

describe('reducing', () => {
  test('cancels what could open and keeps what protects', () => {
    const answers = { 0: both(buy({ quantity: 1, stopLoss: 0.05 }), buy({ type: 'limit', quantity: 1, price: 90 })) };
    const played = run(answers, [CALM, CALM, [100, 101, 85, 90]], (engine, cycle) => {
      if (cycle === 1) reduce(engine, 'by hand');
    });
    expect(played.fills.map((fill) => [fill.purpose, fill.price])).toEqual([
      ['entry', 100],
      ['stop-loss', 95],
    ]);
  });
});

describe('the drawdown breaker', () => {
  const limits = { maxDrawdown: 0.1 };
  const answers = { 0: buy({ quantity: 100 }) };

  test('trips once, past its limit, and stays', () => {
    const at = run(answers, [CALM, CALM, flat(90), flat(90)], () => {}, limits);
    expect(states(at)).toEqual([]);
    const past = run(answers, [CALM, CALM, flat(89.99), flat(80), flat(120), flat(100)], () => {}, limits);
    expect(states(past)).toEqual([['Active', 'Reducing']]);
    expect(past.engine.tradingState).toBe('Reducing');
  });

  test('cancels entries that were waiting for the fall', () => {
    const waiting = { 0: both(buy({ quantity: 50 }), buy({ type: 'limit', quantity: 10, price: 60 })) };
    const played = run(waiting, [CALM, CALM, flat(75), flat(55)], () => {}, limits);
    expect(played.fills).toHaveLength(1);
  });

  test('counts from the equity of the moment at which trading was resumed', () => {
    const rows = [CALM, CALM, flat(80), flat(80), flat(72), flat(71.99)];
    const tripped: number[] = [];
    const played = run(
      answers,
      rows,
      (engine, cycle) => {
        if (engine.tradingState === 'Reducing') tripped.push(cycle);
        if (cycle === 2) resume(engine, 'by hand');
      },
      limits,
    );
    // 10 % below 80 is 72: at it all is well, below it the breaker trips again.
    expect(tripped).toEqual([2, 5]);
    expect(states(played)).toEqual([
      ['Active', 'Reducing'],
      ['Reducing', 'Active'],
      ['Active', 'Reducing'],
    ]);
  });

  test('leaves a halt as it is', () => {
    const played = run(
      answers,
      [CALM, CALM, flat(50), flat(50)],
      (engine, cycle) => {
        if (cycle === 1) halt(engine, 'by hand');
      },
      limits,
    );
    expect(states(played)).toEqual([['Active', 'Halted']]);
  });
});
