/** The two prices between which no resting order can be touched: where they stand, and which bars reach them. */
import { describe, expect, test } from 'vitest';
import type { Engine } from '../../../core/engine/engine.ts';
import type { MarketState } from '../../../core/engine/market-state.ts';
import { ParentOrder } from '../../../core/execution/algorithms/parent-order.ts';
import { closeEnvelopeOver, isTouched, refreshEnvelope } from '../../../core/execution/envelope.ts';
import { Order } from '../../../core/execution/order.ts';
import type { Decision } from '../../../core/strategies/contract.ts';
import { account, bars, open, perpetual, type Row, running, scripted } from '../engine/account.ts';
import { buy, CALM, sell, trade, WIDE } from './trade.ts';

const CLOSED = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
const NOTHING_RESTS = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

const empty = (): Engine => open(account({ strategies: [running(scripted(() => undefined))] }));
/** An order that has met its first bar. */
const resting = (fields: Partial<Order>): Order => Object.assign(new Order(), { barsSeen: 1, ...fields });
const envelopeOf = ({ touchAbove, touchBelow }: MarketState) => [touchAbove, touchBelow];

function envelopeAround(orders: readonly Partial<Order>[], held: readonly Order[] = []) {
  const engine = empty();
  const [market] = engine.markets;
  market.orders = orders.map(resting);
  market.held = [...held];
  refreshEnvelope(engine, market);
  return envelopeOf(market);
}

describe('the envelope', () => {
  test.each<[string, Partial<Order>, unknown[]]>([
    ['a limit to buy from above', { side: 'buy', type: 'limit', price: 9_500 }, [Number.POSITIVE_INFINITY, 9_500]],
    ['a limit to sell from below', { side: 'sell', type: 'limit', price: 10_500 }, [10_500, Number.NEGATIVE_INFINITY]],
    ['a stop to buy from below', { side: 'buy', type: 'stop', trigger: 10_500 }, [10_500, Number.NEGATIVE_INFINITY]],
    ['a stop to sell from above', { side: 'sell', type: 'stop', trigger: 9_500 }, [Number.POSITIVE_INFINITY, 9_500]],
    [
      'a stop-limit at its stop',
      { side: 'buy', type: 'stop-limit', trigger: 10_500, price: 10_400 },
      [10_500, Number.NEGATIVE_INFINITY],
    ],
    [
      'one that was triggered at its limit',
      { side: 'buy', type: 'stop-limit', trigger: 10_500, price: 10_400, triggered: true },
      [Number.POSITIVE_INFINITY, 10_400],
    ],
    [
      'an immediate stop, which waits for its trigger as any other',
      { side: 'buy', type: 'stop', trigger: 10_500, timeInForce: 'ioc' },
      [10_500, Number.NEGATIVE_INFINITY],
    ],
    [
      'a stop that is to move on either side',
      { side: 'sell', type: 'stop', trigger: 9_500, breakEvenFrom: 10_200 },
      [10_200, 9_500],
    ],
    ['one of a short likewise', { side: 'buy', type: 'stop', trigger: 10_500, breakEvenFrom: 9_800 }, [10_500, 9_800]],
  ])('meets %s', (_, order, expected) => {
    expect(envelopeAround([order])).toEqual(expected);
  });

  test('is as wide as the nearest orders allow, in whatever order they came', () => {
    const orders: Partial<Order>[] = [
      { side: 'buy', type: 'limit', price: 9_500 },
      { side: 'buy', type: 'limit', price: 9_700 },
      { side: 'sell', type: 'limit', price: 10_800 },
      { side: 'buy', type: 'stop', trigger: 10_600 },
    ];
    expect(envelopeAround(orders)).toEqual([10_600, 9_700]);
    expect(envelopeAround(orders.toReversed())).toEqual([10_600, 9_700]);
  });

  test('counts the price from which a stop moves beside all others', () => {
    const long: Partial<Order> = { side: 'sell', type: 'stop', trigger: 9_500, breakEvenFrom: 10_200 };
    expect(envelopeAround([long, { side: 'sell', type: 'limit', price: 10_800 }])).toEqual([10_200, 9_500]);
    expect(envelopeAround([{ side: 'sell', type: 'limit', price: 10_100 }, long])).toEqual([10_100, 9_500]);
    const short: Partial<Order> = { side: 'buy', type: 'stop', trigger: 10_500, breakEvenFrom: 9_800 };
    expect(envelopeAround([short, { side: 'buy', type: 'limit', price: 9_300 }])).toEqual([10_500, 9_800]);
    expect(envelopeAround([{ side: 'buy', type: 'limit', price: 9_900 }, short])).toEqual([10_500, 9_900]);
  });

  test.each<[string, Partial<Order>]>([
    ['has not met a bar yet', { type: 'limit', price: 9_500, barsSeen: 0 }],
    ['takes any price', { type: 'market' }],
    ['was a stop and takes any price now', { type: 'stop', trigger: 9_500, triggered: true }],
    ['moves with every bar', { type: 'trailing-stop', trigger: 9_500 }],
    ['ends with its bar', { type: 'limit', price: 9_500, timeInForce: 'ioc' }],
  ])('is closed by an order that %s, whatever rests beside it', (_, order) => {
    const calm: Partial<Order> = { side: 'sell', type: 'limit', price: 10_500 };
    expect(envelopeAround([{ side: 'buy', ...order }])).toEqual(CLOSED);
    expect(envelopeAround([calm, { side: 'buy', ...order }, calm])).toEqual(CLOSED);
  });

  test('is closed while an algorithm works, and not by a leg that waits for its entry', () => {
    const leg = resting({ side: 'sell', type: 'limit', price: 11_000 });
    expect(envelopeAround([], [leg])).toEqual(NOTHING_RESTS);
    expect(envelopeAround([], [new ParentOrder()])).toEqual(CLOSED);
    expect(envelopeAround([], [leg, new ParentOrder()])).toEqual(CLOSED);
  });
});

describe('the envelope of a perpetual', () => {
  const afterwards = (answer: Decision, limits: object = {}) => {
    const fields = { instruments: [perpetual()], limits: { ...WIDE, allowShort: true, ...limits } };
    return envelopeOf(trade({ 0: answer }, [CALM, CALM], fields).engine.markets[0]);
  };

  // Bought at 100 with a margin of 10 %, of which 5 % are kept: 100 × 0.9 / 0.95 = 94.7368…; sold: 100 × 1.1 / 1.05 = 104.7619….
  test('meets the liquidation of what is held, rounded towards the position', () => {
    expect(afterwards(buy({ quantity: 1 }))).toEqual([Number.POSITIVE_INFINITY, 9_474]);
    expect(afterwards(sell({ quantity: 1 }))).toEqual([10_476, Number.NEGATIVE_INFINITY]);
    expect(afterwards(undefined)).toEqual(NOTHING_RESTS);
  });

  test('meets an order that is nearer than the liquidation first', () => {
    expect(afterwards(buy({ quantity: 1, stopLoss: 0.03 }))).toEqual([Number.POSITIVE_INFINITY, 9_700]);
    expect(afterwards(buy({ quantity: 1, stopLoss: 0.08 }))).toEqual([Number.POSITIVE_INFINITY, 9_474]);
    expect(afterwards(sell({ quantity: 1, stopLoss: 0.03 }))).toEqual([10_300, Number.NEGATIVE_INFINITY]);
    expect(afterwards(sell({ quantity: 1, stopLoss: 0.08 }))).toEqual([10_476, Number.NEGATIVE_INFINITY]);
  });

  test('meets the price at which its account closes it', () => {
    // 94.74 / 0.98 = 96.6734….
    expect(afterwards(buy({ quantity: 1 }), { minLiquidationDistance: 0.02 })).toEqual([
      Number.POSITIVE_INFINITY,
      9_668,
    ]);
  });
});

describe('a bar', () => {
  const [high, low] = [10_100, 9_900];
  const touches = (above: number, below: number, block: readonly Row[] = []): boolean => {
    const [market] = empty().markets;
    const row: Row = [100, high / 100, low / 100, 100];
    market.useBars(bars([row, ...block]));
    if (block.length > 0) market.enterBlock(0, block.length + 1);
    market.at = 0;
    market.touchAbove = above;
    market.touchBelow = below;
    return isTouched(market);
  };
  const [far, deep] = [99_999, 1];

  test('touches at the price and beyond it, not one step before', () => {
    expect([high - 1, high, high + 1].map((above) => touches(above, deep))).toEqual([true, true, false]);
    expect([low - 1, low, low + 1].map((below) => touches(far, below))).toEqual([false, true, true]);
  });

  test('always touches a closed envelope, and never one around nothing', () => {
    const [market] = empty().markets;
    market.useBars(bars([CALM]));
    market.at = 0;
    expect(isTouched(market)).toBe(false);
    closeEnvelopeOver(market);
    expect(isTouched(market)).toBe(true);
  });

  test('is not touched where another bar of its block is', () => {
    const wide: Row = [100, 120, 80, 100];
    expect(touches(12_000, deep, [wide])).toBe(false);
    expect(touches(far, 8_000, [wide])).toBe(false);
  });

  test('is touched where it is the extreme of its block, on one side or the other', () => {
    const narrow: Row = [100, 100.5, 99.5, 100];
    expect(touches(high, deep, [narrow])).toBe(true);
    expect(touches(far, low, [narrow])).toBe(true);
    expect(touches(high + 1, low - 1, [narrow])).toBe(false);
  });
});
