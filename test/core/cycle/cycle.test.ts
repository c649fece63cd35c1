import { describe, expect, test } from 'vitest';
import { answerIntents, reconcile, risk, signal, submitIntents } from '../../../core/cycle.ts';
import { account, bars, ingest, open, playedOf, running, runStep, scripted, stepsOf } from '../engine/account.ts';
import { both, buy, CALM, target, trade } from '../execution/trade.ts';

describe('a cycle', () => {
  test('matches first, so that a decision knows what its bar did', () => {
    const seen: number[] = [];
    const { fills } = trade(
      {
        0: buy({ quantity: 2 }),
        1: ({ position }) => void seen.push(position.quantity, position.entryPrice, position.unrealised),
      },
      [CALM, [102, 104, 101, 103]],
    );
    expect(fills).toHaveLength(1);
    expect(seen).toEqual([2, 102, 2]);
  });

  test('measures the equity after matching, at the close', () => {
    const { engine } = trade({ 0: buy({ quantity: 2 }) }, [CALM, [102, 104, 101, 103]]);
    expect([engine.cash, engine.equity]).toEqual([979_600, 1_000_200]);
  });

  test('cancels before it submits, and submits everything before the venue answers', () => {
    const resting = buy({ type: 'limit', quantity: 1, price: 90 });
    const again = both(
      { kind: 'cancel', reason: 'move it' },
      buy({ type: 'limit', quantity: 1, price: 91 }),
      buy({ quantity: 1 }),
    );
    const { events } = trade({ 0: resting, 1: again }, [CALM, CALM]);
    const last = events.filter((event) => event.cycle === events.at(-1)?.cycle && event.kind.startsWith('Order'));
    expect(last.map((event) => [event.kind, event.order])).toEqual([
      ['OrderInitialized', 2],
      ['OrderInitialized', 3],
      ['OrderCanceled', 1],
      ['OrderSubmitted', 2],
      ['OrderSubmitted', 3],
      ['OrderAccepted', 2],
      ['OrderAccepted', 3],
    ]);
  });

  test('has every order in the ledger, with what it reserves, before a venue hears of it', () => {
    const engine = open(
      account({ strategies: [running(scripted((_, bar) => (bar === 0 ? target(0.5) : undefined)))] }),
    );
    const [step] = stepsOf(engine, new Map([['A/USD', bars([CALM])]]));
    ingest(engine, step);
    reconcile(engine);
    signal(engine);
    risk(engine);
    expect(playedOf(engine).of('OrderInitialized')).toMatchObject([
      { budget: '500000', reserved: '500000', exposure: '500000' },
    ]);
    expect(engine.reservedCash).toBe(500_000);
    submitIntents(engine);
    expect(playedOf(engine).events.at(-1)?.kind).toBe('OrderSubmitted');
    answerIntents(engine);
    expect(playedOf(engine).events.at(-1)?.kind).toBe('OrderAccepted');
  });

  test('shares cash between strategies in their declared order', () => {
    const all = (id: string) =>
      running(
        scripted((_, bar) => (bar === 0 ? target(1) : undefined)),
        { id },
      );
    const engine = open(account({ strategies: [all('first'), all('second')] }));
    for (const step of stepsOf(engine, new Map([['A/USD', bars([CALM, CALM])]]))) runStep(engine, step);
    const { of, fills } = playedOf(engine);
    expect(fills).toMatchObject([{ quantity: 100 }]);
    expect(of('OrderDenied')).toMatchObject([{ strategy: 1, denial: 'GROSS_EXPOSURE_EXCEEDS_MAX' }]);
  });

  test('writes the same bytes for ever', () => {
    const answers = {
      0: buy({ quantity: 2, stopLoss: 0.05, takeProfit: 0.1 }),
      1: buy({ type: 'limit', quantity: 1, price: 97 }),
      3: target(0),
    };
    const { engine } = trade(answers, [CALM, CALM, [99, 100, 96, 98], CALM, CALM]);
    expect([engine.journal.sequence, engine.journal.head()]).toEqual([
      27,
      'b71e99bfa76c5f107027af9ed3ed45c5402f205f33507d4f7d99dd6c01b14af3',
    ]);
  });
});
