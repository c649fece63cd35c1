import { describe, expect, test } from 'vitest';
import { averagesOf, inBpsOf, type Shortfall, ShortfallFold, type Valued } from '../../../core/execution/shortfall.ts';
import type { LedgerEvent } from '../../../core/ledger/events.ts';
import { type Row, spot } from '../engine/account.ts';
import { costs } from './costs-of-orders.ts';
import { buy, CALM, sell, target, trade } from './trade.ts';

const plain = ({ delay, execution, fees, opportunity, total }: Shortfall) =>
  [delay, execution, fees, opportunity, total].map((money) => Number(money) / 100);

const flat = (price: number): Row => [price, price, price, price];

describe('the shortfall of an order', () => {
  test('that is sent as it is: the fill beside the decision, and the fee', () => {
    const instruments = [spot({ takerFeeBps: 10 })];
    const { engine } = trade({ 0: buy({ quantity: 10 }) }, [flat(100), flat(102)], { instruments });
    const one = costs(engine).get(1) as Shortfall;
    // 10 at 102 instead of 100, and a fee of 0.1 % on 1,020.
    expect(plain(one)).toEqual([0, 20, 1.02, 0, 21.02]);
    expect(one).toMatchObject({ algorithm: null, wanted: 10_000n, filled: 10_000n, notional: 100_000n });
  });

  test('that sells costs where the price falls', () => {
    const { engine } = trade({ 0: buy({ quantity: 10 }), 1: sell({ quantity: 10 }) }, [flat(100), flat(100), flat(97)]);
    expect(plain(costs(engine).get(2) as Shortfall)).toEqual([0, 30, 0, 0, 30]);
  });

  test('that an algorithm works: what waiting for each part cost, and what filling it did', () => {
    // Decided at 100; the second part is sent at 103 and filled at 104, the first filled at 101.
    const rows: Row[] = [flat(100), [101, 103, 101, 103], [104, 104, 104, 104]];
    const algorithm = { kind: 'twap', cycles: 2 };
    const { engine } = trade({ 0: buy({ quantity: 10, algorithm }) }, rows);
    const all = costs(engine);
    expect([...all.keys()]).toEqual([1]);
    const one = all.get(1) as Shortfall;
    // Delay: 5 × (103 - 100). Execution: 5 × (101 - 100) + 5 × (104 - 103).
    expect(plain(one)).toEqual([15, 10, 0, 0, 25]);
    expect(one.algorithm).toBe('twap');
  });

  test('of what did not fill: what it would have gained by the end', () => {
    const rows: Row[] = [flat(100), [101, 103, 101, 103], [104, 104, 104, 104], flat(108), flat(108)];
    const algorithm = { kind: 'twap', cycles: 3, limit: 102 };
    const { engine } = trade({ 0: buy({ quantity: 12, algorithm }) }, rows);
    const one = costs(engine).get(1) as Shortfall;
    // 4 filled at 101; 8 were not, and the market stood at 108 when the window was over.
    expect(plain(one)).toEqual([0, 4, 0, 64, 68]);
    expect([one.filled, one.endPrice, one.endedAt !== null]).toEqual([4_000n, 10_800n, true]);
  });

  test('for a budget is of what it would have bought at the decision', () => {
    const { engine } = trade({ 0: target(0.5) }, [flat(100), flat(125)]);
    const one = costs(engine).get(1) as Shortfall;
    // 5,000 buys 50 at 100 and 40 at 125; nobody has said a price after the fill.
    expect(one).toMatchObject({ wanted: 50_000n, filled: 40_000n });
    expect(plain(one)).toEqual([0, 1_000, 0, 250, 1_250]);
  });

  test('counts neither what protects a position nor what the venue closes', () => {
    const { engine } = trade({ 0: buy({ quantity: 1, stopLoss: 0.05 }) }, [CALM, CALM, flat(90)]);
    expect([...costs(engine).keys()]).toEqual([1]);
  });
});

test('averages weigh orders by what was decided', () => {
  const of = (notional: bigint, total: bigint): Shortfall =>
    ({ algorithm: 'peg', notional, delay: 0n, execution: total, fees: 0n, opportunity: 0n, total }) as Shortfall;
  expect(averagesOf([of(10_000n, 100n), of(90_000n, 100n)])).toMatchObject([
    { algorithm: 'peg', orders: 2, notional: 100_000n, bps: { execution: 20, total: 20, fees: 0 } },
  ]);
});

describe('the shortfall from events', () => {
  /** Money has 2 decimals, prices 2, quantities 3, unless a test says otherwise. */
  const valued: Valued = { numerator: 1, divisor: 1_000, takerFee: 0, lot: 1 };
  const event = (kind: LedgerEvent['kind'], fields: object): LedgerEvent => ({ kind, version: 1, cycle: 1, ...fields });
  /** 1.000 to buy, decided at 100.00. */
  const decided = (fields: object = {}): LedgerEvent =>
    event('OrderInitialized', {
      ...{ order: 1, parent: 0, purpose: 'entry', strategy: 0, instrument: 0, side: 'buy' },
      ...{ quantity: '1000', budget: '0', price: '0', reference: '10000', ...fields },
    });
  const filled = (fields: object = {}): LedgerEvent =>
    event('OrderFilled', { order: 1, quantity: '1000', price: '10100', fee: '0', complete: true, ...fields });
  const ended = (events: readonly LedgerEvent[], market: Partial<Valued> = {}): Shortfall[] => {
    const fold = new ShortfallFold([{ ...valued, ...market }, valued]);
    return events.flatMap((one) => fold.take(one) ?? []);
  };
  const working = (events: readonly LedgerEvent[]): Shortfall[] => {
    const fold = new ShortfallFold([valued, valued]);
    for (const one of events) expect(fold.take(one)).toBeUndefined();
    return fold.working();
  };

  test.each(['OrderCanceled', 'OrderExpired', 'OrderRejected', 'OrderLost', 'ParentFilled'] as const)(
    'is known when an order ends with %s',
    (kind) => {
      const half = filled({ quantity: '400', complete: false });
      const [one, ...more] = ended([decided(), half, event(kind, { order: 1, cycle: 9, price: '10300' })]);
      expect(more).toEqual([]);
      // 0.400 at 101.00 instead of 100.00; 0.600 are missing, and the market is at 103.00.
      expect(plain(one)).toEqual([0, 0.4, 0, 1.8, 2.2]);
      expect(one.endedAt).toBe(9);
    },
  );

  test.each([
    ['entry', true],
    ['exit', true],
    ['manual', true],
    ['flatten', true],
    ['stop-loss', false],
    ['take-profit', false],
    ['liquidation', false],
  ] as const)('of an order for %s is counted: %s', (purpose, counts) => {
    expect(ended([decided({ purpose }), filled()])).toHaveLength(counts ? 1 : 0);
    expect(working([decided({ purpose })])).toHaveLength(counts ? 1 : 0);
  });

  test('counts a fill at a venue, with a fee that was taken out of what was bought, up to the next unit', () => {
    const atVenue = event('OrderFilledAtVenue', {
      ...{ order: 1, quantity: '1000', price: '10100', fee: '3', feeQuantity: '7', complete: true },
    });
    // 0.007 at 101.00 is 0.707, so 0.71, beside a fee of 0.03.
    expect(plain(ended([decided(), atVenue])[0])).toEqual([0, 1, 0.74, 0, 1.74]);
  });

  test('of what is at work is as if it ended now, at the last price of the market', () => {
    const [one] = working([decided(), filled({ quantity: '400', complete: false })]);
    expect(plain(one)).toEqual([0, 0.4, 0, 0.6, 1]);
    expect([one.endedAt, one.endPrice]).toEqual([null, 10_100n]);
    expect(working([decided(), event('OrderCanceled', { order: 2 })])[0].endPrice).toBe(10_000n);
  });

  test.each<[string, LedgerEvent, bigint]>([
    ['a later decision', decided({ order: 2, reference: '10500' }), 10_500n],
    ['a payment of funding', event('FundingSettled', { instrument: 0, mark: '10400' }), 10_400n],
    ['an algorithm that stops', event('AlgorithmStopped', { order: 1, price: '10300' }), 10_300n],
    ['no algorithm that stops before there was a price', event('AlgorithmStopped', { order: 1, price: '0' }), 10_000n],
    ['no limit of an order', decided({ order: 2, reference: '10500', price: '9000' }), 10_500n],
    [
      'no leg that protects',
      decided({ order: 2, purpose: 'stop-loss', parent: 1, reference: '9700', price: '9500' }),
      10_000n,
    ],
    ['no leg that goes to work', event('OrderActivated', { order: 1, price: '9500' }), 10_000n],
    ['no other market', decided({ order: 2, instrument: 1, reference: '500' }), 10_000n],
  ])('takes its last price from %s', (_, later, endPrice) => {
    expect(working([decided(), later]).find(({ order }) => order === 1)?.endPrice).toBe(endPrice);
  });

  test('values what its market says a unit is worth', () => {
    // Five of the base each, 100.00 decided and 101.00 paid: 500.00 and 505.00.
    const [one] = ended([decided(), filled()], { numerator: 5 });
    expect([one.notional, one.execution]).toEqual([50_000n, 500n]);
  });

  test.each<[string, Partial<Valued>, bigint]>([
    // 50.00 at 100.00; with a fee of 1 % it is 49.50, so 0.495; in lots of 0.010 it is 0.490.
    ['in whole', {}, 500n],
    ['with its fee', { takerFee: 10_000 }, 495n],
    ['in whole lots', { takerFee: 10_000, lot: 10 }, 490n],
    ['without a rebate', { takerFee: -10_000 }, 500n],
    ['of contracts', { numerator: 5 }, 100n],
  ])('for a budget wants what it buys at the decision, %s', (_, market, wanted) => {
    const events = [decided({ quantity: '0', budget: '5000' }), event('OrderExpired', { order: 1 })];
    expect(ended(events, market)[0].wanted).toBe(wanted);
  });

  test('rounds what is paid up and what is received down, against the account', () => {
    // 0.333 at 100.01 is 33.30333, and at the 100.00 of the decision 33.30.
    const third = { quantity: '333', price: '10001' };
    expect(ended([decided({ quantity: '333' }), filled(third)])[0].execution).toBe(1n);
    expect(ended([decided({ quantity: '333', side: 'sell' }), filled(third)])[0].execution).toBe(0n);
    // What was decided is worth 33.333 at 100.10: a measure, which is rounded down.
    const dear = { quantity: '333', reference: '10010' };
    expect(ended([decided(dear), filled({ ...third, price: '10010' })])[0]).toMatchObject({
      ...{ notional: 3_333n, execution: 1n },
    });
  });

  test('misses nothing of a budget that has bought more than it was to', () => {
    // 50.00 buys 0.500 at 100.00 and 0.625 at 80.00, where each of those cost 20.00 less.
    const events = [decided({ quantity: '0', budget: '5000' }), filled({ quantity: '625', price: '8000' })];
    const [one] = ended(events);
    expect([one.wanted, one.filled]).toEqual([500n, 625n]);
    expect(plain(one)).toEqual([0, -12.5, 0, 0, -12.5]);
  });

  test('leaves out what began before its first event, with the parts of it', () => {
    const algorithm = { kind: 'twap', cycles: 2 };
    const { engine } = trade(
      { 0: buy({ quantity: 10, algorithm }), 4: buy({ quantity: 1 }) },
      [1, 2, 3, 4, 5, 6].map(() => CALM),
    );
    const events = [...engine.journal.events()];
    const first = events.findIndex(({ kind }) => kind === 'OrderInitialized');
    for (let from = first; from < events.length; from++) {
      const fold = new ShortfallFold(engine.markets);
      const orders = events
        .slice(from)
        .flatMap((one) => fold.take(one) ?? [])
        .map(({ order }) => order);
      expect(orders.filter((order) => order === 1)).toHaveLength(from === first ? 1 : 0);
      expect(fold.working()).toEqual([]);
    }
  });
});

test('a part is as many basis points as it is of what was decided, and none of nothing', () => {
  // A sixteenth is 625 basis points.
  const money = { delay: 1n, execution: -2n, fees: 3n, opportunity: 4n, total: 6n };
  expect(inBpsOf(money, 16n)).toEqual({ delay: 625, execution: -1_250, fees: 1_875, opportunity: 2_500, total: 3_750 });
  expect(inBpsOf(money, 0n)).toEqual({ delay: 0, execution: 0, fees: 0, opportunity: 0, total: 0 });
});
