import { describe, expect, test } from 'vitest';
import {
  account,
  bars,
  brief,
  DAY,
  perpetual,
  play,
  type Row,
  running,
  START,
  scripted,
  spot,
} from '../engine/account.ts';
import { buy, CALM, sell, target, trade, WIDE } from './trade.ts';

const HOUR = 3_600_000;
const FLAT: Row = [100, 100, 100, 100];

describe('fees', () => {
  test('a taker pays the taker fee, rounded up', () => {
    // 1.5 × 100 × 10.25 bps = 0.15375.
    const { fills } = trade({ 0: buy({ quantity: 1.5 }) }, [CALM, CALM], {
      instruments: [spot({ takerFeeBps: 10.25 })],
    });
    expect(fills).toMatchObject([{ fee: 0.16, cash: 9_849.84 }]);
  });

  test('a maker pays the maker fee, and gets a rebate rounded down', () => {
    const order = { 0: buy({ type: 'limit', quantity: 2, price: 95 }) };
    // 190 × 4 bps = 0.076; 190 × -2.5 bps = -0.0475.
    expect(
      trade(order, [CALM, [96, 97, 95, 96]], { instruments: [spot({ makerFeeBps: 4, takerFeeBps: 10 })] }).fills[0].fee,
    ).toBe(0.08);
    const rebate = trade(order, [CALM, [96, 97, 95, 96]], {
      instruments: [spot({ makerFeeBps: -2.5, takerFeeBps: 10 })],
    });
    expect(rebate.fills).toMatchObject([{ fee: -0.04, cash: 9_810.04 }]);
  });

  test('a target of everything leaves room for its fee', () => {
    // 10,000 / 1.001 = 9,990.00 of notional at 100: 99.9, whose fee is 9.99.
    const { fills } = trade({ 0: target(1) }, [CALM, CALM], { instruments: [spot({ takerFeeBps: 10 })], limits: {} });
    expect(fills).toMatchObject([{ quantity: 99.9, fee: 9.99, cash: 0.01 }]);
  });

  test('are finer than a hundredth of a basis point only rounded up', () => {
    // 0.001 bps of 9,000 is 0.0009; rounded up to a hundredth it is 0.009, and to a cent 0.01.
    const { fills } = trade({ 0: buy({ quantity: 90 }) }, [CALM, CALM], {
      instruments: [spot({ takerFeeBps: 0.001 })],
    });
    expect(fills[0].fee).toBe(0.01);
  });
});

describe('the execution model', () => {
  const price = (execution: object, fields: object = {}) =>
    trade(
      { 0: buy({ quantity: 2 }), 1: sell({ quantity: 2 }) },
      [CALM, [100, 101, 99, 100, 4], [100, 101, 99, 100, 4]],
      { execution, ...fields },
    ).fills.map((fill) => fill.price);

  test('slippage is a fixed distance either way', () => {
    expect(price({ slippageBps: 10 })).toEqual([100.1, 99.9]);
  });

  test('a taker pays half the spread', () => {
    expect(price({ spreadBps: 20 })).toEqual([100.1, 99.9]);
  });

  test('the share of the volume moves the price by its square', () => {
    // Half of the volume: 100 bps × 0.25.
    expect(price({ volumeShare: { limit: 1, impactBps: 100 } })).toEqual([100.25, 99.75]);
  });

  test('the price goes to the tick against the order', () => {
    expect(price({ slippageBps: 7 }, { instruments: [spot({ tickSize: 5 })] })).toEqual([100.1, 99.9]);
  });

  test('never carries a limit order past its limit, and leaves makers alone', () => {
    const taken = trade({ 0: buy({ type: 'limit', quantity: 1, price: 100.05 }) }, [CALM, CALM], {
      execution: { slippageBps: 10 },
    });
    expect(taken.fills[0].price).toBe(100.05);
    const made = trade({ 0: buy({ type: 'limit', quantity: 1, price: 99.5 }) }, [CALM, CALM], {
      execution: { slippageBps: 10 },
    });
    expect(made.fills).toMatchObject([{ price: 99.5, maker: true }]);
  });

  test('worsens a stop from its own price, and from the open it gapped to', () => {
    const order = { 0: buy({ type: 'stop', quantity: 1, trigger: 105 }) };
    const execution = { slippageBps: 100 };
    expect(trade(order, [CALM, [103, 106, 102, 104]], { execution }).fills[0].price).toBe(106.05);
    expect(trade(order, [CALM, [110, 111, 109, 110]], { execution }).fills[0].price).toBe(111.1);
  });

  test('no more is filled than the share of the volume that is there, for all orders together', () => {
    const execution = { volumeShare: { limit: 0.5, impactBps: 0 } };
    const { fills } = trade(
      { 0: buy({ quantity: 5 }) },
      [CALM, [100, 101, 99, 100, 4], [101, 102, 100, 101, 4], [102, 103, 101, 102, 9]],
      { execution },
    );
    expect(fills.map(brief)).toEqual([
      { bar: 1, side: 'buy', quantity: 2, price: 100 },
      { bar: 2, side: 'buy', quantity: 2, price: 101 },
      { bar: 3, side: 'buy', quantity: 1, price: 102 },
    ]);
  });
});

describe('borrowing', () => {
  const short = { limits: { ...WIDE, allowShort: true }, timeframe: '6h', interval: 6 * HOUR } as const;
  const rows = Array.from({ length: 9 }, () => FLAT);

  test('a short pays for each day that ends, at its last price', () => {
    // 100 × 3.65 % / 365 = 0.01 a day; the cycle after 00:00 of the second and of the third day.
    const { of, engine } = trade({ 0: sell({ quantity: 1 }) }, rows, {
      ...short,
      execution: { borrowBpsPerYear: 365 },
    });
    expect(of('BorrowCharged').map((event) => [event.cycle - START, event.amount])).toEqual([
      [DAY + 6 * HOUR, '-1'],
      [2 * DAY + 6 * HOUR, '-1'],
    ]);
    expect(engine.cash).toBe(1_010_000 - 2);
  });

  test('is at the rate of the instrument where the model names none, and free for who is long', () => {
    const instruments = [spot({ borrowBpsPerYear: 730 })];
    expect(trade({ 0: sell({ quantity: 1 }) }, rows, { ...short, instruments }).of('BorrowCharged')[0].amount).toBe(
      '-2',
    );
    expect(trade({ 0: buy({ quantity: 1 }) }, rows, { ...short, instruments }).of('BorrowCharged')).toEqual([]);
  });

  test('is owed for every day of a gap', () => {
    const script = scripted((_, bar) => (bar === 0 ? sell({ quantity: 1 }) : undefined));
    const definition = account({
      ...short,
      strategies: [running(script, { timeframe: '6h' })],
      execution: { borrowBpsPerYear: 365 },
    });
    const before = bars([FLAT, FLAT], START, 6 * HOUR);
    const after = bars([FLAT], START + 3 * DAY, 6 * HOUR);
    const joined = { ...before, length: 3 };
    for (const column of ['timestamp', 'open', 'high', 'low', 'close', 'volume'] as const) {
      joined[column] = new Float64Array([...before[column], ...after[column]]);
    }
    expect(play(definition, joined).of('BorrowCharged')).toHaveLength(3);
  });
});

describe('funding', () => {
  const instruments = [perpetual({ fundingIntervalMs: 8 * HOUR, initialMarginBps: 10_000, maintenanceMarginBps: 0 })];
  const options = { instruments, timeframe: '4h', interval: 4 * HOUR, limits: { ...WIDE, allowShort: true } } as const;
  const amounts = (answer: object, fundingBps: number) =>
    trade({ 0: answer as never }, [FLAT, FLAT, FLAT, FLAT, FLAT], { ...options, execution: { fundingBps } })
      .of('FundingSettled')
      .map((event) => [(event.cycle - START) / HOUR, event.amount]);

  test('longs pay a positive rate and receive a negative one', () => {
    // 1 × 100 × 10 bps at 08:00 and 16:00, in the bars that open then.
    expect(amounts(buy({ quantity: 1 }) as object, 10)).toEqual([
      [12, '-10'],
      [20, '-10'],
    ]);
    expect(amounts(buy({ quantity: 1 }) as object, -10)).toEqual([
      [12, '10'],
      [20, '10'],
    ]);
  });

  test('shorts receive a positive rate and pay a negative one', () => {
    expect(amounts(sell({ quantity: 1 }) as object, 10)).toEqual([
      [12, '10'],
      [20, '10'],
    ]);
    expect(amounts(sell({ quantity: 1 }) as object, -10)).toEqual([
      [12, '-10'],
      [20, '-10'],
    ]);
  });

  test('is rounded against the account either way', () => {
    // 0.001 × 100 × 10 bps = 0.0001.
    expect(amounts(buy({ quantity: 0.001 }) as object, 10)[0][1]).toBe('-1');
    expect(amounts(sell({ quantity: 0.001 }) as object, 10)[0][1]).toBe('0');
  });

  test('a bar longer than the interval owes each payment in it', () => {
    const daily = { ...options, timeframe: '1d', interval: DAY, execution: { fundingBps: 10 } } as const;
    const { of, engine } = trade({ 0: buy({ quantity: 1 }) }, [FLAT, FLAT, FLAT], daily);
    expect(of('FundingSettled').map((event) => event.amount)).toEqual(['-10', '-10', '-10']);
    expect(engine.position(0, 0).funding).toBe(-30);
  });
});

describe('liquidation', () => {
  const instruments = [perpetual()];
  const options = { instruments, limits: { ...WIDE, allowShort: true } };

  test('happens at the price at which the margin is used up', () => {
    // Bought at 100 with 10 %, kept up to 5 %: 100 × 0.9 / 0.95 = 94.7368…; sold: 100 × 1.1 / 1.05 = 104.7619….
    const long = trade({ 0: buy({ quantity: 1 }) }, [CALM, CALM, [98, 99, 94.74, 98]], options);
    expect(long.fills[1]).toMatchObject({ purpose: 'liquidation', price: 94.74, realised: -5.26, position: 0 });
    expect(trade({ 0: buy({ quantity: 1 }) }, [CALM, CALM, [98, 99, 94.75, 98]], options).fills).toHaveLength(1);
    const short = trade({ 0: sell({ quantity: 1 }) }, [CALM, CALM, [102, 104.76, 101, 102]], options);
    expect(short.fills[1]).toMatchObject({ purpose: 'liquidation', side: 'buy', price: 104.76, position: 0 });
    expect(trade({ 0: sell({ quantity: 1 }) }, [CALM, CALM, [102, 104.75, 101, 102]], options).fills).toHaveLength(1);
  });

  test('is an order of the venue that only reduces, pays as a taker, and is over', () => {
    const fees = { instruments: [perpetual({ takerFeeBps: 10, makerFeeBps: 0 })] };
    const { of, fills, engine, events } = trade({ 0: buy({ quantity: 1 }) }, [CALM, CALM, [98, 99, 94, 98]], fees);
    // A thousandth of 94.74, up to the next cent.
    expect(fills[1]).toMatchObject({ purpose: 'liquidation', fee: 0.1, maker: false });
    const [, closing] = of('OrderInitialized');
    expect(closing).toMatchObject({ reduceOnly: true, reduced: false, reference: '9474' });
    const text = events.find(({ body }) => (body as { index?: number } | undefined)?.index === closing.reason);
    expect(text?.body).toMatchObject({ text: 'the venue liquidated the position' });
    expect([of('OrderCanceled').length, engine.workingOrders]).toEqual([0, 0]);
  });

  test('happens at the open that has gapped past that price, before any order', () => {
    const answers = { 0: buy({ quantity: 1, stopLoss: 0.03 }) };
    const { fills, engine } = trade(answers, [CALM, CALM, [93, 94, 92, 93]], options);
    expect(fills[1]).toMatchObject({ purpose: 'liquidation', price: 93 });
    expect(engine.workingOrders).toBe(0);
  });

  test('comes after the stop that was to prevent it', () => {
    const { fills } = trade({ 0: buy({ quantity: 1, stopLoss: 0.03 }) }, [CALM, CALM, [98, 99, 90, 91]], options);
    expect(fills.slice(1).map((fill) => [fill.purpose, fill.price])).toEqual([['stop-loss', 97]]);
  });

  test('takes a position that a limit order opened in the same bar', () => {
    // 96 × 0.9 / 0.95 = 90.947….
    const { fills } = trade({ 0: buy({ type: 'limit', quantity: 1, price: 96 }) }, [CALM, [98, 99, 90, 97]], options);
    expect(fills.map((fill) => [fill.purpose, fill.price])).toEqual([
      ['entry', 96],
      ['liquidation', 90.95],
    ]);
  });

  test('ends the protection of the position, which must not act on the next one', () => {
    const answers = { 0: buy({ quantity: 1, takeProfit: 0.02 }), 2: buy({ quantity: 1 }) };
    const { fills } = trade(answers, [CALM, [100, 101, 99, 100], [98, 99, 94, 98], [98, 103, 97, 102]], options);
    expect(fills.map((fill) => [fill.order, fill.purpose])).toEqual([
      [1, 'entry'],
      [3, 'liquidation'],
      [4, 'entry'],
    ]);
  });
});

describe('several strategies in one instrument', () => {
  const answering = (id: string, answers: Readonly<Record<number, unknown>>, allocation = 0.5) =>
    running(
      scripted((_, bar) => answers[bar] as never),
      { id, allocation, instruments: ['P/USD'] },
    );
  const definition = (a: Readonly<Record<number, unknown>>, b: Readonly<Record<number, unknown>>) =>
    account({
      instruments: [perpetual()],
      strategies: [answering('a', a), answering('b', b)],
      limits: { ...WIDE, allowShort: true },
    });

  test('each has its own position, and the account their sum', () => {
    const { engine, fills } = play(
      definition({ 0: buy({ quantity: 3 }) }, { 0: sell({ quantity: 1 }) }),
      bars([CALM, CALM]),
    );
    expect(fills.map((fill) => fill.position)).toEqual([3, -1]);
    expect(engine.markets[0]).toMatchObject({ netQuantity: 2_000, longQuantity: 3_000, shortQuantity: 1_000 });
  });

  test('each is liquidated by itself, even where the account as a whole is flat', () => {
    const { fills } = play(
      definition({ 0: buy({ quantity: 1 }) }, { 0: sell({ quantity: 1 }) }),
      bars([CALM, CALM, [98, 99, 94, 98]]),
    );
    expect(fills.slice(2).map((fill) => [fill.side, fill.purpose, fill.price])).toEqual([
      ['sell', 'liquidation', 94.74],
    ]);
  });

  test('the stop of one does not touch the position of the other', () => {
    const { engine } = play(
      definition({ 0: buy({ quantity: 1, stopLoss: 0.02 }) }, { 0: buy({ quantity: 1, stopLoss: 0.04 }) }),
      bars([CALM, CALM, [100, 101, 97, 98]]),
    );
    expect([engine.position(0, 0).quantity, engine.position(1, 0).quantity]).toEqual([0, 1_000]);
    expect(engine.markets[0].orders).toMatchObject([{ strategy: 1, trigger: 9_600 }]);
  });
});
