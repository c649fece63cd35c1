/** The controls that are in force where their limit is set: each at its threshold, and on either side of it. */
import { afterAll, describe, expect, test } from 'vitest';
import { liveSchema } from '../../../core/configuration/schema.ts';
import type { LiveAccount } from '../../../core/execution/live/account.ts';
import { CAPS, CHECKS, OF_EVERY_ORDER, SIZED, SMALLEST } from '../../../core/risk/controls/index.ts';
import { DENIAL_CODES } from '../../../core/risk/denial.ts';
import type { LimitsInput } from '../../../core/risk/limits.ts';
import type { Decision } from '../../../core/strategies/contract.ts';
import {
  account,
  bars,
  MINUTE,
  open,
  type Played,
  perpetual,
  play,
  playedOf,
  type Row,
  running,
  runStep,
  START,
  scripted,
  spot,
  stepsOf,
} from '../engine/account.ts';
import { both, buy, CALM, sell, target } from '../execution/trade.ts';
import { CODES_OF_OPTIONAL_CONTROLS, codes as codesOf, denials as denialsOf, under } from './support.ts';

const reached = new Set<unknown>();

function denials(played: Played): unknown[] {
  for (const code of codesOf(played)) reached.add(code);
  return denialsOf(played);
}

const codes = (played: Played): unknown[] => denials(played).map((denial) => (denial as unknown[])[0]);

afterAll(() => {
  expect([...reached].sort()).toEqual([...CODES_OF_OPTIONAL_CONTROLS].sort());
});

const DAY = 1_440;
const wide = { maxGrossExposure: 100, maxNetExposure: 100, priceCollarBps: 10_000 } as const;
const strict = { ...wide, oversize: 'deny' } as const;
const calm = (count: number): Row[] => Array.from({ length: count }, () => CALM);
const limit = (side: typeof buy, price: number, quantity = 1) => side({ type: 'limit', quantity, price });

/** Two markets, each with its script: what a strategy answers at a bar. */
function pair(
  limits: LimitsInput,
  first: Record<number, Decision>,
  second: Record<number, Decision>,
  fields = {},
  instruments = [spot({ symbol: 'A/USD' }), spot({ symbol: 'B/USD' })],
): Played {
  const of = (answers: Record<number, Decision>) => scripted((_, bar) => answers[bar]);
  return play(
    account({
      instruments,
      limits,
      strategies: [
        running(of(first), { id: 'first', instruments: ['A/USD'] }),
        running(of(second), { id: 'second', instruments: ['B/USD'] }),
      ],
      ...fields,
    }),
    new Map([
      ['A/USD', bars(calm(6))],
      ['B/USD', bars(calm(6))],
    ]),
  );
}

describe('prices', () => {
  test('a market order may be held to a newer price than others', () => {
    const stale = { 0: buy({ quantity: 1 }) };
    const late = (freshQuoteMs: number, order: Decision) => {
      // The second market's bar comes a minute after the first's last: that one's price is old then.
      const script = scripted((context) => (context.time === START + 3 * MINUTE ? order : undefined));
      const long = bars(calm(4));
      const short = bars(calm(2));
      return play(
        account({
          instruments: [spot({ symbol: 'A/USD' }), spot({ symbol: 'B/USD' })],
          limits: { ...wide, freshQuoteMs },
          strategies: [running(script, { instruments: ['A/USD', 'B/USD'] })],
        }),
        new Map([
          ['A/USD', short],
          ['B/USD', long],
        ]),
      );
    };
    const other = (fields: object): Decision => buy({ symbol: 'A/USD', ...fields });
    expect(denials(under({ ...wide, freshQuoteMs: 1 }, stale))).toEqual([]);
    expect(denials(late(MINUTE, other({ quantity: 1 })))).toEqual([]);
    expect(denials(late(MINUTE - 1, other({ quantity: 1 })))).toEqual([
      ['MARKET_ORDER_WITHOUT_FRESH_PRICE', MINUTE - 1, MINUTE],
    ]);
    expect(denials(late(MINUTE - 1, other({ type: 'limit', quantity: 1, price: 99 })))).toEqual([]);
  });

  test('no farther from the average of the last bars than the collar, the last price no more than the order’s', () => {
    const limits = { ...wide, referenceCollarBps: 1_000 };
    const rows: Row[] = [...calm(19), [100, 121, 99, 120], CALM, CALM];
    // Nineteen closes of 100 and one of 120: 101 on average.
    expect(denials(under(limits, { 18: limit(buy, 90) }, rows))).toEqual([]);
    expect(denials(under(limits, { 18: limit(buy, 89.99) }, rows))).toEqual([
      ['PRICE_OUTSIDE_REFERENCE', 1_000, 1_001],
    ]);
    expect(denials(under(limits, { 19: buy({ quantity: 1 }) }, rows))).toEqual([
      ['PRICE_OUTSIDE_REFERENCE', 1_000, 1_881],
    ]);
    expect(denials(under({ ...wide, referenceCollarBps: 1_882 }, { 19: buy({ quantity: 1 }) }, rows))).toEqual([]);
  });

  test('no order meets one of our own that rests on the other side', () => {
    const limits = { ...wide, preventSelfMatch: true, allowShort: true } as const;
    const resting = { 0: limit(sell, 101.5) };
    expect(denials(under(limits, { ...resting, 1: limit(buy, 101.49) }))).toEqual([]);
    expect(denials(under(limits, { ...resting, 1: limit(buy, 101.5) }))).toEqual([['SELF_MATCH', 0, 0]]);
    expect(denials(under(limits, { ...resting, 1: buy({ quantity: 1 }) }))).toEqual([]);
    expect(denials(under({ ...wide, allowShort: true }, { ...resting, 1: limit(buy, 101.5) }))).toEqual([]);
  });
});

describe('size', () => {
  test('beside what the instrument trades in a bar', () => {
    const limits = { ...strict, maxShareOfVolume: 2 };
    // Bars of volume 1 and 3: 2 on average.
    const rows: Row[] = [[100, 101, 99, 100, 1], [100, 101, 99, 100, 3], CALM];
    expect(denials(under(limits, { 1: buy({ quantity: 4 }) }, rows))).toEqual([]);
    expect(denials(under(limits, { 1: buy({ quantity: 4.001 }) }, rows))).toEqual([['SIZE_UNUSUAL', 40_000, 40_010]]);
    const untraded: Row[] = [[100, 101, 99, 100, 0], CALM, CALM];
    expect(denials(under(limits, { 0: buy({ quantity: 0.001 }) }, untraded))).toEqual([['SIZE_UNUSUAL', 0, 10]]);
    // More than could ever be counted exactly leaves room for all.
    const flooded: Row[] = [[100, 101, 99, 100, 1e15], CALM, CALM];
    expect(denials(under(limits, { 0: buy({ quantity: 4 }) }, flooded))).toEqual([]);
  });

  test('of one instrument, as a share of equity', () => {
    const limits = { ...strict, maxInstrumentExposure: 0.25 };
    expect(denials(under(limits, { 0: both(buy({ quantity: 20 }), limit(buy, 100, 5)) }))).toEqual([]);
    expect(denials(under(limits, { 0: both(buy({ quantity: 20 }), limit(buy, 100, 5.01)) }))).toEqual([
      ['CONCENTRATION_EXCEEDS_MAX', 2_500, 2_501],
    ]);
  });

  test('of instruments that count as one, as a share of equity', () => {
    const limits = { ...strict, groups: [{ symbols: ['A/USD', 'B/USD'], maxExposure: 0.4 }] };
    expect(denials(pair(limits, { 0: buy({ quantity: 30 }) }, { 1: buy({ quantity: 10 }) }))).toEqual([]);
    expect(denials(pair(limits, { 0: buy({ quantity: 30 }) }, { 1: buy({ quantity: 10.01 }) }))).toEqual([
      ['GROUP_EXPOSURE_EXCEEDS_MAX', 4_000, 4_001],
    ]);
    const apart = { ...strict, groups: [{ symbols: ['A/USD'], maxExposure: 0.4 }] };
    expect(denials(pair(apart, { 0: buy({ quantity: 30 }) }, { 1: buy({ quantity: 20 }) }))).toEqual([]);
  });

  test('of perpetuals together, as a share of equity', () => {
    const instruments = [perpetual({ symbol: 'A/USD' }), spot({ symbol: 'B/USD' })];
    const limits = { ...strict, maxLeverage: 2, allowShort: true };
    const held = { 0: sell({ quantity: 150 }) };
    expect(
      denials(pair(limits, { ...held, 1: sell({ quantity: 50 }) }, { 2: buy({ quantity: 5 }) }, {}, instruments)),
    ).toEqual([]);
    expect(denials(pair(limits, { ...held, 1: sell({ quantity: 50.01 }) }, {}, {}, instruments))).toEqual([
      ['LEVERAGE_EXCEEDS_MAX', 20_000, 20_001],
    ]);
  });

  test('of all working orders together, in money', () => {
    const limits = { ...strict, maxOpenOrderNotional: 500 };
    expect(denials(under(limits, { 0: both(limit(buy, 95, 2), limit(buy, 100, 3.1)) }))).toEqual([]);
    expect(denials(under(limits, { 0: both(limit(buy, 95, 2), limit(buy, 100, 3.101)) }))).toEqual([
      ['OPEN_ORDER_NOTIONAL_EXCEEDS_MAX', 50_000, 50_010],
    ]);
    // What has filled works no more.
    expect(denials(under(limits, { 0: buy({ quantity: 5 }), 1: buy({ quantity: 5 }) }))).toEqual([]);
  });

  test('of the capital that is in use, as a share of equity', () => {
    const limits = { ...strict, maxCapitalInUse: 0.8 };
    expect(denials(under(limits, { 0: buy({ quantity: 50 }), 1: limit(buy, 100, 30) }))).toEqual([]);
    expect(denials(under(limits, { 0: buy({ quantity: 50 }), 1: limit(buy, 100, 30.01) }))).toEqual([
      ['CAPITAL_IN_USE_EXCEEDS_MAX', 8_000, 8_001],
    ]);
  });

  test('of what the instance has granted the account, in money', () => {
    const limits = { ...strict, budget: 4_000 };
    expect(denials(pair(limits, { 0: buy({ quantity: 30 }) }, { 1: buy({ quantity: 10 }) }))).toEqual([]);
    expect(denials(pair(limits, { 0: buy({ quantity: 30 }) }, { 1: buy({ quantity: 10.01 }) }))).toEqual([
      ['BUDGET_EXCEEDED', 400_000, 400_100],
    ]);
  });
});

describe('activity', () => {
  test('the same order again, a moment later', () => {
    const again = { 0: limit(buy, 90), 1: limit(buy, 90) };
    expect(denials(under({ ...wide, duplicateWithinMs: MINUTE + 1 }, again))).toEqual([
      ['DUPLICATE_ORDER', MINUTE + 1, MINUTE],
    ]);
    expect(denials(under({ ...wide, duplicateWithinMs: MINUTE }, again))).toEqual([]);
    expect(
      denials(under({ ...wide, duplicateWithinMs: MINUTE + 1 }, { 0: limit(buy, 90), 1: limit(buy, 90.01) })),
    ).toEqual([]);
    // An order that was made smaller is the same when it is asked for again.
    const small = { ...wide, duplicateWithinMs: MINUTE + 1, maxOrderNotional: 100 };
    expect(codes(under(small, { 0: limit(buy, 90, 5), 1: limit(buy, 90, 5) }))).toEqual(['DUPLICATE_ORDER']);
  });

  test('orders for each fill, after the first twenty of a day', () => {
    const many = (fills: number, orders: number): Record<number, Decision> => ({
      0: both(...Array.from({ length: fills }, () => buy({ quantity: 0.1 }))),
      1: both(...Array.from({ length: orders - fills }, (_, k) => limit(buy, 50 + k))),
      2: limit(buy, 20),
    });
    const limits = { ...wide, maxOrdersPerFill: 10 };
    expect(denials(under(limits, many(2, 20)))).toEqual([]);
    expect(denials(under(limits, many(2, 21)))).toEqual([['ORDER_TO_TRADE_RATIO_EXCEEDS_MAX', 10, 11]]);
    expect(denials(under({ ...wide, maxOrdersPerFill: 1 }, many(1, 19)))).toEqual([]);
  });

  test('the same decision again and again, until the other side fills', () => {
    const limits = { ...wide, maxRepeatedExecutions: 2 };
    const three = { 0: buy({ quantity: 1 }), 1: buy({ quantity: 2 }), 2: buy({ quantity: 3 }) };
    expect(denials(under(limits, { 0: three[0], 1: three[1] }))).toEqual([]);
    expect(denials(under(limits, three))).toEqual([['REPEATED_EXECUTION_EXCEEDS_MAX', 2, 3]]);
    const turned = { 0: three[0], 1: three[1], 2: both(sell({ quantity: 1 }), three[2]), 3: three[2] };
    // The sell has filled by the next bar.
    expect(codes(under(limits, turned, calm(6)))).toEqual(['REPEATED_EXECUTION_EXCEEDS_MAX']);
  });
});

describe('losses', () => {
  /** Falls from 100 to `low` at the bar, and stays. */
  const fallsAt = (bar: number, low: number, count: number): Row[] =>
    Array.from({ length: count }, (_, k) =>
      k < bar ? CALM : k === bar ? [100, 101, low, low] : [low, low + 1, low - 1, low],
    );

  test('of the week: no new risk until Monday, though each day stays within its limit', () => {
    // START is a Monday; the price falls on Tuesday, and Wednesday’s first equity is already the lower one.
    const rows = fallsAt(30, 90, 24 * 8);
    const limits = { ...wide, maxDailyLoss: 0.2, maxWeeklyLoss: 0.05 };
    const hours = { interval: 60 * MINUTE, timeframe: '1h' as const };
    const answers = (quantity: number, at: number) => ({ 0: buy({ quantity }), [at]: buy({ quantity: 1 }) });
    expect(denials(under(limits, answers(49, 60), rows, hours))).toEqual([]);
    expect(denials(under(limits, answers(50, 60), rows, hours))).toEqual([['WEEKLY_LOSS_EXCEEDS_MAX', 500, 500]]);
    expect(denials(under(limits, answers(50, 24 * 7 + 1), rows, hours))).toEqual([]);
  });

  /** Buys at each even bar and sells a bar later, at the closes given: each pair is a trade. */
  const trades = (closes: readonly number[], limits: LimitsInput, last: Record<number, Decision> = {}): Played => {
    const rows = closes.map((close): Row => [close, close, close, close]);
    const answers: Record<number, Decision> = {};
    for (let k = 0; k + 2 < closes.length - 2; k += 2) {
      answers[k] = buy({ quantity: 10 });
      answers[k + 1] = target(0);
    }
    return under({ ...wide, ...limits }, { ...answers, ...last }, rows);
  };
  // Each falls by 1 between the fill of the buy and the fill of the sale.
  const losing = [100, 100, 99, 99, 98, 98, 97, 97, 97, 97];

  test('a streak of them pauses the strategy', () => {
    const at = { 8: buy({ quantity: 1 }) };
    const streak = (count: number, pauseMs: number) => ({ losingStreak: { trades: count, pauseMs } });
    expect(denials(trades(losing, streak(4, 10 * MINUTE), at))).toEqual([]);
    expect(denials(trades(losing, streak(3, 10 * MINUTE), at))).toEqual([['LOSING_STREAK_EXCEEDS_MAX', 3, 3]]);
    // The last one ended with bar 6; bar 8 is two minutes later.
    expect(denials(trades(losing, streak(3, 2 * MINUTE), at))).toEqual([]);
    expect(codes(trades(losing, streak(3, 2 * MINUTE + 1), at))).toEqual(['LOSING_STREAK_EXCEEDS_MAX']);
    const won = [100, 100, 99, 99, 98, 98, 99, 99, 99, 99];
    expect(denials(trades(won, streak(3, 10 * MINUTE), at))).toEqual([]);
  });

  test('after any trade its instrument cools down', () => {
    const won = [100, 100, 110, 110, 110, 110];
    const at = { 3: buy({ quantity: 1 }) };
    expect(denials(trades(won, { cooldownMs: MINUTE }, at))).toEqual([]);
    expect(denials(trades(won, { cooldownMs: MINUTE + 1 }, at))).toEqual([
      ['INSTRUMENT_COOLING_DOWN', MINUTE + 1, MINUTE],
    ]);
  });

  test('too many stops pause the account', () => {
    const stopped: Row[] = [CALM, [100, 101, 97, 100], CALM, [100, 101, 97, 100], CALM, CALM, CALM];
    const entry = buy({ quantity: 10, stopLoss: 0.02 });
    const answers = { 0: entry, 2: entry, 4: buy({ quantity: 1 }) };
    const guard = (stops: number, withinMs: number, pauseMs: number): LimitsInput => ({
      ...wide,
      stopLossGuard: { stops, withinMs, pauseMs },
    });
    expect(denials(under(guard(3, 60 * MINUTE, 60 * MINUTE), answers, stopped))).toEqual([]);
    expect(denials(under(guard(2, 60 * MINUTE, 60 * MINUTE), answers, stopped))).toEqual([
      ['STOP_LOSSES_EXCEED_MAX', 2, 2],
    ]);
    expect(denials(under(guard(2, 3 * MINUTE, 60 * MINUTE), answers, stopped))).toEqual([]);
    expect(denials(under(guard(2, 60 * MINUTE, MINUTE), answers, stopped))).toEqual([]);
  });

  test('an instrument in which trades lost too much is left alone', () => {
    // Ten at a loss of 1 each, three times: 30 of 9,970.
    const at = { 8: buy({ quantity: 1 }) };
    const loss = (share: number, count: number, withinMs = 60 * MINUTE) => ({
      instrumentLoss: { share, trades: count, withinMs, pauseMs: 60 * MINUTE },
    });
    expect(denials(trades(losing, loss(0.00301, 3), at))).toEqual([]);
    expect(denials(trades(losing, loss(0.003, 3), at))).toEqual([['INSTRUMENT_LOSS_EXCEEDS_MAX', 30, 30]]);
    expect(denials(trades(losing, loss(0.003, 4), at))).toEqual([]);
    expect(denials(trades(losing, loss(0.003, 1, 3 * MINUTE), at))).toEqual([]);
  });

  test('a drawdown of the last trades pauses the account', () => {
    const mixed = [100, 100, 105, 105, 103, 103, 102, 102, 102, 102];
    // 50 won, then 20 and 10 lost: 30 below the peak, of 10,020.
    const at = { 8: buy({ quantity: 1 }) };
    const drawdown = (share: number, count = 1) => ({
      recentDrawdown: { share, trades: count, withinMs: 60 * MINUTE, pauseMs: 60 * MINUTE },
    });
    expect(denials(trades(mixed, drawdown(0.003), at))).toEqual([]);
    expect(denials(trades(mixed, drawdown(0.00299), at))).toEqual([['RECENT_DRAWDOWN_EXCEEDS_MAX', 30, 30]]);
    expect(denials(trades(mixed, drawdown(0.00299, 4), at))).toEqual([]);
  });

  test('the breaker reduces first, and halts where the loss goes on', () => {
    const rows: Row[] = [CALM, CALM, [100, 100, 88, 88], [88, 88, 79, 79], [79, 80, 78, 79]];
    const limits = { ...wide, maxDrawdown: 0.1, haltDrawdown: 0.2 };
    const answers = {
      0: both(buy({ quantity: 100 })),
      1: sell({ type: 'stop', quantity: 100, trigger: 50, reduceOnly: true }),
    };
    const states = (played: Played): unknown[] =>
      played.of('TradingStateChanged').map(({ to, cycle }) => [to, (Number(cycle) - START) / MINUTE]);
    expect(states(under(limits, answers, rows))).toEqual([
      ['Reducing', 3],
      ['Halted', 4],
    ]);
    // A halt takes the protection with it.
    expect(under(limits, answers, rows).of('OrderCanceled')).toHaveLength(1);
    expect(states(under({ ...wide, haltDrawdown: 0.2 }, answers, rows))).toEqual([['Halted', 4]]);
    expect(states(under({ ...wide, maxDrawdown: 0.1, haltDrawdown: 0.21 }, answers, rows))).toEqual([['Reducing', 3]]);
  });
});

test('every control has a code of its own that there is, and somebody who answers for it', () => {
  const all = [...OF_EVERY_ORDER, ...CHECKS, ...CAPS, ...SMALLEST, ...SIZED];
  const ownCodes = all.map(({ code }) => code);
  expect(DENIAL_CODES).toEqual(expect.arrayContaining(ownCodes));
  expect(new Set(ownCodes).size).toBe(ownCodes.length);
  expect(all.filter(({ owner }) => !['trader', 'risk', 'operations'].includes(owner))).toEqual([]);
});

test('a week and a day have their bounds at 00:00 UTC', () => {
  expect(new Date(START).getUTCDay()).toBe(1);
  expect(START % (DAY * MINUTE)).toBe(0);
});

describe('real money', () => {
  /** One live account that has heard its venue and is armed for 100.00 an order and 200.00 in all, but for what a test changes. */
  function live(answers: Record<number, Decision>, changes: Partial<LiveAccount> = {}): Played {
    const script = scripted((_, bar) => answers[bar]);
    const settings = liveSchema.parse({});
    const definition = account({ strategies: [running(script)], limits: strict });
    const engine = open({ ...definition, provenance: 'live', live: settings });
    const arming = { maxOrderNotional: 10_000, maxExposure: 20_000 };
    Object.assign(engine.live as LiveAccount, { arming, reconciled: true, ...changes });
    for (const step of stepsOf(engine, new Map([['A/USD', bars(calm(3))]]))) runStep(engine, step);
    return playedOf(engine);
  }

  test('is not put at risk before it is armed, or while the venue cannot be heard', () => {
    expect(denials(live({ 0: buy({ quantity: 1 }) }))).toEqual([]);
    expect(denials(live({ 0: buy({ quantity: 1 }) }, { arming: undefined }))).toEqual([['LIVE_NOT_ARMED', 0, 0]]);
    expect(denials(live({ 0: buy({ quantity: 1 }) }, { reconciled: false }))).toEqual([['VENUE_NOT_RECONCILED', 0, 0]]);
  });

  test('is not put at risk in a market that the venue says takes no such order', () => {
    const said = (state: 'halted' | 'limit-only', instrument = 0) => ({
      markets: { at: START, venue: null, markets: [{ instrument, state, text: 'a word', since: START }] },
    });
    const rests = buy({ type: 'limit', quantity: 1, price: 99 });
    expect(denials(live({ 0: buy({ quantity: 1 }) }, said('halted')))).toEqual([['MARKET_NOT_OPEN', 0, 0]]);
    expect(denials(live({ 0: buy({ quantity: 1 }) }, said('limit-only')))).toEqual([['MARKET_NOT_OPEN', 0, 0]]);
    expect(denials(live({ 0: rests }, said('limit-only')))).toEqual([]);
    expect(denials(live({ 0: buy({ quantity: 1 }) }, said('halted', 1)))).toEqual([]);
  });

  test('is put at risk by no more in one order than was armed', () => {
    expect(denials(live({ 0: buy({ quantity: 1 }) }))).toEqual([]);
    expect(denials(live({ 0: buy({ quantity: 1.001 }) }))).toEqual([['ARMED_ORDER_EXCEEDED', 10_000, 10_010]]);
  });

  test('is put at risk by no more altogether', () => {
    const two = both(buy({ quantity: 1 }), buy({ quantity: 1 }));
    expect(denials(live({ 0: two }))).toEqual([]);
    expect(denials(live({ 0: two, 1: buy({ quantity: 0.001 }) }))).toEqual([
      ['ARMED_EXPOSURE_EXCEEDED', 20_000, 20_010],
    ]);
  });
});
