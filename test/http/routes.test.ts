import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operationList, routeOf } from '../../adapters/http/routes.ts';
import { cycleAt, SYMBOLS } from '../operations/desk.ts';
import { type ServedDesk, serveDesk } from './served-desk.ts';

const MINUTES = 120;
let served: ServedDesk;

beforeAll(async () => {
  served = await serveDesk();
  await served.desk.run(MINUTES);
});

afterAll(() => served.close());

/** An input for every operation that needs one; the operations that change the account come last in the list here. */
const INPUTS: Readonly<Record<string, Record<string, unknown>>> = {
  'strategies.pause': { strategy: 'sma-cross' },
  'strategies.resume': { strategy: 'sma-cross' },
  'backtests.run': { strategy: 'sma-cross', params: { fast: 3, slow: 8 } },
  'cycles.show': { cycle: cycleAt(MINUTES - 5) },
  'orders.list': { all: true },
  'bars.list': { symbol: SYMBOLS[0] },
  'models.show': { name: 'gold-hourly' },
  'models.compare': { names: ['garch', 'exponential-garch'] },
  'options.price': { type: 'call', spot: 42, strike: 40, rate: 0.1, days: 182.5, volatility: 0.2 },
  'limits.propose': { limits: { maxOrderNotional: 1_400 }, reason: 'a quieter day' },
  'trading-state.set': { state: 'Reducing' },
};

/** They need something that is there: they have tests of their own below. */
const OF_THEIR_OWN = [
  'backtests.show',
  'orders.cancel',
  'positions.close',
  'limits.approve',
  'limits.reject',
  'live.arm',
  'live.disarm',
  'live.accept',
  'budgets.grant',
  // In models.test.ts.
  'models.train',
  'models.training',
  'models.cancel',
  'models.promote',
  'models.rollback',
  'models.retire',
];

/** A list is its name once for each item. */
const searchOf = (input: Record<string, unknown>): URLSearchParams => {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(input))
    for (const each of [value].flat()) search.append(name, String(each));
  return search;
};

describe('every operation', () => {
  test.each(
    operationList
      .filter(({ name }) => !OF_THEIR_OWN.includes(name))
      .map((operation) => [operation.name, operation] as const),
  )('%s is answered on its route', async (name, operation) => {
    const { method, path } = routeOf(operation);
    const input = INPUTS[name] ?? {};
    const response =
      method === 'GET' ? await served.ask(`${path}?${searchOf(input)}`) : await served.ask(path, { json: input });
    const body = await response.json();
    expect(response.status, JSON.stringify(body)).toBe(operation.kind === 'job' ? 202 : 200);
    expect(operation.output.safeParse(body).error).toBeUndefined();
  });

  test('is found by its name, in the slashes of an address', () => {
    expect(routeOf({ name: 'trading-state.set', kind: 'command' })).toEqual({
      method: 'POST',
      path: '/api/trading-state/set',
    });
    expect(routeOf({ name: 'cycles.list', kind: 'query' })).toEqual({ method: 'GET', path: '/api/cycles/list' });
  });
});

describe('a job', () => {
  test('is answered with 202 and the place to ask for it', async () => {
    const started = await served.ask('/api/backtests/run', { json: { strategy: 'sma-cross', symbols: [SYMBOLS[1]] } });
    expect(started.status).toBe(202);
    const { job } = (await started.json()) as { job: { id: string } };
    const location = started.headers.get('location')!;
    expect(location).toBe(`/api/backtests/show?id=${job.id}`);
    const shown = (await (await served.ask(location)).json()) as {
      job: { state: string; result: { provenance: string } };
    };
    expect(shown.job.state).toBe('done');
    expect(shown.job.result.provenance).toBe('simulated');
  });
});

describe('what this instance has not', () => {
  const grant = { account: 'paper', budget: 'grossExposure', amount: 100, reason: 'seen' };
  test.each([
    ['live.arm', { account: 'paper', maxOrderNotional: 10, maxExposure: 20, confirm: 'paper' }, 'ACCOUNT_NOT_LIVE'],
    ['live.disarm', { account: 'paper' }, 'ACCOUNT_NOT_LIVE'],
    ['live.accept', { account: 'paper' }, 'ACCOUNT_NOT_LIVE'],
    ['budgets.grant', grant, 'BUDGET_NOT_CONFIGURED'],
  ])('%s is refused on its route, with the way out', async (name, json, code) => {
    const response = await served.ask(routeOf({ name, kind: 'command' }).path, { json });
    expect(response.status).toBeLessThan(500);
    expect(await response.json()).toMatchObject({ code, remedy: expect.any(String) });
  });
});

describe('looser limits', () => {
  const change = (what: string, json: object) =>
    served.ask(`/api/limits/${what}`, { json: { reason: 'seen', ...json } });

  test('wait, are refused without the account’s name, approved with it, and rejected', async () => {
    const proposed = await change('propose', { limits: { maxWorkingOrders: 900 } });
    const { version } = (await proposed.json()) as { version: number };
    const refused = await change('approve', { version });
    expect(refused.status).toBe(422);
    expect(await refused.json()).toMatchObject({ code: 'APPROVAL_NOT_CONFIRMED', remedy: 'confirm it with paper' });
    const approved = await change('approve', { version, confirm: 'paper' });
    expect(await approved.json()).toMatchObject({
      version,
      applied: [{ limit: 'maxWorkingOrders', to: 900 }],
      held: [],
    });
    const again = await change('approve', { version, confirm: 'paper' });
    expect([again.status, ((await again.json()) as { code: string }).code]).toEqual([409, 'LIMITS_NOT_WAITING']);

    await change('propose', { limits: { maxWorkingOrders: 1_000 } });
    const rejected = await change('reject', { version: version + 1 });
    expect([rejected.status, await rejected.json()]).toMatchObject([200, { version: version + 1, held: [] }]);
    const same = await change('propose', { limits: { maxWorkingOrders: 900 } });
    expect([same.status, ((await same.json()) as { code: string }).code]).toEqual([409, 'LIMITS_UNCHANGED']);
  });
});

describe('a command', () => {
  test('is done once for its key, and answers alike', async () => {
    const command = { json: { strategy: 'donchian-breakout' }, headers: { 'idempotency-key': 'pause-once' } };
    const before = await sequence();
    const first = await served.ask('/api/strategies/pause', command);
    const again = await served.ask('/api/strategies/pause', command);
    expect(await again.json()).toEqual(await first.json());
    expect(first.headers.get('idempotency-key')).toBe('pause-once');
    const events = (await (await served.ask(`/api/ledger/page?after=${before}`)).json()) as {
      events: { kind: string }[];
    };
    expect(events.events.filter(({ kind }) => kind === 'StrategyPaused')).toHaveLength(1);
  });

  test('gets a key where it brings none', async () => {
    const response = await served.ask('/api/strategies/pause', { json: { strategy: 'rsi-reversion' } });
    expect(response.headers.get('idempotency-key')).toMatch(/^[\da-f-]{36}$/);
  });

  test('is refused under a key that was used for something else', async () => {
    const headers = { 'idempotency-key': 'used-twice' };
    await served.ask('/api/strategies/pause', { json: { strategy: 'sma-cross' }, headers });
    const response = await served.ask('/api/strategies/resume', { json: { strategy: 'sma-cross' }, headers });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  test('closes a position that is held', async () => {
    const { positions } = (await (await served.ask('/api/positions/list')).json()) as {
      positions: { strategy: string; symbol: string; quantity: string }[];
    };
    const held = positions.find(({ quantity }) => Number(quantity) !== 0)!;
    const response = await served.ask('/api/positions/close', {
      json: { strategy: held.strategy, symbol: held.symbol },
    });
    const { order } = (await response.json()) as { order: number };
    expect(response.status).toBe(200);
    const canceled = await served.ask('/api/orders/cancel', { json: { order } });
    expect(await canceled.json()).toEqual({ order, state: 'Canceled' });
  });
});

async function sequence(): Promise<number> {
  const { sequence } = (await (await served.ask('/api/account/show')).json()) as { sequence: number };
  return sequence;
}
