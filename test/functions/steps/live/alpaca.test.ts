/** A live account in crypto at Alpaca, which takes its fees in the coin and says so at the end of the day: real steps, the real adapter. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { fold } from '../../../../core/ledger/fold.ts';
import { verifyLedger } from '../../../../core/ledger/verify.ts';
import { type AlpacaBench, makeBench } from '../../../adapters/venues/alpaca/bench.ts';
import { AMOUNT_DECIMALS } from '../../../adapters/venues/server/account.ts';
import type { TakesFees } from '../../../adapters/venues/server/alpaca-fees.ts';
import { VenueServer } from '../../../adapters/venues/server/venue-server.ts';
import { targets, VenueDesk } from './venue-desk.ts';

const PRICE = 4_500_000;
const DAY_MS = 86_400_000;

let server: VenueServer;
let bench: AlpacaBench;
beforeAll(async () => {
  server = await VenueServer.start();
});
afterEach(() => bench.stop());
afterAll(() => server.close());

/** Two strategies buy; one closes on the same day, the other after it. */
const PLAN = targets([
  [2, 0, 0.4],
  [3, 1, 0.4],
  [8, 0, 0],
  [16, 1, 0],
]);

async function opened(taken: TakesFees, plan = PLAN): Promise<VenueDesk> {
  bench = await makeBench(server, { timeoutMs: 10_000 });
  bench.takeFees(taken);
  // It holds no coins but those that it buys, so that it can be refused more.
  bench.account.deposit('BTC', -(bench.account.balances.get('BTC') ?? 0n));
  const desk = new VenueDesk(plan, {
    id: 'coins',
    venue: { kind: 'alpaca', assetClass: 'crypto', credentials: 'alpaca' },
    instrument: bench.instrument,
    port: bench.port,
    clock: server,
    price: (scaled) => bench.price(scaled),
  });
  await desk.open(PRICE);
  return desk;
}

/** Of the coin, exactly what the venue holds; and all of the ledger's sums hold. */
async function expectEqualToVenue(desk: VenueDesk): Promise<void> {
  const engine = await desk.engine();
  const [{ netQuantity, instrument }] = engine.markets;
  const decimals = AMOUNT_DECIMALS - instrument.quantityDecimals;
  const there = bench.account.balances.get('BTC') ?? 0n;
  // The ledger rounds fees against the account, by less than a unit each.
  const apart = there - BigInt(netQuantity) * 10n ** BigInt(decimals);
  expect(apart).toBeGreaterThanOrEqual(0n);
  expect(apart).toBeLessThan(4n * 10n ** BigInt(decimals));
  expect(engine.live).toMatchObject({ reconciled: true, difference: undefined });
  expect(engine.tradingState).toBe('Active');
  expect(desk.alerts()).toEqual([]);
  expect(verifyLedger(desk.ledger.commits)).toMatchObject({ holds: true });
  expect(String(fold(desk.events()).account.cash)).toBe(String(engine.cash));
}

test.each(['with the fill', 'at the end of the day'] as const)(
  'fees taken %s are booked, to the last unit, and the account is not halted',
  async (taken) => {
    const desk = await opened(taken);
    for (let cycle = 0; cycle < 10; cycle++) await desk.run(PRICE);
    await expectEqualToVenue(desk);
    bench.pass(DAY_MS);
    for (let cycle = 0; cycle < 4; cycle++) await desk.run(PRICE);
    await expectEqualToVenue(desk);
    for (let cycle = 0; cycle < 4; cycle++) await desk.run(PRICE);
    bench.pass(DAY_MS);
    for (let cycle = 0; cycle < 4; cycle++) await desk.run(PRICE);
    await expectEqualToVenue(desk);
    const charged = [...bench.side.fees.all.keys()].sort();
    expect(charged).toEqual(['BTC', 'USDT']);
    expect(desk.of('PaidInBaseAtVenue').length).toBeGreaterThan(0);
    expect(desk.of('PaidAtVenue').length).toBeGreaterThan(0);
    expect(desk.of('OrderRejected')).toEqual([]);
  },
);

test('what was just bought can be sold, though the coin was taken and nothing has said so', async () => {
  const desk = await opened(
    'with the fill',
    targets([
      [2, 0, 0.4],
      [3, 0, 0],
    ]),
  );
  for (let cycle = 0; cycle < 5; cycle++) await desk.run(PRICE);
  expect(bench.account.trades.map(({ side }) => side)).toEqual(['buy', 'sell']);
  expect([desk.of('OrderRejected'), desk.alerts()]).toEqual([[], []]);
  // What is left is what the fee might have been beyond what it was.
  const [{ netQuantity, instrument }] = (await desk.engine()).markets;
  expect(netQuantity / 10 ** instrument.quantityDecimals).toBeLessThan(0.02 * 0.0006);
});
