import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../adapters/http/server.ts';
import { STREAM_BOUNDS } from '../../adapters/http/stream.ts';
import { serverEvents } from '../../dashboard/src/live/server-sent-events.ts';
import { type ServedDesk, serveDesk } from './served-desk.ts';

interface Updates {
  readonly account: { readonly sequence: number; readonly tradingState: string };
  readonly events: readonly { readonly sequence: number; readonly kind: string }[];
  readonly cycles: readonly { readonly cycle: number }[];
  readonly sequence: number;
}

let served: ServedDesk;
let server: RunningServer;
const nudges = new Set<() => void>();
/** As a platform tells that it has committed. */
const commit = () => {
  for (const listener of nudges) listener();
};

beforeEach(async () => {
  served = await serveDesk({
    live: {
      subscribe(listener) {
        nudges.add(listener);
        return () => nudges.delete(listener);
      },
    },
  });
  server = await startServer(served.app, { host: '127.0.0.1', port: 0 });
});

afterEach(async () => {
  await server.close();
  await served.close();
  nudges.clear();
});

const listen = (query: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${server.url}/api/stream?${query}`, {
    ...init,
    headers: { authorization: `Bearer ${served.tokens.viewer}`, ...init.headers },
  });

/** The updates of a stream until `enough` says so of what has come; then it goes. */
async function collect(response: Response, enough: (all: Updates[]) => boolean): Promise<Updates[]> {
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  const all: Updates[] = [];
  for await (const { event, data } of serverEvents(response.body!)) {
    expect(event).toBe('updates');
    all.push(JSON.parse(data) as Updates);
    if (enough(all)) break;
  }
  return all;
}

const sequencesOf = (all: readonly Updates[]): number[] =>
  all.flatMap(({ events }) => events.map(({ sequence }) => sequence));
const reached = (sequence: number) => (all: Updates[]) => all[all.length - 1].sequence >= sequence;
const head = async (): Promise<number> => (await served.desk.steps.ledger.head('tests/paper')).sequence;
const countUp = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, k) => from + k);

describe('a stream', () => {
  test('tells every event since a sequence, and then what happens, each once and in order', async () => {
    await served.desk.run(20);
    const before = await head();
    const collecting = listen('after=3').then((response) =>
      collect(
        response,
        (all) => all[all.length - 1].account.tradingState === 'Halted' && all[all.length - 1].sequence > before,
      ),
    );
    await served.desk.run(40);
    commit();
    await served.desk.ask('trading-state.set', { state: 'Halted' });
    commit();
    const all = await collecting;
    const sequences = sequencesOf(all);
    expect(sequences).toEqual(countUp(4, sequences[sequences.length - 1]));
    expect(sequences.length).toBe((await head()) - 3);
  });

  test('goes on after Last-Event-ID, without a loss and without a double', async () => {
    await served.desk.run(60);
    const end = await head();
    const first = await collect(await listen('after=0'), (all) => all.length === 1);
    const seen = first[0].sequence;
    expect(seen).toBe(Math.min(end, STREAM_BOUNDS.events));
    const middle = Math.floor(end / 2);
    const resumed = await collect(
      await listen('after=0', { headers: { 'last-event-id': String(middle) } }),
      reached(end),
    );
    expect(sequencesOf(resumed)).toEqual(countUp(middle + 1, end));
  });

  test('takes several updates for what is more than one holds', async () => {
    await served.desk.run(400);
    const end = await head();
    expect(end).toBeGreaterThan(STREAM_BOUNDS.events);
    const all = await collect(await listen('after=0'), reached(end));
    expect(all.length).toBeGreaterThan(1);
    expect(sequencesOf(all)).toEqual(countUp(1, end));
  });

  test('tells of cycles in which nothing happened, and only of those that are news', async () => {
    await served.desk.run(10);
    const collecting = listen(`after=${await head()}`).then((response) => collect(response, (all) => all.length === 2));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await served.desk.run(2);
    commit();
    const [first, second] = await collecting;
    expect(first.cycles.length).toBeGreaterThan(5);
    expect(second.cycles.length).toBeLessThanOrEqual(3);
  });

  test('notices what another process did, without being told', async () => {
    await served.desk.run(10);
    const collecting = listen('after=0').then((response) =>
      collect(response, (all) => all[all.length - 1].account.tradingState === 'Reducing'),
    );
    await served.desk.ask('trading-state.set', { state: 'Reducing' });
    expect((await collecting).length).toBeGreaterThan(0);
  });

  test('takes its token from the query, for an EventSource', async () => {
    await served.desk.run(5);
    const response = await listen(`after=0&token=${served.tokens.viewer}`, { headers: { authorization: '' } });
    expect(await collect(response, () => true)).toHaveLength(1);
  });

  test('is refused without a token, for an unknown account and after what is no sequence', async () => {
    expect((await listen('after=0', { headers: { authorization: '' } })).status).toBe(401);
    expect((await listen('account=papr')).status).toBe(404);
    expect((await listen('after=yesterday')).status).toBe(400);
  });

  test('is refused beyond as many as may be open, until one ends', async () => {
    await served.desk.run(2);
    const open: AbortController[] = [];
    for (let k = 0; k < STREAM_BOUNDS.open; k++) {
      const abort = new AbortController();
      open.push(abort);
      expect((await listen('after=0', { signal: abort.signal })).status).toBe(200);
    }
    const refused = await listen('after=0');
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ code: 'STREAMS_FULL' });
    open[0].abort();
    await expect
      .poll(async () => {
        const abort = new AbortController();
        const { status } = await listen('after=0', { signal: abort.signal });
        abort.abort();
        return status;
      })
      .toBe(200);
    for (const abort of open) abort.abort();
  });

  test('leaves nothing behind when the caller goes or the server ends', async () => {
    await served.desk.run(2);
    const abort = new AbortController();
    await listen('after=0', { signal: abort.signal });
    const staying = await listen('after=0');
    await expect.poll(() => nudges.size).toBe(2);
    abort.abort();
    await expect.poll(() => nudges.size).toBe(1);
    await server.close();
    await expect.poll(() => nudges.size).toBe(0);
    await expect(staying.text()).rejects.toThrow();
    expect(served.reported).toEqual([]);
  });
});
