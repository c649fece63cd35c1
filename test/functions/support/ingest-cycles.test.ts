import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Embedded, openEmbedded } from '../../../adapters/embedded/embedded.ts';
import { loadStrategies } from '../../../adapters/files/strategy-sources.ts';
import { createLake } from '../../../adapters/lake/lake.ts';
import { SimulatedVenue } from '../../../adapters/venues/simulated.ts';
import { configurationSchema } from '../../../core/configuration/schema.ts';
import { PlimsollError } from '../../../core/errors.ts';
import { verifyLedger } from '../../../core/ledger/verify.ts';
import type { MarketDataPort } from '../../../core/ports/market-data.ts';
import { sma, strategy, z } from '../../../core/strategies/index.ts';
import type { RegisteredStrategy, StrategyRegistry } from '../../../core/strategies/registry.ts';
import type { AnyStrategy } from '../../../core/strategies/runner.ts';
import type { Cursor, CycleDocument } from '../../../functions/steps/account-state.ts';
import { pause, setTradingState } from '../../../functions/steps/commands.ts';
import { applyConfiguration } from '../../../functions/steps/configure.ts';
import { executeStep } from '../../../functions/steps/execute.ts';
import { reject } from '../../../functions/steps/limits.ts';
import { reconcileStep } from '../../../functions/steps/reconcile.ts';
import { riskStep } from '../../../functions/steps/risk.ts';
import { signalStep } from '../../../functions/steps/signal.ts';
import { cycleFollowing } from '../../../functions/steps/step.ts';
import { WARM_UP_BOUNDS } from '../../../functions/steps/warm-up.ts';
import { withDeadline } from '../../../functions/support/deadline.ts';
import {
  type IngestPorts,
  type IngestReport,
  ingestScheduled,
  ingestSpan,
} from '../../../functions/support/ingest-cycles.ts';
import { eventsOf } from '../../../platform/live-run.ts';
import { MemoryStore } from '../../adapters/lake/stores.ts';

const MINUTE = 60_000;
const NOON = Date.UTC(2026, 1, 3, 12);
const NEXT = NOON + MINUTE;
const registry = await loadStrategies(import.meta.dirname);
const strategies = [{ strategy: 'sma-cross' }];
/** Cycles of history that an account of such strategies is given. */
const HISTORY = WARM_UP_BOUNDS.fewest;
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
const told: string[] = [];
const sent: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-ingest-'));
  embedded = openEmbedded({ directory: folder });
  reports.length = 0;
  told.length = 0;
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
    tell: (sentences) => told.push(...sentences),
    report: (done) => reports.push(done),
  };
});

afterEach(async () => {
  await embedded.close();
  rmSync(folder, { recursive: true, force: true });
});

it('opens the cycle that is due for every account of the universe, and asks the venue once', async () => {
  await scheduled(NOON);
  expect((await cycles('first')).map(({ asOf }) => minuteOf(asOf))).toEqual([0]);
  expect((await cycles('second')).map(({ asOf }) => minuteOf(asOf))).toEqual([0]);
  expect(sent).toEqual([`reconcile local/first ${-HISTORY}`, `reconcile local/second ${-HISTORY}`]);
  // Once for the bar that is due and once for the history, for each symbol and not for each account.
  expect(asked).toBe(2 + 2);
  expect(time).toBe(NOON + 2_000);
});

it('does nothing twice for an event that comes twice, but sends on what an account waits for', async () => {
  await scheduled(NOON);
  asked = 0;
  await scheduled(NOON);
  expect(asked).toBe(0);
  expect(sent.slice(2)).toEqual(sent.slice(0, 2));
});

it('makes up for a sleep, oldest first, within its bound, and records how many are left out', async () => {
  await scheduled(NOON);
  time = NOON + 10 * MINUTE;
  await scheduled(time);
  expect((await cycles('first')).map(({ asOf }) => minuteOf(asOf))).toEqual([0, 7, 8, 9, 10]);
  expect(reports.at(-1)).toMatchObject({ opened: 4, skipped: 6, missing: 0 });
  const missed = (await eventsIn('first')).filter(({ kind }) => kind === 'CyclesMissed');
  expect(missed.map(({ body }) => body)).toEqual([{ from: NOON + MINUTE, to: NOON + 6 * MINUTE, count: 6 }]);
});

it('looks once a day at what a live venue lists, takes over what changed, and says so', async () => {
  const simulated = venue;
  let tickSize = 1;
  let looks = 0;
  venue = {
    venue: 'simulated',
    provenance: 'live',
    async instruments(symbols) {
      looks++;
      return (await simulated.instruments(symbols)).map((one) => ({ ...one, tickSize }));
    },
    bars: (...request) => simulated.bars(...request),
    close: () => simulated.close(),
  };
  await scheduled(NOON);
  const opened = looks;
  time = NOON + MINUTE;
  await scheduled(time);
  expect(looks).toBe(opened);
  tickSize = 50;
  for (const day of [1, 2]) {
    time = NOON + day * 1_440 * MINUTE;
    await scheduled(time);
    await scheduled(time + MINUTE);
    expect(looks).toBe(opened + 2 * day);
  }
  expect(told).toEqual(
    ['BTC/USDT', 'ETH/USDT', 'BTC/USDT', 'ETH/USDT'].map(
      (symbol) => `The venue changed ${symbol}: tickSize from 1 to 50. It holds from the next cycle on.`,
    ),
  );
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
  const kept = await ports.lake.readBars({ ...series, from: NOON - MINUTE, to: time });
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

describe('a new account', () => {
  it('begins with its history, up to its first live cycle without a hole, kept in the lake', async () => {
    await scheduled(NOON);
    const all = await opened('first');
    expect(all.map(({ asOf }) => minuteOf(asOf))).toEqual(Array.from({ length: HISTORY + 1 }, (_, k) => k - HISTORY));
    expect(all.filter(({ warmUp }) => warmUp)).toHaveLength(HISTORY);
    const series = { provenance: 'simulated', venue: 'simulated', symbol: 'BTC/USDT', timeframe: '1m' } as const;
    const { bars } = await ports.lake.readBars({ ...series, from: 0, to: NOON - MINUTE });
    expect(bars.length).toBe(HISTORY);
  });

  it('decides at its first live cycle, and not before', async () => {
    use({ strategies: [{ strategy: 'eager' }] }, new Map([eager]));
    await scheduled(NOON);
    await work();
    const intents = (await eventsIn('first')).filter(({ kind }) => kind === 'OrderInitialized');
    expect(intents[0]?.cycle).toBe(NOON);
  });

  it('goes on with a history that does not fit one invocation, and trades from the first cycle after it', async () => {
    use({ strategies: [{ strategy: 'sma-cross', params: { fast: 2, slow: 1_600 } }] });
    const { bars } = venue;
    venue.bars = async (...request) => {
      time += 20_000;
      return bars.apply(venue, request);
    };
    await scheduled(NOON);
    expect(await cycles('first')).toEqual([]);
    expect(reports[0]).toMatchObject({ account: 'first', opened: 0, isWarmingUp: true });
    const begun = (await opened('first')).length;
    expect(begun).toBeGreaterThan(0);
    expect(begun).toBeLessThan(1_601);

    for (let k = 1; k < 9 && (await cycles('first')).length === 0; k++) {
      time = NOON + 5 * k * MINUTE;
      await scheduled(time);
    }
    const all = await opened('first');
    const from = all[0].asOf;
    expect(all.map(({ asOf }) => asOf)).toEqual(all.map((_, k) => from + k * MINUTE));
    expect(from).toBe(NOON - 1_601 * MINUTE);
    expect(all.filter(({ warmUp }) => !warmUp)).toHaveLength(1);
    expect(all.at(-1)?.warmUp).toBeUndefined();
  });

  it('has nothing lost of its history when the venue goes away in the middle of it', async () => {
    use({ strategies: [{ strategy: 'sma-cross', params: { fast: 2, slow: 900 } }] });
    const { bars } = venue;
    let answers = 3;
    venue.bars = async (...request) => {
      if (answers-- <= 0) throw new PlimsollError('VENUE_UNAVAILABLE', 'too many requests', 'ask later');
      return bars.apply(venue, request);
    };
    await expect(scheduled(NOON)).rejects.toThrow(/too many requests/);
    answers = 100;
    time = NOON + MINUTE;
    await scheduled(time);
    const all = await opened('first');
    expect(all.map(({ asOf }) => asOf)).toEqual(all.map((_, k) => all[0].asOf + k * MINUTE));
    expect((await cycles('first')).map(({ asOf }) => minuteOf(asOf))).toEqual([1]);
  });
});

it('does not let the accounts that trade wait for the history of one that is new', async () => {
  await scheduled(NOON);
  use({ added: 'third' });
  const { bars } = venue;
  venue.bars = async (of, timeframe, from, to, limit) => {
    if (limit > 1) time += 120_000;
    return bars.call(venue, of, timeframe, from, to, limit);
  };
  time = NEXT;
  await scheduled(NEXT);
  expect((await cycles('first')).map(({ openedAt }) => openedAt)).toEqual([NOON + 2_000, NEXT + 2_000]);
  expect((await opened('third')).length).toBeGreaterThan(0);
});

describe('a deployment with another configuration', () => {
  beforeEach(async () => {
    await scheduled(NOON);
    await work();
    time = NEXT;
  });

  it('is taken over before the next cycle, which runs under it', async () => {
    use({ limits: { maxOrderNotional: 17 } });
    await scheduled(NEXT);
    await work();
    const applied = (await eventsIn('first')).filter(({ kind }) => kind === 'ConfigurationApplied');
    expect(
      applied.map(({ body }) => (body as { limits: { maxOrderNotional?: number } }).limits.maxOrderNotional),
    ).toEqual([configuration.accounts[0].limits.maxOrderNotional, 17]);
    expect(await cursor('first')).toEqual({ cycle: NEXT, next: 'settled' });
    expect(verifyLedger(await embedded.ledger.read('local/first', 0, 1_000))).toMatchObject({ holds: true });
  });

  it('whose looser limits wait is told of with every bar, until they are rejected', async () => {
    use({ limits: { maxOrderNotional: 17 } });
    await scheduled(NEXT);
    use({ limits: { maxOrderNotional: 18 } });
    await scheduled((time = NEXT + MINUTE));
    const waiting = () => reports.filter(({ account }) => account === 'first').map((done) => done.waiting);
    expect(waiting().slice(-2)).toEqual([0, 1]);
    const person = { id: 'ada', name: 'ada', roles: ['admin' as const] };
    await reject(ports.steps, 'local/first', 2, 'not now', { principal: person, idempotencyKey: 'a' });
    await scheduled((time = NEXT + 2 * MINUTE));
    expect(waiting().at(-1)).toBe(0);
  });

  it('is taken over once, and costs one read where nothing changed', async () => {
    use({ limits: { maxOrderNotional: 17 } });
    await scheduled(NEXT);
    await scheduled((time = NEXT + MINUTE));
    const reads: string[] = [];
    const { ledger } = ports.steps;
    const document: typeof ledger.document = (stream, key) => {
      reads.push(`${stream} ${key}`);
      return ledger.document(stream, key);
    };
    const watched = new Proxy(ledger, {
      get: (of, name: keyof typeof ledger) => (name === 'document' ? document : of[name].bind(of)),
    });
    const steps = { ...ports.steps, ledger: watched };
    expect(await applyConfiguration(steps, steps.configuration.accounts[0])).toEqual([]);
    expect(reads.filter((read) => !read.endsWith(' opening'))).toEqual(['local/first account']);
    expect((await eventsIn('first')).filter(({ kind }) => kind === 'ConfigurationApplied')).toHaveLength(2);
  });

  it.each([
    [
      'a universe',
      { symbols: ['BTC/USDT', 'SOL/USDT'] },
      /trades BTC\/USDT, ETH\/USDT in 1m bars, and .* now says BTC\/USDT, SOL\/USDT/,
    ],
    ['a strategy that is gone', { strategies: [{ strategy: 'rsi-reversion' }] }, /strategy "sma-cross" .* is gone/],
  ])(
    'with %s that changed is refused, keeps the account at rest, and does not stop the others',
    async (_what, change, message) => {
      const before = await embedded.ledger.head('local/first');
      use({ ...change, added: 'third' });
      await expect(scheduled(NEXT)).rejects.toThrow(message);
      await work();
      expect((await cycles('first')).map(({ asOf }) => minuteOf(asOf))).toEqual([0]);
      expect(await embedded.ledger.head('local/first')).toEqual(before);
      expect(await cursor('third')).toEqual({ cycle: NEXT, next: 'settled' });
    },
  );

  it('is waited for by the steps of a cycle that is under way', async () => {
    await scheduled(NEXT);
    const message = { stream: 'local/first', cycle: NEXT };
    const old = ports.steps;
    use({ limits: { maxOrderNotional: 17 } });
    await expect(reconcileStep(ports.steps, message)).rejects.toMatchObject({ code: 'CONFIGURATION_NOT_IN_FORCE' });
    await scheduled((time = NEXT + MINUTE));
    await expect(reconcileStep(old, message)).rejects.toMatchObject({ code: 'CONFIGURATION_NOT_IN_FORCE' });
    await reconcileStep(ports.steps, message);
    expect(await cursor('first')).toMatchObject({ cycle: message.cycle, next: 'signal' });
  });

  it('does not keep a person from halting before it is taken over', async () => {
    use({ limits: { maxOrderNotional: 17 }, strategies: [...strategies, { strategy: 'rsi-reversion' }] });
    const origin = { principal: { id: 'ada', name: 'Ada', roles: ['admin' as const] }, idempotencyKey: 'halt' };
    expect(await setTradingState(ports.steps, 'local/first', 'Halted', 'a test', origin)).toMatchObject({
      state: 'Halted',
    });
    const unknown = pause(ports.steps, 'local/first', 'rsi-reversion', true, { ...origin, idempotencyKey: 'pause' });
    await expect(unknown).rejects.toThrow(/runs no strategy "rsi-reversion"/);
    await scheduled(NEXT);
    await work();
    expect(await cursor('first')).toEqual({ cycle: NEXT, next: 'settled' });
    expect(verifyLedger(await embedded.ledger.read('local/first', 0, 1_000))).toMatchObject({ holds: true });
  });
});

it('sends nothing to an account that is at work, and again where it has stood for long', async () => {
  const sentAt = async (minute: number): Promise<string[]> => {
    sent.length = 0;
    await scheduled((time = NOON + minute * MINUTE));
    return sent.filter((line) => line.includes('first'));
  };
  await scheduled(NOON);
  await work();
  const message = { stream: 'local/first', cycle: NEXT };
  expect(await sentAt(1)).toEqual(['reconcile local/first 1']);
  await reconcileStep(ports.steps, message);
  expect(await sentAt(2)).toEqual([]);
  await signalStep(ports.steps, message);
  expect(await sentAt(3)).toEqual([]);
  expect(await sentAt(23)).toEqual(['reconcile local/first 2']);
});

/** Proposes whenever it is asked. */
const eager: [string, RegisteredStrategy] = [
  'eager',
  {
    definition: strategy({
      name: 'eager',
      params: z.object({}),
      indicators: () => ({ average: sma(50) }),
      onBar: ({ target }) => target(1, 'whenever it is asked'),
    }) as AnyStrategy,
    codeHash: '00'.repeat(32),
    origin: 'test',
  },
];

interface Change {
  readonly strategies?: readonly object[];
  readonly limits?: object;
  readonly symbols?: readonly string[];
  /** An account that is new with the deployment, and as the others were before. */
  readonly added?: string;
}

/** As after a deployment: other ports on the same ledger. */
function use({ symbols, added, ...change }: Change, strategiesAtHand: StrategyRegistry = registry): void {
  const { universes, accounts, ...rest } = structuredClone(configuration);
  const changed = accounts.map((account) => ({
    ...account,
    ...change,
    limits: { ...account.limits, ...change.limits },
  }));
  const parsed = configurationSchema.parse({
    ...rest,
    universes: { main: { ...universes.main, ...(symbols ? { symbols } : {}) } },
    accounts: [...changed, ...(added === undefined ? [] : [{ ...accounts[0], id: added }])],
  });
  ports = { ...ports, steps: { ...ports.steps, configuration: parsed, registry: strategiesAtHand } };
}

/** Runs everything that is open, step by step. */
async function work(): Promise<void> {
  for (const { id } of ports.steps.configuration.accounts) {
    const stream = `local/${id}`;
    for (;;) {
      const { cursor: at } = (await embedded.ledger.document(stream, 'account'))!.value as unknown as {
        cursor: Cursor;
      };
      const cycle = at.next === 'settled' ? await cycleFollowing(ports.steps, stream, at) : at.cycle;
      if (cycle === undefined) break;
      const step = at.next === 'settled' ? 'reconcile' : at.next;
      await STEP[step](ports.steps, { stream, cycle });
    }
  }
}

const STEP = { reconcile: reconcileStep, signal: signalStep, risk: riskStep, execute: executeStep };

const eventsIn = (account: string) => Array.fromAsync(eventsOf(embedded.ledger, `local/${account}`));

const cursor = async (account: string): Promise<Cursor> =>
  ((await embedded.ledger.document(`local/${account}`, 'account'))!.value as unknown as { cursor: Cursor }).cursor;

const scheduled = (at: number): Promise<void> =>
  ingestScheduled(ports, { schedule: 'main', scheduledTime: new Date(at).toISOString() });

/** Those that are not history. */
const cycles = async (account: string): Promise<CycleDocument[]> =>
  (await opened(account)).filter(({ warmUp }) => !warmUp);

async function opened(account: string): Promise<CycleDocument[]> {
  const documents = await embedded.ledger.documents(`local/${account}`, { prefix: 'cycle/', limit: 1_000 });
  const more = await embedded.ledger.documents(`local/${account}`, {
    prefix: 'cycle/',
    after: documents.at(-1)?.key ?? 'cycle/',
    limit: 1_000,
  });
  return [...documents, ...more].map(({ value }) => value as unknown as CycleDocument);
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
