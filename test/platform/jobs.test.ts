import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LedgerJobs } from '../../adapters/jobs/ledger-jobs.ts';
import { openJobs } from '../../platform/jobs.ts';
import { type Desk, openDesk, SYMBOLS } from '../operations/desk.ts';

const root = join(import.meta.dirname, '..', '..');
const request = { strategy: 'sma-cross', params: { fast: 3, slow: 8 }, symbols: SYMBOLS, cash: 1_000, slippageBps: 0 };

async function atDesk(work: (desk: Desk) => Promise<void>): Promise<void> {
  const desk = openDesk();
  try {
    await desk.run(60);
    await work(desk);
  } finally {
    await desk.close();
  }
}

const open = ({ steps, directory, configuration }: Desk) =>
  openJobs({ ledger: steps.ledger, directory, root, configuration, now: Date.now });

it('runs a backtest in a thread of its own to the same figures as in this one', () =>
  atDesk(async (desk) => {
    const { job: inline }: { job: { result: object } } = await desk.ask('backtests.run', request);
    const { jobs, idle, close } = open(desk);
    const queued = await jobs.start('backtest', request, 'in a thread');
    expect(queued.state).toBe('queued');
    await idle();
    const done = await jobs.find(queued.id);
    expect(done).toMatchObject({ state: 'done', error: null });
    expect(done?.result).toEqual(inline.result);
    await close();
  }));

it('keeps the sentence of what went wrong in the job', () =>
  atDesk(async (desk) => {
    const { jobs, idle, close } = open(desk);
    const { id } = await jobs.start('backtest', { ...request, from: 1, to: 2 }, 'nothing there');
    await idle();
    expect(await jobs.find(id)).toMatchObject({
      state: 'failed',
      result: null,
      error: expect.stringMatching(/^No bars of .*\. Choose another span/),
    });
    await close();
  }));

it('takes up what another process has left undone, in order', () =>
  atDesk(async (desk) => {
    const died = new LedgerJobs(desk.steps.ledger, { tenant: 'tests', now: Date.now, launch: () => undefined });
    const left = [await died.start('backtest', request, 'a'), await died.start('backtest', request, 'b')];
    const { jobs, recover, idle, close } = open(desk);
    await recover();
    await idle();
    for (const { id } of left) expect(await jobs.find(id)).toMatchObject({ state: 'done' });
    await close();
  }));

it('leaves a job that it could not end to the next process', () =>
  atDesk(async (desk) => {
    const first = open(desk);
    const { id } = await first.jobs.start('backtest', request, 'cut short');
    await first.close();
    expect((await first.jobs.find(id))?.state).toMatch(/queued|running/);
    const next = open(desk);
    await next.recover();
    await next.idle();
    expect(await next.jobs.find(id)).toMatchObject({ state: 'done' });
    await next.close();
  }));

it('answers a key with its job, and refuses it for another', () =>
  atDesk(async (desk) => {
    const { jobs, idle, close } = open(desk);
    const first = await jobs.start('backtest', request, 'k');
    expect((await jobs.start('backtest', request, 'k')).id).toBe(first.id);
    await expect(jobs.start('backtest', { ...request, cash: 2 }, 'k')).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
    await idle();
    await close();
  }));
