/** The watch over a walk that becomes one that takes back what it did: real registry, queue and models, whose numbers were set by hand. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { EmbeddedObjectStore } from '../../../adapters/embedded/objects.ts';
import { ModelRegistry } from '../../../adapters/models/registry.ts';
import { TrainingQueueStore } from '../../../adapters/models/training-queue.ts';
import { sliceBars } from '../../../core/market/bars.ts';
import { lifecycleLimitsSchema } from '../../../core/models/monitoring/limits.ts';
import { ModelWatch } from '../../../platform/models/model-watch.ts';
import { HOUR_MS, walk } from '../../core/models/walk.ts';
import { shifted } from '../../models_job/drift-drill-series.ts';
import { registered } from './versions.ts';

const SHIFTED_AT = 1_500;
const BARS = shifted(walk(2_600), { from: SHIFTED_AT, volatility: 2, reversion: 0.7 });
const TRAINED = { from: BARS.timestamp[50], to: BARS.timestamp[1_200] };
const LIMITS = lifecycleLimitsSchema.parse({ leastFreshBars: 300, leastShadowBars: 60, leastTrialBars: 60 });
const STEP = 60;

let directory: string;
/** Begun once: a champion that says nothing, one that expects returns to be taken back, and one whose numbers overflow. */
let begun: string;
let none: string;
let good: string;
let overflowing: string;
beforeAll(async () => {
  begun = mkdtempSync(join(tmpdir(), 'plimsoll-watch-'));
  const registry = new ModelRegistry(new EmbeddedObjectStore(begun));
  none = await registered(registry, { weights: [0, 0], period: TRAINED });
  good = await registered(registry, { weights: [-1, 0], period: { ...TRAINED, to: BARS.timestamp[1_900] } });
  overflowing = await registered(registry, { scale: 1e200, weights: [1e200, -1e200], period: TRAINED });
  await registry.act('gold', 'promoted', none, { at: TRAINED.to, by: 'a test', reason: 'the first' });
});
afterAll(() => rmSync(begun, { recursive: true, force: true }));
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-watch-'));
  cpSync(begun, directory, { recursive: true });
  return () => rmSync(directory, { recursive: true, force: true });
});

const partsOf = (objects: EmbeddedObjectStore) => ({
  name: 'gold',
  objects,
  registry: new ModelRegistry(objects),
  queue: new TrainingQueueStore(objects),
  limits: LIMITS,
  drift: { windowRows: 100, stepRows: 20, draws: 50 },
  decay: { draws: 50 },
});
const at = (count: number) => {
  const bars = sliceBars(BARS, 0, count);
  return { symbol: 'A', bars, now: bars.timestamp[count - 1] + HOUR_MS };
};

/** Looks from bar to bar, and "trains" at once what is queued: the training leaves the one that expects returns to be taken back. */
async function watched(objects: EmbeddedObjectStore, from: number, to: number): Promise<string[]> {
  const parts = partsOf(objects);
  const watch = new ModelWatch(parts);
  const kinds: string[] = [];
  for (let count = from; count <= to; count += STEP) {
    const seen = at(count);
    kinds.push(...(await watch.look(seen)).map(({ kind }) => kind));
    const training = await parts.queue.take('a test', seen.now, HOUR_MS);
    if (training) await parts.queue.finish({ id: training.wanted.id, worker: 'a test', at: seen.now }, good);
  }
  return kinds.filter((kind) => kind !== 'share-changed');
}

const whole = ['champion-seen', 'flagged', 'queued', 'shadow-started', 'trial-started', 'promoted'];

describe('a model that is watched', () => {
  test('gets from drift to another champion by itself', async () => {
    const objects = new EmbeddedObjectStore(directory);
    expect(await watched(objects, 1_260, 2_580)).toEqual(whole);
    const { registry } = partsOf(objects);
    expect(await registry.standing('gold')).toMatchObject({ champion: good, former: [none] });
  });

  test('is the same however often it is looked at, and by whom', async () => {
    const objects = new EmbeddedObjectStore(directory);
    const kinds: string[] = [];
    for (let count = 1_260; count <= 2_580; count += STEP) kinds.push(...(await watched(objects, count, count)));
    expect(kinds).toEqual(whole);
    expect(await watched(objects, 2_580, 2_580)).toEqual([]);
  });

  test('that cannot answer is rolled back from as soon as it is asked', async () => {
    const objects = new EmbeddedObjectStore(directory);
    const parts = partsOf(objects);
    await watched(objects, 1_260, 1_260);
    await parts.registry.act('gold', 'promoted', overflowing, { at: 1, by: 'a test', reason: 'by mistake' });
    const watch = new ModelWatch(parts);
    expect((await watch.look(at(1_261))).map(({ kind }) => kind)).toEqual(['champion-seen']);
    const [rolledBack] = await watch.look(at(1_290));
    expect(rolledBack).toMatchObject({ kind: 'rolled-back', version: none, instead: overflowing });
    expect((await parts.registry.standing('gold')).champion).toBe(none);
  });

  test('whose files were changed is rolled back from', async () => {
    const objects = new EmbeddedObjectStore(directory);
    const parts = partsOf(objects);
    await parts.registry.act('gold', 'promoted', good, { at: 1, by: 'a test', reason: 'to break it' });
    await objects.put(`models/gold/${good}/neurons.model`, Uint8Array.of(1, 2, 3));
    expect((await new ModelWatch(parts).look(at(1_320))).map(({ kind }) => kind)).toEqual([
      'champion-seen',
      'rolled-back',
    ]);
    expect((await parts.registry.standing('gold')).champion).toBe(none);
  });

  test('stays where a person puts it, after a promotion by evidence too', async () => {
    const objects = new EmbeddedObjectStore(directory);
    await watched(objects, 1_260, 2_580);
    const { registry } = partsOf(objects);
    await registry.act('gold', 'promoted', none, { at: 1, by: 'a person', reason: 'no trust' });
    const kinds = await watched(objects, 2_581, 2_590);
    expect(kinds[0]).toBe('champion-seen');
    expect(kinds).not.toContain('promoted');
    expect((await registry.standing('gold')).champion).toBe(none);
  });

  test('that has no champion is left alone', async () => {
    const objects = new EmbeddedObjectStore(join(directory, 'empty'));
    expect(await new ModelWatch(partsOf(objects)).look(at(1_300))).toEqual([]);
  });

  test('shows how it does: calibration, drift by feature, unlike inputs, decay', async () => {
    const objects = new EmbeddedObjectStore(directory);
    const watch = new ModelWatch(partsOf(objects));
    const before = await watch.figures(at(SHIFTED_AT));
    const after = await watch.figures(at(2_000));
    expect(before).toMatchObject({ version: none, rows: 300, refused: 0 });
    expect(before.calibration?.bins).toHaveLength(1);
    expect(before.drift!.features[0].ratio).toBeLessThan(before.drift!.limit);
    expect(after.drift!.features[0].ratio).toBeGreaterThan(after.drift!.limit);
    expect(after.unlike).toBeGreaterThan(before.unlike!);
  });
});

describe('a platform that is killed', () => {
  class Killed extends Error {}

  test('at any point of any write does the rest when it comes again, and does nothing twice', async () => {
    let points = 0;
    await watched(new EmbeddedObjectStore(directory, { faultPoint: () => void points++ }), 1_260, 2_580);
    const undisturbed = await partsOf(new EmbeddedObjectStore(directory)).registry.history('gold');
    const kinds = async (): Promise<string[]> => {
      const trainings = await new TrainingQueueStore(new EmbeddedObjectStore(directory)).trainings();
      return trainings.map(({ status }) => status);
    };
    expect(await kinds()).toEqual(['finished']);
    for (let kill = 1; kill <= points; kill += 4) {
      rmSync(directory, { recursive: true, force: true });
      cpSync(begun, directory, { recursive: true });
      let passed = 0;
      const faultPoint = (): void => {
        if (++passed === kill) throw new Killed();
      };
      let count = 1_260;
      await expect(
        (async () => {
          const dying = new EmbeddedObjectStore(directory, { faultPoint });
          for (; count <= 2_580; count += STEP) await watched(dying, count, count);
        })(),
      ).rejects.toBeInstanceOf(Killed);
      await watched(new EmbeddedObjectStore(directory), count, 2_580);
      expect(await partsOf(new EmbeddedObjectStore(directory)).registry.history('gold')).toEqual(undisturbed);
      expect(await kinds()).toEqual(['finished']);
    }
  });
});
