/** Budgets of an instance, granted to two accounts with ledgers of their own: beside each other, and where a process ends in between. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SimulatedVenue } from '../../../adapters/venues/simulated.ts';
import type { LedgerEvent } from '../../../core/ledger/events.ts';
import type { BarColumns } from '../../../core/market/bars.ts';
import type { Budget } from '../../../core/risk/budgets.ts';
import { loadAccount } from '../../../functions/steps/account-state.ts';
import { applyTotals, grantBudget, readBook } from '../../../functions/steps/budgets.ts';
import { applyConfiguration } from '../../../functions/steps/configure.ts';
import type { StepPorts } from '../../../functions/steps/ports.ts';
import { eventsOf, runLive } from '../../../platform/live-run.ts';
import { type Desk, openDesk, START, SYMBOLS } from '../../operations/desk.ts';

const MINUTE = 60_000;
let desk: Desk;

/** Both accounts have run for so long. */
async function opened(minutes: number): Promise<void> {
  const venue = new SimulatedVenue({ venue: 'exchange', seed: '7', now: () => START + 1_000 * MINUTE });
  const instruments = await venue.instruments(SYMBOLS);
  const bars = new Map<string, BarColumns>(
    SYMBOLS.map((symbol) => [symbol, venue.columns(symbol, '1m', START, START + minutes * MINUTE, minutes)]),
  );
  const { steps, context, configuration } = desk;
  for (const account of configuration.accounts)
    await runLive({
      ports: steps,
      queue: context.queue,
      account,
      instruments,
      provenance: 'simulated',
      bars,
      timeframe: '1m',
    });
}

beforeEach(async () => {
  desk = openDesk(undefined, { budgets: { grossExposure: 1_000, orderRate: 10 } });
  await opened(2);
});
afterEach(() => desk.close());

const principal = { id: 'ada', name: 'Ada', roles: ['admin'] } as const;
let keys = 0;
const grant = (
  account: string,
  amount: number,
  key = `k${keys++}`,
  ports: StepPorts = desk.steps,
  budget: Budget = 'grossExposure',
) => grantBudget(ports, { account, budget, amount, reason: 'a part' }, { principal, idempotencyKey: key });

const events = (account: string): Promise<LedgerEvent[]> =>
  Array.fromAsync(eventsOf(desk.steps.ledger, `tests/${account}`));
const grantsIn = async (account: string): Promise<unknown[]> =>
  (await events(account)).flatMap(({ kind, body }) =>
    kind === 'BudgetGranted' ? [(body as { amount: string }).amount] : [],
  );
/** What an account may use by its own ledger, in plain units. */
async function usable(account: string): Promise<number> {
  const { state } = await loadAccount(desk.steps.ledger, `tests/${account}`);
  return (state.engine.grants?.grossExposure ?? 0) / 1e8;
}
const shown = () =>
  desk.ask('budgets.show') as Promise<{ budgets: { budget: string; left: number; accounts: unknown[] }[] }>;

/** Ports whose process ends at a point, the first time that it comes there. */
function endingAt(point: string): StepPorts {
  let ended = false;
  return {
    ...desk.steps,
    faultPoint: (name) => {
      if (name !== point || ended) return;
      ended = true;
      throw new Error(`the process ended at ${point}`);
    },
  };
}

describe('a grant', () => {
  it('is what an account may use, and without one it opens nothing', async () => {
    await desk.close();
    desk = openDesk(undefined, { budgets: { grossExposure: 4_000, orderRate: 10 } });
    const denials = async (): Promise<unknown[]> =>
      (await events('paper')).flatMap(({ kind, denial }) => (kind === 'OrderDenied' ? [denial] : []));
    await desk.run(30);
    expect(new Set(await denials())).toEqual(new Set(['ORDER_RATE_BUDGET_EXCEEDED']));
    await grant('paper', 10, undefined, undefined, 'orderRate');
    await grant('paper', 2_500);
    await desk.run(30);
    const intents = (await events('paper')).filter(({ kind }) => kind === 'OrderInitialized');
    expect(intents.length).toBeGreaterThan(2);
    expect(await denials()).toContain('BUDGET_EXCEEDED');
    const refused = (await events('paper')).filter(({ denial }) => denial === 'BUDGET_EXCEEDED');
    expect(new Set(refused.map(({ limit }) => limit))).toEqual(new Set([2_500 * 1e8]));
    const { budgets } = await shown();
    expect(budgets[0]).toMatchObject({ left: 1_500, accounts: [{ account: 'paper', granted: 2_500, pending: null }] });
  });

  it('is refused where others have the rest, and possible once they have given some back', async () => {
    await grant('paper', 600);
    await expect(grant('reserve', 400.01)).rejects.toMatchObject({ code: 'BUDGET_EXHAUSTED' });
    await grant('reserve', 400);
    await expect(grant('paper', 600.01)).rejects.toMatchObject({ code: 'BUDGET_EXHAUSTED' });
    await grant('paper', 100);
    await grant('reserve', 900);
    expect([await usable('paper'), await usable('reserve')]).toEqual([100, 900]);
    expect(await grantsIn('paper')).toEqual(['60000000000', '10000000000']);
    expect((await shown()).budgets[0].left).toBe(0);
  });

  it('is done once for its key', async () => {
    await grant('paper', 600, 'one');
    await grant('paper', 100, 'two');
    expect(await grant('paper', 600, 'one')).toMatchObject({ granted: 600 });
    expect([await usable('paper'), await grantsIn('paper')]).toEqual([100, ['60000000000', '10000000000']]);
    expect((await shown()).budgets[0].left).toBe(900);
    // Also where there would be no room for it any more.
    await grant('reserve', 900);
    expect(await grant('paper', 600, 'one')).toMatchObject({ granted: 600 });
    expect(await usable('paper')).toBe(100);
  });

  it('of two at one moment for the last of a budget goes to one', async () => {
    const settled = await Promise.allSettled([grant('paper', 600), grant('reserve', 600)]);
    expect(settled.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const all = (await usable('paper')) + (await usable('reserve'));
    expect([all, (await shown()).budgets[0].left]).toEqual([600, 400]);
  });

  it('beside many others leaves every account with what the book says, and no more than there is', async () => {
    const wanted = Array.from({ length: 24 }, (_, k) =>
      grant(k % 2 === 0 ? 'paper' : 'reserve', ((k * 97) % 11) * 100),
    );
    await Promise.allSettled(wanted);
    const { book } = await readBook(desk.steps);
    const parts = book.parts.grossExposure ?? {};
    for (const account of ['paper', 'reserve']) {
      expect(parts[account].pending).toBe(undefined);
      expect(await usable(account)).toBe(parts[account].granted);
    }
    expect((await usable('paper')) + (await usable('reserve'))).toBeLessThanOrEqual(1_000);
  });

  it('is refused in another currency, without a budget, for an account that is not there, and below nothing', async () => {
    const other = {
      ...desk.steps,
      configuration: { ...desk.configuration, budgets: { currency: 'EUR', grossExposure: 5 } },
    };
    await expect(grant('paper', 1, undefined, other)).rejects.toMatchObject({ code: 'BUDGET_CURRENCY' });
    await expect(grant('paper', 1, undefined, desk.steps, 'dailyLoss')).rejects.toMatchObject({
      code: 'BUDGET_NOT_CONFIGURED',
    });
    await expect(grant('nobody', 1)).rejects.toMatchObject({ code: 'ACCOUNT_UNKNOWN' });
    await expect(grant('paper', -1)).rejects.toMatchObject({ code: 'BUDGET_AMOUNT_INVALID' });
    await expect(grant('paper', 1.5, undefined, desk.steps, 'orderRate')).rejects.toMatchObject({
      code: 'BUDGET_AMOUNT_INVALID',
    });
    await expect(grant('paper', 1.0000001)).rejects.toMatchObject({ code: 'DECIMALS_EXCEEDED' });
    expect((await shown()).budgets[0].accounts).toEqual([]);
  });
});

describe('where the process ends', () => {
  it('after the account has its part, the larger counts until somebody comes back', async () => {
    await grant('paper', 600);
    await expect(grant('paper', 100, 'less', endingAt('budgets:done'))).rejects.toThrow('the process ended');
    expect(await usable('paper')).toBe(100);
    expect((await shown()).budgets[0]).toMatchObject({ left: 400, accounts: [{ granted: 600, pending: 100 }] });
    await expect(grant('reserve', 401)).rejects.toMatchObject({ code: 'BUDGET_EXHAUSTED' });
    await grant('paper', 100, 'less');
    expect((await shown()).budgets[0]).toMatchObject({ left: 900, accounts: [{ granted: 100, pending: null }] });
    expect(await grantsIn('paper')).toHaveLength(2);
  });

  it('before the account has it, the next one finishes that first', async () => {
    let writes = 0;
    const ending: StepPorts = {
      ...desk.steps,
      ledger: new Proxy(desk.steps.ledger, {
        get(ledger, name: keyof StepPorts['ledger']) {
          if (name !== 'commit') return (ledger[name] as (...given: unknown[]) => unknown).bind(ledger);
          return async (request: never) => {
            if (++writes > 1) throw new Error('the process ended');
            return ledger.commit(request);
          };
        },
      }),
    };
    await expect(grant('paper', 700, 'first', ending)).rejects.toThrow('the process ended');
    expect([await usable('paper'), (await shown()).budgets[0].left]).toEqual([0, 300]);
    await grant('paper', 200, 'second');
    expect([await usable('paper'), (await shown()).budgets[0].left]).toEqual([200, 800]);
    expect(await grantsIn('paper')).toEqual(['70000000000', '20000000000']);
    expect(await grant('paper', 700, 'first')).toMatchObject({ granted: 700 });
    expect(await usable('paper')).toBe(200);
  });
});

it('takes over a new total only where no more is granted', async () => {
  await grant('paper', 600);
  const under = (grossExposure: number): StepPorts => ({
    ...desk.steps,
    configuration: { ...desk.configuration, budgets: { currency: 'USDT', grossExposure } },
  });
  await expect(applyTotals(under(599))).rejects.toMatchObject({ code: 'BUDGET_OVERGRANTED' });
  const [paper] = desk.configuration.accounts;
  await expect(applyConfiguration(under(599), paper)).rejects.toMatchObject({ code: 'BUDGET_OVERGRANTED' });
  await applyTotals(under(700));
  // Whoever still has the old total cannot grant more than the new one.
  await expect(grant('reserve', 101)).rejects.toMatchObject({ code: 'BUDGET_EXHAUSTED' });
  await grant('reserve', 100);
});
