import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operations } from '../../operations/index.ts';
import type { Operation } from '../../operations/operation.ts';
import { cycleAt, type Desk, openDesk, START, SYMBOLS } from './desk.ts';

const MINUTES = 240;
const directory = mkdtempSync(join(tmpdir(), 'plimsoll-'));
let desk: Desk;

beforeAll(async () => {
  desk = openDesk(directory);
  await desk.run(MINUTES);
});

afterAll(async () => {
  await desk.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('the list of operations', () => {
  it('has an implementation behind every declaration, and each name once', async () => {
    for (const { name, run } of operations) expect.soft(typeof (await run()).default, name).toBe('function');
    expect(new Set(operations.map(({ name }) => name)).size).toBe(operations.length);
  });

  it('lets a viewer only look', () => {
    const list = operations as readonly unknown[] as readonly Operation[];
    expect(list.filter(({ kind, role }) => (kind === 'query') !== (role === 'viewer'))).toEqual([]);
  });

  it('answers every query of an account that has not been opened', async () => {
    const list = operations as readonly unknown[] as readonly Operation[];
    const needsMore = [
      'cycles.show',
      'backtests.show',
      'options.price',
      'models.show',
      'models.compare',
      'models.training',
    ];
    for (const { name, kind } of list.filter((each) => each.kind === 'query' && !needsMore.includes(each.name))) {
      const takesAccount = ![
        'status.show',
        'configuration.show',
        'venues.list',
        'strategies.list',
        'budgets.show',
        'models.list',
        'models.queue',
        'models.watch',
      ].includes(name);
      const input = {
        ...(takesAccount ? { account: 'reserve' } : {}),
        ...(name === 'bars.list' ? { symbol: SYMBOLS[0] } : {}),
      };
      await expect.soft(desk.ask(name, input), `${name} ${kind}`).resolves.toBeDefined();
    }
  });
});

describe('what is refused', () => {
  it('names the field that is wrong, and the nearest known one', async () => {
    await expect(desk.ask('cycles.list', { limit: 0 })).rejects.toMatchObject({
      code: 'OPERATION_INPUT_INVALID',
      message: expect.stringContaining('limit'),
    });
    await expect(desk.ask('cycles.list', { limt: 5 })).rejects.toMatchObject({
      message: expect.stringContaining('"limit"'),
    });
  });

  it('is done by nobody whose role does not reach', async () => {
    const asked = desk.ask('trading-state.set', { state: 'Halted' }, { role: 'viewer' });
    await expect(asked).rejects.toMatchObject({ code: 'OPERATION_FORBIDDEN' });
    expect(await desk.ask('trading-state.get')).toMatchObject({ state: 'Active' });
  });

  it('says what is known where a name is not', async () => {
    await expect(desk.ask('account.show', { account: 'papre' })).rejects.toMatchObject({
      code: 'ACCOUNT_UNKNOWN',
      remedy: expect.stringContaining('"paper"'),
    });
    await expect(desk.ask('bars.list', { symbol: 'BTC/USD' })).rejects.toMatchObject({
      code: 'SYMBOL_UNKNOWN',
      remedy: expect.stringContaining('"BTC/USDT"'),
    });
    await expect(desk.ask('cycles.show', { cycle: 1 })).rejects.toMatchObject({ code: 'CYCLE_UNKNOWN' });
    await expect(desk.ask('orders.cancel', { order: 999_999 })).rejects.toMatchObject({ code: 'ORDER_NOT_WORKING' });
    await expect(desk.ask('trading-state.set', { account: 'reserve', state: 'Halted' })).rejects.toMatchObject({
      code: 'ACCOUNT_NOT_OPEN',
    });
  });
});

describe('what is looked at', () => {
  it('shows the account as its ledger adds up', async () => {
    const summary: Summary = await desk.ask('account.show');
    const events: { events: Event[] } = await desk.ask('ledger.page', { limit: 1_000 });
    const fills = events.events.filter(({ kind }) => kind === 'OrderFilled');
    expect(fills.length).toBeGreaterThan(5);
    expect(summary.cash).toBe(fills.at(-1)?.fields.cash);
    const fees = fills.reduce((sum, { fields }) => sum + Number(fields.fee), 0);
    expect(Number(summary.fees)).toBeCloseTo(fees, 6);
    const positions: { positions: Position[] } = await desk.ask('positions.list');
    const value = positions.positions.reduce((sum, position) => sum + Number(position.value), 0);
    expect(Number(summary.equity)).toBeCloseTo(Number(summary.cash) + value, 6);
    expect(summary).toMatchObject({
      provenance: 'simulated',
      cycle: cycleAt(MINUTES),
      next: 'settled',
      sequence: events.events.length,
    });
  });

  it('fills in the names of every event, however late its page begins', async () => {
    const { events: all }: { events: Event[] } = await desk.ask('ledger.page', { limit: 1_000 });
    const ids = desk.configuration.accounts[0].strategies.map(({ strategy }) => strategy);
    for (const { kind, fields } of all) {
      if (fields.order === undefined) continue;
      expect.soft(SYMBOLS, kind).toContain(fields.instrument);
      expect.soft(ids, kind).toContain(fields.strategy);
    }
    expect(all.find(({ kind }) => kind === 'OrderDenied')?.fields).toMatchObject({
      denial: 'NOTIONAL_EXCEEDS_MAX_PER_ORDER',
      limit: '1500.00000000',
      reason: expect.stringMatching(/[a-z]/),
    });
    for (let after = 0; after < all.length; after += 7) {
      const { events }: { events: Event[] } = await desk.ask('ledger.page', { after, limit: 3 });
      expect(events).toEqual(all.slice(after, after + 3));
    }
  });

  it('pages through the ledger without a gap, to the head whose hash it tells', async () => {
    const sequences: number[] = [];
    let page: { events: Event[]; sequence: number; hash: string };
    do {
      page = await desk.ask('ledger.page', { after: sequences.at(-1) ?? 0, limit: 17 });
      sequences.push(...page.events.map(({ sequence }) => sequence));
    } while (page.events.length > 0);
    expect(sequences).toEqual(Array.from({ length: page.sequence }, (_, k) => k + 1));
    expect(page.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('shows each cycle with its steps, its bars, its proposals and its events', async () => {
    const { proposals }: { proposals: { cycle: number; strategy: string }[] } = await desk.ask('proposals.list', {
      limit: 10,
    });
    expect(proposals).toHaveLength(10);
    const [{ cycle, strategy }] = proposals;
    const shown: CycleShown = await desk.ask('cycles.show', { cycle });
    expect(shown.cycle.steps.map(({ step }) => step).slice(0, 3)).toEqual(['ingest', 'reconcile', 'signal']);
    expect(Object.keys(shown.bars)).toEqual(SYMBOLS);
    expect(shown.bars[SYMBOLS[0]].time).toBe(cycle - 60_000);
    expect(shown.proposals).toContainEqual(expect.objectContaining({ cycle, strategy }));
    expect(shown.events.length).toBeGreaterThan(0);
    expect(new Set(shown.events.map((event) => event.cycle))).toEqual(new Set([cycle]));
  });

  it('finds the events of a cycle wherever in the ledger it lies', async () => {
    const { events }: { events: Event[] } = await desk.ask('ledger.page', { limit: 1_000 });
    for (const cycle of new Set(events.map((event) => event.cycle))) {
      const shown: CycleShown = await desk.ask('cycles.show', { cycle });
      expect(shown.events).toEqual(events.filter((event) => event.cycle === cycle));
    }
  });

  it('lists cycles newest first, and equity and bars oldest first', async () => {
    const { cycles }: { cycles: { cycle: number; equity: string }[] } = await desk.ask('cycles.list', { limit: 5 });
    expect(cycles.map(({ cycle }) => cycle)).toEqual([0, 1, 2, 3, 4].map((k) => cycleAt(MINUTES - k)));
    const { equity }: { equity: { time: number; equity: number }[] } = await desk.ask('account.equity', { limit: 5 });
    expect(equity).toEqual(cycles.map(({ cycle, equity }) => ({ time: cycle, equity: Number(equity) })).reverse());
    const { bars }: { bars: { time: number }[] } = await desk.ask('bars.list', { symbol: SYMBOLS[1], limit: 3 });
    expect(bars.map(({ time }) => time)).toEqual([MINUTES - 3, MINUTES - 2, MINUTES - 1].map(cycleAt));
  });

  it('lists the orders at work, and those that ended lately with how they ended', async () => {
    const { orders: working }: { orders: Order[] } = await desk.ask('orders.list');
    const { orders: all }: { orders: Order[] } = await desk.ask('orders.list', { all: 'true', limit: '500' });
    expect(all.filter(({ state }) => ['Accepted', 'Held'].includes(state))).toEqual(working);
    expect(new Set(all.map(({ state }) => state))).toContain('Filled');
    expect(new Set(all.map(({ state }) => state))).toContain('Canceled');
    expect(all.map(({ id }) => id)).toEqual([...all.map(({ id }) => id)].sort((a, b) => b - a));
  });

  it('tells what executing the last orders cost, part by part, and per algorithm', async () => {
    const { orders, averages }: { orders: Shortfall[]; averages: Shortfall[] } = await desk.ask('orders.shortfall', {
      limit: '1000',
    });
    expect(orders.map(({ order }) => order)).toEqual([...orders.map(({ order }) => order)].sort((a, b) => b! - a!));
    for (const { money } of [...orders, ...averages]) {
      const { delay, execution, fees, opportunity, total } = money;
      const sum = [delay, execution, fees, opportunity].reduce((all, part) => all + Math.round(Number(part) * 100), 0);
      expect(sum).toBe(Math.round(Number(total) * 100));
    }
    expect(averages).toMatchObject([{ algorithm: null, orders: orders.filter(({ endedAt }) => endedAt).length }]);
    const few: { orders: Shortfall[] } = await desk.ask('orders.shortfall', { limit: 1 });
    expect(few.orders).toEqual(orders.slice(0, 1));
  });

  it('tells the instance, its venue with instruments, and the strategies with their parameters', async () => {
    expect(await desk.ask('status.show')).toMatchObject({
      instance: 'desk',
      accounts: [{ account: 'paper' }],
      queues: expect.arrayContaining([{ queue: 'risk', waiting: 0, deadLetters: 0 }]),
    });
    expect(await desk.ask('venues.list')).toMatchObject({
      venues: [
        { name: 'exchange', provenance: 'simulated', instruments: [{ symbol: 'BTC/USDT' }, { symbol: 'ETH/USDT' }] },
      ],
    });
    const { available, running }: { available: { name: string; params: object }[]; running: object[] } =
      await desk.ask('strategies.list');
    expect(available.find(({ name }) => name === 'sma-cross')?.params).toMatchObject({
      properties: { fast: { type: 'integer', default: 10 } },
    });
    expect(running[0]).toMatchObject({
      account: 'paper',
      id: 'sma-cross',
      params: { fast: 3, slow: 8, short: false },
      instruments: SYMBOLS,
      paused: false,
    });
  });

  it('tells what is new since a sequence, and nothing twice', async () => {
    const { sequence }: Summary = await desk.ask('account.show');
    const first: Updates = await desk.ask('updates.since', { after: 3, limit: 4 });
    expect(first.events.map((event) => event.sequence)).toEqual([4, 5, 6, 7]);
    expect(first.sequence).toBe(7);
    expect(await desk.ask('updates.since', { after: sequence })).toMatchObject({ events: [], sequence });
    expect(await desk.ask('updates.since', { after: sequence + 1_000 })).toMatchObject({ events: [], sequence });
  });
});

describe('backtests of what is kept', () => {
  it('run over the bars of the cycles, and are found by their id with figures', async () => {
    const { job }: { job: Job } = await desk.ask('backtests.run', {
      strategy: 'sma-cross',
      params: { fast: 3, slow: 8 },
      symbols: [SYMBOLS[0]],
      cash: 1_000,
    });
    const shown: { job: Job } = await desk.ask('backtests.show', { id: job.id });
    expect(shown.job).toMatchObject({ state: 'done', progress: 1, error: null });
    expect(shown.job.result).toMatchObject({
      bars: MINUTES,
      provenance: 'simulated',
      symbols: [SYMBOLS[0]],
      ledgerSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(shown.job.result?.fills).toBeGreaterThan(0);
    const { jobs }: { jobs: Job[] } = await desk.ask('backtests.list');
    expect(jobs.map(({ id }) => id)).toContain(job.id);
  });

  it('take in only the span that is asked for', async () => {
    const span = { from: START + 60 * 60_000, to: START + 120 * 60_000 };
    const { job }: { job: Job } = await desk.ask('backtests.run', {
      strategy: 'sma-cross',
      symbols: [SYMBOLS[0]],
      ...span,
    });
    expect(job.result).toMatchObject({ bars: 60, from: span.from + 60_000, to: span.to });
  });

  it('run once for a key, and refuse it for another input', async () => {
    const request = { strategy: 'rsi-reversion', symbols: [SYMBOLS[1]] };
    const first: { job: Job } = await desk.ask('backtests.run', request, { key: 'once' });
    const again: { job: Job } = await desk.ask('backtests.run', request, { key: 'once' });
    expect(again.job.id).toBe(first.job.id);
    await expect(desk.ask('backtests.run', { ...request, cash: 5 }, { key: 'once' })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
  });

  it('refuse at once what cannot be run, and say afterwards what could not', async () => {
    await expect(desk.ask('backtests.run', { strategy: 'sma-crss' })).rejects.toMatchObject({
      code: 'STRATEGY_UNKNOWN',
    });
    await expect(desk.ask('backtests.run', { strategy: 'sma-cross', params: { fast: 0 } })).rejects.toMatchObject({
      code: 'STRATEGY_PARAMS_INVALID',
    });
    await expect(desk.ask('backtests.run', { strategy: 'sma-cross', timeframe: '90s' })).rejects.toMatchObject({
      code: 'TIMEFRAME_NOT_MULTIPLE',
    });
    const { job }: { job: Job } = await desk.ask('backtests.run', {
      strategy: 'sma-cross',
      from: START - 1e9,
      to: START - 1e8,
    });
    expect(job).toMatchObject({ state: 'failed', error: expect.stringContaining('No bars of BTC/USDT') });
  });
});

interface Summary {
  readonly cash: string;
  readonly equity: string;
  readonly fees: string;
  readonly sequence: number;
}
interface Event {
  readonly sequence: number;
  readonly kind: string;
  readonly cycle: number;
  readonly fields: Record<string, unknown>;
}
interface Position {
  readonly value: string;
}
interface Shortfall {
  readonly order?: number;
  readonly endedAt?: number | null;
  readonly money: Readonly<Record<'delay' | 'execution' | 'fees' | 'opportunity' | 'total', string>>;
}

interface Order {
  readonly id: number;
  readonly state: string;
}
interface CycleShown {
  readonly cycle: { readonly steps: { readonly step: string }[] };
  readonly bars: Record<string, { readonly time: number }>;
  readonly proposals: object[];
  readonly events: Event[];
}
interface Updates {
  readonly events: Event[];
  readonly sequence: number;
}
interface Job {
  readonly id: string;
  readonly result: { readonly fills: number } | null;
}
