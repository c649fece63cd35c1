import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Embedded, openEmbedded } from '../../../adapters/embedded/embedded.ts';
import { loadStrategies } from '../../../adapters/files/strategy-sources.ts';
import { createLake } from '../../../adapters/lake/lake.ts';
import { SimulatedVenue } from '../../../adapters/venues/simulated.ts';
import { configurationSchema } from '../../../core/configuration/schema.ts';
import { PlimsollError } from '../../../core/errors.ts';
import type { MarketDataPort } from '../../../core/ports/market-data.ts';
import type { CycleDocument } from '../../../functions/steps/account-state.ts';
import { withDeadline } from '../../../functions/support/deadline.ts';
import {
  type IngestPorts,
  type IngestReport,
  ingestScheduled,
  ingestSpan,
} from '../../../functions/support/ingest-cycles.ts';
import { MemoryStore } from '../../adapters/lake/stores.ts';

const MINUTE = 60_000;
const NOON = Date.UTC(2026, 1, 3, 12);
const registry = await loadStrategies(import.meta.dirname);
const strategies = [{ strategy: 'sma-cross' }];
const configuration = configurationSchema.parse({
  venues: { simulated: { kind: 'simulated' } },
  universes: { main: { venue: 'simulated', symbols: ['BTC/USDT', 'ETH/USDT'], timeframe: '1m' } },
  accounts: [
    { id: 'first', universe: 'main', strategies },
    { id: 'second', universe: 'main', strategies },
  ],
  schedule: { delayMs: 2_000, deadlineMs: 10_000, maxCatchUp: 4, staleAfterMs: 90_000 },
});

let folder: string;
let embedded: Embedded;
let ports: IngestPorts;
let time: number;
let venue: MarketDataPort;
let asked: number;
const reports: IngestReport[] = [];
const sent: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-ingest-'));
  embedded = openEmbedded({ directory: folder });
  reports.length = 0;
  sent.length = 0;
  time = NOON;
  asked = 0;
  venue = counting(new SimulatedVenue({ now: () => time }));
  const send: IngestPorts['steps']['send'] = async (queue, { body }) => {
    const { stream, cycle } = body as { stream: string; cycle: number };
    sent.push(`${queue} ${stream} ${minuteOf(cycle)}`);
  };
  ports = {
    steps: { ledger: embedded.ledger, send, configuration, registry, now: () => time, withDeadline },
    lake: createLake(new MemoryStore()),
    venue: () => venue,
    sleep: async (milliseconds) => {
      time += milliseconds;
    },
    report: (done) => reports.push(done),
  };
});

afterEach(async () => {
  await embedded.close();
  rmSync(folder, { recursive: true, force: true });
});

it('opens the cycle that is due for every account of the universe, and asks the venue once', async () => {
  await scheduled(NOON);
  expect(sent).toEqual(['reconcile local/first 0', 'reconcile local/second 0']);
  expect(asked).toBe(2);
  expect(time).toBe(NOON + 2_000);
});

it('does nothing twice for an event that comes twice, but sends on what an account waits for', async () => {
  await scheduled(NOON);
  asked = 0;
  await scheduled(NOON);
  expect(asked).toBe(0);
  expect(sent.slice(2)).toEqual(sent.slice(0, 2));
});

it('makes up for a sleep, oldest first, within its bound, and says how many are left out', async () => {
  await scheduled(NOON);
  time = NOON + 10 * MINUTE;
  await scheduled(time);
  expect((await cycles('first')).map(({ asOf }) => minuteOf(asOf))).toEqual([0, 7, 8, 9, 10]);
  expect(reports.at(-1)).toMatchObject({ opened: 4, skipped: 6, missing: 0 });
});

it('marks as late what is too old to trade on, and nothing else', async () => {
  await scheduled(NOON);
  time = NOON + 4 * MINUTE;
  await scheduled(time);
  const late = (await cycles('first')).map(({ asOf, lateByMs }) => [minuteOf(asOf), lateByMs]);
  expect(late).toEqual([
    [0, 0],
    [1, 3 * MINUTE + 2_000],
    [2, 2 * MINUTE + 2_000],
    [3, 0],
    [4, 0],
  ]);
});

it('keeps every bar in the lake as known at its cycle', async () => {
  await scheduled(NOON);
  time = NOON + 2 * MINUTE;
  await scheduled(time);
  const series = { provenance: 'simulated', venue: 'simulated', symbol: 'ETH/USDT', timeframe: '1m' } as const;
  const kept = await ports.lake.readBars({ ...series, from: 0, to: time });
  expect([...kept.knownAt].map(minuteOf)).toEqual([0, 1, 2]);
  expect([...kept.bars.timestamp].map(minuteOf)).toEqual([-1, 0, 1]);
});

it('names the bar that did not come by the deadline', async () => {
  const { bars } = venue;
  venue.bars = async (of, ...rest) => (of.symbol === 'ETH/USDT' ? [] : bars.call(venue, of, ...rest));
  await scheduled(NOON);
  expect((await cycles('first'))[0].missing).toEqual(['ETH/USDT']);
  expect(time).toBe(NOON + 12_000);
});

it('settles nothing while the venue is away, so that the next event makes up for it', async () => {
  await scheduled(NOON);
  const working = venue;
  venue = new SimulatedVenue({ now: () => time });
  venue.bars = async () => {
    throw new PlimsollError('VENUE_UNAVAILABLE', 'the venue is away', 'try again');
  };
  time = NOON + MINUTE;
  await expect(scheduled(time)).rejects.toThrow(/away/);
  venue = working;
  time = NOON + 2 * MINUTE;
  await scheduled(time);
  expect((await cycles('first')).map(({ asOf }) => minuteOf(asOf))).toEqual([0, 1, 2]);
});

it('opens the cycles of a span in which bars closed, for one account', async () => {
  await ingestSpan(ports, { account: 'second', from: NOON - 5 * MINUTE, to: NOON - 2 * MINUTE });
  expect((await cycles('second')).map(({ asOf }) => minuteOf(asOf))).toEqual([-4, -3, -2]);
  expect(sent).toEqual(['reconcile local/second -4']);
});

it.each([
  ['an account that is not configured', { account: 'frist', from: 0, to: MINUTE }, /"frist" is not configured/],
  ['a span of too many cycles', { account: 'first', from: 0, to: 1_001 * MINUTE }, /1001 cycles/],
])('refuses %s', async (_what, span, message) => {
  await expect(ingestSpan(ports, span)).rejects.toThrow(message);
});

it('refuses the event of a universe that is not configured', async () => {
  const event = { schedule: 'mian', scheduledTime: new Date(NOON).toISOString() };
  await expect(ingestScheduled(ports, event)).rejects.toThrow(/universe "mian" is not configured/);
});

const scheduled = (at: number): Promise<void> =>
  ingestScheduled(ports, { schedule: 'main', scheduledTime: new Date(at).toISOString() });

async function cycles(account: string): Promise<CycleDocument[]> {
  const documents = await embedded.ledger.documents(`local/${account}`, { prefix: 'cycle/', limit: 100 });
  return documents.map(({ value }) => value as unknown as CycleDocument);
}

const minuteOf = (ms: number): number => (ms - NOON) / MINUTE;

function counting(of: SimulatedVenue): MarketDataPort {
  const { bars } = of;
  of.bars = (...request) => {
    asked++;
    return bars.apply(of, request);
  };
  return of;
}
