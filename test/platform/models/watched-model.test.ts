/** Models that are watched on a data directory: what a look leaves, who may look, and what becomes of trainings. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { EmbeddedObjectStore } from '../../../adapters/embedded/objects.ts';
import { createLake } from '../../../adapters/lake/lake.ts';
import { Sightings } from '../../../adapters/models/monitoring/sightings.ts';
import { ModelRegistry } from '../../../adapters/models/registry.ts';
import { TrainingQueueStore } from '../../../adapters/models/training-queue.ts';
import { sliceBars } from '../../../core/market/bars.ts';
import { lifecycleLimitsSchema } from '../../../core/models/monitoring/limits.ts';
import { WatchedModel, type WatchedModelSettings } from '../../../platform/models/watched-model.ts';
import { Watcher } from '../../../platform/models/watcher.ts';
import { HOUR_MS, walk } from '../../core/models/walk.ts';
import { csvOf } from './bars-file.ts';
import { neuronServer, registeredElsewhere } from './elsewhere.ts';
import { registered } from './versions.ts';

vi.setConfig({ testTimeout: 60_000 });

const BARS = walk(3_600);
const TRAINED = { from: BARS.timestamp[50], to: BARS.timestamp[3_100] };
const LAST = BARS.timestamp[3_599] + HOUR_MS;
const DEED = { at: TRAINED.to, by: 'a test', reason: 'the first' };
const SERIES = { provenance: 'simulated', venue: 'sim', symbol: 'A', timeframe: '1h' } as const;
/** Such a training is due at once. */
const DUE = lifecycleLimitsSchema.parse({ retrainAfterBars: 100 });

let directory: string;
let registry: ModelRegistry;
let objects: EmbeddedObjectStore;
let file: string;
let version: string;
let now: number;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-watched-'));
  objects = new EmbeddedObjectStore(join(directory, 'objects'));
  registry = new ModelRegistry(objects);
  version = await registered(registry, { weights: [-1, 0], period: TRAINED });
  await registry.act('gold', 'promoted', version, DEED);
  file = join(directory, 'gold.csv');
  writeFileSync(file, csvOf(BARS));
  now = 1_000;
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

const settings = (change: Partial<WatchedModelSettings> = {}): WatchedModelSettings => ({
  ...{ name: 'gold', file, limits: lifecycleLimitsSchema.parse({}) },
  training: { hyperparameters: {}, withinMs: 10_000, mostRows: 1_000 },
  ...change,
});
const modelOf = (change: Partial<WatchedModelSettings> = {}): WatchedModel =>
  new WatchedModel(directory, settings(change), () => now);
const sighting = (name = 'gold') => new Sightings(objects).of(name);

describe('a look', () => {
  test('leaves what it found, for who asks later', async () => {
    const model = modelOf();
    const { transitions } = await model.look(5_000);
    model.close();
    expect(transitions).toMatchObject([{ kind: 'champion-seen', version }]);
    expect(await sighting()).toMatchObject({
      ...{ model: 'gold', lookedAt: 1_000, nextLookAt: 5_000, barsTo: LAST, champion: version },
      stage: { name: 'observing' },
      figures: { version, rows: 500, refused: 0, waiting: 0, furthest: { feature: expect.any(String) } },
    });
  });

  test('that cannot be done leaves why, beside what the one before found', async () => {
    const model = modelOf();
    await model.look(5_000);
    rmSync(file);
    now = 6_000;
    await expect(model.look()).rejects.toThrow(/gold\.csv/);
    model.close();
    const left = await sighting();
    expect(left).toMatchObject({ lookedAt: 6_000, champion: version, figures: { rows: 500 } });
    expect(left!.problem).toMatch(/gold\.csv/);
    expect(left).not.toHaveProperty('nextLookAt');
  });

  test('is one process’s at a time: another is refused until it is over, and leaves nothing', async () => {
    const [first, second] = [modelOf(), modelOf()];
    await first.look(5_000);
    now = 2_000;
    await expect(second.look()).rejects.toMatchObject({ code: 'MODEL_WATCHED' });
    expect(await second.trainNext('second', new AbortController().signal)).toBeUndefined();
    expect(await sighting()).toMatchObject({ lookedAt: 1_000, nextLookAt: 5_000 });
    first.close();
    await second.look();
    second.close();
    expect(await sighting()).toMatchObject({ lookedAt: 2_000 });
  });

  test.each([
    ['that is not there', 'godl', 'MODEL_UNKNOWN'],
    ['whose name leads out of the directory', '../gold', 'MODEL_NAME_INVALID'],
  ])('bad input: a look at a model %s leaves nothing', async (_, name, code) => {
    await expect(modelOf({ name }).look()).rejects.toMatchObject({ code });
    expect(await new Sightings(objects).all()).toEqual([]);
  });

  test('bad input: a sighting that cannot be read is none, and the next look writes another', async () => {
    mkdirSync(join(directory, 'objects/model-watches'), { recursive: true });
    writeFileSync(join(directory, 'objects/model-watches/gold.json'), '{"model":');
    expect(await sighting()).toBeUndefined();
    expect(await new Sightings(objects).all()).toEqual([]);
    const model = modelOf();
    await model.look();
    model.close();
    expect(await sighting()).toMatchObject({ champion: version });
  });

  test('on the lake alone, and on a file with the lake after it, finds what one on a file of all bars does', async () => {
    now = LAST;
    await createLake(objects).appendBars({ ...SERIES, bars: BARS, knownAt: LAST });
    const figuresOf = async (bars: Pick<WatchedModelSettings, 'file' | 'series'>) => {
      const { file: _, ...without } = settings();
      const model = new WatchedModel(directory, { ...without, ...bars }, () => now);
      const { figures } = await model.look();
      model.close();
      return figures;
    };
    const onFile = await figuresOf({ file });
    expect(onFile).toMatchObject({ rows: 500 });
    expect(await figuresOf({ series: SERIES })).toEqual(onFile);
    writeFileSync(file, csvOf(sliceBars(BARS, 0, 3_400)));
    expect(await figuresOf({ file, series: SERIES })).toEqual(onFile);
  });

  test('bad input: an account that has kept nothing yet is said', async () => {
    const { file: _, ...without } = settings({ series: SERIES });
    const model = new WatchedModel(directory, without, () => now);
    await expect(model.look()).rejects.toThrow(/lake has no simulated bars of A at sim yet/);
    model.close();
  });

  test('bad input: bars that do not hold what it learned from are refused', async () => {
    writeFileSync(file, csvOf(sliceBars(BARS, 60, 3_600)));
    const model = modelOf();
    await expect(model.look()).rejects.toMatchObject({ code: 'WATCH_BARS' });
    model.close();
    expect((await sighting())!.problem).toMatch(/do not reach back to 2020-09-.* learned\. .*Name a file/);
  });

  test('bad input: a model that is watched on neither a file nor an account is refused', async () => {
    const { file: _, ...without } = settings();
    const model = new WatchedModel(directory, without, () => now);
    await expect(model.look()).rejects.toMatchObject({ code: 'USAGE' });
    model.close();
  });
});

describe('a look at a model that is asked elsewhere', () => {
  let served: Awaited<ReturnType<typeof neuronServer>>;
  let far: string;
  beforeEach(async () => {
    served = await neuronServer(await registry.load(await registry.version('gold', version)), ['far']);
    far = await registeredElsewhere(registry, { name: 'far', twin: 'gold', native: version }, served.ask);
    await registry.act('far', 'promoted', far, DEED);
    return () => served.close();
  });

  test('asks the server that the environment names', async () => {
    vi.stubEnv('PLIMSOLL_MODEL_SERVER', served.server.url);
    const model = modelOf({ name: 'far' });
    const { figures } = await model.look();
    model.close();
    expect(figures).toMatchObject({ version: far, rows: 500, refused: 0 });
    expect(figures).not.toHaveProperty('waiting');
    expect((await sighting('far'))!.figures).toMatchObject({ waiting: 0, outcomes: figures.outcomes });
  });

  test('bad input: without a Python for its server its rows wait, and the sighting says why', async () => {
    vi.stubEnv('PATH', join(directory, 'nothing'));
    vi.stubEnv('PLIMSOLL_PYTHON', '');
    const model = modelOf({ name: 'far' });
    const { transitions } = await model.look();
    model.close();
    expect(transitions.map(({ kind }) => kind)).toEqual(['champion-seen']);
    const left = (await sighting('far'))!;
    expect(left.figures).toMatchObject({ rows: 500, outcomes: 0, refused: 0, waiting: 500 });
    expect(left.problem).toMatch(/500 rows wait for an answer: .*Python 3\.11/);
  });
});

describe('a watcher', () => {
  /** Runs it until `isOver`; returns what it told. */
  async function ran(
    models: readonly Partial<WatchedModelSettings>[],
    isOver: (told: readonly string[], looks: readonly (string | undefined)[]) => boolean,
  ) {
    const told: string[] = [];
    const looks: (string | undefined)[] = [];
    const stopping = new AbortController();
    const look = (): void => {
      if (isOver(told, looks)) stopping.abort();
    };
    const turns = models.map((change) => ({ ...settings(change), everyMs: 5 }));
    await new Watcher(
      { directory, models: turns },
      {
        tell: (line) => {
          told.push(line);
          look();
        },
        looking: () => undefined,
        looked: (model, problem) => {
          looks.push(problem === undefined ? model : undefined);
          look();
        },
        now: Date.now,
      },
    ).run(stopping.signal);
    return { told, looks };
  }
  const count = (looks: readonly unknown[], name: string): number => looks.filter((look) => look === name).length;

  test('looks at each model again and again; one that cannot be looked at is told of once and leaves the others', async () => {
    const bad = { name: 'silver', file: 'nowhere.csv' };
    const { told, looks } = await ran([bad, {}], (_, done) => count(done, 'gold') >= 3);
    expect(looks.length).toBeGreaterThan(count(looks, 'gold'));
    expect(told.filter((line) => line.startsWith('silver'))).toEqual([
      expect.stringMatching(/^silver is not watched: There is no model "silver"/),
    ]);
    expect(told).toContainEqual(expect.stringMatching(/^gold {2}champion-seen: /));
    // Whoever comes next may look.
    const model = modelOf();
    await model.look();
    model.close();
  });

  test('bad input: without Python looks go on, and a training is refused in a sentence', async () => {
    vi.stubEnv('PATH', join(directory, 'nothing'));
    vi.stubEnv('PLIMSOLL_PYTHON', '');
    let after = 0;
    const { told } = await ran([{ limits: DUE }], (lines, looks) => {
      if (lines.some((line) => line.includes('is failed'))) after ||= looks.length;
      return after > 0 && looks.length >= after + 3;
    });
    expect(told).toContainEqual(expect.stringMatching(/^gold {2}queued: there are 500 bars/));
    expect(told).toContainEqual(
      expect.stringMatching(/the training .* is failed: training needs Python 3\.11 or newer/),
    );
    expect(told).toContainEqual(expect.stringMatching(/^gold {2}training-failed: training needs Python/));
    const [training] = await new TrainingQueueStore(objects).trainings();
    expect(training).toMatchObject({ status: 'failed', attempts: 1 });
  });
});
