/** A live account in perpetuals: real steps and the real adapter, signed, at a USD-M exchange on loopback. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openBinance } from '../../../../adapters/venues/ccxt/binance.ts';
import { openBinanceUsdmExecution } from '../../../../adapters/venues/ccxt/binance-execution.ts';
import { fold } from '../../../../core/ledger/fold.ts';
import { verifyLedger } from '../../../../core/ledger/verify.ts';
import type { Instrument } from '../../../../core/market/instrument.ts';
import { parseDecimal } from '../../../../core/numbers.ts';
import type { ExecutionVenuePort } from '../../../../core/ports/execution-venue.ts';
import { AMOUNT_DECIMALS } from '../../../adapters/venues/server/account.ts';
import { VenueServer } from '../../../adapters/venues/server/venue-server.ts';
import { type Script, targets, VenueDesk } from './venue-desk.ts';

const MINUTE = 60_000;
const SYMBOL = 'BTC/USDT:USDT';
const MARKET = { base: 'BTC', quote: 'USDT', quantityDecimals: 5, priceDecimals: 2 } as const;

let server: VenueServer;
let venue: ExecutionVenuePort;
let instruments: Instrument[];

beforeEach(async () => {
  server = await VenueServer.start();
  const { key, secret } = server.accounts.usdm.key;
  const options = { baseUrl: server.baseUrl, rateLimitMs: 1 };
  venue = openBinanceUsdmExecution({ apiKey: key, secret }, options, { now: () => server.now });
  const data = openBinance({ ...options, markets: ['linear'] });
  instruments = await data.instruments([SYMBOL]);
  await data.close();
  account().deposit('USDT', BigInt(parseDecimal(5_000, AMOUNT_DECIMALS)));
});

afterEach(async () => {
  await venue.close();
  await server.close();
});

const account = () => server.accounts.usdm.account;

class Perpetuals extends VenueDesk {
  constructor(script: Script, live: object = {}) {
    super(script, {
      id: 'perp',
      venue: { kind: 'ccxt', exchange: 'binance', market: 'linear', credentials: 'usdm' },
      limits: { allowShort: true },
      live,
      instrument: instruments[0],
      port: venue,
      clock: server,
      price: (scaled) => account().setPrice(MARKET, scaled, server.now),
    });
  }

  /** Wallet of the venue beyond what the account was not given, against the account's cash and the cost of what is held. */
  async expectEqualToVenue(): Promise<void> {
    const engine = await this.engine();
    expect(engine.live).toMatchObject({ reconciled: true, difference: undefined });
    const position = account().positions.get('BTC');
    const there = (account().balances.get('USDT') ?? 0n) - (position?.cost ?? 0n) - 300_000_000_000n;
    const here = BigInt(engine.cash - engine.markets[0].netCost);
    expect(Number(there - here)).toBeGreaterThanOrEqual(0);
    expect(Number(there - here)).toBeLessThan(100);
    expect(engine.markets[0].netQuantity).toBe(position?.quantity ?? 0);
    expect(String(fold(this.events()).account.cash)).toBe(String(engine.cash));
  }
}

describe('a live account in perpetuals', () => {
  test('opens, is paid and pays funding by what each strategy holds, and closes equal to its venue', async () => {
    const desk = new Perpetuals(
      targets([
        [2, 0, 0.8],
        [3, 1, -0.4],
        [6, 0, 0],
        [7, 1, 0],
      ]),
    );
    await desk.open(4_500_000);
    await desk.run(4_500_000);
    await desk.run(4_510_000);
    await desk.run(4_520_000);
    await desk.expectEqualToVenue();
    const before = await desk.engine();
    const [long, short] = [0, 1].map((of) => BigInt(before.position(of, 0).quantity));
    account().fund(MARKET, 100, server.now);
    await desk.run(4_530_000);
    const [{ income }] = account().funding;
    const paid = desk.of('PaidAtVenue');
    expect(paid.map(({ strategy: of }) => of)).toEqual([0, 1]);
    expect(BigInt(String(paid[0].amount))).toBe((income * long) / (long + short));
    expect(Number(paid[1].amount)).toBeGreaterThan(0);
    expect(BigInt(String(paid[0].amount)) + BigInt(String(paid[1].amount))).toBe(income);
    await desk.expectEqualToVenue();
    for (const close of [4_540_000, 4_550_000, 4_560_000, 4_560_000]) await desk.run(close);
    await desk.expectEqualToVenue();
    expect((await desk.engine()).openPositions).toBe(0);
    expect(desk.alerts()).toEqual([]);
    expect(desk.of('PaidAtVenue')).toHaveLength(2);
    expect(verifyLedger(desk.ledger.commits)).toMatchObject({ holds: true });
  });

  test('books a liquidation as the end of what its strategies held, halts, and stays equal to its venue', async () => {
    const desk = new Perpetuals(
      targets([
        [2, 0, 0.8],
        [2, 1, 0.4],
      ]),
    );
    await desk.open(4_500_000);
    await desk.run(4_500_000);
    await desk.run(4_500_000);
    account().setPrice(MARKET, 3_000_000, server.now);
    account().liquidate(MARKET, server.now);
    await desk.run(3_000_000);
    const engine = await desk.engine();
    expect(desk.of('ClosedAtVenue').map(({ strategy: of }) => of)).toEqual([0, 1]);
    expect(engine).toMatchObject({ tradingState: 'Halted', openPositions: 0 });
    expect(desk.alerts()).toEqual(['EXTERNAL_FILL']);
    await desk.run(3_000_000);
    await desk.expectEqualToVenue();
    expect(verifyLedger(desk.ledger.commits)).toMatchObject({ holds: true });
  });

  test('finds its order canceled by the venue where nobody was there in time, books that, and goes on', async () => {
    const rests: Script = ({ order }, of, at) =>
      of === 0 && [2, 9].includes(at)
        ? order({ side: 'buy', type: 'limit', quantity: 0.01, price: 44_000, reason: 'rests' })
        : undefined;
    const desk = new Perpetuals(rests, { cancelAllAfterMs: 3 * MINUTE });
    await desk.open(4_500_000);
    for (let cycle = 0; cycle < 6; cycle++) await desk.run(4_500_000);
    expect(account().working()).toHaveLength(1);
    server.now += 3 * MINUTE;
    account().setPrice(MARKET, 4_500_000, server.now);
    account().tick(server.now);
    expect(account().working()).toEqual([]);
    for (let cycle = 0; cycle < 3; cycle++) await desk.run(4_500_000);
    expect(desk.of('OrderCanceled')).toMatchObject([{ order: 1 }]);
    expect(account().working()).toHaveLength(1);
    expect(desk.alerts()).toEqual([]);
    await desk.expectEqualToVenue();
  });

  test('hears from the venue that its market is halted, opens nothing there, and opens once it trades', async () => {
    const desk = new Perpetuals(({ target }, of, at) => (of === 0 && at > 1 ? target(0.8, 'in') : undefined));
    await desk.open(4_500_000);
    server.notices = { market: 'PRE_SETTLE' };
    await desk.run(4_500_000);
    expect(desk.alerts()).toEqual(['MARKET_NOT_OPEN']);
    expect(desk.of('OrderDenied').map(({ denial }) => denial)).toEqual(['MARKET_NOT_OPEN']);
    expect((await desk.engine()).live?.markets?.markets).toMatchObject([{ state: 'halted', text: 'PRE_SETTLE' }]);
    server.notices = {};
    await desk.run(4_500_000);
    expect(account().orders).toHaveLength(1);
    expect((await desk.engine()).live?.standingAlerts).toEqual([]);
  });

  test('does not begin on a position that was there before, and opens nothing where payments cannot be read', async () => {
    const held = { market: MARKET, quantity: 1_000, cost: 45_000_000_000n };
    account().positions.set('BTC', held);
    const desk = new Perpetuals(targets([[2, 0, 0.8]]));
    await desk.open(4_500_000);
    await desk.run(4_500_000);
    expect(desk.alerts()).toEqual(['POSITION_BEFORE_ACCOUNT']);
    expect(desk.of('OrderDenied').map(({ denial }) => denial)).toEqual(['VENUE_NOT_RECONCILED']);

    const blind = new Perpetuals(targets([[2, 0, 0.8]]));
    const without = new Proxy(venue, {
      get(of, name) {
        if (name === 'payments') return undefined;
        const value = Reflect.get(of, name);
        return typeof value === 'function' ? value.bind(of) : value;
      },
    });
    (blind.ports as { venue: unknown }).venue = () => without;
    await blind.open(4_500_000);
    await blind.run(4_500_000);
    expect(blind.alerts()).toEqual(['VENUE_NOT_WIRED']);
    expect(account().orders).toEqual([]);
  });
});
