import { describe, expect, it, test } from 'vitest';
import type { ObjectStore } from '../../../../core/ports/object-store.ts';
import { missingRanges } from '../../../../core/research/sweep/ranges.ts';
import { barsPerPeriodOf } from '../../../../core/research/sweep/returns.ts';
import { type BatchAnswer, type BatchPorts, SweepWorker } from '../../../../functions/support/sweep/batch.ts';
import {
  barsKey,
  planKey,
  planObject,
  rangeOfResult,
  resultKey,
  resultsPrefix,
} from '../../../../functions/support/sweep/plan.ts';
import { type RangeResult, resultFromBytes } from '../../../../functions/support/sweep/result-object.ts';
import { type PlannedSweep, plannedSweep, VERSION } from './prepared-sweep.ts';

const HOUR_MS = 3_600_000;

/** A worker of a function with an hour left, unless said otherwise. */
function workerOf(
  { objects, registry }: Pick<BatchPorts, 'objects' | 'registry'>,
  more: { remainingMs?: () => number; version?: string } = {},
) {
  const { remainingMs = () => HOUR_MS, version = VERSION } = more;
  return new SweepWorker({ objects, registry, version, now: () => 0, remainingMs });
}

const batch = (sweep: string, ...Items: unknown[]): object => ({ BatchInput: { sweep }, Items });
const outcomes = ({ items }: BatchAnswer): string[] => items.map(({ outcome }) => outcome);

async function kept({ objects, sweep }: PlannedSweep): Promise<RangeResult[]> {
  const keys = await objects.list(resultsPrefix(sweep), { limit: 1_000 });
  return Promise.all(keys.map(async (key) => resultFromBytes((await objects.get(key))!, rangeOfResult(key)!)));
}

describe('a batch of a sweep', () => {
  it('runs every place of its items once, to the last bit as one machine does', async () => {
    const planned = await plannedSweep();
    const answer = await workerOf(planned).run(
      batch(planned.sweep, { from: 0, to: 2 }, { from: 2, to: 5 }, { from: 5, to: 6 }),
    );
    expect(answer).toMatchObject({ sweep: planned.sweep, runs: 6 });
    expect(outcomes(answer)).toEqual(['kept', 'kept', 'kept']);

    const results = await kept(planned);
    const { tried, barsPerPeriod } = planned.here();
    const ran = results.flatMap((each) => each.ran);
    expect(ran.map(({ place }) => place)).toEqual([0, 1, 2, 3, 4, 5]);
    for (const [k, { metrics, returns, sharpe }] of ran.entries()) {
      expect(metrics).toEqual(tried[k].metrics);
      expect(Object.keys(metrics)).toEqual(Object.keys(tried[k].metrics));
      expect(Buffer.from(returns.buffer)).toEqual(Buffer.from(tried[k].returns.buffer));
      expect(sharpe).toBe(tried[k].sharpe);
    }
    expect(results.every((each) => each.barsPerPeriod === barsPerPeriod)).toBe(true);
  });

  it('puts bars together into periods by the runs of the whole sweep, not of its batch', async () => {
    // 20,000,000 returns are taken of all runs together: 333 of each of 60,000, which is fewer than the 399 bars give.
    expect(barsPerPeriodOf(400, 60_000)).toBe(2);
    const faults = ['none', ...Array.from({ length: 120 }, (_, k) => `no fault ${k}`)];
    const lengths = Array.from({ length: 499 }, (_, k) => k + 2);
    const grid = [
      { name: 'length', values: lengths },
      { name: 'fault', values: faults },
    ];
    const wide = await plannedSweep({ change: { grid, runs: 60_000 } });
    const answer = await workerOf(wide).run(batch(wide.sweep, { from: 0, to: 122 }));
    expect(answer.runs).toBe(2);
    const [{ ran, barsPerPeriod }] = await kept(wide);
    expect([barsPerPeriod, ran.map(({ place, returns }) => [place, returns.length])]).toEqual([
      2,
      [
        [0, 199],
        [121, 199],
      ],
    ]);
  });

  it('leaves out what the strategy refuses, as the grid on one machine does', async () => {
    const planned = await plannedSweep({ grid: [{ name: 'length', values: [1, 3, 5, 9_999] }] });
    expect(planned.plan.runs).toBe(2);
    const answer = await workerOf(planned).run(batch(planned.sweep, { from: 0, to: 4 }));
    expect(answer.runs).toBe(2);
    const [{ ran, failed }] = await kept(planned);
    expect([ran.map(({ place }) => place), failed]).toEqual([[1, 2], []]);
    for (const each of ran) expect(each.metrics).toEqual(planned.here().byPlace.get(each.place)!.metrics);
  });

  it('keeps a run that throws as its own error, and runs the others', async () => {
    const grid = [
      { name: 'length', values: [3, 5] },
      { name: 'fault', values: ['none', 'throw'] },
    ];
    const planned = await plannedSweep({ grid });
    const answer = await workerOf(planned).run(batch(planned.sweep, { from: 0, to: 4 }));
    expect(answer).toMatchObject({ runs: 4, items: [{ outcome: 'kept', failed: 2 }] });
    const [{ ran, failed }] = await kept(planned);
    expect(ran.map(({ place }) => place)).toEqual([0, 2]);
    expect(failed.map(({ place, code, message }) => [place, code, message])).toEqual([
      [1, 'STRATEGY_FAILED', 'a run threw "TypeError: planted"'],
      [3, 'STRATEGY_FAILED', 'a run threw "TypeError: planted"'],
    ]);
  });

  it('runs nothing again that is kept, and writes nothing over it', async () => {
    const planned = await plannedSweep();
    const item = { from: 0, to: 3 };
    await workerOf(planned).run(batch(planned.sweep, item));
    const before = await planned.objects.get(resultKey(planned.sweep, item));
    const again = await workerOf(planned).run(batch(planned.sweep, item, { from: 3, to: 6 }));
    expect([outcomes(again), again.runs]).toEqual([['there', 'kept'], 3]);
    expect(await planned.objects.get(resultKey(planned.sweep, item))).toEqual(before);
  });

  it('reads plan and bars once for all of its events', async () => {
    const planned = await plannedSweep();
    const read: string[] = [];
    const { objects } = planned;
    const counted: Pick<ObjectStore, 'get' | 'put'> = {
      get(key) {
        read.push(key);
        return objects.get(key);
      },
      put: (key, bytes, how) => objects.put(key, bytes, how),
    };
    const worker = workerOf({ ...planned, objects: counted });
    for (const from of [0, 1, 2]) await worker.run(batch(planned.sweep, { from, to: from + 1 }));
    expect(read.filter((key) => key === planKey(planned.sweep) || key === barsKey(planned.plan.bars))).toHaveLength(2);
  });

  it('takes an empty batch for what it is', async () => {
    const planned = await plannedSweep();
    expect(await workerOf(planned).run(batch(planned.sweep))).toEqual({
      sweep: planned.sweep,
      items: [],
      runs: 0,
      ms: 0,
    });
  });
});

describe('a batch whose time does not suffice', () => {
  it('keeps what it ran and says what is left; the same batch again goes on there', async () => {
    const planned = await plannedSweep();
    const event = batch(planned.sweep, { from: 0, to: 2 }, { from: 2, to: 4 }, { from: 4, to: 6 });
    let asked = 0;
    // Before each item and each run: enough for the first item alone.
    const remainingMs = () => (++asked <= 3 ? HOUR_MS : 10_000);
    await expect(workerOf(planned, { remainingMs }).run(event)).rejects.toMatchObject({
      code: 'SWEEP_UNFINISHED',
      message: expect.stringMatching(/^2 of 3 items were not run/),
    });
    expect((await kept(planned)).map(({ from, to }) => [from, to])).toEqual([[0, 2]]);
    const again = await workerOf(planned).run(event);
    expect([outcomes(again), again.runs]).toEqual([['there', 'kept', 'kept'], 4]);
  });

  it('begins no item that would take longer than what is left', async () => {
    const planned = await plannedSweep();
    let clock = 0;
    // An item takes 20 s by this clock, and 15 s are left after the first: 30 s without the end that is kept back.
    const now = () => (clock += 20_000);
    const remainingMs = () => (clock < 80_000 ? HOUR_MS : 30_000);
    const { objects, registry } = planned;
    const worker = new SweepWorker({ objects, registry, version: VERSION, now, remainingMs });
    const items = [0, 1, 2, 3].map((from) => ({ from, to: from + 1 }));
    await expect(worker.run(batch(planned.sweep, ...items))).rejects.toMatchObject({ code: 'SWEEP_UNFINISHED' });
    expect((await kept(planned)).map(({ from }) => from)).toEqual([0]);
  });

  it('interrupts a run that does not come back, and says nothing against its strategy', async () => {
    const planned = await plannedSweep({
      grid: [
        { name: 'length', values: [3] },
        { name: 'fault', values: ['hang'] },
      ],
    });
    const remainingMs = () => 15_050;
    const run = workerOf(planned, { remainingMs }).run(batch(planned.sweep, { from: 0, to: 1 }));
    await expect(run).rejects.toMatchObject({ code: 'SWEEP_UNFINISHED' });
    expect(await kept(planned)).toEqual([]);
  });
});

describe('bad input of a batch', () => {
  test.each([
    ['no event', undefined],
    ['an event without Items', { BatchInput: { sweep: 'a'.repeat(64) } }],
    ['Items that are no list', { BatchInput: { sweep: 'a'.repeat(64) }, Items: { from: 0, to: 1 } }],
    ['an item that was not batched', { from: 0, to: 1 }],
    ['a batch of no sweep', { BatchInput: {}, Items: [] }],
    ['a sweep that is a path', { BatchInput: { sweep: '../lake' }, Items: [] }],
    ['more than the event should hold', { BatchInput: { sweep: 'a'.repeat(64) }, Items: [], more: 1 }],
    ['more items than a batch may have', batch('a'.repeat(64), ...Array.from({ length: 10_001 }, () => 0))],
  ])('refuses %s', async (_, event) => {
    const planned = await plannedSweep();
    await expect(workerOf(planned).run(event)).rejects.toMatchObject({ code: 'SWEEP_EVENT_MALFORMED' });
    expect(await kept(planned)).toEqual([]);
  });

  test.each([
    ['null', null],
    ['a number', 7],
    ['no "to"', { from: 0 }],
    ['a fraction', { from: 0.5, to: 1 }],
    ['text', { from: '0', to: '1' }],
    ['an end before the beginning', { from: 2, to: 1 }],
    ['a negative place', { from: -1, to: 1 }],
    ['a place behind the grid', { from: 5, to: 7 }],
    ['a place twice in the batch', { from: 0, to: 2 }],
    ['something long', { from: 'x'.repeat(1_000), to: 1 }],
    ['more than a range', { from: 1, to: 2, params: {} }],
  ])('refuses an item that is %s, says why, and runs the others', async (_, item) => {
    const planned = await plannedSweep();
    const answer = await workerOf(planned).run(batch(planned.sweep, { from: 0, to: 1 }, item, { from: 1, to: 2 }));
    expect(outcomes(answer)).toEqual(['kept', 'refused', 'kept']);
    expect(answer.items[1].why).toMatch(/./);
    expect(JSON.stringify(answer.items[1]).length).toBeLessThan(400);
    expect(missingRanges([{ from: 0, to: 2 }], await kept(planned))).toEqual([]);
  });

  it('refuses a sweep that nobody put there', async () => {
    const planned = await plannedSweep();
    const run = workerOf(planned).run(batch('0'.repeat(64), { from: 0, to: 1 }));
    await expect(run).rejects.toMatchObject({ code: 'SWEEP_OBJECT_MISSING', message: expect.stringContaining('plan') });
  });

  it('refuses a sweep without its bars, and is none the worse once they are there', async () => {
    const planned = await plannedSweep();
    const { objects, plan } = planned;
    let isThere = false;
    const get = async (key: string) => (isThere || key !== barsKey(plan.bars) ? objects.get(key) : undefined);
    const put = objects.put.bind(objects);
    const worker = workerOf({ ...planned, objects: { get, put } });
    const event = batch(planned.sweep, { from: 0, to: 1 });
    await expect(worker.run(event)).rejects.toMatchObject({ code: 'SWEEP_OBJECT_MISSING' });
    isThere = true;
    expect(outcomes(await worker.run(event))).toEqual(['kept']);
  });

  it('refuses bars that are others, or cut short', async () => {
    const planned = await plannedSweep();
    const { objects, plan } = planned;
    const bars = (await objects.get(barsKey(plan.bars)))!;
    for (const bytes of [bars.slice(0, -8), bars.slice(0, -3), bars.slice(0, 10), changed(bars), Buffer.from('no')]) {
      await objects.put(barsKey(plan.bars), bytes);
      const run = workerOf(planned).run(batch(planned.sweep, { from: 0, to: 1 }));
      await expect(run).rejects.toMatchObject({ code: 'SWEEP_OBJECT_DAMAGED' });
    }
  });

  it('refuses a plan that was changed', async () => {
    const planned = await plannedSweep();
    const other = planObject({ ...planned.plan, set: { length: 4 } });
    await planned.objects.put(planKey(planned.sweep), other.bytes);
    const run = workerOf(planned).run(batch(planned.sweep, { from: 0, to: 1 }));
    await expect(run).rejects.toMatchObject({ code: 'SWEEP_OBJECT_DAMAGED' });
  });

  test.each([
    ['an unknown strategy', { strategy: 'abvoe' }, 'STRATEGY_UNKNOWN'],
    ['a strategy with other code', { codeHash: 'd'.repeat(64) }, 'SWEEP_CODE_DIFFERS'],
    ['another version of the platform', { platform: '9.9.9' }, 'SWEEP_CODE_DIFFERS'],
    ['a plan of another form', { version: 2 }, 'SWEEP_PLAN_INVALID'],
    ['more runs than its grid has', { runs: 7 }, 'SWEEP_PLAN_INVALID'],
    ['a grid without values', { grid: [{ name: 'length', values: [] }], runs: 1 }, 'SWEEP_PLAN_INVALID'],
  ])('refuses %s', async (_, change, code) => {
    const planned = await plannedSweep({ change: change as object });
    const run = workerOf(planned).run(batch(planned.sweep, { from: 0, to: 1 }));
    await expect(run).rejects.toMatchObject({ code });
    expect(await kept(planned)).toEqual([]);
  });
});

function changed(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[copy.length - 5] ^= 1;
  return copy;
}
