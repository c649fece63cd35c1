/** Perpetuals that come near to their liquidation are closed by the account itself, at the next open. */
import { describe, expect, test } from 'vitest';
import { runBacktest } from '../../../core/backtest/run.ts';
import { reconcile, signal } from '../../../core/cycle.ts';
import type { Engine } from '../../../core/engine/engine.ts';
import { halt } from '../../../core/risk/kill-switch.ts';
import type { Decision } from '../../../core/strategies/contract.ts';
import {
  account,
  bars,
  ingest,
  open,
  perpetual,
  play,
  type Row,
  running,
  runStep,
  scripted,
  spot,
  stepsOf,
} from '../engine/account.ts';
import { buy, CALM, sell, target, trade, WIDE } from '../execution/trade.ts';

const limits = { ...WIDE, allowShort: true, minLiquidationDistance: 0.02 };
const options = { instruments: [perpetual()], limits };
/** A bar that falls, or rises, to its close and no further. */
const to = (close: number): Row => [close, close, close, close];

describe('a perpetual near its liquidation', () => {
  test('is closed at the next open, from the price on at which less than the limit is left', () => {
    // Bought at 100: liquidated at 94.74, which is 2 % below 96.68.
    const answers = { 0: buy({ quantity: 1 }) };
    const near = trade(answers, [CALM, CALM, to(96.67), to(96), to(94)], options);
    expect(near.fills.slice(1).map(({ purpose, price, position }) => [purpose, price, position])).toEqual([
      ['exit', 96, 0],
    ]);
    expect(trade(answers, [CALM, CALM, to(96.68), to(96.68)], options).fills).toHaveLength(1);
    expect(trade(answers, [CALM, CALM, to(96.69), to(96.69)], options).fills).toHaveLength(1);
  });

  test('is closed where it is short just the same', () => {
    // Sold at 100: liquidated at 104.76, which is 2 % above 102.70.
    const answers = { 0: sell({ quantity: 1 }) };
    const near = trade(answers, [CALM, CALM, to(102.71), to(103)], options);
    expect(near.fills.slice(1).map(({ purpose, price }) => [purpose, price])).toEqual([['exit', 103]]);
    expect(trade(answers, [CALM, CALM, to(102.7), to(102.7)], options).fills).toHaveLength(1);
    expect(trade(answers, [CALM, CALM, to(102.69), to(102.69)], options).fills).toHaveLength(1);
  });

  test('is closed whatever its strategy says in the same cycle, and the ledger says why', () => {
    const rows = [CALM, CALM, to(96.5), to(96)];
    const { fills, of } = trade({ 0: target(1), 2: target(1, { rebalance: true }) }, rows, options);
    expect(fills.at(-1)).toMatchObject({ bar: 3, side: 'sell', position: 0 });
    expect(of('TextDefined').map(({ body }) => (body as { text: string }).text)).toContain(
      'it is within 2 % of its liquidation',
    );
  });

  test('is closed once: an order on its way is not followed by another', () => {
    const { of, fills } = trade({ 0: buy({ quantity: 1 }) }, [CALM, CALM, to(96.5), to(96.4), to(96.4)], options);
    expect([of('OrderInitialized').length, fills.length]).toEqual([2, 2]);
  });

  test('is left to its venue without the limit, and under a halt, which is a person’s', () => {
    const rows = [CALM, CALM, to(96.5), to(96), to(94)];
    const without = trade({ 0: buy({ quantity: 1 }) }, rows, { ...options, limits: { ...WIDE, allowShort: true } });
    expect(without.fills.at(-1)).toMatchObject({ purpose: 'liquidation' });
    const definition = account({
      ...options,
      strategies: [
        running(
          scripted((_, bar) => (bar === 0 ? buy({ quantity: 1 }) : undefined)),
          { instruments: ['P/USD'] },
        ),
      ],
    });
    const halted = play(definition, bars(rows), (engine, cycle) => {
      if (cycle === 1) halt(engine, 'a person did');
    });
    expect(halted.fills.at(-1)).toMatchObject({ purpose: 'liquidation' });
    expect(halted.of('OrderDenied')).toEqual([]);
  });

  test('is no matter of spot, which nobody liquidates', () => {
    const { fills } = trade({ 0: buy({ quantity: 1 }) }, [CALM, CALM, to(50), to(10)], {
      ...options,
      instruments: [spot()],
    });
    expect(fills).toHaveLength(1);
  });

  test('is found in a backtest that passes over the bars in which nothing happens', () => {
    const falling: Row[] = [CALM, CALM, ...Array.from({ length: 60 }, (_, k) => to(100 - k / 10)), to(94), to(94)];
    const once = () => scripted((_, bar) => (bar === 0 ? buy({ quantity: 1 }) : undefined));
    const definition = () => account({ ...options, strategies: [running(once(), { instruments: ['P/USD'] })] });
    const each = play(definition(), bars(falling));
    const { engine } = runBacktest(definition(), new Map([['P/USD', bars(falling)]]));
    expect([...engine.journal.events()]).toEqual(each.events);
    expect(each.fills.map(({ purpose }) => purpose)).toEqual(['entry', 'exit']);
  });
});

describe('where several strategies share a perpetual', () => {
  /** What is proposed at a close of 96.67, by who holds what since the open at 100. */
  const proposed = (first: Decision | undefined, second: Decision | undefined): unknown[] => {
    const strategies = [first, second].map((decision, k) =>
      running(
        scripted((_, bar) => (bar === 0 ? decision : undefined)),
        { id: `s${k}`, instruments: ['P/USD'], allocation: 0.5 },
      ),
    );
    const engine: Engine = open(account({ ...options, strategies }));
    const [a, b, c] = stepsOf(engine, new Map([['P/USD', bars([CALM, CALM, to(96.67)])]]));
    for (const step of [a, b]) runStep(engine, step);
    ingest(engine, c);
    reconcile(engine);
    signal(engine);
    return engine.proposals.map(({ strategy, proposal }) => [strategy, proposal.kind]);
  };

  test('those alone are closed that are near, and not who holds nothing', () => {
    expect(proposed(buy({ quantity: 1 }), undefined)).toEqual([[0, 'target']]);
    expect(proposed(undefined, buy({ quantity: 1 }))).toEqual([[1, 'target']]);
    expect(proposed(undefined, undefined)).toEqual([]);
  });

  test('one is closed although another holds as much on the other side', () => {
    expect(proposed(buy({ quantity: 1 }), sell({ quantity: 1 }))).toEqual([[0, 'target']]);
  });
});
