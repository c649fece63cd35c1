import { describe, expect, test } from 'vitest';
import { brief, type Row } from '../engine/account.ts';
import { both, buy, CALM, sell, target, trade, WIDE } from './trade.ts';

const bracket = { stopLoss: 0.05, takeProfit: 0.1 };
const exits = (played: ReturnType<typeof trade>) =>
  played.fills.slice(1).map(({ bar, price, purpose }) => [bar, price, purpose]);

describe('a bracket', () => {
  test('has its stop and target measured from the fill', () => {
    const { of } = trade({ 0: buy({ quantity: 1, ...bracket }) }, [CALM, [102, 103, 101, 102]]);
    expect(of('OrderActivated')).toMatchObject([
      { trigger: '9690', price: '0' },
      { trigger: '0', price: '11220' },
    ]);
  });

  test('whose stop and target are in one bar was stopped out', () => {
    const played = trade({ 0: buy({ quantity: 1, ...bracket }) }, [CALM, CALM, [100, 111, 94, 105]]);
    expect(exits(played)).toEqual([[2, 95, 'stop-loss']]);
    expect(played.of('OrderCanceled')).toHaveLength(1);
    expect(played.engine.workingOrders).toBe(0);
  });

  test('takes its target where only that is reached, and its own price at a better open', () => {
    expect(exits(trade({ 0: buy({ quantity: 1, ...bracket }) }, [CALM, CALM, [100, 110, 96, 105]]))).toEqual([
      [2, 110, 'take-profit'],
    ]);
    expect(exits(trade({ 0: buy({ quantity: 1, ...bracket }) }, [CALM, CALM, [115, 116, 114, 115]]))).toEqual([
      [2, 110, 'take-profit'],
    ]);
  });

  test('whose entry filled at the open sees the rest of that bar', () => {
    expect(exits(trade({ 0: buy({ quantity: 1, ...bracket }) }, [CALM, [100, 111, 96, 105]]))).toEqual([
      [1, 110, 'take-profit'],
    ]);
    expect(exits(trade({ 0: buy({ quantity: 1, ...bracket }) }, [CALM, [100, 111, 94, 105]]))).toEqual([
      [1, 95, 'stop-loss'],
    ]);
  });

  test('whose entry filled within the bar meets only its stop there', () => {
    const limit = { 0: buy({ type: 'limit', quantity: 1, price: 95, ...bracket }) };
    // 95 × 1.1 = 104.50 was reached, perhaps before the entry; 95 × 0.95 = 90.25.
    const target = trade(limit, [CALM, [100, 106, 94, 96], [96, 105, 96, 104]]);
    expect(exits(target)).toEqual([[2, 104.5, 'take-profit']]);
    const stop = trade(limit, [CALM, [100, 106, 90, 96]]);
    expect(exits(stop)).toEqual([[1, 90.25, 'stop-loss']]);
  });

  test('whose entry was a stop within the bar is taken to be stopped out if the bar was there at all', () => {
    // 105 × 0.95 = 99.75, and the low of 99 may have been before the entry.
    const played = trade({ 0: buy({ type: 'stop', quantity: 1, trigger: 105, ...bracket }) }, [
      CALM,
      [101, 106, 99, 105],
    ]);
    expect(exits(played)).toEqual([[1, 99.75, 'stop-loss']]);
  });

  test('whose stop the entry has gapped past leaves at the entry, not at the better price of the stop', () => {
    const played = trade({ 0: buy({ quantity: 1, stopLoss: { price: 98 } }) }, [CALM, [97, 99, 96, 98]]);
    expect(exits(played)).toEqual([[1, 97, 'stop-loss']]);
  });

  test('may have its levels at prices, on the right side of its own entry', () => {
    const levels = { stopLoss: { price: 90 }, takeProfit: { price: 99 } };
    const played = trade({ 0: buy({ type: 'limit', quantity: 1, price: 95, ...levels }) }, [
      CALM,
      [96, 97, 95, 96],
      [96, 99, 96, 98],
    ]);
    expect(exits(played)).toEqual([[2, 99, 'take-profit']]);
    const wrong = trade({ 0: buy({ type: 'limit', quantity: 1, price: 95, stopLoss: { price: 96 } }) }, [CALM, CALM]);
    expect(wrong.of('OrderDenied')).toMatchObject([{ denial: 'ORDER_PRICE_INVALID' }]);
  });

  test('of a short mirrors one of a long', () => {
    const short = { limits: { ...WIDE, allowShort: true } };
    expect(exits(trade({ 0: sell({ quantity: 1, ...bracket }) }, [CALM, CALM, [100, 106, 89, 100]], short))).toEqual([
      [2, 105, 'stop-loss'],
    ]);
    expect(exits(trade({ 0: sell({ quantity: 1, ...bracket }) }, [CALM, CALM, [100, 104, 89, 100]], short))).toEqual([
      [2, 90, 'take-profit'],
    ]);
  });

  test('may trail instead of standing', () => {
    const played = trade({ 0: buy({ quantity: 1, trailingStop: 0.1 }) }, [
      CALM,
      [100, 101, 99, 101],
      [101, 120, 100, 119],
      [119, 119, 107, 110],
    ]);
    expect(exits(played)).toEqual([[3, 108, 'stop-loss']]);
  });

  test('that trails is not moved by a high from before its entry', () => {
    // The limit at 95 fills after the open of 110: 95 × 0.98 = 93.10, and not 110 × 0.98 = 107.80.
    const played = trade({ 0: buy({ type: 'limit', quantity: 1, price: 95, trailingStop: 0.02 }) }, [
      CALM,
      [110, 110, 94, 96],
      [96, 97, 94, 95],
    ]);
    // The close of 96 moves it to 94.08; 97 would move it to 95.06, which is above the close.
    expect(exits(played)).toEqual([[2, 94.08, 'stop-loss']]);
  });

  test('whose entry is canceled ends with it', () => {
    const answers = {
      0: buy({ type: 'limit', quantity: 1, price: 90, ...bracket }),
      1: { kind: 'cancel' as const, reason: 'enough' },
    };
    const { engine, of } = trade(answers, [CALM, CALM]);
    expect(of('OrderCanceled')).toHaveLength(3);
    expect(engine.workingOrders).toBe(0);
  });

  test('whose position its strategy closes ends with it', () => {
    const { engine, fills } = trade({ 0: target(1, bracket), 1: target(0) }, [CALM, CALM, CALM, [100, 111, 90, 100]]);
    expect(fills.map(brief)).toHaveLength(2);
    expect(engine.workingOrders).toBe(0);
  });
});

describe('a bracket in a thin market', () => {
  const execution = { volumeShare: { limit: 1, impactBps: 0 } };

  test('protects as much as its entry has filled', () => {
    const rows: Row[] = [CALM, [100, 101, 99, 100, 2], [100, 101, 99, 100, 1], [100, 101, 90, 91, 50]];
    const { fills, engine } = trade({ 0: buy({ quantity: 3, ...bracket }) }, rows, { execution });
    expect(fills.map(brief)).toEqual([
      { bar: 1, side: 'buy', quantity: 2, price: 100 },
      { bar: 2, side: 'buy', quantity: 1, price: 100 },
      { bar: 3, side: 'sell', quantity: 3, price: 95 },
    ]);
    expect(engine.workingOrders).toBe(0);
  });

  test('keeps its stop for the rest when the target has filled in part', () => {
    const rows: Row[] = [CALM, [100, 101, 99, 100, 50], [100, 110, 99, 109, 1], [109, 109, 90, 91, 50]];
    const { fills, engine } = trade({ 0: buy({ quantity: 3, ...bracket }) }, rows, { execution });
    expect(fills.slice(1).map(brief)).toEqual([
      { bar: 2, side: 'sell', quantity: 1, price: 110 },
      { bar: 3, side: 'sell', quantity: 2, price: 95 },
    ]);
    expect(engine.workingOrders).toBe(0);
  });

  test('that was stopped out buys no more without protection', () => {
    const rows: Row[] = [CALM, [100, 101, 99, 100, 2], [96, 97, 90, 91, 2.5], CALM, CALM];
    const { fills, engine } = trade({ 0: buy({ type: 'limit', quantity: 9, price: 100, ...bracket }) }, rows, {
      execution,
    });
    // The entry takes 2 more at its price before the bar turns; half a unit of volume is left for the stop.
    expect(fills.at(-1)).toMatchObject({ purpose: 'stop-loss', position: 0 });
    expect(engine.position(0, 0).quantity).toBe(0);
    expect(engine.workingOrders).toBe(0);
  });

  // Five that nothing protects beside a bracket of three, so that what a leg does to the other is not hidden by a flat account.
  const beside = { 0: both(buy({ quantity: 5 }), buy({ quantity: 3, ...bracket })) };
  const full: Row = [100, 101, 99, 100, 50];

  test('has a stop for what its target has left, and not for what others hold', () => {
    const rows: Row[] = [CALM, full, [100, 110, 99, 109, 1], [109, 109, 90, 91, 50], full];
    const { fills, engine } = trade(beside, rows, { execution });
    expect(fills.slice(2).map(brief)).toEqual([
      { bar: 2, side: 'sell', quantity: 1, price: 110 },
      { bar: 3, side: 'sell', quantity: 2, price: 95 },
    ]);
    expect([engine.position(0, 0).quantity, engine.workingOrders]).toEqual([5_000, 0]);
  });

  test('is over when its target has filled as a whole', () => {
    const rows: Row[] = [CALM, full, [100, 110, 99, 109, 50], [109, 109, 90, 91, 50]];
    const { fills, engine, of } = trade(beside, rows, { execution });
    expect(fills.slice(2).map(brief)).toEqual([{ bar: 2, side: 'sell', quantity: 3, price: 110 }]);
    expect([of('OrderCanceled').length, engine.workingOrders]).toEqual([1, 0]);
  });

  test('leaves the legs of another entry as they are', () => {
    const two = { 0: both(buy({ quantity: 2, takeProfit: 0.05 }), buy({ quantity: 3, ...bracket })) };
    const rows: Row[] = [CALM, full, [100, 105, 99, 104, 1], [104, 104, 90, 91, 50]];
    const { fills, engine } = trade(two, rows, { execution });
    // One of the first entry's two is sold at its target; the stop of the second sells all three of its own.
    expect(fills.slice(2).map(brief)).toEqual([
      { bar: 2, side: 'sell', quantity: 1, price: 105 },
      { bar: 3, side: 'sell', quantity: 3, price: 95 },
    ]);
    expect(engine.markets[0].orders).toMatchObject([{ type: 'limit', quantity: 2_000, filled: 1_000 }]);
  });

  test('works no entry on when its position was closed by hand', () => {
    const answers = {
      0: buy({ type: 'limit', quantity: 9, price: 100, ...bracket }),
      1: sell({ quantity: 2 }),
    };
    const rows: Row[] = [CALM, [100, 101, 99, 100, 2], [101, 102, 100.5, 101, 50], full, full];
    const { fills, engine } = trade(answers, rows, { execution });
    expect(fills.map(brief)).toEqual([
      { bar: 1, side: 'buy', quantity: 2, price: 100 },
      { bar: 2, side: 'sell', quantity: 2, price: 101 },
    ]);
    expect(engine.workingOrders).toBe(0);
  });

  test('whose target has filled in part ends when the position is closed', () => {
    const answers = { 0: buy({ quantity: 3, takeProfit: 0.1 }), 2: sell({ quantity: 2 }), 3: buy({ quantity: 1 }) };
    const rows: Row[] = [CALM, full, [100, 110, 99, 109, 1], full, full, [100, 111, 99, 110, 50]];
    const { fills, engine } = trade(answers, rows, { execution });
    expect(fills.map(({ bar, side, quantity }) => [bar, side, quantity])).toEqual([
      [1, 'buy', 3],
      [2, 'sell', 1],
      [3, 'sell', 2],
      [4, 'buy', 1],
    ]);
    expect(engine.workingOrders).toBe(0);
  });
});

describe('a target whose position was stopped out', () => {
  test('is a new decision when it is given again, beside what was bought since too', () => {
    const answers = { 0: target(0.5, { stopLoss: 0.05 }), 2: buy({ quantity: 1 }), 4: target(0.5) };
    const { fills } = trade(answers, [CALM, CALM, [100, 101, 94, 100], CALM, CALM, CALM]);
    // 5,000 less 5 % of it are lost: half of 9,750 is 48.75 at 100.
    expect(fills.map(({ bar, side, quantity }) => [bar, side, quantity])).toEqual([
      [1, 'buy', 50],
      [2, 'sell', 50],
      [3, 'buy', 1],
      [5, 'buy', 47.75],
    ]);
  });

  test('and one that its strategy has closed stands: given again, it leaves a new entry alone', () => {
    const answers = { 0: target(0.5), 1: target(0), 3: buy({ type: 'limit', quantity: 1, price: 90 }), 4: target(0) };
    const { engine, of } = trade(answers, [CALM, CALM, CALM, CALM, CALM, CALM]);
    expect([engine.workingOrders, of('OrderCanceled').length]).toEqual([1, 0]);
  });
});
