/** A look on AWS beside one of the platform on a laptop, over the same bars: a real registry, lake and object store, models whose numbers were set by hand. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedObjectStore } from '../../../../adapters/embedded/objects.ts';
import { createLake } from '../../../../adapters/lake/lake.ts';
import { championsOf } from '../../../../adapters/models/models-at-hand.ts';
import { KeptLooks } from '../../../../adapters/models/monitoring/kept-looks.ts';
import { Sightings } from '../../../../adapters/models/monitoring/sightings.ts';
import { ModelRegistry } from '../../../../adapters/models/registry.ts';
import { TrainingQueueStore } from '../../../../adapters/models/training-queue.ts';
import { type BarColumns, sliceBars } from '../../../../core/market/bars.ts';
import { featureSet } from '../../../../core/models/features/feature-set.ts';
import { lifecycleLimitsSchema } from '../../../../core/models/monitoring/limits.ts';
import { lookAt } from '../../../../core/models/monitoring/look.ts';
import { type LookPorts, lookAtModel } from '../../../../functions/support/watch/look-at-model.ts';
import type { WatchedModel } from '../../../../functions/support/watch/watched-models.ts';
import { ModelWatch } from '../../../../platform/models/model-watch.ts';
import { HOUR_MS, walk } from '../../../core/models/walk.ts';
import { shifted } from '../../../models_job/drift-drill-series.ts';
import { registered } from '../../../platform/models/versions.ts';

const SHIFTED_AT = 1_800;
const BARS = shifted(walk(3_000), { from: SHIFTED_AT, volatility: 3, reversion: 0.7 });
/** Where the file ends, and the lake begins. */
const FILED = 1_500;
const PERIOD = { from: BARS.timestamp[50], to: BARS.timestamp[1_300] };
const SERIES = { provenance: 'live', venue: 'kept', symbol: 'A', timeframe: '1h' } as const;
const LIMITS = lifecycleLimitsSchema.parse({ leastFreshBars: 300 });
const MODEL: WatchedModel = {
  name: 'gold',
  ...{ period: PERIOD, bars: { file: 'bars.gz', hash: '' }, series: SERIES, everyMinutes: 60, limits: LIMITS },
};

let directory: string;
let registry: ModelRegistry;
let first: string;
let second: string;
let kept: EmbeddedObjectStore;
let written = 0;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-look-'));
  const objects = new EmbeddedObjectStore(join(directory, 'models'));
  registry = new ModelRegistry(objects);
  first = await registered(registry, { weights: [-1, 0], period: PERIOD });
  second = await registered(registry, { weights: [-2, 0], period: PERIOD });
  await registry.act('gold', 'promoted', first, { at: 1, by: 'a test', reason: 'the first' });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));
beforeEach(() => {
  kept = new EmbeddedObjectStore(join(directory, `aws-${++written}`));
});

const closeOf = (count: number): number => BARS.timestamp[count - 1] + HOUR_MS;
const fileOf = (): BarColumns => sliceBars(BARS, 0, FILED);

/** The lake as ingest leaves it: each bar as it was known at its close. */
async function ports(count: number, more: Partial<LookPorts> = {}): Promise<LookPorts> {
  const lake = createLake(kept);
  const parts = [FILED, 2_000, 2_400, count].filter((end, k, ends) => end <= count && end !== ends[k - 1]);
  for (let k = 1; k < parts.length; k++)
    await lake.appendBars({ ...SERIES, bars: sliceBars(BARS, parts[k - 1], parts[k]), knownAt: closeOf(parts[k]) });
  return {
    watch: { models: await championsOf(registry), watched: [MODEL] },
    barsOf: fileOf,
    lake,
    looks: new KeptLooks(kept),
    now: () => closeOf(count),
    ...more,
  };
}

const laptop = async (count: number) => {
  const objects = new EmbeddedObjectStore(join(directory, `laptop-${++written}`));
  const watch = new ModelWatch({
    ...{ name: 'gold', registry, objects },
    queue: new TrainingQueueStore(objects),
    limits: LIMITS,
  });
  const watched = { symbol: 'A', bars: sliceBars(BARS, 0, count), now: closeOf(count) };
  const transitions = await watch.look(watched);
  return { transitions, state: await watch.state(), figures: await watch.figures(watched) };
};

const lookOf = async (count: number) => lookAtModel(await ports(count), { model: 'gold' });

describe('a look at a deployed champion', () => {
  it.each([
    ['before a shift', SHIFTED_AT],
    ['after it', 3_000],
  ])('is the same to the last bit as one on a laptop over the same bars: %s', async (_, count) => {
    const there = await laptop(count);
    const recipe = {
      ...{ set: featureSet(['return-1', 'body']), symbol: 'A', intervalMs: HOUR_MS },
      label: (await registry.version('gold')).manifest.label,
    };
    const judge = (await championsOf(registry))('gold').ensemble();
    const version = { version: first, judge, recipe, period: PERIOD };
    const here = lookAt(version, sliceBars(BARS, 0, count), { limits: LIMITS });
    expect(here.figures).toEqual(there.figures);
    expect(here.transitions).toEqual(there.transitions);
    expect(here.state).toEqual(there.state);
    // And from the file and the lake.
    const { state, transitions, figures } = await lookOf(count);
    expect({ state, transitions }).toEqual({ state: there.state, transitions: there.transitions });
    expect(figures).toMatchObject({
      ...{ version: first, rows: there.figures.rows, outcomes: there.figures.outcomes, waiting: 0 },
      calibrationError: there.figures.calibration!.expectedError,
      furthest: { ratio: there.figures.drift!.features[0].ratio, limit: there.figures.drift!.limit },
      unlike: there.figures.unlike,
    });
  });

  it('flags a shift, and says when a training is due, once: nothing follows before another version decides', async () => {
    expect((await lookOf(SHIFTED_AT)).transitions.map(({ kind }) => kind)).toEqual(['champion-seen']);
    const flagged = await lookOf(3_000);
    expect(flagged.transitions.map(({ kind }) => kind)).toEqual(['champion-seen', 'flagged', 'queued']);
    expect(flagged).toMatchObject({ stage: { name: 'queued' }, flagged: 'drift', barsTo: closeOf(3_000) });
    expect(flagged.nextLookAt).toBe(closeOf(3_000) + HOUR_MS);
    const again = await lookOf(3_000);
    expect(again).toEqual(flagged);
    expect(await new Sightings(kept).of('gold')).toMatchObject({ flagged: 'drift', stage: { name: 'queued' } });
  });

  it('begins anew with another version', async () => {
    await lookOf(3_000);
    const other = await ports(SHIFTED_AT);
    const models: LookPorts['watch']['models'] = (name) => ({ ...other.watch.models(name), version: second });
    const look = await lookAtModel({ ...other, watch: { ...other.watch, models } }, { model: 'gold' });
    expect(look.transitions).toMatchObject([{ kind: 'champion-seen', version: second }]);
    expect(look.state.flagged).toBeUndefined();
    expect(look.stage).toEqual({ name: 'observing' });
  });

  it('begins anew where what was kept cannot be read', async () => {
    const look = await lookOf(3_000);
    await kept.put('model-watches/gold.json', new TextEncoder().encode('{"model":"gold"}'));
    expect(await lookOf(3_000)).toEqual(look);
  });

  it('bad input: what keeps it from being done is kept beside what was found before, and thrown', async () => {
    const look = await lookOf(SHIFTED_AT);
    const failing = await ports(SHIFTED_AT, {
      barsOf: () => sliceBars(BARS, 0, 100),
      now: () => closeOf(SHIFTED_AT) + 5,
    });
    const gone = { ...failing, lake: { readBars: async () => Promise.reject(new Error('the lake is gone')) } };
    await expect(lookAtModel(gone, { model: 'gold' })).rejects.toThrow('the lake is gone');
    const told = await new Sightings(kept).of('gold');
    expect(told).toMatchObject({ problem: expect.stringContaining('the lake is gone'), figures: look.figures });
    expect(told?.lookedAt).toBe(closeOf(SHIFTED_AT) + 5);
    // The next one goes on from there.
    const next = await lookOf(SHIFTED_AT);
    expect(next.problem).toBeUndefined();
    expect(next.transitions).toEqual(look.transitions);
  });

  it('bad input: bars that are too few to say how far they stray are refused, before any look too', async () => {
    const few = await ports(FILED, { barsOf: () => sliceBars(BARS, 0, 400) });
    await expect(lookAtModel(few, { model: 'gold' })).rejects.toMatchObject({ code: 'MONITORING_INPUT_INVALID' });
    expect(await new Sightings(kept).of('gold')).toMatchObject({ model: 'gold', problem: expect.any(String) });
    expect(await new KeptLooks(kept).of('gold')).toBeUndefined();
  });

  it.each([
    ['names no model', {}, 'LOOK_EVENT_INVALID'],
    ['names more than a model', { model: 'gold', limit: 1 }, 'LOOK_EVENT_INVALID'],
    ['is none', 'gold', 'LOOK_EVENT_INVALID'],
    ['names a model that is not watched', { model: 'golt' }, 'MODEL_UNKNOWN'],
  ])('bad input: an event that %s is refused, and nothing is kept', async (_, event, code) => {
    await expect(lookAtModel(await ports(FILED), event)).rejects.toMatchObject({ code });
    expect(await new Sightings(kept).all()).toEqual([]);
  });
});
