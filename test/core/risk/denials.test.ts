import { afterAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../../core/engine/engine.ts';
import { DENIAL_CODES } from '../../../core/risk/denial.ts';
import { halt, reduce } from '../../../core/risk/kill-switch.ts';
import type { Decision } from '../../../core/strategies/contract.ts';
import {
  account,
  bars,
  MINUTE,
  type Played,
  perpetual,
  play,
  type Row,
  running,
  START,
  scripted,
  spot,
} from '../engine/account.ts';
import { both, buy, CALM, sell, target, WIDE } from '../execution/trade.ts';
import {
  CODES_OF_BUDGETS,
  CODES_OF_OPTIONAL_CONTROLS,
  CODES_OF_SIZING,
  denials as denialsOf,
  under,
} from './support.ts';

const reached = new Set<unknown>();

function denials(played: Played): unknown[] {
  for (const { denial } of played.of('OrderDenied')) reached.add(denial);
  return denialsOf(played);
}

const codes = (played: Played): unknown[] => denials(played).map((denial) => (denial as unknown[])[0]);

afterAll(() => {
  const elsewhere: readonly unknown[] = [
    'NONE',
    ...CODES_OF_OPTIONAL_CONTROLS,
    ...CODES_OF_SIZING,
    ...CODES_OF_BUDGETS,
  ];
  expect([...reached].sort()).toEqual(DENIAL_CODES.filter((code) => !elsewhere.includes(code)).sort());
});

describe('size', () => {
  const strict = { oversize: 'deny', maxGrossExposure: 100, maxNetExposure: 100 } as const;

  test('of one order: at its limit it passes, above it is denied or made smaller', () => {
    const limits = { ...strict, maxOrderNotional: 500 };
    expect(denials(under(limits, { 0: buy({ quantity: 5 }) }))).toEqual([]);
    expect(denials(under(limits, { 0: buy({ quantity: 5.001 }) }))).toEqual([
      ['NOTIONAL_EXCEEDS_MAX_PER_ORDER', 50_000, 50_010],
    ]);
    const { fills, of } = under({ ...limits, oversize: 'reduce' }, { 0: buy({ quantity: 7 }) });
    expect(fills).toMatchObject([{ quantity: 5 }]);
    expect(of('OrderInitialized')).toMatchObject([{ reduced: true }]);
  });

  test('of a position, with what is working', () => {
    const limits = { ...strict, maxPositionNotional: 500 };
    const working = buy({ type: 'limit', quantity: 2, price: 100 });
    expect(denials(under(limits, { 0: buy({ quantity: 3 }), 1: working }))).toEqual([]);
    expect(denials(under(limits, { 0: both(buy({ quantity: 3 }), working, buy({ quantity: 0.001 })) }))).toEqual([
      ['POSITION_EXCEEDS_MAX', 50_000, 50_010],
    ]);
    const { fills } = under({ ...limits, oversize: 'reduce' }, { 0: buy({ quantity: 3 }), 1: buy({ quantity: 9 }) });
    expect(fills.map((fill) => fill.position)).toEqual([3, 5]);
  });

  test('of all positions and orders together, as a share of equity', () => {
    const limits = { oversize: 'deny', maxGrossExposure: 0.5 } as const;
    expect(denials(under(limits, { 0: buy({ quantity: 50 }) }))).toEqual([]);
    expect(denials(under(limits, { 0: buy({ quantity: 50.1 }) }))).toEqual([
      ['GROSS_EXPOSURE_EXCEEDS_MAX', 5_000, 5_010],
    ]);
    expect(under({ ...limits, oversize: 'reduce' }, { 0: buy({ quantity: 70 }) }).fills).toMatchObject([
      { quantity: 50 },
    ]);
  });

  test('long minus short, as a share of equity, whichever of the orders fill', () => {
    const limits = { oversize: 'deny', maxGrossExposure: 100, maxNetExposure: 0.5, allowShort: true } as const;
    expect(denials(under(limits, { 0: sell({ quantity: 50 }) }))).toEqual([]);
    expect(denials(under(limits, { 0: sell({ quantity: 50.1 }) }))).toEqual([
      ['NET_EXPOSURE_EXCEEDS_MAX', 5_000, 5_010],
    ]);
    // A working sell does not make room for a buy: it may not fill.
    const hedge = { 0: both(sell({ type: 'limit', quantity: 40, price: 105 }), buy({ quantity: 50.1 })) };
    expect(codes(under(limits, hedge))).toEqual(['NET_EXPOSURE_EXCEEDS_MAX']);
  });

  test('no more than the free cash buys', () => {
    expect(denials(under(strict, { 0: buy({ quantity: 100 }) }))).toEqual([]);
    expect(denials(under(strict, { 0: buy({ quantity: 100.001 }) }))).toEqual([
      ['CASH_INSUFFICIENT', 1_000_000, 1_000_010],
    ]);
    const held = {
      0: both(buy({ type: 'limit', quantity: 60, price: 100 }), buy({ quantity: 40 }), buy({ quantity: 0.001 })),
    };
    expect(denials(under(strict, held))).toEqual([['CASH_INSUFFICIENT', 0, 10]]);
  });

  test('the fee of a taker counts towards it, and a rebate does not', () => {
    const order = { 0: buy({ quantity: 1 }) };
    const of = (takerFeeBps: number, maxOrderNotional: number) =>
      denials(under({ ...strict, maxOrderNotional }, order, undefined, { instruments: [spot({ takerFeeBps })] }));
    expect(of(10, 100.1)).toEqual([]);
    expect(of(10, 100.09)).toEqual([['NOTIONAL_EXCEEDS_MAX_PER_ORDER', 10_009, 10_010]]);
    expect(of(-10, 100)).toEqual([]);
    expect(of(-10, 99.99)).toEqual([['NOTIONAL_EXCEEDS_MAX_PER_ORDER', 9_999, 10_000]]);
  });

  test('a contract counts for as much as it is of, and what is left is in whole lots', () => {
    const of = (maxOrderNotional: number, minNotional: number, oversize: 'deny' | 'reduce' = 'deny') =>
      under({ ...strict, oversize, maxOrderNotional }, { 0: buy({ quantity: 1 }) }, undefined, {
        instruments: [perpetual({ multiplier: 10, minNotional, lotSize: 100 })],
      });
    expect(denials(of(1_000, 100_000))).toEqual([]);
    expect(denials(of(999.99, 1))).toEqual([['NOTIONAL_EXCEEDS_MAX_PER_ORDER', 99_999, 100_000]]);
    expect(denials(of(1_000, 100_001))).toEqual([['NOTIONAL_BELOW_MIN', 100_001, 100_000]]);
    expect(of(999.99, 1, 'reduce').fills).toMatchObject([{ quantity: 0.9 }]);
  });

  test('where more than one limit is in the way, the first is named, or what the tightest leaves is opened', () => {
    const limits = { ...strict, maxOrderNotional: 500, maxPositionNotional: 300 };
    expect(codes(under(limits, { 0: buy({ quantity: 6 }) }))).toEqual(['NOTIONAL_EXCEEDS_MAX_PER_ORDER']);
    expect(codes(under(limits, { 0: buy({ quantity: 4 }) }))).toEqual(['POSITION_EXCEEDS_MAX']);
    expect(under({ ...limits, oversize: 'reduce' }, { 0: buy({ quantity: 6 }) }).fills).toMatchObject([
      { quantity: 3 },
    ]);
    // Nothing is left by the tightest, whichever comes first.
    const full = { ...limits, oversize: 'reduce' } as const;
    expect(codes(under(full, { 0: buy({ quantity: 3 }), 1: buy({ quantity: 9 }) }))).toEqual(['POSITION_EXCEEDS_MAX']);
  });

  test('no more than the free margin carries', () => {
    const instruments = [perpetual()];
    expect(denials(under(strict, { 0: buy({ quantity: 1_000 }) }, undefined, { instruments }))).toEqual([]);
    expect(codes(under(strict, { 0: buy({ quantity: 1_000.001 }) }, undefined, { instruments }))).toEqual([
      'CASH_INSUFFICIENT',
    ]);
  });

  test('what a limit leaves too small for the venue is denied by that limit', () => {
    const instruments = [spot({ minNotional: 1_000 })];
    expect(denials(under({ maxOrderNotional: 9.99 }, { 0: buy({ quantity: 1 }) }, undefined, { instruments }))).toEqual(
      [['NOTIONAL_EXCEEDS_MAX_PER_ORDER', 999, 10_000]],
    );
    expect(
      under({ maxOrderNotional: 10 }, { 0: buy({ quantity: 1 }) }, undefined, { instruments }).fills,
    ).toMatchObject([{ quantity: 0.1 }]);
    expect(denials(under({}, { 0: buy({ quantity: 0.099 }) }, undefined, { instruments }))).toEqual([
      ['NOTIONAL_BELOW_MIN', 1_000, 990],
    ]);
    expect(denials(under({}, { 0: buy({ quantity: 0.0009 }) }))).toEqual([['QUANTITY_BELOW_MIN', 1, 0]]);
  });
});

describe('prices', () => {
  test('no farther from the last price than the collar, either way', () => {
    const limits = { priceCollarBps: 1_000 };
    const limit = (price: number) => ({ 0: buy({ type: 'limit', quantity: 1, price }) });
    expect(denials(under(limits, limit(90)))).toEqual([]);
    expect(denials(under(limits, limit(110)))).toEqual([]);
    expect(denials(under(limits, limit(89.99)))).toEqual([['PRICE_OUTSIDE_COLLAR', 1_000, 1_001]]);
    expect(denials(under(limits, limit(110.01)))).toEqual([['PRICE_OUTSIDE_COLLAR', 1_000, 1_001]]);
  });

  test('a type has the prices that it needs, and no others', () => {
    for (const fields of [
      { type: 'limit' },
      { type: 'stop' },
      { type: 'stop-limit', trigger: 101 },
      { type: 'trailing-stop' },
      { type: 'market', price: 100 },
      { type: 'limit', price: 99, trigger: 101 },
    ]) {
      expect(codes(under({}, { 0: buy({ quantity: 1, ...fields }) })), JSON.stringify(fields)).toEqual([
        'ORDER_PRICE_INVALID',
      ]);
    }
    const exit = { 0: buy({ quantity: 1 }), 1: sell({ type: 'limit', quantity: 1, reduceOnly: true }) };
    expect(codes(under({}, exit))).toEqual(['ORDER_PRICE_INVALID']);
  });

  test('a stop that opens is not past its price already; one that closes may be', () => {
    const stop = (trigger: number) => ({ 0: buy({ type: 'stop', quantity: 1, trigger }) });
    expect(codes(under({}, stop(100)))).toEqual(['ORDER_PRICE_INVALID']);
    expect(codes(under({}, stop(100.01)))).toEqual([]);
    const exit = { 0: buy({ quantity: 1 }), 1: sell({ type: 'stop', quantity: 1, trigger: 105 }) };
    expect(under({}, exit).fills.map((fill) => fill.price)).toEqual([100, 100]);
  });

  test('are there, and not older than the limit', () => {
    const other = spot({ symbol: 'B/USD' });
    // B has one bar, the second; it is a cycle old when A has its third.
    const run = (at: number, staleAfterMs?: number) => {
      let asked = 0;
      const script = scripted((context) => {
        if (context.symbol !== 'A/USD') return undefined;
        return asked++ === at ? ({ ...(buy({ quantity: 1 }) as object), symbol: 'B/USD' } as Decision) : undefined;
      });
      const definition = account({
        instruments: [spot(), other],
        strategies: [running(script, { instruments: ['A/USD', 'B/USD'] })],
        limits: { ...WIDE, ...(staleAfterMs && { staleAfterMs }) },
      });
      const all = new Map([
        ['A/USD', bars([CALM, CALM, CALM, CALM])],
        ['B/USD', bars([CALM], START + MINUTE)],
      ]);
      return denials(play(definition, all));
    };
    expect(run(0)).toEqual([['PRICE_MISSING', 0, 0]]);
    expect(run(1)).toEqual([]);
    expect(run(2, MINUTE)).toEqual([]);
    expect(run(2, MINUTE - 1)).toEqual([['PRICE_STALE', MINUTE - 1, MINUTE]]);
    expect(run(3, MINUTE)).toEqual([['PRICE_STALE', MINUTE, 2 * MINUTE]]);
  });
});

describe('what may be traded', () => {
  test('a restricted instrument is only reduced', () => {
    expect(codes(under({ restricted: ['A/USD'] }, { 0: buy({ quantity: 1 }) }))).toEqual(['INSTRUMENT_RESTRICTED']);
    expect(codes(under({ restricted: ['B/USD'] }, { 0: buy({ quantity: 1 }) }))).toEqual([]);
  });

  test('without leave to be short, no more is sold than is held', () => {
    const selling = (quantity: number) => ({ 0: buy({ quantity: 2 }), 1: sell({ quantity }) });
    expect(codes(under({}, selling(2)))).toEqual([]);
    expect(codes(under({}, selling(2.001)))).toEqual(['SHORT_NOT_ALLOWED']);
    expect(codes(under({}, { 0: target(-1) }))).toEqual(['SHORT_NOT_ALLOWED']);
    expect(codes(under({ allowShort: true }, { 0: target(-1) }))).toEqual([]);
  });
});

describe('how many orders', () => {
  test('within a minute', () => {
    const limits = { maxOrdersPerMinute: 2 };
    const one = () => buy({ quantity: 0.1 });
    expect(denials(under(limits, { 0: both(one(), one()) }))).toEqual([]);
    expect(denials(under(limits, { 0: both(one(), one(), one()) }))).toEqual([['ORDER_RATE_EXCEEDS_MAX', 2, 2]]);
    expect(denials(under(limits, { 0: both(one(), one()), 1: both(one(), one()) }))).toEqual([]);
  });

  test('at work at a time', () => {
    const limits = { maxWorkingOrders: 2, priceCollarBps: 10_000 };
    const resting = () => buy({ type: 'limit', quantity: 0.1, price: 50 });
    expect(denials(under(limits, { 0: both(resting(), resting()) }))).toEqual([]);
    expect(denials(under(limits, { 0: both(resting(), resting()), 1: resting() }))).toEqual([
      ['WORKING_ORDERS_EXCEED_MAX', 2, 2],
    ]);
  });
});

describe('losses', () => {
  const half = (price: number): Row => [price, price, price, price];
  const entry = () => buy({ quantity: 0.1 });

  test('of the day: at the limit no new risk, until the next day; reductions pass', () => {
    // 50 at 100 of 10,000: at 90 the loss is 500.
    const limits = { maxDailyLoss: 0.05, maxGrossExposure: 2 };
    expect(denials(under(limits, { 0: buy({ quantity: 50 }), 2: entry() }, [CALM, CALM, half(90)]))).toEqual([
      ['DAILY_LOSS_EXCEEDS_MAX', 500, 500],
    ]);
    expect(denials(under(limits, { 0: buy({ quantity: 50 }), 2: entry() }, [CALM, CALM, half(90.01)]))).toEqual([]);
    const exits = under(limits, { 0: buy({ quantity: 50 }), 2: both(sell({ quantity: 10 }), entry()) }, [
      CALM,
      CALM,
      half(80),
      half(80),
    ]);
    expect(codes(exits)).toEqual(['DAILY_LOSS_EXCEEDS_MAX']);
    expect(exits.fills.at(-1)).toMatchObject({ side: 'sell', quantity: 10 });
    const sixHours = { timeframe: '6h', interval: 360 * MINUTE } as const;
    const nextDay = under(
      limits,
      { 0: buy({ quantity: 50 }), 3: entry(), 4: entry() },
      [CALM, CALM, half(80), half(80), half(80)],
      sixHours,
    );
    expect(codes(nextDay)).toEqual(['DAILY_LOSS_EXCEEDS_MAX']);
  });

  test('from the highest equity: past the limit the denial names it, then the state it led to', () => {
    const limits = { maxDrawdown: 0.05, maxGrossExposure: 2 };
    const at = (price: number, after: number) =>
      under(limits, { 0: buy({ quantity: 50 }), 2: entry(), 3: entry() }, [CALM, CALM, half(price), half(after)]);
    expect(denials(at(90, 90))).toEqual([]);
    expect(denials(at(89.99, 95))).toEqual([
      ['DRAWDOWN_EXCEEDS_MAX', 500, 501],
      ['TRADING_REDUCING_ONLY', 0, 0],
    ]);
  });

  test('of everything: without equity there is no size', () => {
    const fields = { instruments: [perpetual({ initialMarginBps: 500, maintenanceMarginBps: 500 })] };
    // 200 at 100 on 10,000: nothing is left at 50.
    const answers = { 0: buy({ quantity: 200 }), 2: entry() };
    expect(codes(under(WIDE, answers, [CALM, CALM, half(50)], fields))).toEqual(['EQUITY_NOT_POSITIVE']);
    expect(codes(under(WIDE, answers, [CALM, CALM, half(50.01)], fields))).toEqual(['CASH_INSUFFICIENT']);
  });
});

describe('the moment', () => {
  const rows: Row[] = [CALM, CALM, CALM, CALM];
  const script = (answers: Readonly<Record<number, Decision>>, each: (engine: Engine, cycle: number) => void) =>
    play(account({ strategies: [running(scripted((_, bar) => answers[bar]))], limits: WIDE }), bars(rows), each);

  test('halted: not even a reduction passes', () => {
    const played = script(
      { 0: buy({ quantity: 1 }), 2: both(sell({ quantity: 1 }), buy({ quantity: 1 })) },
      (engine, cycle) => {
        if (cycle === 1) halt(engine, 'by hand');
      },
    );
    expect(codes(played)).toEqual(['TRADING_HALTED', 'TRADING_HALTED']);
  });

  test('reducing: only reductions and cancels pass', () => {
    const resting = sell({ type: 'limit', quantity: 0.5, price: 150 });
    const played = script(
      {
        0: buy({ quantity: 1 }),
        1: resting,
        2: both({ kind: 'cancel', reason: 'x' }, sell({ quantity: 0.5 }), buy({ quantity: 1 })),
      },
      (engine, cycle) => {
        if (cycle === 1) reduce(engine, 'by hand');
      },
    );
    expect(codes(played)).toEqual(['TRADING_REDUCING_ONLY']);
    expect(played.of('OrderCanceled')).toHaveLength(1);
    expect(played.fills.at(-1)).toMatchObject({ side: 'sell', position: 0.5 });
  });

  test('decided late: nothing new is opened, reductions pass', () => {
    const played = script(
      { 0: buy({ quantity: 1 }), 2: both(buy({ quantity: 1 }), sell({ quantity: 1 })) },
      (engine, cycle) => {
        engine.lateByMs = cycle === 1 ? 5_000 : 0;
      },
    );
    expect(denials(played)).toEqual([['SIGNAL_STALE', 0, 5_000]]);
    expect(played.fills.at(-1)).toMatchObject({ side: 'sell', position: 0 });
  });
});
