/**
 * The drift drill: recorded gold becomes another market at a known bar, and what follows does so with nobody's hand in it. The market,
 * the training, the registry and the queue are real; the shift is a drill's, as `drift-drill-series.ts` says.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EmbeddedObjectStore } from '../../adapters/embedded/objects.ts';
import { writeFeatureTable } from '../../adapters/files/feature-table.ts';
import { ModelRegistry } from '../../adapters/models/registry.ts';
import { TrainingQueueStore } from '../../adapters/models/training-queue.ts';
import { type BarColumns, sliceBars } from '../../core/market/bars.ts';
import { featureSet } from '../../core/models/features/feature-set.ts';
import { sharesOf, type Transition } from '../../core/models/monitoring/lifecycle.ts';
import { lifecycleLimitsSchema } from '../../core/models/monitoring/limits.ts';
import { rowsBetween } from '../../core/models/monitoring/trained-rows.ts';
import { labelSchema, NO_ROWS, type TableRows } from '../../core/models/table.ts';
import { seededRandom } from '../../core/research/random.ts';
import { ModelWatch, WATCH } from '../../platform/models/model-watch.ts';
import { train } from '../../platform/models/training.ts';
import { trainNext } from '../../platform/models/training-worker.ts';
import { recordedFound, recordedSeries } from '../core/market/recorded.ts';
import { pythonWithTraining } from '../python/training.ts';
import { shifted } from './drift-drill-series.ts';

const HOUR_MS = 3_600_000;
const SYMBOL = 'XAU/USD';
const FEATURES = ['return-1', 'return-6', 'rsi-14', 'above-sma-20', 'atr-share-14', 'hour-sin', 'body'];
const LABEL = labelSchema.parse({ kind: 'fixed-horizon', bars: 1 });
const HYPERPARAMETERS = { members: 'logistic-regression,lightgbm', folds: 2 };
/** Where the drill begins in ten years of hours: 2017-08. */
const FIRST_BAR = 30_000;
/** The champion learns from bars 300 to 3,300, and the market changes 500 bars later. */
const TRAINED_FROM = 300;
const TRAINED_TO = 3_300;
const SHIFTED_AT = 3_800;
const BARS = 5_800;
/** How often the platform looks. */
const STEP = 48;
/** Within so many bars of the shift it has to be flagged. */
const FLAGGED_WITHIN = 320;
/** Of a test: trainings share the machine with the rest of the suite. */
const WITHIN_MS = 300_000;
const SOURCE = { file: 'xauusd_h1_2012_2022.parquet', sha256: 'a'.repeat(64), provenance: 'a drill' };
const LIMITS = lifecycleLimitsSchema.parse({ leastFreshBars: 1_000, leastShadowBars: 240, leastTrialBars: 240 });
const DRIFT = { draws: 200 };

describe.runIf(recordedFound)('the drift drill', () => {
  let directory: string;
  let recordedBars: BarColumns;
  let drillBars: BarColumns;
  let registry: ModelRegistry;
  let objects: EmbeddedObjectStore;
  let queue: TrainingQueueStore;
  let first: string;
  /** What followed, in order, and the bar after which each was decided. */
  const followed: { transition: Transition; bar: number }[] = [];

  const watchIn = (store: EmbeddedObjectStore): ModelWatch =>
    new ModelWatch({
      name: 'gold',
      registry,
      objects: store,
      queue: new TrainingQueueStore(store),
      limits: LIMITS,
      drift: DRIFT,
    });
  const seenAt = (bars: BarColumns, count: number) => {
    const seen = sliceBars(bars, 0, count);
    return { symbol: SYMBOL, bars: seen, now: seen.timestamp[count - 1] + HOUR_MS };
  };
  const rows = (bars: BarColumns, from: number, to: number): TableRows =>
    rowsBetween(
      bars,
      { set: featureSet(FEATURES), label: LABEL, symbol: SYMBOL, intervalMs: HOUR_MS },
      { from: bars.timestamp[from], to: bars.timestamp[to] },
    );
  /** The real job, on a table of these rows. */
  const trainOn = async (name: string, table: TableRows): Promise<string> => {
    const folder = join(directory, 'tables', name);
    await writeFeatureTable(
      folder,
      { rows: table, locked: NO_ROWS, leftOut: 0 },
      { features: FEATURES, label: LABEL, timeframe: '1h', symbols: [SYMBOL], sources: [SOURCE] },
    );
    const { version } = await train({
      directory,
      name: 'gold',
      table: folder,
      hyperparameters: HYPERPARAMETERS,
      by: 'the drill',
      reason: name,
      withinMs: 200_000,
      environment: {},
      now: () => recordedBars.timestamp[TRAINED_TO],
    });
    return version.version;
  };
  /** The platform without a person: it looks, and trains what waits, every two days. */
  const run = async (from: number, to: number, isOver: (transition: Transition) => boolean): Promise<number> => {
    // As after a crash, each stretch is begun by another watch.
    const watch = watchIn(objects);
    for (let count = from; count <= to; count += STEP) {
      const watched = seenAt(drillBars, count);
      const transitions = await watch.look(watched);
      followed.push(...transitions.map((transition) => ({ transition, bar: count })));
      if (transitions.some(isOver)) return count;
      await trainNext({
        directory,
        registry,
        queue,
        worker: 'the drill',
        barsOf: async () => ({ symbol: SYMBOL, bars: watched.bars, source: SOURCE }),
        mostRows: 3_000,
        hyperparameters: HYPERPARAMETERS,
        withinMs: 200_000,
        environment: {},
        now: () => watched.now,
      });
    }
    return to;
  };
  const when = (kind: Transition['kind']): number => followed.find(({ transition }) => transition.kind === kind)!.bar;

  beforeAll(async () => {
    await pythonWithTraining();
    directory = mkdtempSync(join(tmpdir(), 'plimsoll-drill-'));
    mkdirSync(join(directory, 'python'));
    symlinkSync(resolve(import.meta.dirname, '../../.cache/training-venv'), join(directory, 'python', 'training'));
    recordedBars = sliceBars(await recordedSeries('fx/xauusd_h1_2012_2022.parquet'), FIRST_BAR, FIRST_BAR + BARS);
    drillBars = shifted(recordedBars, { from: SHIFTED_AT, volatility: 2, reversion: 0.6 });
    objects = new EmbeddedObjectStore(join(directory, 'objects'));
    registry = new ModelRegistry(objects);
    queue = new TrainingQueueStore(objects);
    first = await trainOn('first', rows(recordedBars, TRAINED_FROM, TRAINED_TO));
    const deed = { at: recordedBars.timestamp[TRAINED_TO], by: 'the drill', reason: 'the first champion' };
    await registry.act('gold', 'promoted', first, deed);
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test(
    'of the series as it was recorded nothing is flagged, and no training is queued',
    async () => {
      const apart = new EmbeddedObjectStore(join(directory, 'unshifted'));
      const watch = watchIn(apart);
      const transitions: Transition[] = [];
      for (let count = TRAINED_TO + STEP; count <= BARS; count += 2 * STEP)
        transitions.push(...(await watch.look(seenAt(recordedBars, count))));
      expect(transitions.map(({ kind }) => kind)).toEqual(['champion-seen']);
      expect(await new TrainingQueueStore(apart).trainings()).toEqual([]);
      const figures = await watch.figures(seenAt(recordedBars, BARS));
      expect(figures.decay?.alarm).toBeUndefined();
      expect(figures.unlike).toBeLessThan(0.02);
    },
    WITHIN_MS,
  );

  test(
    'the shift is flagged, a challenger is trained, watched, tried on a share, and promoted by evidence',
    async () => {
      const end = await run(TRAINED_TO + STEP, BARS, ({ kind }) => kind === 'promoted');
      expect(followed.map(({ transition }) => transition.kind).filter((kind) => kind !== 'share-changed')).toEqual([
        ...['champion-seen', 'flagged', 'queued', 'shadow-started', 'trial-started', 'promoted'],
      ]);
      expect(when('flagged') - SHIFTED_AT).toBeGreaterThan(0);
      expect(when('flagged') - SHIFTED_AT).toBeLessThanOrEqual(FLAGGED_WITHIN);
      expect(end).toBeLessThanOrEqual(SHIFTED_AT + 1_600);
      const { champion, former } = await registry.standing('gold');
      expect(champion).not.toBe(first);
      expect(former).toEqual([first]);
      expect((await registry.history('gold')).at(-1)).toMatchObject({ action: 'promoted', by: WATCH });
      expect(await queue.trainings()).toMatchObject([{ status: 'finished', version: champion, attempts: 1 }]);
    },
    WITHIN_MS,
  );

  test('the share on trial stays within what a person allowed', () => {
    const shares = followed.flatMap(({ transition }) => ('share' in transition ? [transition.share] : []));
    expect(shares[0]).toBe(LIMITS.firstShare);
    expect(Math.max(...shares)).toBeLessThanOrEqual(LIMITS.mostShare);
  });

  test(
    'a broken one that was promoted by mistake is rolled back from by evidence',
    async () => {
      const { champion: good } = await registry.standing('gold');
      const before = when('promoted');
      const made = rows(drillBars, SHIFTED_AT, before - 1);
      const broken = await trainOn('broken', { ...made, label: dealtAnew(made.label) });
      const deed = { at: drillBars.timestamp[before], by: 'the drill', reason: 'by mistake' };
      await registry.act('gold', 'promoted', broken, deed);
      const count = followed.length;
      const end = await run(before + STEP, BARS, ({ kind }) => kind === 'rolled-back');
      expect(followed.slice(count).map(({ transition }) => transition.kind)).toEqual(['champion-seen', 'rolled-back']);
      expect(end - before).toBeLessThanOrEqual(480);
      expect(await registry.standing('gold')).toMatchObject({ champion: good });
      expect((await registry.history('gold')).at(-1)).toMatchObject({
        action: 'rolled-back',
        by: WATCH,
        version: good,
      });
      expect([...sharesOf(await watchIn(objects).state())]).toEqual([[good, 1]]);
    },
    WITHIN_MS,
  );
});

/** The same labels in an order that tells nothing. */
function dealtAnew(labels: Float64Array): Float64Array {
  const random = seededRandom(1);
  const dealt = Float64Array.from(labels);
  for (let k = dealt.length - 1; k > 0; k--) {
    const other = random.below(k + 1);
    [dealt[k], dealt[other]] = [dealt[other], dealt[k]];
  }
  return dealt;
}
