import { describe, expect, test } from 'vitest';
import {
  account,
  bars,
  brief,
  DAY,
  MINUTE,
  perpetual,
  play,
  type Row,
  running,
  START,
  scripted,
  spot,
} from '../engine/account.ts';
import { both, buy, CALM, sell, target, trade, WIDE } from './trade.ts';

const HOUR = 3_600_000;

describe('a market order', () => {
  test('fills at the open of the next bar', () => {
    const { fills } = trade({ 0: buy({ quantity: 2 }) }, [CALM, [102, 103, 101, 102]]);
    expect(fills).toMatchObject([{ bar: 1, quantity: 2, price: 102, maker: false, cash: 9_796, position: 2 }]);
  });

  test('of all the cash buys what the cash allows when the open has gapped up', () => {
    // 10,000 / 110 = 90.9090…, in lots of 0.001: 90.909, which costs 9,999.99.
    const { fills } = trade({ 0: target(1) }, [CALM, [110, 111, 109, 110]]);
    expect(fills).toMatchObject([{ quantity: 90.909, price: 110, cash: 0.01 }]);
  });

  test('of a quantity buys less, and no cash below zero, when its open costs more than there is', () => {
    const { fills, engine } = trade({ 0: buy({ quantity: 99 }) }, [CALM, [125, 126, 124, 125]]);
    expect(fills).toMatchObject([{ quantity: 80, price: 125, cash: 0 }]);
    expect(engine.workingOrders).toBe(0);
  });
});

describe('a limit order', () => {
  test('rests until a bar touches its price, which it then gets as a maker', () => {
    const { fills } = trade({ 0: buy({ type: 'limit', quantity: 1, price: 95 }) }, [
      CALM,
      [100, 101, 95.01, 98],
      [98, 99, 95, 97],
    ]);
    expect(fills).toMatchObject([{ bar: 2, price: 95, maker: true }]);
  });

  test('that the open of its first bar satisfies takes the open', () => {
    const { fills } = trade({ 0: buy({ type: 'limit', quantity: 1, price: 105 }) }, [CALM, [101, 102, 100, 101]]);
    expect(fills).toMatchObject([{ bar: 1, price: 101, maker: false }]);
  });

  test('that was resting gets its own price at an open that is better', () => {
    const { fills } = trade({ 0: buy({ type: 'limit', quantity: 1, price: 95 }) }, [CALM, CALM, [90, 91, 89, 90]]);
    expect(fills).toMatchObject([{ bar: 2, price: 95, maker: true }]);
  });

  test('to sell mirrors one to buy', () => {
    const answers = { 0: buy({ quantity: 1 }), 1: sell({ type: 'limit', quantity: 1, price: 105 }) };
    const { fills } = trade(answers, [CALM, CALM, [100, 104.99, 99, 104], [104, 105, 103, 104]]);
    expect(fills[1]).toMatchObject({ bar: 3, price: 105, maker: true, realised: 5, position: 0 });
  });
});

describe('a stop', () => {
  test('fills at its price when a bar reaches it', () => {
    const { fills } = trade({ 0: buy({ type: 'stop', quantity: 1, trigger: 105 }) }, [
      CALM,
      [103, 104.99, 102, 104],
      [104, 105, 103, 104],
    ]);
    expect(fills).toMatchObject([{ bar: 2, price: 105, maker: false }]);
  });

  test('that the open has gapped through fills at the open', () => {
    const rows: Row[] = [CALM, [107, 108, 106, 107]];
    expect(trade({ 0: buy({ type: 'stop', quantity: 1, trigger: 105 }) }, rows).fills).toMatchObject([
      { bar: 1, price: 107 },
    ]);
    const down: Row[] = [CALM, CALM, [90, 91, 89, 90]];
    const { fills } = trade({ 0: buy({ quantity: 1 }), 1: sell({ type: 'stop', quantity: 1, trigger: 95 }) }, down);
    expect(fills[1]).toMatchObject({ bar: 2, price: 90, realised: -10 });
  });

  test('nearer to the open comes before one farther away', () => {
    const answers = {
      0: both(buy({ type: 'stop', quantity: 1, trigger: 106 }), buy({ type: 'stop', quantity: 2, trigger: 103 })),
    };
    const { fills } = trade(answers, [CALM, [100, 107, 99, 106]]);
    expect(fills.map(brief)).toEqual([
      { bar: 1, side: 'buy', quantity: 2, price: 103 },
      { bar: 1, side: 'buy', quantity: 1, price: 106 },
    ]);
  });
});

describe('a stop-limit', () => {
  const order = (price: number) => ({ 0: buy({ type: 'stop-limit', quantity: 1, trigger: 105, price }) });

  test('fills at its stop price where its limit allows it', () => {
    expect(trade(order(106), [CALM, [103, 107, 102, 104]]).fills).toMatchObject([{ bar: 1, price: 105, maker: false }]);
  });

  test('that an open beyond its limit triggers rests at the limit for the bar', () => {
    expect(trade(order(106), [CALM, [108, 109, 105.5, 107]]).fills).toMatchObject([
      { bar: 1, price: 106, maker: true },
    ]);
    expect(trade(order(106), [CALM, [108, 109, 106.01, 107]]).fills).toEqual([]);
  });

  test('with a limit below its stop waits for the next bar', () => {
    const { fills, of } = trade(order(104), [CALM, [103, 106, 103, 105], [105, 105, 104, 104]]);
    expect(of('OrderTriggered')).toHaveLength(1);
    expect(fills).toMatchObject([{ bar: 2, price: 104, maker: true }]);
  });
});

describe('a trailing stop', () => {
  const answers = { 0: buy({ quantity: 1 }), 1: sell({ type: 'trailing-stop', quantity: 1, trailing: 0.1 }) };

  test('follows the high and fills where it stood before the bar', () => {
    // 100 × 0.9 = 90; after a high of 120, 108; the next bar falls through that.
    const { fills } = trade(answers, [CALM, CALM, [100, 120, 99, 119], [119, 125, 107, 124]]);
    expect(fills[1]).toMatchObject({ bar: 3, price: 108, realised: 8 });
  });

  test('fills at its new price when the close has certainly crossed it', () => {
    // A high of 130 moves it to 117, and the close is at 117 or below.
    expect(trade(answers, [CALM, CALM, [100, 130, 99, 117]]).fills[1]).toMatchObject({ bar: 2, price: 117 });
    expect(trade(answers, [CALM, CALM, [100, 130, 99, 117.01]]).fills).toHaveLength(1);
  });

  test('that the open has gapped through fills at the open', () => {
    expect(trade(answers, [CALM, CALM, [85, 86, 84, 85]]).fills[1]).toMatchObject({ bar: 2, price: 85 });
  });

  test('to buy follows the low', () => {
    const short = { 0: sell({ quantity: 1 }), 1: buy({ type: 'trailing-stop', quantity: 1, trailing: 0.1 }) };
    const { fills } = trade(short, [CALM, CALM, [100, 101, 80, 81], [81, 89, 80, 85]], {
      limits: { ...WIDE, allowShort: true },
    });
    expect(fills[1]).toMatchObject({ bar: 3, price: 88, realised: 12 });
  });

  test('keeps the exact price when only part of it could fill', () => {
    const execution = { volumeShare: { limit: 1, impactBps: 0 } };
    const rows: Row[] = [CALM, CALM, [100, 101, 89, 89, 0.25], [88, 89, 87, 88, 100]];
    expect(trade(answers, rows, { execution }).fills.slice(1).map(brief)).toEqual([
      { bar: 2, side: 'sell', quantity: 0.25, price: 90 },
      { bar: 3, side: 'sell', quantity: 0.75, price: 88 },
    ]);
  });
});

describe('time in force', () => {
  test('good till canceled: it stays until its strategy cancels it', () => {
    const answers = {
      0: buy({ type: 'limit', quantity: 1, price: 90 }),
      3: { kind: 'cancel' as const, reason: 'enough' },
    };
    const { of, engine } = trade(answers, [CALM, CALM, CALM, CALM]);
    expect(of('OrderCanceled')).toHaveLength(1);
    expect([engine.workingOrders, engine.reservedCash]).toEqual([0, 0]);
  });

  test('immediate or cancel: the open of the first bar or nothing, even where the bar touches it later', () => {
    const answers = { 0: buy({ type: 'limit', quantity: 1, price: 99, timeInForce: 'ioc' }) };
    const { fills, of } = trade(answers, [CALM, [100, 101, 95, 96]]);
    expect(fills).toEqual([]);
    expect(of('OrderCanceled')).toHaveLength(1);
  });

  test('immediate or cancel: what the volume left over is canceled', () => {
    const { fills, of } = trade({ 0: buy({ quantity: 3, timeInForce: 'ioc' }) }, [CALM, [100, 101, 99, 100, 2], CALM], {
      execution: { volumeShare: { limit: 1, impactBps: 0 } },
    });
    expect(fills.map(brief)).toEqual([{ bar: 1, side: 'buy', quantity: 2, price: 100 }]);
    expect(of('OrderCanceled')).toHaveLength(1);
  });

  test('fill or kill: the whole of it or nothing', () => {
    const fok = (quantity: number) => ({ 0: buy({ quantity, timeInForce: 'fok' }) });
    const execution = { volumeShare: { limit: 1, impactBps: 0 } };
    const rows: Row[] = [CALM, [100, 101, 99, 100, 2]];
    expect(trade(fok(2), rows, { execution }).fills).toHaveLength(1);
    expect(trade(fok(2.001), rows, { execution }).fills).toEqual([]);
  });

  test('fill or kill: it is killed where the cash does not reach for the whole', () => {
    const { fills, of } = trade({ 0: buy({ quantity: 99, timeInForce: 'fok' }) }, [CALM, [125, 126, 124, 125]]);
    expect(fills).toEqual([]);
    expect(of('OrderCanceled')).toHaveLength(1);
  });

  test('immediate or cancel as a stop: it waits for its trigger', () => {
    const answers = { 0: buy({ type: 'stop', quantity: 1, trigger: 105, timeInForce: 'ioc' }) };
    expect(trade(answers, [CALM, CALM, CALM, [100, 106, 99, 104]]).fills).toMatchObject([{ bar: 3, price: 105 }]);
  });

  test('day: the bars that open on its day, and none after', () => {
    const answers = { 0: buy({ type: 'limit', quantity: 1, price: 95, timeInForce: 'day' }) };
    const options = { timeframe: '6h', interval: 6 * HOUR } as const;
    const touch: Row = [100, 101, 95, 100];
    const lastOfDay = trade(answers, [CALM, CALM, CALM, touch], options);
    expect(lastOfDay.fills).toMatchObject([{ price: 95 }]);
    const nextDay = trade(answers, [CALM, CALM, CALM, CALM, touch], options);
    expect(nextDay.fills).toEqual([]);
    expect(nextDay.of('OrderExpired')).toHaveLength(1);
    expect(nextDay.engine.reservedCash).toBe(0);
  });

  test('day: a decision at 00:00 has the daily bar that begins there', () => {
    const answers = { 0: buy({ type: 'limit', quantity: 1, price: 95, timeInForce: 'day' }) };
    const touch: Row = [100, 101, 95, 100];
    const options = { timeframe: '1d', interval: DAY } as const;
    expect(trade(answers, [CALM, touch], options).fills).toHaveLength(1);
    expect(trade(answers, [CALM, CALM, touch], options).fills).toEqual([]);
    const weekly = { timeframe: '1w', interval: 7 * DAY } as const;
    expect(trade(answers, [CALM, touch], weekly).fills).toHaveLength(1);
    expect(trade(answers, [CALM, CALM, touch], weekly).fills).toEqual([]);
  });
});

describe('a post-only order', () => {
  const order = (price: number) => ({ 0: buy({ type: 'limit', quantity: 1, price, postOnly: true }) });

  test('is rejected where it would take, at the last price and above', () => {
    expect(trade(order(100), [CALM, CALM]).of('OrderRejected')).toHaveLength(1);
    expect(trade(order(99.99), [CALM, CALM]).of('OrderRejected')).toEqual([]);
  });

  test('rests from its decision on: a better open gives its own price, as a maker', () => {
    expect(trade(order(95), [CALM, [90, 91, 89, 90]]).fills).toMatchObject([{ price: 95, maker: true }]);
  });

  test('takes the legs of its bracket with it when it is rejected', () => {
    const answers = {
      0: buy({ type: 'limit', quantity: 1, price: 100, postOnly: true, stopLoss: 0.1, takeProfit: 0.1 }),
    };
    const { engine, of } = trade(answers, [CALM, CALM]);
    expect(of('OrderCanceled')).toHaveLength(2);
    expect(engine.workingOrders).toBe(0);
  });
});

describe('a reduce-only order', () => {
  test('is denied without a position and made as small as the position', () => {
    expect(trade({ 0: sell({ quantity: 1, reduceOnly: true }) }, [CALM, CALM]).of('OrderDenied')).toMatchObject([
      { denial: 'QUANTITY_BELOW_MIN' },
    ]);
    const { fills } = trade({ 0: buy({ quantity: 2 }), 1: sell({ quantity: 5, reduceOnly: true }) }, [
      CALM,
      CALM,
      CALM,
    ]);
    expect(fills[1]).toMatchObject({ quantity: 2, position: 0 });
  });

  test('ends when another order closes the position', () => {
    const answers = {
      0: buy({ quantity: 2 }),
      1: sell({ type: 'stop', quantity: 2, trigger: 90, reduceOnly: true }),
      2: sell({ quantity: 2 }),
      3: buy({ quantity: 1 }),
    };
    const { fills, engine } = trade(answers, [CALM, CALM, CALM, CALM, CALM, [90, 91, 85, 90]]);
    expect(fills.map(brief).at(-1)).toEqual({ bar: 4, side: 'buy', quantity: 1, price: 100 });
    expect(engine.workingOrders).toBe(0);
  });

  test('without leave to be short, two sells of the whole position never sell more than is held', () => {
    const answers = {
      0: buy({ quantity: 2 }),
      1: both(sell({ quantity: 2 }), sell({ type: 'limit', quantity: 2, price: 101 })),
    };
    const { fills, engine } = trade(answers, [CALM, CALM, [100, 102, 99, 100]]);
    expect(fills).toHaveLength(2);
    expect(engine.position(0, 0).quantity).toBe(0);
  });
});

describe('one cancels the other', () => {
  test('the first fill of a group cancels the rest', () => {
    const answers = {
      0: both(
        buy({ type: 'limit', quantity: 1, price: 95, oneCancelsOther: 'pair' }),
        buy({ type: 'stop', quantity: 1, trigger: 105, oneCancelsOther: 'pair' }),
      ),
    };
    const { fills, of } = trade(answers, [CALM, [100, 106, 94, 100]]);
    // Both were reached: the stop came first.
    expect(fills.map(brief)).toEqual([{ bar: 1, side: 'buy', quantity: 1, price: 105 }]);
    expect(of('OrderCanceled')).toHaveLength(1);
  });

  test('the same word in another instrument is another group', () => {
    const script = scripted(({ symbol }, bar) =>
      bar < 2
        ? buy({ type: 'limit', quantity: 1, price: symbol === 'A/USD' ? 99 : 95, oneCancelsOther: 'pair' })
        : undefined,
    );
    const definition = account({
      instruments: [spot(), spot({ symbol: 'B/USD' })],
      strategies: [running(script, { instruments: ['A/USD', 'B/USD'] })],
    });
    const { fills, engine } = play(
      definition,
      new Map([
        ['A/USD', bars([CALM, CALM])],
        ['B/USD', bars([CALM, CALM])],
      ]),
    );
    expect([fills.length, engine.workingOrders]).toEqual([1, 1]);
  });

  test('the protection of a grouped entry stays when the entry fills', () => {
    const answers = {
      0: both(
        buy({ type: 'limit', quantity: 1, price: 98, oneCancelsOther: 'pair', stopLoss: 0.05 }),
        buy({ type: 'stop', quantity: 1, trigger: 110, oneCancelsOther: 'pair', stopLoss: 0.05 }),
      ),
    };
    // 98 × 0.95 = 93.10.
    const { fills, engine } = trade(answers, [CALM, [100, 101, 97, 99], [99, 100, 93, 94]]);
    expect(fills.map(brief)).toEqual([
      { bar: 1, side: 'buy', quantity: 1, price: 98 },
      { bar: 2, side: 'sell', quantity: 1, price: 93.1 },
    ]);
    expect(engine.workingOrders).toBe(0);
  });
});

describe('one cancels the other in a thin market', () => {
  const execution = { volumeShare: { limit: 1, impactBps: 0 } };
  const rows: Row[] = [CALM, [100, 101, 97, 99, 2], [99, 100, 97, 98, 1], [98, 99, 93, 94, 50]];
  const pair = (fields: object = {}) =>
    both(
      buy({ type: 'limit', quantity: 3, price: 98, oneCancelsOther: 'pair', ...fields }),
      buy({ type: 'stop', quantity: 3, trigger: 110, oneCancelsOther: 'pair', ...fields }),
    );

  test('the first part of a fill cancels the rest, and the order itself fills on', () => {
    const { fills, of } = trade({ 0: pair() }, rows, { execution });
    expect(of('OrderCanceled')).toMatchObject([{ order: 2, cycle: fills[0].bar * MINUTE + START + MINUTE }]);
    expect(fills.map(brief)).toEqual([
      { bar: 1, side: 'buy', quantity: 2, price: 98 },
      { bar: 2, side: 'buy', quantity: 1, price: 98 },
    ]);
  });

  test('orders that were not grouped with it stay', () => {
    const alone = buy({ type: 'limit', quantity: 1, price: 90 });
    const other = buy({ type: 'limit', quantity: 1, price: 89, oneCancelsOther: 'another' });
    const { engine } = trade({ 0: both(pair(), alone, other) }, rows, { execution });
    expect(engine.markets[0].orders.map(({ price }) => price)).toEqual([9_000, 8_900]);
  });

  test('the protection of what has filled stays when the entry fills on', () => {
    const { fills, engine } = trade({ 0: pair({ stopLoss: 0.05 }) }, rows, { execution });
    // 98 × 0.95 = 93.10.
    expect(fills.at(-1)).toMatchObject({ bar: 3, side: 'sell', quantity: 3, price: 93.1, position: 0 });
    expect(engine.workingOrders).toBe(0);
  });
});

describe('sizes on the grid of the venue', () => {
  test('quantities go down to the lot', () => {
    const { fills } = trade({ 0: buy({ quantity: 1.279 }) }, [CALM, CALM], { instruments: [spot({ lotSize: 100 })] });
    expect(fills).toMatchObject([{ quantity: 1.2 }]);
  });

  test('limit prices go to the tick against the order', () => {
    const options = { instruments: [spot({ tickSize: 5 })] };
    const { of } = trade(
      {
        0: both(buy({ type: 'limit', quantity: 1, price: 95.07 }), buy({ quantity: 1 })),
        1: sell({ type: 'limit', quantity: 1, price: 105.01 }),
      },
      [CALM, CALM, CALM],
      options,
    );
    expect(of('OrderInitialized').map((event) => event.price)).toEqual(['9505', '0', '10505']);
  });

  test('a price that is on the grid stays where it is', () => {
    const { of } = trade({ 0: buy({ type: 'limit', quantity: 0.001, price: 69_123.45 }) }, [
      [70_000, 70_000, 70_000, 70_000],
      CALM,
    ]);
    expect(of('OrderInitialized')).toMatchObject([{ price: '6912345' }]);
  });

  test('an order below the smallest notional or quantity is denied, one at it passes', () => {
    const notional = { instruments: [spot({ minNotional: 1_000 })] };
    expect(trade({ 0: buy({ quantity: 0.099 }) }, [CALM], notional).of('OrderDenied')).toMatchObject([
      { denial: 'NOTIONAL_BELOW_MIN', limit: 1_000, value: 990 },
    ]);
    expect(trade({ 0: buy({ quantity: 0.1 }) }, [CALM], notional).of('OrderDenied')).toEqual([]);
    const quantity = { instruments: [spot({ minQuantity: 100 })] };
    expect(trade({ 0: buy({ quantity: 0.099 }) }, [CALM], quantity).of('OrderDenied')).toMatchObject([
      { denial: 'QUANTITY_BELOW_MIN', limit: 100, value: 99 },
    ]);
    expect(trade({ 0: buy({ quantity: 0.1 }) }, [CALM], quantity).of('OrderDenied')).toEqual([]);
  });
});

describe('a target', () => {
  const short = { limits: { allowShort: true } };

  test('flips from long to short in one bar, close first', () => {
    // 10,000 buys 100 at 100. At 110 that is 11,000: sold, and 11,000 sold short.
    const { fills } = trade({ 0: target(1), 1: target(-1) }, [CALM, [100, 111, 99, 110], [110, 111, 109, 110]], short);
    expect(fills.map(brief)).toEqual([
      { bar: 1, side: 'buy', quantity: 100, price: 100 },
      { bar: 2, side: 'sell', quantity: 100, price: 110 },
      { bar: 2, side: 'sell', quantity: 100, price: 110 },
    ]);
    expect(fills[2]).toMatchObject({ cash: 22_000, position: -100 });
  });

  test('flips a perpetual that uses all its margin', () => {
    const instruments = [perpetual({ initialMarginBps: 10_000, maintenanceMarginBps: 0 })];
    const { fills } = trade({ 0: target(1), 1: target(-1) }, [CALM, CALM, CALM], { ...short, instruments });
    expect(fills.map((fill) => fill.position)).toEqual([100, 0, -100]);
  });

  test('flips with its protection, which the closing does not take away', () => {
    const { fills } = trade(
      { 0: target(1), 1: target(-1, { stopLoss: 0.05 }) },
      [CALM, CALM, CALM, [100, 106, 99, 101]],
      short,
    );
    expect(fills.map((fill) => [fill.bar, fill.position, fill.price])).toEqual([
      [1, 100, 100],
      [2, 0, 100],
      [2, -100, 100],
      [3, 0, 105],
    ]);
  });

  test('given again is no new order; asked to be restored, it is', () => {
    const rise: Row = [100, 125, 99, 125];
    expect(trade({ 0: target(0.5), 1: target(0.5) }, [CALM, rise, [125, 126, 124, 125]]).fills).toHaveLength(1);
    // Half of 10,000 is 50 at 100; at 125 the account has 11,250 and should hold 45: 5 are sold.
    const { fills } = trade({ 0: target(0.5), 1: target(0.5, { rebalance: true }) }, [
      CALM,
      rise,
      [125, 126, 124, 125],
    ]);
    expect(fills.map(brief)[1]).toEqual({ bar: 2, side: 'sell', quantity: 5, price: 125 });
  });

  test('twice in one answer is one order, and the later of two counts', () => {
    expect(trade({ 0: both(target(0.5), target(0.5)) }, [CALM, CALM]).fills).toMatchObject([{ quantity: 50 }]);
    const { fills, engine } = trade({ 0: both(target(1), target(0.3)) }, [CALM, CALM]);
    expect(fills).toMatchObject([{ quantity: 30 }]);
    expect(engine.reservedCash).toBe(0);
  });

  test('of nothing, given while the last exit is still on its way, closes the rest', () => {
    const execution = { volumeShare: { limit: 1, impactBps: 0 } };
    const rows: Row[] = [CALM, CALM, [100, 101, 99, 100, 10], [100, 101, 99, 100, 10], CALM];
    const { fills, engine } = trade({ 0: target(1), 1: target(0.5), 2: target(0) }, rows, { execution });
    expect(fills.map((fill) => fill.position)).toEqual([100, 90, 80, 0]);
    expect(engine.workingOrders).toBe(0);
  });

  test('leaves a position alone when there is no equity to take a share of', () => {
    // 200 at 100 on 10,000 of cash; at 40 the account has -2,000.
    const { of, engine } = trade({ 0: target(2), 2: target(2, { rebalance: true }) }, [CALM, CALM, [40, 41, 39, 40]], {
      instruments: [perpetual({ initialMarginBps: 1_000, maintenanceMarginBps: 1_000 })],
    });
    expect([engine.equity, engine.position(0, 0).quantity]).toEqual([-200_000, 200_000]);
    expect(of('OrderDenied')).toMatchObject([{ denial: 'EQUITY_NOT_POSITIVE' }]);
  });
});
