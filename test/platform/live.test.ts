/** A live account as its owner runs it: the real command line, the real platform, signed requests to an exchange on loopback. */
import { describe, expect, type TestContext, test } from 'vitest';
import type { ShowOutput } from '../../operations/live/schema.ts';
import { type Running, until, type Workplace } from '../cli/plimsoll.ts';
import { BIDS, BITCOIN, type LiveVenue, LiveVenueServer, liveWorkplace, storeKeys } from './live-venue.ts';

const PATIENCE = 180_000;

interface Desk {
  readonly server: LiveVenueServer;
  readonly place: Workplace;
}

async function desk(
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  keys?: { readonly key: string; readonly secret: string },
  timeframe?: string,
  strategy?: string,
  venue: LiveVenue = 'binance',
): Promise<Desk> {
  const server = await LiveVenueServer.open();
  const place = liveWorkplace(server, timeframe, strategy, venue);
  onTestFinished(async () => {
    place.remove();
    await server.close();
  });
  const stored = storeKeys(place, keys ?? server.accounts[venue].key);
  expect(stored.stderr).toBe('');
  return { server, place };
}

async function started(place: Workplace): Promise<Running> {
  const platform = place.start('start', '--venue', 'live');
  await platform.printed(/Dashboard and API/);
  return platform;
}

const shown = async (place: Workplace): Promise<ShowOutput> => {
  const { out, err, code } = await place.run('live', 'show', 'real', '--json');
  if (code !== 0) throw new Error(err);
  return JSON.parse(out);
};

const armed = (place: Workplace, ...more: string[]) =>
  place.run('live', 'arm', 'real', '--max-order-notional', '60', '--max-exposure', '150', ...more);

const filled = (server: LiveVenueServer): number => server.spot.trades.length;

/**
 * Until the platform has told of each fill at its venue. The exchange is of this process, so that holds until the next wait. What the
 * platform has not heard by the time that its key expires it cannot hear any more, and it sends nothing past such an order.
 */
async function everyFillHeard(server: LiveVenueServer, platform: Running): Promise<void> {
  for (let waited = 0; platform.times(/filled +(buy|sell)/g) < filled(server); waited += 10) {
    if (waited > 60_000) throw new Error(`of ${filled(server)} fills at the venue it told of fewer`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const codes = ({ alerts }: ShowOutput): string[] => alerts.map(({ code }) => code);

/** All at the same time: they wait for bars, most of the time. */
describe.concurrent('a live account', () => {
  // First, since they wait for minutes.
  test.for(['binance', 'alpaca'] as const)(
    'at %s has a fill in its ledger as soon as its venue tells of it, with no cycle in between',
    { timeout: PATIENCE },
    async (venue, context) => {
      const { server, place } = await desk(context, undefined, '1m', BIDS, venue);
      const { account } = server.accounts[venue];
      const platform = await started(place);
      expect(await armed(place, '--confirm', 'real')).toMatchObject({ code: 0 });
      // In the next cycle, up to a minute from now.
      while (account.working().length === 0) await new Promise((resolve) => setTimeout(resolve, 100));
      // What the venue tells of the order itself is asked after first.
      await until(
        () => shown(place),
        ({ orders, lastReconcile }) => orders[0]?.phase === 'known' && lastReconcile?.on === 'hint',
      );
      const cycles = (await place.run('cycles')).out;
      account.setPrice(BITCOIN, 4_390_000, server.now);
      await platform.printed(/filled +buy 0\.0010* BTC\/USDT/);
      expect((await place.run('cycles')).out).toBe(cycles);
      expect(await shown(place)).toMatchObject({
        reconciled: true,
        lastReconcile: { on: 'hint' },
        orders: [],
        alerts: [],
        streamAway: null,
      });
      expect((await platform.kill('SIGINT')).code).toBe(0);
      expect(server.streams.standing).toBe(0);
      expect(await place.run('ledger', 'verify')).toMatchObject({ code: 0 });
    },
  );

  test(
    'is armed, trades, comes through kill -9 equal to its venue, and opens nothing more once it is disarmed',
    async (context) => {
      const { server, place } = await desk(context);
      const first = await started(place);
      const unarmed = await until(
        () => shown(place),
        ({ reconciled }) => reconciled,
      );
      expect(unarmed).toMatchObject({ armed: false, limits: null, most: { maxOrderNotional: 100 } });
      expect(filled(server)).toBe(0);

      const slip = await armed(place, '--confirm', 'reel');
      expect(slip).toMatchObject({ code: 1, err: expect.stringMatching(/"reel" does not arm/) });
      const nobody = await armed(place);
      expect(nobody).toMatchObject({ code: 2, err: expect.stringMatching(/--confirm real/) });
      expect(await armed(place, '--confirm', 'real')).toMatchObject({ code: 0, out: expect.stringMatching(/ARMED/) });
      const { out: status } = await place.run('status');
      expect(status).toMatch(/^Account +real \(live data, REAL money at loopback, armed\)$/m);

      await first.printed(/filled +buy \S+ BTC\/USDT/);
      await first.printed(/filled +sell \S+ BTC\/USDT/);
      await first.kill('SIGKILL');
      const before = filled(server);

      const again = await started(place);
      await until(
        async () => filled(server),
        (count) => count >= before + 2,
      );
      expect(await shown(place)).toMatchObject({ armed: true, limits: { maxOrderNotional: 60, maxExposure: 150 } });

      const disarmed = await place.run('live', 'disarm', 'real');
      expect(disarmed).toMatchObject({ code: 0, out: expect.stringMatching(/is disarmed/) });
      await again.printed(/denied .*LIVE_NOT_ARMED/);
      const quiet = await until(
        () => shown(place),
        ({ reconciled, orders, armed }) => reconciled && orders.length === 0 && !armed,
      );
      expect(quiet).toMatchObject({ alerts: [], difference: null, external: [], lost: 0 });
      expect((await again.kill('SIGINT')).code).toBe(0);

      const ids = server.spot.orders.map(({ clientOrderId }) => clientOrderId);
      expect(new Set(ids).size).toBe(ids.length);
      expect(await place.run('ledger', 'verify')).toMatchObject({
        code: 0,
        out: expect.stringMatching(/local\/real: holds/),
      });
    },
    PATIENCE,
  );

  test(
    'without keys goes through its cycles and sends nothing, and trades once they are stored',
    async (context) => {
      const { server, place } = await desk(context);
      expect(await place.run('secrets', 'remove', 'loopback')).toMatchObject({ code: 0 });
      const platform = await started(place);
      await platform.printed(/ALERT VENUE_KEYS_MISSING: .*"loopback"/);
      expect(await armed(place, '--confirm', 'real')).toMatchObject({ code: 0 });
      await platform.printed(/denied .*VENUE_NOT_RECONCILED/);
      expect(codes(await shown(place))).toEqual(['VENUE_KEYS_MISSING']);
      expect(server.count('/api/v3/account')).toBe(0);

      storeKeys(place, server.accounts.binance.key);
      await platform.printed(/filled +buy/);
      await until(
        () => shown(place),
        (now) => codes(now).length === 0,
      );
      expect((await platform.kill('SIGINT')).code).toBe(0);
    },
    PATIENCE,
  );

  test(
    'with a wrong key says what the venue said, and sends no order',
    async (context) => {
      const { server, place } = await desk(context, { key: 'another-key', secret: 'a-secret' });
      const platform = await started(place);
      expect(await armed(place, '--confirm', 'real')).toMatchObject({ code: 0 });
      await platform.printed(/ALERT VENUE_REFUSED: .*Invalid API-key/);
      await platform.printed(/denied .*VENUE_NOT_RECONCILED/);
      const ended = await platform.kill('SIGINT');
      expect(ended.out + ended.err).not.toMatch(/another-key|a-secret/);
      expect(server.spot.orders).toEqual([]);
    },
    PATIENCE,
  );

  test(
    'whose key expires while it runs opens nothing more, and goes on with the next key',
    async (context) => {
      const { server, place } = await desk(context);
      const platform = await started(place);
      expect(await armed(place, '--confirm', 'real')).toMatchObject({ code: 0 });
      await platform.printed(/filled +buy/);
      const next = { key: 'the-next-key', secret: 'the-next-secret' };
      await everyFillHeard(server, platform);
      Object.assign(server.accounts.binance.key, next);
      await platform.printed(/ALERT VENUE_REFUSED/);
      const before = filled(server);
      await platform.printed(/(denied .*VENUE_NOT_RECONCILED|rejected order \d+: .*Invalid API-key)/);
      expect(filled(server)).toBe(before);

      storeKeys(place, next);
      await until(
        async () => filled(server),
        (count) => count > before,
      );
      expect((await platform.kill('SIGINT')).code).toBe(0);
    },
    PATIENCE,
  );

  test(
    'whose key may read and not trade has its orders rejected with the venue’s reason, and says so once',
    async (context) => {
      const { server, place } = await desk(context);
      server.accounts.binance.key.trades = false;
      const platform = await started(place);
      expect(await armed(place, '--confirm', 'real')).toMatchObject({ code: 0 });
      await platform.printed(/rejected order \d+: .*permissions for action/);
      await platform.printed(/ALERT ORDERS_REFUSED: .*permissions for action/);
      expect(codes(await shown(place))).toEqual(['ORDERS_REFUSED']);
      server.accounts.binance.key.trades = true;
      await platform.printed(/filled +buy/);
      await until(
        () => shown(place),
        (now) => codes(now).length === 0,
      );
      const { out } = await platform.kill('SIGINT');
      expect(out.match(/ALERT ORDERS_REFUSED/g)).toHaveLength(1);
      expect(server.spot.orders.length).toBeGreaterThan(0);
    },
    PATIENCE,
  );

  test(
    'trades where its clock is half a minute behind the venue’s, and where that changes while it runs',
    async (context) => {
      const { server, place } = await desk(context);
      server.skewMs = 30_000;
      const platform = await started(place);
      expect(await armed(place, '--confirm', 'real')).toMatchObject({ code: 0 });
      await platform.printed(/filled +buy/);
      server.skewMs = 90_000;
      const before = filled(server);
      await until(
        async () => filled(server),
        (count) => count > before + 1,
      );
      expect((await platform.kill('SIGINT')).code).toBe(0);
    },
    PATIENCE,
  );

  test(
    'is reconciled at the start, and as soon as a venue that was away answers again, without waiting for a cycle',
    async (context) => {
      const { server, place } = await desk(context, undefined, '1h');
      const first = await started(place);
      await first.printed(/"real" is reconciled with its venue at the start/);
      expect(await shown(place)).toMatchObject({ reconciled: true });
      expect((await first.kill('SIGINT')).code).toBe(0);

      server.script(
        '/api/v3/openOrders',
        ...Array.from({ length: 200 }, () => ({ kind: 'status', status: 503 }) as const),
      );
      const again = await started(place);
      await again.printed(/ALERT VENUE_UNAVAILABLE/);
      expect(await shown(place)).toMatchObject({ reconciled: false, alerts: [{ code: 'VENUE_UNAVAILABLE' }] });

      server.clearFaults();
      await again.printed(/"real" is reconciled with its venue as its venue answers again/);
      expect(await shown(place)).toMatchObject({ reconciled: true, lastReconcile: { on: 'reconnect' }, alerts: [] });
      expect((await again.kill('SIGINT')).code).toBe(0);
    },
    PATIENCE,
  );

  test(
    'is not listened to any more once its keys are removed, and is again once they are stored',
    async (context) => {
      const { server, place } = await desk(context, undefined, '1h');
      const platform = await started(place);
      const standing = (count: number) =>
        until(
          async () => server.streams.standing,
          (now) => now === count,
        );
      await standing(1);
      expect(await place.run('secrets', 'remove', 'loopback')).toMatchObject({ code: 0 });
      await standing(0);
      storeKeys(place, server.accounts.binance.key);
      await standing(1);
      const { out, err, code } = await platform.kill('SIGINT');
      expect({ code, said: /listened/.test(out + err) }).toEqual({ code: 0, said: false });
    },
    PATIENCE,
  );
});
