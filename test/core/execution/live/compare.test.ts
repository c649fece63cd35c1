/** The venue's figures beside the ledger's: what differs, what is let pass as rounding, and what follows. */
import { describe, expect, test } from 'vitest';
import type { Engine } from '../../../../core/engine/engine.ts';
import { liveOf } from '../../../../core/engine/venue-bookkeeping.ts';
import {
  differences,
  entryRounding,
  ledgerFigures,
  noteComparison,
  takeBaseline,
  venueFigures,
} from '../../../../core/execution/live/compare.ts';
import { takeExternal } from '../../../../core/execution/live/perpetuals.ts';
import type { VenueFill } from '../../../../core/ports/execution-venue.ts';
import { perpetual, playedOf, running, scripted, spot } from '../../engine/account.ts';
import { alerts, liveAccount } from './sent.ts';

const ONE = 10n ** 18n;

/** 10,000.00 USD, 2.000 A, and 3.000 P that cost 300.00. */
function held(): Engine {
  const engine = liveAccount(0, {
    instruments: [spot(), perpetual()],
    strategies: [
      running(
        scripted(() => undefined),
        { instruments: ['A/USD', 'P/USD'] },
      ),
    ],
  });
  engine.markets[0].netQuantity = 2_000;
  Object.assign(engine.markets[1], { netQuantity: 3_000, netCost: 30_000 });
  return engine;
}

/** The venue's figures where they are the ledger's, or others of them. */
const there = (engine: Engine, other: Readonly<Record<string, bigint>> = {}): Map<string, bigint> =>
  new Map([...ledgerFigures(engine), ...Object.entries(other)]);

describe('the figures', () => {
  test('of the ledger: perpetuals by their symbol, what they cost out of the currency', () => {
    expect([...ledgerFigures(held())]).toEqual([
      ['USD', 9_700n * ONE],
      ['A', 2n * ONE],
      ['P/USD', 3n * ONE],
    ]);
  });

  test('of the venue: free and held together, of what the ledger counts alone', () => {
    const balances = [
      { asset: 'USD', free: '9000.5', held: '0.25' },
      { asset: 'USD', free: '1', held: '0' },
      { asset: 'BNB', free: '7', held: '0' },
      { asset: 'A', free: '0', held: '2' },
    ];
    const positions = [
      { symbol: 'P/USD', quantity: 3_000, entryPrice: 0, cost: '300.5' },
      { symbol: 'A/USD', quantity: 9_000, entryPrice: 0, cost: '1' },
      { symbol: 'OTHER', quantity: 9_000, entryPrice: 0, cost: '1' },
    ] as never;
    expect([...venueFigures(held(), balances, positions)]).toEqual([
      ['USD', (8_701_25n * ONE) / 100n],
      ['A', 2n * ONE],
      ['P/USD', 3n * ONE],
    ]);
    const without = [{ symbol: 'P/USD', quantity: -1_000, entryPrice: 0 }] as never;
    expect(venueFigures(held(), [], without).get('P/USD')).toBe(-ONE);
  });

  test('may be off by the decimals of entry prices, all together', () => {
    expect(entryRounding([{ costWithin: '0.5' }, {}, { costWithin: '0.25' }] as never)).toBe((3n * ONE) / 4n);
  });
});

describe('a difference', () => {
  test('is what the venue has more or less than the ledger and what was there before', () => {
    const engine = held();
    expect(differences(engine, there(engine))).toEqual([]);
    expect(differences(engine, there(engine, { A: 3n * ONE }))).toEqual([
      { asset: 'A', ledger: '2', venue: '3', by: '1' },
    ]);
    expect(differences(engine, there(engine, { A: ONE / 2n }))).toEqual([
      { asset: 'A', ledger: '2', venue: '0.5', by: '-1.5' },
    ]);
    liveOf(engine).offsets = new Map([['A', ONE]]);
    expect(differences(engine, there(engine, { A: 3n * ONE }))).toEqual([]);
    expect(differences(engine, new Map([['USD', 9_700n * ONE]])).map(({ asset }) => asset)).toEqual(['A', 'P/USD']);
  });

  test('is let pass as far as the venue rounds: by fill, and by the entry prices for the currency alone', () => {
    const engine = held();
    // 2 × 10^-8 a fill, and where there are perpetuals three units of money, 0.03.
    const perFill = 2n * 10n ** 10n + 3n * 10n ** 16n;
    const at = (fills: number, asset: string, more: bigint, entry = 0n): number => {
      liveOf(engine).fillsToCompare = fills;
      return differences(engine, there(engine, { [asset]: ledgerFigures(engine).get(asset)! + more }), entry).length;
    };
    expect([at(0, 'A', 0n), at(0, 'A', 1n)]).toEqual([0, 1]);
    expect([at(2, 'A', 2n * perFill), at(2, 'A', 2n * perFill + 1n), at(2, 'A', -2n * perFill - 1n)]).toEqual([
      0, 1, 1,
    ]);
    expect([at(1, 'USD', perFill + 5n, 5n), at(1, 'USD', perFill + 6n, 5n), at(1, 'A', perFill + 5n, 5n)]).toEqual([
      0, 1, 1,
    ]);
    const spotOnly = liveAccount();
    liveOf(spotOnly).fillsToCompare = 1;
    const usd = ledgerFigures(spotOnly).get('USD')!;
    expect(differences(spotOnly, there(spotOnly, { USD: usd + 2n * 10n ** 10n }))).toEqual([]);
    expect(differences(spotOnly, there(spotOnly, { USD: usd + 2n * 10n ** 10n + 1n }))).toHaveLength(1);
  });
});

describe('the first figures', () => {
  test('beyond the ledger are not the account’s', () => {
    const engine = liveAccount();
    liveOf(engine).fillsToCompare = 4;
    expect(
      takeBaseline(
        engine,
        new Map([
          ['USD', 10_005n * ONE],
          ['A', ONE / 4n],
        ]),
      ),
    ).toBe(true);
    expect([...liveOf(engine).offsets!]).toEqual([
      ['USD', 5n * ONE],
      ['A', ONE / 4n],
    ]);
    expect(liveOf(engine).fillsToCompare).toBe(0);
    expect(playedOf(engine).of('VenueBaseline')).toMatchObject([{ body: { beyond: { USD: '5', A: '0.25' } } }]);
  });

  test('below what the account was given are no beginning, until they are not', () => {
    const engine = liveAccount();
    expect(takeBaseline(engine, new Map([['USD', 9_999n * ONE]]))).toBe(false);
    expect(alerts(engine)).toEqual([{ code: 'BALANCE_BELOW_ACCOUNT', asset: 'USD', missing: '1' }]);
    expect([liveOf(engine).offsets, liveOf(engine).alertUnder('balance')?.code]).toEqual([
      undefined,
      'BALANCE_BELOW_ACCOUNT',
    ]);
    expect(takeBaseline(engine, new Map([['USD', 10_000n * ONE]]))).toBe(true);
    expect(liveOf(engine).alertUnder('balance')).toBeUndefined();
  });

  test('with a perpetual that is open are no beginning', () => {
    const engine = held();
    Object.assign(engine.markets[1], { netQuantity: 0, netCost: 0 });
    expect(takeBaseline(engine, there(engine, { 'P/USD': -ONE }))).toBe(false);
    expect(alerts(engine)).toEqual([{ code: 'POSITION_BEFORE_ACCOUNT', symbol: 'P/USD', there: '-1' }]);
    expect(takeBaseline(engine, there(engine, { 'P/USD': 0n }))).toBe(true);
  });
});

describe('a comparison', () => {
  /** So many in a row, each with what the venue has more of A. */
  function compared(engine: Engine, ...more: readonly bigint[]): Engine {
    liveOf(engine).offsets ??= new Map();
    for (const each of more) {
      const venue = there(engine, { A: ledgerFigures(engine).get('A')! + each });
      engine.time += 60_000;
      liveOf(engine).reconciled = true;
      noteComparison(engine, 'the venue', venue, differences(engine, venue));
    }
    return engine;
  }

  test('that finds the very same three times halts the account, and tells what, where and since when', () => {
    const engine = liveAccount();
    const first = engine.time + 60_000;
    compared(engine, ONE, ONE);
    expect([engine.tradingState, liveOf(engine).reconciled, alerts(engine)]).toEqual(['Active', false, []]);
    expect(liveOf(engine).difference).toEqual({ since: first, what: '1 A', count: 2, total: 2 });
    compared(engine, ONE);
    expect(alerts(engine)).toEqual([
      { code: 'BALANCE_UNEXPLAINED', venue: 'the venue', asset: 'A', ledger: '0', there: '1', since: first },
    ]);
    expect(engine.stopped?.reason).toBe(`the venue holds 1 A where the ledger says 0, since cycle ${first}`);
    compared(engine, ONE);
    expect([alerts(engine).length, engine.tradingState]).toEqual([1, 'Halted']);
  });

  test('that finds another each time halts it after twelve', () => {
    const changing = Array.from({ length: 11 }, (_, k) => BigInt(k + 1) * ONE);
    const engine = compared(liveAccount(), ...changing);
    expect(engine.tradingState).toBe('Active');
    compared(engine, 12n * ONE);
    expect(engine.tradingState).toBe('Halted');
  });

  test('that finds none any more takes back what was told, and not the halt', () => {
    const engine = compared(liveAccount(), ONE, ONE, ONE);
    expect(liveOf(engine).standingAlerts).toHaveLength(1);
    liveOf(engine).raiseAlert('another', { code: 'X', what: 'x', since: 0 });
    liveOf(engine).fillsToCompare = 3;
    compared(engine, 0n);
    expect(liveOf(engine).standingAlerts.map(({ key }) => key)).toEqual(['another']);
    expect([liveOf(engine).difference, liveOf(engine).fillsToCompare, engine.tradingState]).toEqual([
      undefined,
      0,
      'Halted',
    ]);
  });

  test('starts the next one from what the venue holds, its rounding with it', () => {
    const engine = liveAccount();
    liveOf(engine).fillsToCompare = 1;
    compared(engine, 10n ** 10n);
    expect(liveOf(engine).offsets?.get('A')).toBe(10n ** 10n);
  });

  test('of several figures names them all', () => {
    const engine = held();
    liveOf(engine).offsets = new Map();
    const venue = there(engine, { A: 3n * ONE, USD: 9_690n * ONE });
    noteComparison(engine, 'the venue', venue, differences(engine, venue));
    expect(liveOf(engine).difference?.what).toBe('-10 USD, 1 A');
  });
});

describe('a fill in a perpetual by no order of ours', () => {
  const booked = (quantity: number, fee = 0) => ({
    id: 'f',
    quantity,
    price: 10_000,
    fee,
    feeQuantity: 0,
    maker: false,
    time: 1,
  });
  function both(first: number, second: number): Engine {
    const silent = scripted(() => undefined);
    const engine = liveAccount(0, {
      instruments: [perpetual()],
      strategies: [
        running(silent, { id: 'first', instruments: ['P/USD'], allocation: 0.5 }),
        running(silent, { id: 'second', instruments: ['P/USD'], allocation: 0.5 }),
      ],
    });
    [first, second].forEach((quantity, strategy) => {
      Object.assign(engine.position(strategy, 0), { quantity, cost: quantity * 10 });
    });
    const net = first + second;
    Object.assign(engine.markets[0], {
      netQuantity: net,
      netCost: net * 10,
      longQuantity: Math.max(0, first) + Math.max(0, second),
    });
    return engine;
  }
  const take = (engine: Engine, side: 'buy' | 'sell', quantity: number, fee = 0): Engine => {
    takeExternal(engine, engine.markets[0], { side } as VenueFill, booked(quantity, fee));
    return engine;
  };
  const quantities = (engine: Engine): number[] => [0, 1].map((strategy) => engine.position(strategy, 0).quantity);
  const closed = (engine: Engine): unknown[] =>
    playedOf(engine)
      .of('ClosedAtVenue')
      .map(({ quantity, fee }) => [quantity, fee]);

  test('closes what strategies hold on the other side, one after the other, with its part of the fee', () => {
    const engine = take(both(1_000, 2_000), 'sell', 1_500, 30);
    expect(quantities(engine)).toEqual([0, 1_500]);
    expect(closed(engine)).toEqual([
      ['1000', '20'],
      ['500', '10'],
    ]);
    expect(liveOf(engine).external.size).toBe(0);
    expect(engine.stopped?.reason).toBe(
      "the venue filled P/USD by no order of this account: a liquidation, or somebody else's trade",
    );
  });

  test('of a short that it buys back', () => {
    expect(quantities(take(both(-1_000, 0), 'buy', 400))).toEqual([-600, 0]);
  });

  test('beyond what is held is nobody’s', () => {
    const engine = take(both(1_000, 0), 'sell', 1_200);
    expect(quantities(engine)).toEqual([0, 0]);
    expect(liveOf(engine).external.get(0)?.quantity).toBe(-200);
    const opposite = take(both(1_000, 0), 'buy', 200);
    expect([quantities(opposite), liveOf(opposite).external.get(0)?.quantity]).toEqual([[1_000, 0], 200]);
  });

  test('leaves a halt as a person gave it', () => {
    const engine = both(1_000, 0);
    engine.tradingState = 'Halted';
    take(engine, 'sell', 100);
    expect(playedOf(engine).of('TradingStateChanged')).toEqual([]);
  });
});
