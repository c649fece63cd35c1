/** Keys never come out of a venue's stream: not in a hint, not in what is printed, whatever the venue says. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Redaction } from '../../adapters/venues/redaction.ts';
import { makeBench as makeAlpaca } from '../adapters/venues/alpaca/bench.ts';
import { Hints } from '../adapters/venues/http/hints.ts';
import { ManualTimers } from '../adapters/venues/http/manual-timers.ts';
import { makeBench as makeOanda } from '../adapters/venues/oanda/bench.ts';
import { VenueServer } from '../adapters/venues/server/venue-server.ts';
import { formsOf, Search } from './search.ts';

let server: VenueServer;
beforeAll(async () => {
  server = await VenueServer.start();
});
afterAll(() => server.close());

const MAKERS = {
  alpaca: (timers: ManualTimers) => makeAlpaca(server, {}, timers),
  oanda: (timers: ManualTimers) => makeOanda(server, { timers }),
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
  let timers: ManualTimers;
  let hints: Hints;
  let search: Search;
  let bench: Awaited<ReturnType<(typeof MAKERS)[typeof venue]>>;

  beforeEach(async () => {
    printed.length = 0;
    for (const stream of [process.stdout, process.stderr])
      vi.spyOn(stream, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
    timers = new ManualTimers();
    hints = new Hints();
    bench = await MAKERS[venue](timers);
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
    const watch = bench.port.watch([bench.instrument], hints.take);
    await hints.until('connected');
    search.value('the watch', watch);
    search.value('the port, its stream open', bench.port);
    server.streams[venue].reset();
    await hints.until('disconnected');
    bench.spoilKey('unknown');
    timers.pass(60_000);
    expect((await hints.until('disconnected')).reason).toMatch(/^it did not take/);
  });

  it('shows no key where the venue says it, in any form and any place', async () => {
    bench.port.watch([bench.instrument], hints.take);
    const sayings = bench.secrets.flatMap(formsOf).flatMap(SAYINGS[venue]);
    for (const saying of sayings) {
      await hints.until('connected');
      for (const listener of server.streams[venue].listeners) {
        listener.send(saying);
        // What could be read is followed by what cannot.
        listener.send('the end');
      }
      await hints.until('disconnected');
      timers.pass(60_000);
    }
    expect(hints.all.length).toBeGreaterThanOrEqual(2 * sayings.length);
    expect(hints.all.filter((hint) => JSON.stringify(hint).includes('[redacted]')).length).toBeGreaterThan(20);
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
