import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Embedded, openEmbedded } from '../../adapters/embedded/embedded.ts';
import { loadStrategies } from '../../adapters/files/strategy-sources.ts';
import { createLake } from '../../adapters/lake/lake.ts';
import { SimulatedVenue } from '../../adapters/venues/simulated.ts';
import { configurationSchema } from '../../core/configuration/schema.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { LedgerEvent } from '../../core/ledger/events.ts';
import { verifyLedger } from '../../core/ledger/verify.ts';
import type { MarketDataPort } from '../../core/ports/market-data.ts';
import { type CycleDocument, KEYS } from '../../functions/steps/account-state.ts';
import { openAccount } from '../../functions/steps/ingest.ts';
import type { StepPorts } from '../../functions/steps/ports.ts';
import { withDeadline } from '../../functions/support/deadline.ts';
import { CycleFeed } from '../../platform/cycle-feed.ts';
import { PlatformLog } from '../../platform/log.ts';

const STREAM = 'local/paper';
const MINUTE = 60_000;
const T0 = 1_700_000_040_000;
const configuration = configurationSchema.parse({
  venues: { sim: { kind: 'simulated' } },
  universes: { one: { venue: 'sim', symbols: ['BTC/USDT'], timeframe: '1m' } },
  accounts: [{ id: 'paper', universe: 'one', strategies: [{ strategy: 'sma-cross' }] }],
});

let now: number;
let away: boolean;
let directory: string;
let embedded: Embedded;
let feed: CycleFeed;
let asked: number;
let lines: string[];
let provenance: MarketDataPort['provenance'];
let takerFeeBps: number;

beforeEach(async () => {
  now = T0;
  away = false;
  asked = 0;
  lines = [];
  provenance = 'simulated';
  takerFeeBps = 10;
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-feed-'));
  embedded = openEmbedded({ directory });
  const ports: StepPorts = {
    ledger: embedded.ledger,
    send: (queue, message) => embedded.queue.send(queue, message),
    configuration,
    registry: await loadStrategies(directory),
    now: () => now,
    withDeadline,
  };
  const simulated = new SimulatedVenue({ venue: 'sim', now: () => now });
  const venue: MarketDataPort = {
    venue: 'sim',
    get provenance() {
      return provenance;
    },
    instruments: async (symbols) => (await simulated.instruments(symbols)).map((one) => ({ ...one, takerFeeBps })),
    async bars(...request) {
      asked++;
      if (away) throw new PlimsollError('VENUE_UNAVAILABLE', 'sim is away', 'wait');
      return simulated.bars(...request);
    },
    close: () => simulated.close(),
  };
  const instruments = await venue.instruments(['BTC/USDT']);
  const [account] = configuration.accounts;
  await openAccount(ports, account, instruments, 'simulated', T0);
  const sleep = async (ms: number): Promise<void> => {
    now += ms;
  };
  const log = new PlatformLog(
    directory,
    (line) => lines.push(line),
    () => now,
  );
  feed = new CycleFeed({
    ports,
    account,
    venue,
    instruments,
    timeframe: '1m',
    lake: createLake(embedded.objects),
    log,
    sleep,
    kick: () => undefined,
  });
});

afterEach(async () => {
  await embedded.close();
  rmSync(directory, { recursive: true, force: true });
});

const cycles = async (): Promise<CycleDocument[]> =>
  (await embedded.ledger.documents(STREAM, { prefix: KEYS.cyclePrefix, limit: 1_000 })).map(
    ({ value }) => value as unknown as CycleDocument,
  );

describe('cycles from due times', () => {
  test('what fell due while history was fetched is opened first, with one request', async () => {
    feed.beginAfter(T0);
    now = T0 + 3 * MINUTE + 2_000;
    await feed.due(T0 + 3 * MINUTE, 0);
    expect((await cycles()).map(({ asOf }) => asOf)).toEqual([1, 2, 3].map((k) => T0 + k * MINUTE));
    expect(asked).toBe(1);
  });

  test('a cycle that is opened long after its time says how late it is, one in time does not', async () => {
    now = T0 + 10 * MINUTE + 2_000;
    for (let k = 1; k <= 10; k++) await feed.due(T0 + k * MINUTE, 0);
    expect(asked).toBe(1);
    const late = (await cycles()).map(({ lateByMs }) => lateByMs);
    expect(late).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((k) => (k <= 5 ? (10 - k) * MINUTE + 2_000 : 0)));
  });

  test('what a live venue lists is looked at once a day; another fee is taken over and told', async () => {
    const next = async (days: number) => {
      now = T0 + days * 86_400_000 + 2_000;
      feed.beginAfter(T0 + days * 86_400_000 - MINUTE);
      await feed.due(T0 + days * 86_400_000, 0);
    };
    takerFeeBps = 25;
    await next(1);
    expect(lines.join('\n')).not.toMatch(/changed/);
    provenance = 'live';
    await next(2);
    takerFeeBps = 30;
    await feed.due(T0 + 2 * 86_400_000 + MINUTE, 0);
    expect(lines.filter((line) => /changed/.test(line))).toEqual([
      expect.stringMatching(/The venue changed BTC\/USDT: takerFeeBps from 10 to 25\./),
    ]);
    await next(3);
    expect(lines.at(-1)).toMatch(/takerFeeBps from 25 to 30/);
  });

  test('cycles that were too many to make up for are in the ledger as missed, once, and the chain holds', async () => {
    now = T0 + 100 * MINUTE + 2_000;
    await feed.due(T0 + 100 * MINUTE, 99);
    await feed.due(T0 + 100 * MINUTE, 99);
    const commits = await embedded.ledger.read(STREAM, 0, 1_000);
    const missed = commits
      .flatMap(({ events }) => events as unknown as LedgerEvent[])
      .filter(({ kind }) => kind === 'CyclesMissed');
    expect(missed.map(({ body }) => body)).toEqual([{ from: T0 + MINUTE, to: T0 + 99 * MINUTE, count: 99 }]);
    expect(verifyLedger(commits)).toMatchObject({ holds: true });
    expect(await cycles()).toHaveLength(1);
  });

  test('a venue that is away is told of once, and again when it answers; the cycle is opened then', async () => {
    away = true;
    now = T0 + MINUTE + 2_000;
    for (let attempt = 0; attempt < 2; attempt++) {
      const error = await feed.due(T0 + MINUTE, 0).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'VENUE_UNAVAILABLE' });
      expect(feed.failed(error)).toBe(true);
    }
    expect(await cycles()).toEqual([]);
    away = false;
    await feed.due(T0 + MINUTE, 0);
    expect(await cycles()).toHaveLength(1);
    expect(lines.filter((line) => line.includes('does not answer'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('answers again'))).toHaveLength(1);
    expect(readFileSync(join(directory, 'log/plimsoll.log'), 'utf8').split('"VENUE_UNAVAILABLE"')).toHaveLength(3);
  });

  test('a failure of another kind is not taken for the venue’s', () => {
    expect(feed.failed(new PlimsollError('DISK_FULL', 'the disk is full', 'make room'))).toBe(false);
  });
});
