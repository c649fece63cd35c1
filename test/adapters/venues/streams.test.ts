/** What Alpaca and OANDA say by themselves, against streams that break as real ones do. */
import { streaming } from '@alpacahq/alpaca-trade-api';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openAlpacaExecution } from '../../../adapters/venues/alpaca/execution.ts';
import { ALPACA_STREAM_BOUNDS } from '../../../adapters/venues/alpaca/stream.ts';
import { RECONNECTING_BOUNDS } from '../../../adapters/venues/http/reconnecting.ts';
import { OANDA_STREAM_BOUNDS } from '../../../adapters/venues/oanda/stream.ts';
import type { VenueWatch } from '../../../core/ports/execution-venue.ts';
import { type AlpacaBench, makeBench as makeAlpaca } from './alpaca/bench.ts';
import { Hints } from './http/hints.ts';
import { ManualTimers } from './http/manual-timers.ts';
import { makeBench as makeOanda, type OandaBench } from './oanda/bench.ts';
import type { Feed } from './server/feed.ts';
import { VenueServer } from './server/venue-server.ts';

const FIRST_WAIT_MS = RECONNECTING_BOUNDS.firstWaitMs * 0.75;

let server: VenueServer;
beforeAll(async () => {
  server = await VenueServer.start();
});
afterAll(() => server.close());

const VENUES = {
  alpaca: {
    make: (timers: ManualTimers): Promise<AlpacaBench | OandaBench> => makeAlpaca(server, {}, timers),
    filled: 'fill',
    placed: 'new',
    silences: [ALPACA_STREAM_BOUNDS.quietMs, ALPACA_STREAM_BOUNDS.answerMs],
    malformed: [
      'not JSON',
      '',
      'null',
      '[]',
      '{}',
      '{"stream":5,"data":{}}',
      '{"stream":"trade_updates"}',
      '{"stream":"trade_updates","data":{"event":1}}',
      '{"stream":"authorization","data":{}}',
      '{"stream":"listening","data":{"streams":"all"}}',
      '{"action":"error","data":{}}',
      '{"action":"error","data":{"error_message":"internal server error"}}',
      `{"stream":"${'x'.repeat(ALPACA_STREAM_BOUNDS.messageBytes)}","data":{}}`,
    ],
  },
  oanda: {
    make: (timers: ManualTimers): Promise<AlpacaBench | OandaBench> => makeOanda(server, { timers }),
    filled: 'ORDER_FILL',
    placed: 'LIMIT_ORDER',
    silences: [OANDA_STREAM_BOUNDS.silenceMs],
    malformed: [
      'not JSON',
      'null',
      '[]',
      '{}',
      '{"type":5}',
      '{"type":"ORDER_FILL"}',
      '{"type":"ORDER_FILL","id":7}',
      '{"type":"HEARTBEAT","lastTransactionID":"-1"}',
      'x'.repeat(OANDA_STREAM_BOUNDS.lineCharacters + 1),
    ],
  },
} as const;

describe.each(['alpaca', 'oanda'] as const)('at %s', (venue) => {
  const { make, filled, placed, silences, malformed } = VENUES[venue];
  let timers: ManualTimers;
  let hints: Hints;
  let feed: Feed;
  let bench: AlpacaBench | OandaBench;
  let watch: VenueWatch;
  let orders = 0;

  beforeEach(async () => {
    timers = new ManualTimers();
    hints = new Hints();
    bench = await make(timers);
    bench.price(4_500_000);
    feed = server.streams[venue];
    orders = 0;
  });
  afterEach(async () => {
    await bench.stop();
    expect(timers.pending).toBe(0);
  });

  const open = async (): Promise<void> => {
    watch = bench.port.watch([bench.instrument], hints.take);
    expect(await hints.next()).toEqual({ kind: 'connected' });
  };
  /** An order that rests: one event at the venue. */
  const event = async (): Promise<void> => {
    const kind = { side: 'buy', type: 'limit', timeInForce: 'gtc', postOnly: false, reduceOnly: false } as const;
    const { instrument, unit } = bench;
    const clientOrderId = bench.clientOrderId(++orders);
    const order = { instrument, clientOrderId, ...kind, quantity: unit, price: 4_400_000, trigger: 0 };
    expect(await bench.port.submit(order)).toMatchObject({ kind: 'accepted' });
  };
  /** The wait that has begun passes, and the stream stands again. */
  const comesBack = async (): Promise<void> => {
    timers.pass(FIRST_WAIT_MS);
    expect(await hints.until('connected')).toBeDefined();
    await event();
    expect(await hints.next()).toEqual({ kind: 'changed', what: placed });
  };
  const fallen = async (): Promise<string> => {
    const waits = timers.begins(FIRST_WAIT_MS);
    const { reason } = await hints.until('disconnected');
    await waits;
    return reason;
  };

  test('an order, its fill and its end each bring a hint', async () => {
    await open();
    await event();
    expect(await hints.next()).toEqual({ kind: 'changed', what: placed });
    bench.price(4_390_000);
    expect(await hints.next()).toEqual({ kind: 'changed', what: filled });
    await event();
    await bench.port.cancel(bench.instrument, bench.clientOrderId(2));
    await hints.until('changed');
  });

  test('a cut brings "disconnected", then "connected", and the stream tells on', async () => {
    await open();
    feed.script('cut');
    const fell = fallen();
    await event();
    expect(await fell).toMatch(/^the connection (ended|failed)/);
    await comesBack();
    expect(feed.connections).toBe(2);
  });

  test('one that falls silent is given up, and made again', async () => {
    await open();
    feed.script('silence');
    await event();
    const fell = fallen();
    for (const ms of silences) timers.pass(ms);
    expect(await fell).toMatch(/^(no answer within 10000 ms|nothing came for 15000 ms)$/);
    await comesBack();
    await vi.waitFor(() => expect(feed.listeners.size).toBe(1));
  });

  test('one on which nothing happens is not taken for silent', async () => {
    await open();
    for (let n = 0; n < 3; n++) {
      const again = timers.begins(silences[0]);
      if (venue === 'alpaca') timers.pass(silences[0]);
      else {
        timers.pass(5_000);
        bench.pass(5_000);
      }
      await again;
    }
    expect(hints.all).toEqual([{ kind: 'connected' }]);
  });

  test('one that is silent from the first is given up, and made again', async () => {
    feed.refusals.push('silence', 'cut');
    watch = bench.port.watch([bench.instrument], hints.take);
    await vi.waitFor(() => expect(feed.connections).toBe(1));
    const fell = fallen();
    timers.pass(15_000);
    expect(await fell).toMatch(/^no|nothing/);
    const cut = timers.begins(FIRST_WAIT_MS * 2);
    timers.pass(FIRST_WAIT_MS);
    await cut;
    timers.pass(FIRST_WAIT_MS * 2);
    await hints.until('connected');
  });

  test('what comes twice is told twice, and does no harm', async () => {
    await open();
    feed.script('doubled');
    await event();
    expect([await hints.next(), await hints.next()]).toEqual(Array(2).fill({ kind: 'changed', what: placed }));
  });

  test('what is never sent is not told, and what follows is', async () => {
    await open();
    await event();
    await hints.next();
    feed.script('never sent');
    await event();
    if (venue === 'oanda') {
      // A heartbeat says how far the account is.
      bench.pass(5_000);
      expect(await hints.next()).toEqual({ kind: 'changed', what: 'HEARTBEAT' });
    }
    await event();
    expect(await hints.next()).toEqual({ kind: 'changed', what: placed });
    expect(orders).toBe(3);
  });

  test.each(malformed.map((text) => [text.length > 80 ? `${text.length} characters` : text, text]))(
    'after %j it connects again, with the reason told',
    async (_shown, text) => {
      await open();
      feed.script({ instead: text });
      const fell = fallen();
      await event();
      expect(await fell).toMatch(/could not be read|it said|the connection ended/);
      await comesBack();
    },
  );

  test('a wrong key ends it after a bounded number of times, without the key', async () => {
    bench.spoilKey('unknown');
    watch = bench.port.watch([bench.instrument], hints.take);
    for (let n = 1; n < RECONNECTING_BOUNDS.refusals; n++) {
      await timers.begins(FIRST_WAIT_MS * 2 ** (n - 1));
      timers.pass(RECONNECTING_BOUNDS.waitMaxMs);
    }
    const reasons = [await hints.until('disconnected'), await hints.until('disconnected')].map(({ reason }) => reason);
    expect(reasons[0]).toMatch(/^it did not take the (key|token)/);
    expect(reasons[1]).toBe(`${reasons[0]}; after 5 times it is not tried again`);
    for (const secret of bench.secrets) expect(JSON.stringify(hints.all)).not.toContain(secret);
    timers.pass(RECONNECTING_BOUNDS.waitMaxMs);
    expect([feed.connections, timers.pending]).toEqual([RECONNECTING_BOUNDS.refusals, 0]);
  });

  test('a key that is taken again is told of again', async () => {
    feed.refusals.push('refused');
    watch = bench.port.watch([bench.instrument], hints.take);
    await fallen();
    await comesBack();
  });

  test('closed, it ends at once, though the venue has fallen silent', async () => {
    await open();
    feed.script('silence');
    await event();
    await watch.close();
    await vi.waitFor(() => expect(feed.listeners.size).toBe(0));
    await event();
    expect([hints.all, timers.pending]).toEqual([[{ kind: 'connected' }], 0]);
  });

  test('closed while it connects or waits, it ends too; and it ends with its venue', async () => {
    const connecting = bench.port.watch([bench.instrument], hints.take);
    await connecting.close();
    feed.refusals.push('cut');
    watch = bench.port.watch([bench.instrument], hints.take);
    await fallen();
    await watch.close();
    expect(hints.all.map(({ kind }) => kind)).toEqual(['disconnected']);
    watch = bench.port.watch([bench.instrument], hints.take);
    await hints.until('connected');
    await bench.port.close();
    await vi.waitFor(() => expect(feed.listeners.size).toBe(0));
  });
});

describe('Alpaca', () => {
  test('frames of text are read as frames of bytes are', async () => {
    const timers = new ManualTimers();
    const hints = new Hints();
    const bench = await makeAlpaca(server, {}, timers);
    bench.port.watch([bench.instrument], hints.take);
    await hints.until('connected');
    for (const listener of server.streams.alpaca.listeners) {
      listener.send('{"stream":"trade_updates","data":{"event":"fill"}}', 'text');
      listener.send('{"stream":"something new","data":{}}', 'text');
      listener.send('{"stream":"trade_updates","data":{"event":"canceled"}}', 'binary');
    }
    expect([await hints.next(), await hints.next()].map((hint) => 'what' in hint && hint.what)).toEqual([
      'fill',
      'canceled',
    ]);
    await bench.stop();
  });

  test('a key that cannot be had is told of, and asked for again', async () => {
    const timers = new ManualTimers();
    const hints = new Hints();
    server.reset();
    const { key, secret } = server.accounts.alpaca.key;
    let asked = 0;
    const source = async () => {
      if (++asked === 1) throw new Error('the store is away');
      return { apiKey: key, secret };
    };
    const port = openAlpacaExecution({ baseUrl: server.baseUrl }, source as never, { timers });
    port.watch([], hints.take);
    const waits = timers.begins(FIRST_WAIT_MS);
    expect(await hints.next()).toEqual({
      kind: 'disconnected',
      reason: 'the key could not be had: the store is away',
    });
    await waits;
    timers.pass(FIRST_WAIT_MS);
    await hints.until('connected');
    await port.close();
  });

  test('its own stream client hears of the same, from the same server', async () => {
    const bench = await makeAlpaca(server);
    const { key, secret } = bench.side.key;
    const url = `${server.baseUrl.replace('http', 'ws')}/stream`;
    const stream = new streaming.TradingStream({ url, credentials: { keyId: key, secret }, pingIntervalMs: 20 });
    const events: string[] = [];
    const told = new Promise<void>((resolve) => {
      stream.onTradeUpdate(({ event, price, qty }) => {
        events.push(`${event} ${qty ?? ''} ${price ?? ''}`.trim());
        if (events.length === 2) resolve();
      });
    });
    const listens = new Promise<void>((resolve) => stream.on(streaming.EVENT.SUBSCRIPTION, () => resolve()));
    stream.subscribeTradeUpdates();
    stream.connect();
    await listens;
    bench.price(4_500_000);
    bench.placeByOthers();
    bench.price(4_290_000);
    await told;
    expect(events).toEqual(['new', 'fill 0.01 43000']);
    stream.disconnect();
    const wrong = new streaming.TradingStream({ url, credentials: { keyId: key, secret: 'another' } });
    wrong.connect();
    expect(await wrong.waitForAuthentication()).toBe(false);
    await bench.stop();
  });
});
