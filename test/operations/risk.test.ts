import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { openEmbedded } from '../../adapters/embedded/embedded.ts';
import { loadStrategies } from '../../adapters/files/strategy-sources.ts';
import { createLake } from '../../adapters/lake/lake.ts';
import { SimulatedVenue } from '../../adapters/venues/simulated.ts';
import { configurationSchema } from '../../core/configuration/schema.ts';
import { type BarColumns, barAt, barsFromRows } from '../../core/market/bars.ts';
import { DAY_MS, formatDay } from '../../core/market/civil.ts';
import type { LedgerPort } from '../../core/ports/ledger.ts';
import { strategy } from '../../core/strategies/contract.ts';
import type { StepPorts } from '../../functions/steps/ports.ts';
import { makeDailyReports } from '../../functions/support/daily-reports.ts';
import { withDeadline } from '../../functions/support/deadline.ts';
import { findOperation, invoke } from '../../operations/invoke.ts';
import type { OperationContext } from '../../operations/operation.ts';
import type {
  RiskLimitsOutput,
  RiskReportOutput,
  RiskStressOutput,
  RiskVarOutput,
} from '../../operations/risk/schema.ts';
import { runLive } from '../../platform/live-run.ts';
import { REPORT_PAUSES, RiskReports } from '../../platform/risk-reports.ts';
import { temporaryDirectory } from '../adapters/embedded/temporary.ts';
import { MemoryStore } from '../adapters/lake/stores.ts';

const SYMBOLS = ['BTC/USDT', 'ETH/USDT'];
const HOUR = 3_600_000;
/** 2020-02-20 00:00 UTC: the days of March 2020 are among those that the account lives through. */
const START = Date.UTC(2020, 1, 20);
const DAYS = 28;
const STREAM = 'tests/paper';

const configuration = configurationSchema.parse({
  instance: { name: 'desk', tenant: 'tests' },
  venues: { exchange: { kind: 'simulated', seed: 7 } },
  universes: { pair: { venue: 'exchange', symbols: SYMBOLS, timeframe: '1h' } },
  accounts: [
    {
      id: 'paper',
      universe: 'pair',
      strategies: [{ strategy: 'holder', allocation: 0.8 }],
      limits: { maxDailyLoss: 0.5 },
    },
    { id: 'reserve', universe: 'pair', strategies: [{ strategy: 'sma-cross' }] },
  ],
});

/** Holds what it may from the first bar on. */
const holder = strategy({
  name: 'holder',
  params: z.object({}),
  indicators: () => ({}),
  onBar: ({ target }) => target(1, 'to hold it'),
});
const registry = new Map(await loadStrategies(process.cwd()));
const [known] = registry.values();
registry.set('holder', { ...known, definition: holder as never });

const embedded = openEmbedded({ directory: temporaryDirectory() });
let clock = START;
const steps: StepPorts = {
  ledger: embedded.ledger,
  send: (queue, message) => embedded.queue.send(queue, message),
  configuration,
  registry,
  now: () => clock,
  withDeadline,
};
const failures: unknown[] = [];
const log = { error: (error: unknown) => void failures.push(error), write: () => undefined };
const reports = new RiskReports({ steps, objects: embedded.objects, log });

function ask<Output>(name: string, input: object = {}): Promise<Output> {
  const context = {
    steps,
    queue: embedded.queue,
    lake: createLake(embedded.objects),
    reports: embedded.objects,
    principal: { id: 'v', name: 'v', roles: ['viewer'] },
    idempotencyKey: 'none',
    runtime: { kind: 'embedded', version: '0', startedAt: START },
  } as unknown as OperationContext;
  return invoke(findOperation(name), context, input) as Promise<Output>;
}

/** A day in which the exchange was closed: no cycle has bars of it. */
const SILENT_DAY = 5;

function withoutSilentDay(bars: BarColumns): BarColumns {
  const rows = Array.from({ length: bars.length }, (_, k) => barAt(bars, k));
  const isKept = ({ timestamp }: { timestamp: number }) => Math.floor((timestamp - START) / DAY_MS) !== SILENT_DAY;
  return barsFromRows(rows.filter(isKept), bars.priceDecimals);
}

async function run(hours: number): Promise<void> {
  const venue = new SimulatedVenue({ venue: 'exchange', seed: '7', now: () => START + 400 * DAY_MS });
  const bars = new Map(
    SYMBOLS.map((symbol) => [
      symbol,
      withoutSilentDay(venue.columns(symbol, '1h', START, START + hours * HOUR, hours)),
    ]),
  );
  const instruments = await venue.instruments(SYMBOLS);
  const [account] = configuration.accounts;
  const { queue } = embedded;
  await runLive({ ports: steps, queue, account, instruments, provenance: 'simulated', bars, timeframe: '1h' });
  clock = START + hours * HOUR;
}

const kept = (): Promise<string[]> => embedded.objects.list('reports/', { limit: 100 });
const pathOf = (day: number, kind: string): string =>
  `reports/risk/paper/${formatDay(Math.floor(START / DAY_MS) + day)}.${kind}`;
const after = (hours: number): Promise<void> => reports.after({ stream: STREAM, cycle: START + hours * HOUR });

afterAll(() => embedded.close());

describe('the report of each day', () => {
  it('is not made before the day is over', async () => {
    await run(23);
    await after(23);
    expect(await kept()).toEqual([]);
  });

  it('is made when the cycle at its end is settled, as data and as a page, and says where its figures come from', async () => {
    await run(24);
    await after(24);
    expect(await kept()).toEqual([pathOf(0, 'html'), pathOf(0, 'json')]);
    const json = JSON.parse(new TextDecoder().decode(await embedded.objects.get(pathOf(0, 'json'))));
    expect(json).toMatchObject({ account: 'paper', date: '2020-02-20', asOf: START + DAY_MS, provenance: 'simulated' });
    expect(json.notes.join(' ')).not.toMatch(/No cycle closed/);
    const html = new TextDecoder().decode(await embedded.objects.get(pathOf(0, 'html')));
    expect(html).toContain('Risk of paper on 2020-02-20');
    expect(html).toContain('simulated data');
  });

  it('is made once: neither the next cycles nor another process change it', async () => {
    const before = await embedded.objects.get(pathOf(0, 'json'));
    await run(30);
    await after(30);
    await new RiskReports({ steps, objects: embedded.objects, log }).after({
      stream: STREAM,
      cycle: START + 30 * HOUR,
    });
    expect(await embedded.objects.get(pathOf(0, 'json'))).toEqual(before);
    expect(await kept()).toHaveLength(2);
  });

  it('is made by the first cycle that comes after, and says so', async () => {
    await run(50);
    clock += REPORT_PAUSES.madeMs;
    await after(50);
    const { report } = await ask<RiskReportOutput>('risk.report', { date: '2020-02-21' });
    expect(report?.asOf).toBe(START + 50 * HOUR);
    expect(report?.notes).toContainEqual(expect.stringMatching(/^No cycle closed at the end of 2020-02-21/));
  });

  it('is asked for by its day, and one that was not kept is refused', async () => {
    const { report } = await ask<RiskReportOutput>('risk.report', { account: 'paper', date: '2020-02-20' });
    expect(report).toMatchObject({ date: '2020-02-20', account: 'paper' });
    const asked = ask('risk.report', { date: '2020-02-19' });
    await expect(asked).rejects.toMatchObject({ code: 'RISK_REPORT_UNKNOWN' });
    await expect(ask('risk.report', { date: 'yesterday' })).rejects.toMatchObject({ code: 'OPERATION_INPUT_INVALID' });
    await expect(ask('risk.report', { date: '../../x' })).rejects.toMatchObject({ code: 'OPERATION_INPUT_INVALID' });
  });

  it('holds nothing up where it fails, and is tried again later', async () => {
    await run(72);
    clock += REPORT_PAUSES.madeMs;
    const full = { ...embedded.objects, get: async () => undefined, put: () => Promise.reject(new Error('full')) };
    const failing = new RiskReports({ steps, objects: full as never, log });
    await failing.after({ stream: STREAM, cycle: clock });
    await failing.after({ stream: STREAM, cycle: clock });
    expect(failures).toHaveLength(1);
    clock += REPORT_PAUSES.failedMs;
    await failing.after({ stream: STREAM, cycle: clock });
    expect(failures).toHaveLength(2);
  });

  it('is made once by a schedule too, however often that comes, and one account never keeps another from its own', async () => {
    const reports = new MemoryStore();
    const [made, failed]: [string[], string[]] = [[], []];
    const [account] = configuration.accounts;
    const accounts = [{ ...account, id: 'torn' }, { ...account, id: 'new' }, account];
    const { ledger } = steps;
    const torn: LedgerPort['document'] = (stream, key) =>
      stream.endsWith('/torn') ? Promise.reject(new Error('torn')) : ledger.document(stream, key);
    const scheduled = {
      steps: {
        ...steps,
        configuration: { ...configuration, accounts },
        ledger: Object.assign(Object.create(ledger), { documents: ledger.documents.bind(ledger), document: torn }),
      },
      lake: createLake(embedded.objects),
      reports,
      onMade: (key: string) => made.push(key),
      onFailure: (_: unknown, stream: string) => failed.push(stream),
    };
    for (let times = 0; times < 2; times++) await expect(makeDailyReports(scheduled)).rejects.toThrow('torn');
    expect(made).toEqual([pathOf(2, 'json')]);
    expect([...reports.objects.keys()].sort()).toEqual([pathOf(2, 'html'), pathOf(2, 'json')]);
    expect(failed).toEqual([`${STREAM.split('/')[0]}/torn`, `${STREAM.split('/')[0]}/torn`]);
  });
});

describe('the risk of an account', () => {
  // In the middle of a day, which is not over.
  beforeAll(() => run(DAYS * 24 + 5), 120_000);

  it('is that of what it holds, with figures from the days that it has seen', async () => {
    const { report } = await ask<RiskReportOutput>('risk.report');
    const { tail, exposure, equity } = report!;
    const { positions } = await ask<{ positions: { symbol: string; value: string }[] }>('positions.list', {
      account: 'paper',
    });
    expect(exposure.net).toBeCloseTo(
      positions.reduce((sum, { value }) => sum + Number(value), 0),
      6,
    );
    expect(exposure.grossShare).toBeCloseTo(exposure.gross! / equity, 9);
    expect(tail.days).toBe(DAYS - 2);
    expect(report!.notes).toContainEqual(expect.stringMatching(/^1 of the 27 days of history have no close/));
    const known = tail.figures.filter((figure) => !('code' in figure));
    expect(known.map(({ method, confidence }) => `${method} ${confidence}`)).toContain('historical 0.95');
    expect(tail.figures.find((figure) => figure.confidence === 0.99 && figure.method === 'historical')).toMatchObject({
      code: 'RISK_OBSERVATIONS_TOO_FEW',
    });
  });

  it('has the daily closes of the cycles: a day’s return is from one 00:00 to the next', async () => {
    const { tail } = await ask<RiskVarOutput>('risk.var');
    const venue = new SimulatedVenue({ venue: 'exchange', seed: '7', now: () => START + 400 * DAY_MS });
    const { positions } = await ask<{ positions: { symbol: string; value: string }[] }>('positions.list', {
      account: 'paper',
    });
    let expected = 0;
    for (const { symbol, value } of positions) {
      const { close } = venue.columns(symbol, '1h', START, START + DAYS * DAY_MS, DAYS * 24);
      expected += Number(value) * (close[DAYS * 24 - 1] / close[(DAYS - 1) * 24 - 1] - 1);
    }
    const last = tail!.profits.at(-1)!;
    expect(last.day).toBe(START + (DAYS - 1) * DAY_MS);
    expect(last.profit).toBeCloseTo(expected, 6);
  });

  it('goes through the named days that its bars have, and names the others', async () => {
    const { scenarios } = await ask<RiskStressOutput>('risk.stress');
    const covered = scenarios.filter(({ profit }) => profit !== null).map(({ id }) => id);
    expect(covered).toContain('covid-2020-03-12');
    const crypto = scenarios.find(({ id }) => id === 'crypto-2021-05-19')!;
    expect(crypto).toMatchObject({ profit: null, worst: null, positions: [] });
    expect(crypto.missing).toHaveLength(2);
  });

  it('takes the days before its first cycle from the lake', async () => {
    const lake = createLake(embedded.objects);
    for (const symbol of SYMBOLS) {
      const rows = Array.from({ length: 100 * 24 }, (_, k) => {
        const price = 1_000 + Math.round(50 * Math.sin(k));
        return {
          timestamp: START - (100 * 24 - k) * HOUR,
          open: price,
          high: price,
          low: price,
          close: price,
          volume: 1,
        };
      });
      const series = { provenance: 'simulated', venue: 'exchange', symbol, timeframe: '1h' } as const;
      await lake.appendBars({ ...series, bars: barsFromRows(rows, 0), knownAt: START });
    }
    const { tail } = await ask<RiskVarOutput>('risk.var');
    expect(tail?.days).toBe(DAYS + 100 - 2);
    expect(tail?.figures.some((figure) => 'code' in figure && figure.method === 'historical')).toBe(false);
  });

  it('shows every limit, and of an account without a cycle only what it is set to', async () => {
    const { limits, provenance } = await ask<RiskLimitsOutput>('risk.limits');
    expect(provenance).toBe('simulated');
    expect(limits.find(({ name }) => name === 'maxDailyLoss')?.use?.unit).toBe('USDT');
    const reserve = await ask<RiskLimitsOutput>('risk.limits', { account: 'reserve' });
    expect(reserve).toMatchObject({ account: 'reserve', asOf: null });
    expect(reserve.limits.every(({ use }) => use === null)).toBe(true);
    expect(await ask('risk.report', { account: 'reserve' })).toMatchObject({ report: null });
  });
});
