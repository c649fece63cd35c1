/** What a venue takes without a fill, and out of whose position. */
import { describe, expect, test } from 'vitest';
import { liveSchema } from '../../../../core/configuration/schema.ts';
import type { Engine } from '../../../../core/engine/engine.ts';
import { fillExternally, liveOf } from '../../../../core/engine/venue-bookkeeping.ts';
import { EXTERNAL } from '../../../../core/execution/live/account.ts';
import { takeFeesAhead, takePayment } from '../../../../core/execution/live/payments.ts';
import { fold } from '../../../../core/ledger/fold.ts';
import { account, open, playedOf, running, scripted } from '../../engine/account.ts';

/** An account that may trade A/USD, whose quantities have three decimals. */
function live(): Engine {
  const engine = open({
    ...account({ strategies: [running(scripted(() => undefined))] }),
    provenance: 'live',
    live: liveSchema.parse({}),
  });
  liveOf(engine).offsets = new Map();
  return engine;
}

/** Of nobody's: so much bought at 100. */
function bought(quantity: number): Engine {
  const engine = live();
  fillExternally(engine, 0, 'buy', {
    id: 'f',
    quantity,
    price: 10_000,
    fee: 0,
    feeQuantity: 0,
    maker: false,
    time: 1,
  });
  return engine;
}

const fee = (amount: string, id = 'p', asset = 'A') => ({ id, symbol: 'A/USD', amount, asset, time: 2 });
const held = (engine: Engine) => liveOf(engine).external.get(0);
const quantities = (engine: Engine): unknown[] =>
  playedOf(engine)
    .of('PaidInBaseAtVenue')
    .map(({ strategy, quantity, realised }) => [strategy, quantity, realised]);

describe('a fee in the coin', () => {
  test('comes out of what is held, which has cost what all of it did', () => {
    const engine = bought(2_000);
    takePayment(engine, fee('-0.005'));
    expect(held(engine)).toMatchObject({ quantity: 1_995, cost: 20_000, realised: 0 });
    expect(engine.markets[0]).toMatchObject({ netQuantity: 1_995, netCost: 20_000, longQuantity: 1_995 });
    expect(quantities(engine)).toEqual([[EXTERNAL, '-5', '0']]);
  });

  test('of more than is held takes all of it, with its cost, and the rest is nobody’s', () => {
    const engine = bought(4);
    takePayment(engine, fee('-0.005'));
    expect(held(engine)).toMatchObject({ quantity: -1, cost: 0, realised: -40 });
    expect(engine.markets[0]).toMatchObject({ netQuantity: -1, netCost: 0, longQuantity: 0, shortQuantity: 1 });
    expect(quantities(engine)).toEqual([
      [EXTERNAL, '-4', '-40'],
      [EXTERNAL, '-1', '0'],
    ]);
    fold(playedOf(engine).events);
  });

  test('where nothing is held is nobody’s', () => {
    const engine = live();
    takePayment(engine, fee('-0.005'));
    expect(quantities(engine)).toEqual([[EXTERNAL, '-5', '0']]);
    expect(engine.openPositions).toBe(1);
    takePayment(engine, fee('0.005', 'given back'));
    expect([held(engine)?.quantity, engine.openPositions]).toEqual([0, 0]);
  });

  test('finer than is counted is rounded against the account, and the rest remembered as being at the venue', () => {
    const engine = bought(2_000);
    takePayment(engine, fee('-0.0000001'));
    expect(held(engine)?.quantity).toBe(1_999);
    expect(liveOf(engine).offsets?.get('A')).toBe(999_900_000_000_000n);
  });

  test('is booked once', () => {
    const engine = bought(2_000);
    for (let time = 0; time < 2; time++) takePayment(engine, fee('-0.005'));
    takePayment(engine, fee('-0.001', 'another'));
    expect(held(engine)?.quantity).toBe(1_994);
  });
});

describe('what a balance lacks', () => {
  const lacking = { asset: 'A', ledger: '2', venue: '1.995', by: '-0.005' };
  const seen = (what: string, atMost = 6_000_000_000_000_000n): Engine => {
    const engine = bought(2_000);
    const account = liveOf(engine);
    account.difference = { since: 1, what, count: 1, total: 1 };
    account.feesToCome.expect('A', atMost, 1);
    return engine;
  };

  test('is a fee where the same was seen before, and fees explain it', () => {
    const engine = seen('-0.005 A');
    expect(takeFeesAhead(engine, [lacking])).toEqual([]);
    expect(held(engine)?.quantity).toBe(1_995);
    takePayment(engine, fee('-0.005'));
    expect(held(engine)?.quantity).toBe(1_995);
  });

  test.each([
    ['was not seen before', '-0.004 A', undefined],
    ['was seen of another asset', '-0.005 B', undefined],
    ['is more than fees may be', '-0.005 A', 4_000_000_000_000_000n],
  ])('is none where it %s', (_, what, atMost) => {
    const engine = seen(what, atMost);
    expect(takeFeesAhead(engine, [lacking])).toEqual([lacking]);
    expect(held(engine)?.quantity).toBe(2_000);
  });

  test('is none where the venue holds more, or another asset is short; those stay to be explained', () => {
    const more = { ...lacking, by: '0.005' };
    const other = { ...lacking, asset: 'B' };
    const engine = seen('0.005 A, -0.005 B, -0.005 A');
    expect(takeFeesAhead(engine, [more, other, lacking])).toEqual([more, other]);
  });
});
