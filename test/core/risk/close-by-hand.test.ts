/** A position that a person closes, between the steps of a cycle. */
import { describe, expect, test } from 'vitest';
import { execute, reconcile, risk, signal } from '../../../core/cycle.ts';
import type { Engine } from '../../../core/engine/engine.ts';
import type { Order } from '../../../core/execution/order.ts';
import { closeByHand } from '../../../core/risk/close-by-hand.ts';
import { halt } from '../../../core/risk/kill-switch.ts';
import type { Decision } from '../../../core/strategies/contract.ts';
import {
  type AccountFields,
  account,
  bars,
  ingest,
  open,
  playedOf,
  running,
  runStep,
  scripted,
  stepsOf,
} from '../engine/account.ts';
import { both, buy, CALM, sell, WIDE } from '../execution/trade.ts';

/** An account that holds what it opened in its first cycle, in the third after risk, with `last` about to be sent. */
function holding(first: Decision, last?: Decision, fields: Partial<AccountFields> = {}): Engine {
  const script = scripted((_, bar) => (bar === 0 ? first : bar === 2 ? last : undefined));
  const limits = { ...WIDE, allowShort: true };
  const engine = open(account({ strategies: [running(script)], limits, ...fields }));
  const [a, b, c] = stepsOf(engine, new Map([['A/USD', bars([CALM, CALM, CALM])]]));
  for (const step of [a, b]) runStep(engine, step);
  ingest(engine, c);
  reconcile(engine);
  signal(engine);
  risk(engine);
  return engine;
}
const close = (engine: Engine) => closeByHand(engine, 0, engine.markets[0], 'a person');

describe('a close by hand', () => {
  test.each([
    ['long', buy({ quantity: 2 }), 'sell'],
    ['short', sell({ quantity: 2 }), 'buy'],
  ] as const)('takes all of a %s position at the market, at once', (_, first, side) => {
    const engine = holding(first);
    expect(close(engine)).toMatchObject({ side, type: 'market', quantity: 2_000, reduceOnly: true, state: 'Accepted' });
    expect((close(engine) as Order).purpose).toBe('manual');
  });

  test('is a person’s flattening while trading is halted', () => {
    const engine = holding(buy({ quantity: 2 }));
    halt(engine, 'a person');
    expect(close(engine)).toMatchObject({ purpose: 'flatten', quantity: 2_000, state: 'Accepted' });
  });

  test('leaves what is about to be sent, and what is to be canceled, to their step', () => {
    const resting = buy({ type: 'limit', quantity: 1, price: 90 });
    const engine = holding(both(buy({ quantity: 2 }), resting), {
      kind: 'cancel',
      reason: 'no more',
    });
    const waiting = { intents: engine.intents, cancels: engine.cancels };
    expect(engine.cancels).toHaveLength(1);
    const before = engine.markets[0].orders.length;
    close(engine);
    expect(engine).toMatchObject(waiting);
    expect(engine.markets[0].orders).toHaveLength(before + 1);
    execute(engine);
    expect(engine.markets[0].orders.map(({ purpose }) => purpose)).toEqual(['manual']);
    const opening = holding(buy({ quantity: 2 }), buy({ quantity: 1 }));
    const [intent] = opening.intents;
    close(opening);
    expect(opening.intents).toEqual([intent]);
    expect(intent.state).toBe('Initialized');
  });

  test('answers the code of its own refusal, whatever was refused before', () => {
    const engine = holding(both(buy({ quantity: 2 }), buy({ type: 'limit', quantity: 1 })));
    expect(
      playedOf(engine)
        .of('OrderDenied')
        .map(({ denial }) => denial),
    ).toEqual(['ORDER_PRICE_INVALID']);
    Object.assign(engine.markets[0], { lot: 5_000 });
    expect(close(engine)).toBe('QUANTITY_BELOW_MIN');
    expect(engine.markets[0].orders).toEqual([]);
  });
});
