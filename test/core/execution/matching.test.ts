/** Where a bar and an order meet exactly, or one step beside: thresholds, ties, and what is too little to fill. */
import { describe, expect, test } from 'vitest';
import type { Decision } from '../../../core/strategies/contract.ts';
import { brief, type Row, spot } from '../engine/account.ts';
import { both, buy, CALM, sell, target, trade, WIDE } from './trade.ts';

const short = { limits: { ...WIDE, allowShort: true } };
const thin = { execution: { volumeShare: { limit: 1, impactBps: 0 } } };
const fillsOf = (answer: Decision, ...rows: Row[]) =>
  trade({ 0: answer }, [CALM, ...rows], short).fills.map(({ bar, price, maker }) => [bar, price, maker]);

describe('an open exactly at the price', () => {
  test('of a new limit order is taken', () => {
    const rise: Row = [100, 106, 100, 105];
    expect(fillsOf(buy({ type: 'limit', quantity: 1, price: 100 }), rise)).toEqual([[1, 100, false]]);
    const fall: Row = [100, 100, 94, 95];
    expect(fillsOf(sell({ type: 'limit', quantity: 1, price: 100 }), fall)).toEqual([[1, 100, false]]);
  });

  test('or beyond it gives a new limit order to sell the open', () => {
    expect(fillsOf(sell({ type: 'limit', quantity: 1, price: 95 }), [97, 98, 96, 97])).toEqual([[1, 97, false]]);
    expect(fillsOf(sell({ type: 'limit', quantity: 1, price: 95 }), [94.99, 95, 94, 94])).toEqual([[1, 95, true]]);
  });

  test('of a stop-limit triggers it there, so that it rests at its limit for the whole bar', () => {
    const up = buy({ type: 'stop-limit', quantity: 1, trigger: 105, price: 104 });
    expect(fillsOf(up, [105, 106, 104, 105])).toEqual([[1, 104, true]]);
    expect(fillsOf(up, [104.99, 106, 104, 105], [105, 105, 104, 105])).toEqual([[2, 104, true]]);
    const down = sell({ type: 'stop-limit', quantity: 1, trigger: 95, price: 96 });
    expect(fillsOf(down, [95, 96, 94, 95])).toEqual([[1, 96, true]]);
    expect(fillsOf(down, [95.01, 96, 94, 95], [95, 96, 95, 95])).toEqual([[2, 96, true]]);
  });
});

describe('a stop that a bar reaches', () => {
  test('exactly at its extreme fires, one step before it does not', () => {
    const down = sell({ type: 'stop', quantity: 1, trigger: 95 });
    expect(fillsOf(down, [100, 101, 95, 97])).toEqual([[1, 95, false]]);
    expect(fillsOf(down, [100, 101, 95.01, 97])).toEqual([]);
  });

  test('nearer to the open comes first, on the way down too', () => {
    const farThenNear = both(
      sell({ type: 'stop', quantity: 1, trigger: 94 }),
      sell({ type: 'stop', quantity: 2, trigger: 97 }),
    );
    const { fills } = trade({ 0: farThenNear }, [CALM, [100, 101, 93, 94]], short);
    expect(fills.map(brief)).toEqual([
      { bar: 1, side: 'sell', quantity: 2, price: 97 },
      { bar: 1, side: 'sell', quantity: 1, price: 94 },
    ]);
  });

  test('at the same price as another comes after the older of them', () => {
    const twins = both(
      buy({ type: 'stop', quantity: 1, trigger: 105 }),
      buy({ type: 'stop', quantity: 2, trigger: 105 }),
    );
    const { fills } = trade({ 0: twins }, [CALM, [100, 106, 99, 104]]);
    expect(fills.map(({ order, quantity }) => [order, quantity])).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  test('with a limit fills where the limit is no better than the stop, and else waits', () => {
    const rows: Row[] = [
      [100, 106, 94, 100],
      [100, 101, 99, 100],
    ];
    expect(fillsOf(buy({ type: 'stop-limit', quantity: 1, trigger: 105, price: 105 }), ...rows)).toEqual([
      [1, 105, false],
    ]);
    expect(fillsOf(sell({ type: 'stop-limit', quantity: 1, trigger: 95, price: 95 }), ...rows)).toEqual([
      [1, 95, false],
    ]);
    expect(fillsOf(sell({ type: 'stop-limit', quantity: 1, trigger: 95, price: 94 }), ...rows)).toEqual([
      [1, 95, false],
    ]);
    // It was triggered within the bar, and nobody knows whether the price came back to 95.01 after that.
    expect(fillsOf(sell({ type: 'stop-limit', quantity: 1, trigger: 95, price: 95.01 }), ...rows)).toEqual([
      [2, 95.01, true],
    ]);
  });
});

describe('several orders in one bar', () => {
  test('fill each, whichever of them ends first', () => {
    const limits = both(
      buy({ type: 'limit', quantity: 1, price: 98 }),
      buy({ type: 'limit', quantity: 2, price: 97 }),
      buy({ type: 'limit', quantity: 3, price: 96 }),
    );
    const { fills } = trade({ 0: limits }, [CALM, [100, 101, 96, 97]]);
    expect(fills.map(({ quantity, price }) => [quantity, price])).toEqual([
      [1, 98],
      [2, 97],
      [3, 96],
    ]);
  });

  test('that trail are moved each, and fill each where the close has crossed them', () => {
    const trailing = (quantity: number) => sell({ type: 'trailing-stop', quantity, trailing: 0.1 });
    const answers = { 0: buy({ quantity: 3 }), 1: both(trailing(1), trailing(2)) };
    // A high of 130 moves both to 117.
    const { fills } = trade(answers, [CALM, CALM, [100, 130, 99, 117]]);
    expect(fills.slice(1).map(brief)).toEqual([
      { bar: 2, side: 'sell', quantity: 1, price: 117 },
      { bar: 2, side: 'sell', quantity: 2, price: 117 },
    ]);
  });

  test('that had only its open end with it, all of them', () => {
    const now = (timeInForce: string, price: number) => buy({ type: 'limit', quantity: 1, price, timeInForce });
    const { fills, of, engine } = trade({ 0: both(now('ioc', 99), now('fok', 98), now('ioc', 97)) }, [
      CALM,
      [100, 101, 95, 96],
    ]);
    expect([fills, of('OrderCanceled').length, engine.workingOrders]).toEqual([[], 3, 0]);
  });
});

describe('a trailing stop', () => {
  test('is on the tick, rounded against the order', () => {
    // 101.01 × 0.9 = 90.909; 99.99 × 1.1 = 109.989.
    const up = trade(
      { 0: sell({ type: 'trailing-stop', quantity: 1, trailing: 0.1 }) },
      [CALM, [100, 101.01, 99, 100]],
      short,
    );
    expect(up.engine.markets[0].orders).toMatchObject([{ trigger: 9_091 }]);
    const down = trade({ 0: buy({ type: 'trailing-stop', quantity: 1, trailing: 0.1 }) }, [
      CALM,
      [100, 101, 99.99, 100],
    ]);
    expect(down.engine.markets[0].orders).toMatchObject([{ trigger: 10_998 }]);
  });

  test('to buy fills at its new price when the close has certainly crossed it', () => {
    const trailing = buy({ type: 'trailing-stop', quantity: 1, trailing: 0.1 });
    // A low of 80 moves it to 88.
    expect(fillsOf(trailing, [100, 101, 80, 88])).toEqual([[1, 88, false]]);
    expect(fillsOf(trailing, [100, 101, 80, 87.99])).toEqual([]);
  });
});

describe('what takes', () => {
  test('passes no limit, of who sells either', () => {
    const order = sell({ type: 'limit', quantity: 1, price: 99.95 });
    const { fills } = trade({ 0: order }, [CALM, CALM], { ...short, execution: { slippageBps: 10 } });
    expect(fills).toMatchObject([{ price: 99.95, maker: false }]);
  });

  test('moves the price by what it buys with the fee of a taker', () => {
    // 100.00 buys 1 without a fee and 0.5 with one of 100 %; of a volume of 1 that is a half, and 0.25 × 400 bps.
    const instruments = [spot({ makerFeeBps: 0, takerFeeBps: 10_000 })];
    const { fills } = trade({ 0: target(0.01) }, [CALM, [100, 101, 99, 100, 1]], {
      instruments,
      execution: { volumeShare: { limit: 1, impactBps: 400 } },
    });
    expect(fills).toMatchObject([{ price: 101 }]);
  });
});

describe('an order that only reduces', () => {
  test('ends where the position was turned meanwhile, and adds nothing to it', () => {
    const answers = {
      0: buy({ quantity: 2 }),
      1: both(sell({ type: 'limit', quantity: 2, price: 105, reduceOnly: true }), sell({ quantity: 5 })),
    };
    const { fills, engine, of } = trade(answers, [CALM, CALM, CALM, [100, 106, 99, 105]], short);
    expect(fills.map(({ position }) => position)).toEqual([2, -3]);
    expect(engine.workingOrders).toBe(0);
    const texts = of('TextDefined').map(({ body }) => (body as { text: string }).text);
    expect(texts).toContain('the position it would reduce is closed');
  });

  test('of a short is as small as that', () => {
    const answers = { 0: sell({ quantity: 2 }), 1: buy({ quantity: 5, reduceOnly: true }) };
    const { fills } = trade(answers, [CALM, CALM, CALM], short);
    expect(fills.map(({ quantity, position }) => [quantity, position])).toEqual([
      [2, -2],
      [2, 0],
    ]);
  });
});

describe('too little', () => {
  const none: Row = [100, 101, 99, 100, 0];

  test('volume fills nothing, and the order waits, were it of a single lot', () => {
    const { fills, engine } = trade({ 0: buy({ quantity: 0.001 }) }, [CALM, none], thin);
    expect([fills, engine.workingOrders]).toEqual([[], 1]);
    const later = trade({ 0: buy({ quantity: 0.001 }) }, [CALM, none, none, CALM], thin);
    expect(later.fills.map(brief)).toEqual([{ bar: 3, side: 'buy', quantity: 0.001, price: 100 }]);
  });

  test('money for one lot cancels what it was for, and says so', () => {
    // 5,000 buys 50 at 100, and a lot is 50.
    const options = { instruments: [spot({ lotSize: 50_000 })] };
    expect(trade({ 0: target(0.5) }, [CALM, CALM], options).fills).toMatchObject([{ quantity: 50 }]);
    const { fills, of, engine } = trade({ 0: target(0.5) }, [CALM, [100.01, 101, 100, 100]], options);
    expect([fills, of('OrderCanceled').length, engine.workingOrders, engine.reservedCash]).toEqual([[], 1, 0, 0]);
    const texts = of('TextDefined').map(({ body }) => (body as { text: string }).text);
    expect(texts).toContain('the cash held for it does not buy one lot at this price');
  });

  test('left of an order is less than a lot: a whole one is still wanted', () => {
    const options = { ...thin, instruments: [spot({ lotSize: 1_000 })] };
    const one: Row = [100, 101, 99, 100, 1];
    const { fills } = trade({ 0: buy({ quantity: 2 }) }, [CALM, one, one], options);
    expect(fills.map(({ bar, quantity }) => [bar, quantity])).toEqual([
      [1, 1],
      [2, 1],
    ]);
  });
});

test('a budget that has filled in part buys with what is left of it', () => {
  const rows: Row[] = [CALM, [100, 101, 99, 100, 20], [125, 126, 124, 125, 50], CALM];
  const { fills } = trade({ 0: target(0.5) }, rows, thin);
  // 5,000 less 2,000 is 3,000, which buys 24 at 125.
  expect(fills.map(({ bar, quantity }) => [bar, quantity])).toEqual([
    [1, 20],
    [2, 24],
  ]);
});
