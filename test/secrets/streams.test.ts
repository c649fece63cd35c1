/** Keys never come out of a venue's stream: not in a hint, not in what is printed, whatever the venue says. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { UNREADABLE } from '../../adapters/venues/http/reconnecting.ts';
import { Redaction } from '../../adapters/venues/redaction.ts';
import { makeBench as makeAlpaca } from '../adapters/venues/alpaca/bench.ts';
import { makeBench as makeCcxt, VENUES } from '../adapters/venues/ccxt/benches.ts';
import { Hints } from '../adapters/venues/http/hints.ts';
import { makeBench as makeOanda } from '../adapters/venues/oanda/bench.ts';
import { VenueServer } from '../adapters/venues/server/venue-server.ts';
import { formsOf, Search } from './search.ts';

let server: VenueServer;
beforeAll(async () => {
  server = await VenueServer.start();
});
afterAll(() => server.close());

const MAKERS = {
  alpaca: () => makeAlpaca(server),
  oanda: () => makeOanda(server),
};

/** Everything in which a venue could say a text, well formed and not. */
const SAYINGS = {
  alpaca: (said: string): string[] => [
    JSON.stringify({ action: 'error', data: { error_message: said } }),
    JSON.stringify({ stream: 'trade_updates', data: { event: said } }),
    JSON.stringify({ stream: 'trade_updates', data: { event: [said] } }),
    JSON.stringify({ stream: { said }, data: {} }),
    JSON.stringify({ stream: 'listening', data: { streams: said } }),
    said,
  ],
  oanda: (said: string): string[] => [
    JSON.stringify({ type: said, id: '9' }),
    JSON.stringify({ type: [said] }),
    JSON.stringify({ type: 'HEARTBEAT', lastTransactionID: said }),
    JSON.stringify(said),
    said.replaceAll('\n', ' '),
  ],
};

describe.each(['alpaca', 'oanda'] as const)('the stream of %s', (venue) => {
  const printed: string[] = [];
  let hints: Hints;
  let search: Search;
  let bench: Awaited<ReturnType<(typeof MAKERS)[typeof venue]>>;

  beforeEach(async () => {
    printed.length = 0;
    for (const stream of [process.stdout, process.stderr])
      vi.spyOn(stream, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
    hints = new Hints();
    bench = await MAKERS[venue]();
    search = new Search(Object.fromEntries(bench.secrets.map((secret, k) => [`secret ${k}`, secret])));
  });
  afterEach(async () => {
    await bench.stop();
    vi.restoreAllMocks();
    search.bytes('what was printed', printed.join(''));
    search.value('the port, its stream closed', bench.port);
    for (const hint of hints.all) search.value(`a hint: ${hint.kind}`, hint);
    expect(search.found).toEqual([]);
  });

  it('shows no key where it stands, is cut, and is refused', async () => {
    const watch = bench.port.watch!([bench.instrument], hints.take);
    await hints.until('connected');
    search.value('the watch', watch);
    search.value('the port, its stream open', bench.port);
    server.streams.cut();
    await hints.until('disconnected');
    bench.spoilKey('unknown');
    bench.timers.pass(60_000);
    expect((await hints.until('disconnected')).reason).toMatch(/^the venue said no: it did not take/);
  });

  it('shows no key where the venue says it, in any form and any place', async () => {
    bench.port.watch!([bench.instrument], hints.take);
    const sayings = bench.secrets.flatMap(formsOf).flatMap(SAYINGS[venue]);
    await hints.until('connected');
    for (const saying of sayings) {
      server.streams.sayToAll(saying);
      // What it is not done with comes before what cannot be read.
      server.streams.sayToAll('the end');
      if (venue === 'alpaca' && saying.startsWith('{"action"')) {
        await hints.until('disconnected');
        bench.timers.pass(60_000);
        await hints.until('connected');
      } else while ((await hints.until('changed')).what !== UNREADABLE);
    }
    expect(hints.all.length).toBeGreaterThan(sayings.length);
    expect(hints.all.filter((hint) => JSON.stringify(hint).includes('[redacted]')).length).toBeGreaterThanOrEqual(
      bench.secrets.length * 4,
    );
  });
});

/** What each venue would say in place of taking a key, with all that it was sent in its words. */
const echoedBy =
  (said: string) =>
  (text: string): unknown => {
    const [id, req_id] = [/"id":"?(\w+)/.exec(text)?.[1], Number(/"req_id":(\d+)/.exec(text)?.[1])];
    if (text.includes('userDataStream')) return { id, status: 400, error: { code: -1022, msg: said } };
    if (text.includes('"method":"subscribe"')) return { method: 'subscribe', success: false, error: said, req_id };
    if (text.includes('"op":"auth"')) return { op: 'auth', success: false, ret_msg: said };
    if (text.includes('"op":"login"')) return { event: 'error', code: '60009', msg: said };
    return text.includes('jwt') ? { type: 'error', message: said } : undefined;
  };

describe.each(VENUES)('the stream of %s', (venue) => {
  it('says no key and no token: where it stands, where it is refused, and where the venue says all of it back', async () => {
    const printed: string[] = [];
    for (const stream of [process.stdout, process.stderr])
      vi.spyOn(stream, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
    const bench = await makeCcxt(server, venue);
    bench.price(4_500_000);
    const hints = new Hints();
    const watch = bench.port.watch!([bench.instrument], hints.take);
    await hints.until('connected');
    bench.fillMany(1);
    await hints.until('changed');
    // What it was given for this connection is as good as a key for as long as that stands.
    const { kraken, usdm } = server.accounts;
    const given = [
      ...(venue === 'kraken' ? kraken.tokens.keys() : []),
      ...(venue === 'usdm' ? usdm.listenKeys.keys() : []),
    ];
    const secrets = [...bench.secrets, ...given];
    if (venue !== 'usdm') {
      server.streams.answer = (text) =>
        echoedBy(`${text} ${[...secrets, ...server.accounts.kraken.tokens.keys()].flatMap(formsOf).join(' ')}`)(text);
      server.streams.cut();
      await hints.until('disconnected');
      bench.timers.runOut();
      expect((await hints.until('disconnected')).reason).toMatch(/^the venue said no: it said ".*\[redacted\]/);
      secrets.push(...server.accounts.kraken.tokens.keys());
      server.streams.answer = undefined;
    }
    bench.spoilKey('unknown');
    server.streams.cut();
    if (venue === 'usdm') await hints.until('disconnected');
    bench.timers.runOut();
    await hints.until('disconnected');
    await watch.close();
    await bench.stop();
    vi.restoreAllMocks();
    const search = new Search(Object.fromEntries([...new Set(secrets)].map((secret, k) => [`secret ${k}`, secret])));
    for (const hint of hints.all) search.value(hint.kind, hint);
    search.value('the watch', watch);
    search.value('the port', bench.port);
    search.bytes('what was printed', printed.join(''));
    expect(search.found).toEqual([]);
    expect(hints.all.length).toBeGreaterThan(venue === 'usdm' ? 3 : 4);
  });
});

it('a key that is cut short by what quotes it is taken out too', () => {
  const key = 'a-token-of-more-than-sixty-characters-as-some-venues-have-them-0123456789';
  const redaction = new Redaction([key]);
  const redact = (text: string): string => redaction.said(text);
  expect(redact(`"type" is "${key.slice(0, 50)}…`)).toBe('"type" is "[redacted]…');
  expect(redact(`"type" is "${key.slice(0, 7)}…`)).toBe('"type" is "a-token…');
  expect(redact(`${key} and ${key.slice(0, 20)}…`)).toBe('[redacted] and [redacted]…');
});
