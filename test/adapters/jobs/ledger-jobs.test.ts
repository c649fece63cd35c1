/** A job runs once, whoever is told of it and however often; and it is over one day, whoever dies. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LedgerJobs, trainingsStream } from '../../../adapters/jobs/ledger-jobs.ts';
import type { Json } from '../../../core/json.ts';
import type { Job } from '../../../core/ports/jobs.ts';
import type { LedgerPort } from '../../../core/ports/ledger.ts';
import { openTemporary } from '../embedded/temporary.ts';

const WAIT_MS = 10_000;
const WITHIN_MS = 1_000;
const INPUT = { strategy: 'sma-cross' };

function atDesk(ledger: LedgerPort = openTemporary().ledger) {
  const launched: string[] = [];
  const clock = { now: 1_700_000_000_000 };
  const options = { tenant: 'tests', now: () => clock.now, launch: ({ id }: Job) => void launched.push(id) };
  return { jobs: new LedgerJobs(ledger, { ...options, waitMs: WAIT_MS }), clock, launched, ledger };
}

/** Work that is done when it is told to. */
function slowWork() {
  const begun = Promise.withResolvers<void>();
  const done = Promise.withResolvers<Json>();
  let runs = 0;
  const work = (): Promise<Json> => {
    runs += 1;
    begun.resolve();
    return done.promise;
  };
  return { work, begun: begun.promise, finish: done.resolve, runs: () => runs };
}

it('is done once, and a second delivery changes nothing', async () => {
  const { jobs } = atDesk();
  const { id } = await jobs.start('backtest', INPUT, 'a');
  await jobs.run(id, async () => ({ figure: 1 }), WITHIN_MS);
  const done = await jobs.find(id);
  expect(done).toMatchObject({ state: 'done', progress: 1, result: { figure: 1 } });

  await jobs.run(id, async () => ({ figure: 2 }), WITHIN_MS);

  expect(await jobs.find(id)).toEqual(done);
});

it('is not begun by a second worker while the first has it', async () => {
  const { jobs } = atDesk();
  const { id } = await jobs.start('backtest', INPUT, 'a');
  const { work, begun, finish, runs } = slowWork();
  const first = jobs.run(id, work, WITHIN_MS);
  await begun;

  await expect(jobs.run(id, work, WITHIN_MS)).rejects.toMatchObject({ code: 'JOB_TAKEN' });

  finish({ figure: 1 });
  await first;
  expect(runs()).toBe(1);
  expect(await jobs.find(id)).toMatchObject({ state: 'done' });
});

it('is taken by one of many workers that come at the same moment', async () => {
  const { jobs } = atDesk();
  const { id } = await jobs.start('backtest', INPUT, 'a');
  const { work, begun, finish, runs } = slowWork();
  const workers = Array.from({ length: 8 }, () => jobs.run(id, work, WITHIN_MS));
  const settled = Promise.allSettled(workers);
  await begun;
  finish(null);
  const outcomes = await settled;
  expect(runs()).toBe(1);
  expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(1);
});

it('has failed with the way out once its worker must be gone, and is not begun again', async () => {
  const { jobs, clock } = atDesk();
  const { id } = await jobs.start('backtest', INPUT, 'a');
  const dead = slowWork();
  void jobs.run(id, dead.work, WITHIN_MS);
  await dead.begun;
  clock.now += WITHIN_MS;
  expect(await jobs.find(id)).toMatchObject({ state: 'running' });

  clock.now += 1;

  const failed = await jobs.find(id);
  expect(failed).toMatchObject({
    state: 'failed',
    finishedAt: clock.now - 1,
    error: expect.stringMatching(/ended before it was done\. Run it again/),
  });
  expect(failed).not.toHaveProperty('until');
  expect(await jobs.list(10)).toEqual([failed]);
  const again = slowWork();
  await jobs.run(id, again.work, WITHIN_MS);
  expect(again.runs()).toBe(0);
  expect(await jobs.unfinished()).toEqual([]);
});

it('has failed when nobody has begun it in time, and is not begun later', async () => {
  const { jobs, clock } = atDesk();
  const { id } = await jobs.start('backtest', INPUT, 'a');
  clock.now += WAIT_MS + 1;
  expect(await jobs.find(id)).toMatchObject({ state: 'failed', error: expect.stringMatching(/^Nobody began it/) });
  const late = slowWork();
  await jobs.run(id, late.work, WITHIN_MS);
  expect(late.runs()).toBe(0);
});

it('may wait for long, and then has all of its time to run', async () => {
  const { jobs, clock } = atDesk();
  const { id } = await jobs.start('backtest', INPUT, 'a');
  clock.now += WAIT_MS;
  const { work, begun, finish } = slowWork();
  const run = jobs.run(id, work, WITHIN_MS);
  await begun;
  clock.now += WITHIN_MS;
  expect(await jobs.find(id)).toMatchObject({ state: 'running' });
  finish(null);
  await run;
  expect(await jobs.find(id)).toMatchObject({ state: 'done' });
});

it('is handed over again when its key is sent again before anybody began it', async () => {
  const { ledger, clock } = atDesk();
  const cut = new LedgerJobs(ledger, {
    tenant: 'tests',
    now: () => clock.now,
    launch: () => Promise.reject(new Error('the queue does not answer')),
    waitMs: WAIT_MS,
  });
  await expect(cut.start('backtest', INPUT, 'a')).rejects.toThrow(/does not answer/);

  const { jobs, launched } = atDesk(ledger);
  const { id } = await jobs.start('backtest', INPUT, 'a');
  expect(launched).toEqual([id]);

  await jobs.run(id, async () => null, WITHIN_MS);
  await jobs.start('backtest', INPUT, 'a');
  expect(launched).toEqual([id]);
});

it('shows its progress while it runs', async () => {
  const { jobs, clock } = atDesk();
  const { id } = await jobs.start('backtest', INPUT, 'a');
  const told = Promise.withResolvers<void>();
  const done = Promise.withResolvers<Json>();
  const run = jobs.run(
    id,
    (_kind, _input, onProgress) => {
      clock.now += 500;
      onProgress(0.25);
      told.resolve();
      return done.promise;
    },
    WITHIN_MS,
  );
  await told.promise;
  await expect.poll(() => jobs.find(id)).toMatchObject({ state: 'running', progress: 0.25 });
  done.resolve(null);
  await run;
});

it('is taken up again by a process that knows its predecessor to be gone', async () => {
  const { jobs } = atDesk();
  const { id } = await jobs.start('backtest', INPUT, 'a');
  const dead = slowWork();
  void jobs.run(id, dead.work);
  await dead.begun;
  await jobs.run(id, async () => ({ figure: 1 }));
  expect(await jobs.find(id)).toMatchObject({ state: 'done', result: { figure: 1 } });
});

it('is canceled while it waits: nobody begins it then', async () => {
  const { jobs } = atDesk();
  const { id } = await jobs.start('backtest', INPUT, 'a');
  expect(await jobs.cancel(id, 'Ada canceled it')).toMatchObject({ state: 'canceled', error: 'Ada canceled it' });
  expect(await jobs.unfinished()).toEqual([]);
  const late = slowWork();
  await jobs.run(id, late.work, WITHIN_MS);
  expect(late.runs()).toBe(0);
});

it('is canceled while it runs: whoever runs it is told, and what its work comes to changes nothing', async () => {
  const { ledger, clock } = atDesk();
  const told: string[] = [];
  const jobs = new LedgerJobs(ledger, {
    ...{ tenant: 'tests', now: () => clock.now, launch: () => undefined },
    onCanceled: (id) => void told.push(id),
  });
  const { id } = await jobs.start('backtest', INPUT, 'a');
  const { work, begun, finish } = slowWork();
  const run = jobs.run(id, work, WITHIN_MS);
  await begun;
  const canceled = await jobs.cancel(id, 'Ada canceled it');
  expect(told).toEqual([id]);
  finish({ figure: 1 });
  await run;
  expect(await jobs.find(id)).toEqual(canceled);
  expect(await jobs.cancel(id, 'Bo canceled it')).toEqual(canceled);
  expect(told).toEqual([id]);
});

it('is canceled by another process: whoever runs it is told when it next writes its progress', async () => {
  const { ledger, clock, jobs: elsewhere } = atDesk();
  const told = Promise.withResolvers<string>();
  const jobs = new LedgerJobs(ledger, {
    ...{ tenant: 'tests', now: () => clock.now, launch: () => undefined },
    onCanceled: told.resolve,
  });
  const { id } = await jobs.start('backtest', INPUT, 'a');
  const begun = Promise.withResolvers<(progress: number) => void>();
  const done = Promise.withResolvers<Json>();
  const run = jobs.run(id, (_kind, _input, onProgress) => {
    begun.resolve(onProgress);
    return done.promise;
  });
  const onProgress = await begun.promise;
  await elsewhere.cancel(id, 'Ada canceled it');
  clock.now += 500;
  onProgress(0.5);
  expect(await told.promise).toBe(id);
  done.resolve(null);
  await run;
  expect(await jobs.find(id)).toMatchObject({ state: 'canceled', progress: 0, error: 'Ada canceled it' });
});

it('bad input: one that is not there, or over, is not canceled', async () => {
  const { jobs } = atDesk();
  expect(await jobs.cancel('none', 'Ada canceled it')).toBeUndefined();
  const { id } = await jobs.start('backtest', INPUT, 'a');
  await jobs.run(id, async () => ({ figure: 1 }));
  expect(await jobs.cancel(id, 'Ada canceled it')).toMatchObject({ state: 'done', error: null });
});

it('is kept apart from jobs of another stream, which neither see nor wait for it', async () => {
  const { jobs, ledger, clock } = atDesk();
  const trainings = new LedgerJobs(ledger, {
    ...{ tenant: 'tests', now: () => clock.now, launch: () => undefined },
    stream: trainingsStream('tests'),
  });
  const { id } = await trainings.start('training', INPUT, 'a');
  expect([await jobs.list(10), await jobs.find(id)]).toEqual([[], undefined]);
  expect(await trainings.list(10)).toMatchObject([{ id }]);
});

it('begins at most once and ends, whatever is delivered, dies and waits in between', async () => {
  const { ledger } = openTemporary();
  let jobsSoFar = 0;
  const step = fc.oneof(
    fc.constant({ kind: 'finish' as const }),
    fc.constant({ kind: 'die' as const }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 2 * WITHIN_MS }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const { jobs, clock } = atDesk(ledger);
      const { id } = await jobs.start('backtest', INPUT, `key ${jobsSoFar++}`);
      let begun = 0;
      for (const { kind, ...given } of steps) {
        if (kind === 'wait') clock.now += (given as { ms: number }).ms;
        else await delivered(jobs, id, kind === 'finish', () => (begun += 1));
      }
      clock.now += WAIT_MS + WITHIN_MS;
      expect(begun).toBeLessThanOrEqual(1);
      expect((await jobs.find(id))?.state).toMatch(/^(done|failed)$/);
    }),
    { numRuns: 60 },
  );
});

/** Hands the job to a worker that ends with it, or that is never heard of again once it has begun. */
async function delivered(jobs: LedgerJobs, id: string, ends: boolean, onBegin: () => void): Promise<void> {
  const died = Promise.withResolvers<'died'>();
  const work = async (): Promise<Json> => {
    onBegin();
    if (ends) return null;
    died.resolve('died');
    return new Promise<never>(() => undefined);
  };
  await Promise.race([jobs.run(id, work, WITHIN_MS).catch(() => undefined), died.promise]);
}
