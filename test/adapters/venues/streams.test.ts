/** What each venue tells of an account by itself, over real connections: no more than hints, whatever goes wrong. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { streaming } from '@alpacahq/alpaca-trade-api';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openAlpacaExecution } from '../../../adapters/venues/alpaca/execution.ts';
import { ALPACA_HEARTBEAT } from '../../../adapters/venues/alpaca/stream.ts';
import { CONVERSATION_BOUNDS } from '../../../adapters/venues/http/conversation.ts';
import { RECONNECTING_BOUNDS, UNREADABLE } from '../../../adapters/venues/http/reconnecting.ts';
import { openOandaExecution } from '../../../adapters/venues/oanda/execution.ts';
import { OANDA_STREAM_BOUNDS } from '../../../adapters/venues/oanda/stream.ts';
import type { ExecutionVenuePort, VenueWatch } from '../../../core/ports/execution-venue.ts';
import { formsOf } from '../../secrets/search.ts';
import { type AlpacaBench, makeBench as makeAlpaca } from './alpaca/bench.ts';
import { TERMS as CCXT, makeBench as makeCcxt, type ServedBench, type VenueName } from './ccxt/benches.ts';
import { Hints } from './http/hints.ts';
import { ManualTimers } from './http/manual-timers.ts';
import { makeBench as makeOanda, type OandaBench } from './oanda/bench.ts';
import { TOKEN_MS } from './server/kraken-stream.ts';
import type { StreamFault } from './server/streams.ts';
import { VenueServer } from './server/venue-server.ts';

const { firstWaitMs, steadyMs } = RECONNECTING_BOUNDS;

interface Terms {
  readonly make: () => Promise<AlpacaBench | OandaBench | ServedBench>;
  /** Frames of an order and of its fill, with what belongs to them: the venue's words for it. */
  readonly words: readonly string[];
  /** Nothing for so long, twice where it is asked first, and it is given up. */
  readonly quietMs: number;
  /** Whether the venue is asked for a sign of life: others give it by themselves. */
  readonly isAsked: boolean;
  readonly openElsewhere: (streamUrl?: string) => Pick<ExecutionVenuePort, 'watch'>;
}

const ccxt = (venue: VenueName, quietMs: number, words: readonly string[]): Terms => ({
  make: () => makeCcxt(server, venue),
  words,
  quietMs,
  isAsked: venue !== 'coinbase',
  openElsewhere: (streamUrl) => {
    const { key, secret, passphrase } = server.accounts[venue].key;
    return CCXT[venue].open({ apiKey: key, secret, passphrase }, { baseUrl: server.baseUrl, streamUrl });
  },
});

const VENUES = {
  binance: ccxt('binance', 30_000, ['executionReport', 'outboundAccountPosition']),
  usdm: ccxt('usdm', 60_000, ['ORDER_TRADE_UPDATE', 'ACCOUNT_UPDATE']),
  kraken: ccxt('kraken', 30_000, ['executions', 'balances']),
  bybit: ccxt('bybit', 20_000, ['order', 'execution', 'wallet']),
  bybitLinear: ccxt('bybitLinear', 20_000, ['order', 'execution', 'wallet', 'position']),
  okx: ccxt('okx', 20_000, ['orders', 'account']),
  okxSwap: ccxt('okxSwap', 20_000, ['orders', 'account', 'positions']),
  coinbase: ccxt('coinbase', 20_000, ['user']),
  alpaca: {
    make: () => makeAlpaca(server),
    words: ['new', 'fill'],
    quietMs: ALPACA_HEARTBEAT.everyMs,
    isAsked: true,
    openElsewhere: (streamUrl) =>
      openAlpacaExecution({ baseUrl: server.baseUrl, streamUrl }, { apiKey: 'a key', secret: 'a secret' }),
  },
  oanda: {
    make: () => makeOanda(server),
    words: ['MARKET_ORDER', 'ORDER_FILL'],
    quietMs: OANDA_STREAM_BOUNDS.silenceMs,
    isAsked: false,
    openElsewhere: (streamUrl) =>
      openOandaExecution({ accountId: '101-004-1435156-001', baseUrl: server.baseUrl, streamUrl }, { token: 'token' }),
  },
} satisfies Record<string, Terms>;

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
};

/** More than any venue tells of one order. */
const MANY = (fault: StreamFault): StreamFault[] => Array<StreamFault>(40).fill(fault);

let server: VenueServer;
beforeAll(async () => {
  server = await VenueServer.start();
});
afterAll(() => server.close());

describe.each(Object.keys(VENUES) as (keyof typeof VENUES)[])('the stream of %s', (venue) => {
  const { make, words, quietMs, isAsked, openElsewhere }: Terms = VENUES[venue];
  let bench: AlpacaBench | OandaBench | ServedBench;
  let hints: Hints;
  let watch: VenueWatch;

  beforeEach(async () => {
    bench = await make();
    bench.price(4_500_000);
    hints = new Hints();
  });
  afterEach(async () => {
    await watch.close();
    await bench.stop();
  });

  const listen = (): void => {
    watch = bench.port.watch!([bench.instrument], hints.take);
  };
  const standing = async (): Promise<void> => {
    listen();
    await hints.until('connected');
  };
  /** By somebody else, or by the venue: nothing of it was asked for over this port. */
  const fill = (): void => {
    bench.fillMany(1);
  };

  it('says that a fill came, in the venue’s own words', async () => {
    await standing();
    fill();
    const heard = new Set<string>();
    while (heard.size < words.length) heard.add((await hints.until('changed')).what);
    expect([...heard].sort()).toEqual([...words].sort());
  });

  it('says nothing where nothing happens, however often the venue gives a sign of life', async () => {
    await standing();
    for (let k = 0; k < 3; k++) {
      const before = server.streams.heard.length;
      server.streams.beat();
      await server.streams.read();
      if (venue !== 'oanda') bench.timers.runOut(quietMs);
      await until(() => !isAsked || server.streams.heard.length > before);
      await server.streams.read();
    }
    server.streams.cut();
    await hints.until('disconnected');
    expect(hints.all.map(({ kind }) => kind)).toEqual(['connected', 'disconnected']);
  });

  it('connects again where it is cut, and says both', async () => {
    await standing();
    server.streams.cut();
    expect((await hints.until('disconnected')).reason).toMatch(/^the connection (was not made, or was cut|failed)/);
    expect(bench.timers.running).toEqual([firstWaitMs]);
    bench.timers.runOut();
    await hints.until('connected');
    fill();
    await hints.until('changed');
  });

  it('waits longer each time that it is turned away, up to a bound, and stands in the end', async () => {
    server.streams.refuse(8);
    listen();
    const pauses: number[] = [];
    for (let k = 0; k < 8; k++) {
      await hints.until('disconnected');
      pauses.push(...bench.timers.running);
      bench.timers.runOut();
    }
    await hints.until('connected');
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  it('ends what is silent, and what never comes to stand', async () => {
    await standing();
    server.streams.isSilent = true;
    bench.timers.runOut(quietMs);
    if (venue !== 'oanda') bench.timers.runOut(quietMs);
    expect((await hints.until('disconnected')).reason).toMatch(/(silent|nothing came) for \d+ ms/);
    bench.timers.runOut();
    if (venue === 'usdm') return void (await hints.until('connected'));
    await until(() => server.streams.handshakes === 2);
    bench.timers.runOut(venue === 'oanda' ? quietMs : CONVERSATION_BOUNDS.standWithinMs);
    expect((await hints.until('disconnected')).reason).toMatch(/did not stand within|nothing came for/);
    expect(hints.count('connected')).toBe(1);
  });

  it('says that the venue does not take a key, without the key, asks less and less often, and stands once it is taken', async () => {
    const secrets = bench.secrets;
    const { key } = server.accounts[venue];
    const { key: right } = key;
    bench.spoilKey('unknown');
    listen();
    const pauses: number[] = [];
    for (let k = 0; k < 6; k++) {
      const { reason } = await hints.until('disconnected');
      expect(reason).toMatch(/^the venue said no: it (said ".+"|did not take the (key|token))/);
      for (const form of secrets.flatMap(formsOf)) expect(reason).not.toContain(form);
      pauses.push(...bench.timers.running);
      await until(() => server.streams.standing === 0);
      bench.pass(16_000);
      if (k === 5) Object.assign(key, { key: right });
      bench.timers.runOut();
    }
    await hints.until('connected');
    expect(pauses).toEqual([60_000, 120_000, 240_000, 480_000, 900_000, 900_000]);
    expect(hints.count('connected')).toBe(1);
  });

  it.each<StreamFault>(['malformed', 'another shape'])(
    'takes a frame that is %s for a hint, and goes on',
    async (fault) => {
      await standing();
      server.streams.script(fault);
      fill();
      expect(await hints.until('changed')).toEqual({ kind: 'changed', what: UNREADABLE });
      fill();
      await hints.until('changed');
      expect(hints.count('disconnected')).toBe(0);
    },
  );

  it('ends a connection over which more comes than any account has to say', async () => {
    await standing();
    server.streams.script('too large');
    fill();
    await hints.until('disconnected');
    bench.timers.runOut();
    await hints.until('connected');
  });

  it('bears frames that are doubled, late, and never sent', async () => {
    await standing();
    const told = async (): Promise<number> => {
      await server.streams.read();
      return hints.count('changed');
    };
    server.streams.script('doubled', ...MANY('late'));
    fill();
    expect((await hints.until('changed')).what).toBe((await hints.until('changed')).what);
    expect(await told()).toBe(2);
    server.streams.releaseLate();
    const all = await told();
    expect(all).toBeGreaterThan(2);
    server.streams.clear();
    server.streams.script(...MANY('never'));
    fill();
    expect(await told()).toBe(all);
    server.streams.clear();
    fill();
    expect(await told()).toBeGreaterThan(all);
    expect(hints.count('disconnected')).toBe(0);
  });

  it('ends with its watch: no connection, no timer, and no more hints', async () => {
    await standing();
    const [socket] = server.streams.sockets;
    await watch.close();
    await until(() => !socket.isOpen);
    expect(socket.tookLeave).toBe(venue !== 'oanda');
    expect(bench.timers.running).toEqual([]);
    fill();
    expect(hints.all).toEqual([{ kind: 'connected' }]);
  });

  it('ends while it connects: nothing is said of it', async () => {
    listen();
    await watch.close();
    expect(hints.all).toEqual([]);
    expect(bench.timers.running).toEqual([]);
  });

  it('ends with its venue, also while it waits to connect again', async () => {
    server.streams.refuse(1);
    listen();
    await hints.until('disconnected');
    await bench.port.close();
    expect(bench.timers.running).toEqual([]);
  });

  it('is not there where requests go to another host and no host is named for it', () => {
    expect(openElsewhere().watch).toBeUndefined();
    expect(openElsewhere(venue === 'oanda' ? server.baseUrl : server.streamUrl).watch).toBeDefined();
    watch = { close: async () => undefined };
  });
});

describe('a listen key of Binance', () => {
  const RENEWED_MS = 1_800_000;
  const listening = async () => {
    const bench = await makeCcxt(server, 'usdm');
    bench.price(4_500_000);
    const hints = new Hints();
    bench.port.watch!([bench.instrument], hints.take);
    await hints.until('connected');
    return { bench, hints, renewals: () => server.count('PUT /fapi/v1/listenKey') };
  };

  it('is kept alive, again and again', async () => {
    const { bench, hints, renewals } = await listening();
    for (let k = 1; k <= 3; k++) {
      bench.pass(RENEWED_MS);
      bench.timers.runOut(RENEWED_MS);
      await until(() => bench.timers.running.includes(RENEWED_MS));
      expect(renewals()).toBe(k);
    }
    bench.fillMany(1);
    await hints.until('changed');
    await bench.stop();
  });

  it('that cannot be kept alive, or has expired, is another one after a moment', async () => {
    const { bench, hints } = await listening();
    server.script('PUT /fapi/v1/listenKey', { kind: 'status', status: 503 });
    bench.timers.runOut(RENEWED_MS);
    expect((await hints.until('disconnected')).reason).toMatch(/could not be renewed/);
    bench.timers.runOut();
    await hints.until('connected');
    bench.pass(2 * RENEWED_MS + 1);
    server.streams.beat();
    expect((await hints.until('disconnected')).reason).toMatch(/expired/);
    bench.timers.runOut();
    await hints.until('connected');
    bench.fillMany(1);
    await hints.until('changed');
    await bench.stop();
  });
});

it('a token of Kraken that came to be too old is another one after a moment, and no refusal', async () => {
  const bench = await makeCcxt(server, 'kraken');
  bench.price(4_500_000);
  const hints = new Hints();
  server.script('/0/private/GetWebSocketsToken', {
    kind: 'changed',
    change: (body) => {
      bench.pass(TOKEN_MS);
      return body;
    },
  });
  bench.port.watch!([bench.instrument], hints.take);
  expect((await hints.until('disconnected')).reason).toBe('it said "ESession:Invalid session"');
  bench.timers.runOut(firstWaitMs);
  await hints.until('connected');
  await bench.stop();
});

it.each(['binance', 'bybit', 'okx'] as const)(
  '%s takes a machine whose clock is off: the venue’s counts',
  async (venue) => {
    const bench = await makeCcxt(server, venue);
    bench.skew(-3_600_000);
    const hints = new Hints();
    bench.port.watch!([bench.instrument], hints.take);
    await hints.until('connected');
    expect(hints.count('disconnected')).toBe(0);
    await bench.stop();
  },
);

it('begins with the first pause again once it has stood for a while', async () => {
  const bench = await makeCcxt(server, 'bybit');
  const hints = new Hints();
  server.streams.refuse(3);
  bench.port.watch!([bench.instrument], hints.take);
  for (let k = 0; k < 3; k++) {
    await hints.until('disconnected');
    bench.timers.runOut();
  }
  await hints.until('connected');
  server.streams.cut();
  await hints.until('disconnected');
  expect(bench.timers.running).toEqual([8_000]);
  bench.timers.runOut();
  await hints.until('connected');
  bench.timers.runOut(steadyMs);
  server.streams.cut();
  await hints.until('disconnected');
  expect(bench.timers.running).toEqual([firstWaitMs]);
  await bench.stop();
});

it('holds no process open: one that only listens ends by itself', async () => {
  const bench = await makeCcxt(server, 'binance');
  const child = join(import.meta.dirname, 'streams-child.ts');
  const { key, secret } = server.accounts.binance.key;
  const given = { baseUrl: server.baseUrl, streamUrl: server.streamUrl, key, secret, now: server.now };
  const running = spawn(process.execPath, [child, JSON.stringify(given)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  running.stdout.on('data', (text) => {
    out += text;
  });
  const code = await new Promise((resolve) => running.on('exit', resolve));
  expect({ code, out }).toEqual({ code: 0, out: 'connected\n' });
  await bench.stop();
});

describe('frames that cannot be read', () => {
  it.each([
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
  ])('of Alpaca: %j', async (text) => {
    const bench = await makeAlpaca(server);
    const hints = new Hints();
    bench.port.watch!([bench.instrument], hints.take);
    await hints.until('connected');
    server.streams.sayToAll(text);
    expect(await hints.next()).toEqual({ kind: 'changed', what: UNREADABLE });
    await bench.stop();
  });

  it.each([
    'null',
    '[]',
    '{}',
    '{"type":5}',
    '{"type":"ORDER_FILL"}',
    '{"type":"ORDER_FILL","id":7}',
    '{"type":"HEARTBEAT","lastTransactionID":"-1"}',
  ])('of OANDA: %j', async (text) => {
    const bench = await makeOanda(server);
    const hints = new Hints();
    bench.port.watch!([bench.instrument], hints.take);
    await hints.until('connected');
    server.streams.sayToAll(text);
    expect(await hints.next()).toEqual({ kind: 'changed', what: UNREADABLE });
    await bench.stop();
  });
});

it('a transaction of OANDA that is never told is seen from the heartbeat after it', async () => {
  const bench = await makeOanda(server);
  const hints = new Hints();
  bench.port.watch!([bench.instrument], hints.take);
  await hints.until('connected');
  bench.price(4_500_000);
  bench.fillMany(1);
  await hints.until('changed');
  await server.streams.read();
  const before = hints.count('changed');
  server.streams.script(...MANY('never'));
  bench.fillMany(1);
  await server.streams.read();
  expect(hints.count('changed')).toBe(before);
  server.streams.beat();
  while ((await hints.until('changed')).what !== 'HEARTBEAT');
  expect(hints.count('changed')).toBe(before + 1);
  await bench.stop();
});

describe('Alpaca', () => {
  it('frames of text are read as frames of bytes are', async () => {
    const hints = new Hints();
    const bench = await makeAlpaca(server);
    bench.port.watch!([bench.instrument], hints.take);
    await hints.until('connected');
    server.streams.sayToAll('{"stream":"trade_updates","data":{"event":"fill"}}', 'text');
    server.streams.sayToAll('{"stream":"something new","data":{}}', 'text');
    server.streams.sayToAll('{"stream":"trade_updates","data":{"event":"canceled"}}', 'binary');
    expect([await hints.next(), await hints.next()].map((hint) => 'what' in hint && hint.what)).toEqual([
      'fill',
      'canceled',
    ]);
    await bench.stop();
  });

  it('a key that cannot be had is told of, and asked for again', async () => {
    const hints = new Hints();
    server.reset();
    const { key, secret } = server.accounts.alpaca.key;
    let asked = 0;
    const source = async () => {
      if (++asked === 1) throw new Error('the store is away');
      return { apiKey: key, secret };
    };
    const timers = new ManualTimers();
    const { baseUrl, streamUrl } = server;
    const port = openAlpacaExecution({ baseUrl, streamUrl }, source as never, { timers });
    port.watch!([], hints.take);
    expect(await hints.next()).toEqual({
      kind: 'disconnected',
      reason: 'the key could not be had: the store is away',
    });
    timers.runOut();
    await hints.until('connected');
    await port.close();
  });

  it('an error that it tells of ends the connection, and the next one stands', async () => {
    const bench = await makeAlpaca(server);
    const hints = new Hints();
    bench.port.watch!([bench.instrument], hints.take);
    await hints.until('connected');
    server.streams.sayToAll({ action: 'error', data: { error_message: 'internal server error' } });
    expect((await hints.until('disconnected')).reason).toBe('it said "internal server error"');
    bench.timers.runOut(firstWaitMs);
    await hints.until('connected');
    await bench.stop();
  });

  it('its own stream client hears of the same, from the same server', async () => {
    const bench = await makeAlpaca(server);
    const { key, secret } = bench.side.key;
    const url = `${server.streamUrl}/stream`;
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
