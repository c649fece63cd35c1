/** A promotion that was decided when its list was full: whoever begins the list anew, and whoever is killed meanwhile, it is carried out. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EmbeddedObjectStore } from '../../../adapters/embedded/objects.ts';
import { type LifecycleList, lifecycleList } from '../../../adapters/models/monitoring/lifecycle-list.ts';
import { PART_ENTRIES } from '../../../adapters/models/monitoring/numbered-list.ts';
import { ModelRegistry } from '../../../adapters/models/registry.ts';
import { TrainingQueueStore } from '../../../adapters/models/training-queue.ts';
import type { Transition } from '../../../core/models/monitoring/lifecycle.ts';
import { lifecycleLimitsSchema } from '../../../core/models/monitoring/limits.ts';
import { ModelWatch, WATCH } from '../../../platform/models/model-watch.ts';
import { HOUR_MS, walk } from '../../core/models/walk.ts';
import { registered } from './versions.ts';

class Killed extends Error {}

const BARS = walk(1_300);
const PERIOD = { from: BARS.timestamp[50], to: BARS.timestamp[1_200] };
const QUICK = { limits: lifecycleLimitsSchema.parse({}), drift: { windowRows: 100, stepRows: 20, draws: 20 } };
const SEEN = { symbol: 'A', bars: BARS, now: BARS.timestamp[1_299] + HOUR_MS };
const said = { at: BARS.timestamp[1_250], reason: 'a drill', figures: {} };

/** A list of 499 entries, at whose end one version decides and another one is on trial. */
let begun: string;
let first: string;
let second: string;
beforeAll(async () => {
  begun = mkdtempSync(join(tmpdir(), 'plimsoll-rollover-'));
  const objects = new EmbeddedObjectStore(begun);
  const registry = new ModelRegistry(objects);
  first = await registered(registry, { weights: [0, 0], period: PERIOD });
  second = await registered(registry, { weights: [-1, 0], period: PERIOD });
  await registry.act('gold', 'promoted', first, { at: PERIOD.to, by: 'a test', reason: 'the first' });
  const last: Transition[] = [
    { kind: 'champion-seen', version: first, ...said },
    { kind: 'queued', training: 'drill', trigger: 'schedule', ...said },
    { kind: 'shadow-started', version: second, ...said },
    { kind: 'trial-started', version: second, share: 0.05, ...said },
  ];
  const filling: Transition = { kind: 'training-failed', training: 'drill', ...said };
  const entries = [...Array.from({ length: PART_ENTRIES - 1 - last.length }, () => filling), ...last];
  const part = join(begun, 'model-lifecycles/gold/00000001');
  mkdirSync(part, { recursive: true });
  for (const [k, entry] of entries.entries())
    writeFileSync(join(part, `${String(k + 1).padStart(8, '0')}.json`), JSON.stringify(entry));
});
afterAll(() => rmSync(begun, { recursive: true, force: true }));

interface Place {
  readonly list: LifecycleList;
  readonly registry: ModelRegistry;
  readonly queue: TrainingQueueStore;
  /** Looks once, by a watch that has seen nothing before. */
  look(): Promise<unknown>;
}

const placeOf = (objects: EmbeddedObjectStore): Place => {
  const [registry, queue] = [new ModelRegistry(objects), new TrainingQueueStore(objects)];
  const look = () => new ModelWatch({ name: 'gold', objects, registry, queue, ...QUICK }).look(SEEN);
  return { list: lifecycleList(objects, 'gold'), registry, queue, look };
};

/** Begun again in a folder of its own. `dying` is the same place, killed at one of the points of its writes: each write has two. */
async function drill(work: (place: Place, dying: (killAt: number) => Place) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-rollover-'));
  const dying = (killAt: number): Place => {
    let passed = 0;
    const faultPoint = (): void => {
      if (++passed === killAt) throw new Killed();
    };
    return placeOf(new EmbeddedObjectStore(directory, { faultPoint }));
  };
  try {
    cpSync(begun, directory, { recursive: true });
    await work(placeOf(new EmbeddedObjectStore(directory)), dying);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const isPromotedOnce = async ({ look, registry }: Place): Promise<void> => {
  await look();
  expect(await registry.standing('gold')).toMatchObject({ champion: second, former: [first] });
  const promotions = (await registry.history('gold')).filter(({ by }) => by === WATCH);
  expect(promotions).toMatchObject([{ action: 'promoted', version: second }]);
};

const promote = (list: LifecycleList) =>
  list.append(() => ({ kind: 'promoted', version: second, instead: first, ...said }) as const);
/** What another watch does that had looked before the promotion was written: it begins the list anew, and then finds that it is too late. */
const comesLate = (list: LifecycleList) => list.append(() => undefined);

test('it is carried out after another watch began the list anew', () =>
  drill(async (place) => {
    await promote(place.list);
    await comesLate(place.list);
    expect(await place.list.entries()).toHaveLength(PART_ENTRIES + 1);
    await isPromotedOnce(place);
  }));

test.each([1, 2])(
  'it is carried out wherever the two, and who comes after them, are killed (point %d of a write)',
  async (killAt) => {
    await drill(async (place, dying) => {
      await expect(promote(dying(killAt).list)).rejects.toBeInstanceOf(Killed);
      // Killed before its name was there, it is decided again.
      if (killAt === 1) await promote(place.list);
      await comesLate(place.list);
      await isPromotedOnce(place);
    });
    await drill(async (place, dying) => {
      await promote(place.list);
      await expect(comesLate(dying(killAt).list)).rejects.toBeInstanceOf(Killed);
      await isPromotedOnce(place);
    });
    await drill(async (place, dying) => {
      await promote(place.list);
      await comesLate(place.list);
      await expect(dying(killAt).look()).rejects.toBeInstanceOf(Killed);
      await isPromotedOnce(place);
    });
  },
);

test('a training that was decided on is asked for after another watch began the list anew', () =>
  drill(async ({ list, look, queue }) => {
    await list.append(() => ({ kind: 'queued', training: 'anew', trigger: 'schedule', ...said }) as const);
    await comesLate(list);
    await look();
    expect(await queue.trainings()).toMatchObject([{ wanted: { id: 'anew', model: 'gold' }, status: 'pending' }]);
  }));
