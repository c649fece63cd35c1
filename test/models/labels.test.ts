/** Each kind of label from bars to a version that decides, with the real libraries. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openEmbedded } from '../../adapters/embedded/embedded.ts';
import { EmbeddedObjectStore } from '../../adapters/embedded/objects.ts';
import { readBarFile } from '../../adapters/files/bar-file.ts';
import { writeFeatureTable } from '../../adapters/files/feature-table.ts';
import { loadStrategies } from '../../adapters/files/strategy-sources.ts';
import { championsOf, versionsOf } from '../../adapters/models/models-at-hand.ts';
import type { ModelVersion } from '../../adapters/models/registry.ts';
import { TrainingQueueStore } from '../../adapters/models/training-queue.ts';
import { columnsOf } from '../../core/indicators/indicator.ts';
import { type BarColumns, sliceBars } from '../../core/market/bars.ts';
import { featureColumns, featureSet } from '../../core/models/features/feature-set.ts';
import { lifecycleLimitsSchema } from '../../core/models/monitoring/limits.ts';
import { predictionLog } from '../../core/models/monitoring/prediction-log.ts';
import { opinion, withModelsAtHand } from '../../core/models/opinion.ts';
import { featureTable, labelSchema, type TableRows } from '../../core/models/table.ts';
import { registryWith } from '../../core/strategies/registry.ts';
import type { StepPorts } from '../../functions/steps/ports.ts';
import { withDeadline } from '../../functions/support/deadline.ts';
import { runLive } from '../../platform/live-run.ts';
import { lineageOf } from '../../platform/models/lineage.ts';
import { ModelWatch } from '../../platform/models/model-watch.ts';
import { modelsIn } from '../../platform/models/strategies-at-hand.ts';
import { train } from '../../platform/models/training.ts';
import { writeTrainingTable } from '../../platform/models/training-table.ts';
import { trainNext } from '../../platform/models/training-worker.ts';
import { embeddedParity } from '../../platform/parity-run.ts';
import { prepareRecordedRun } from '../../platform/recorded-run.ts';
import { recordedFound, recordedSeries } from '../core/market/recorded.ts';
import { walk } from '../core/models/walk.ts';
import { installerEnvironment } from '../python/environment.ts';
import { pythonWithTraining } from '../python/training.ts';

const HOUR_MS = 3_600_000;
const LIMITS = lifecycleLimitsSchema.parse({});
const JOB_LIMIT_MS = 200_000;
const FEATURES = ['return-1', 'return-6', 'rsi-14', 'above-sma-20', 'hour-sin', 'body'];
const HYPERPARAMETERS = { members: 'logistic-regression', folds: 2, embargo_hours: 5 };
const PRIMARY = 'above-sma-20';
const KINDS = [
  ['trends', labelSchema.parse({ kind: 'trend-scanning', bars: 12, leastT: 3 })],
  ['whether a rule is right', labelSchema.parse({ kind: 'meta', primary: PRIMARY, bars: 12, width: 2 })],
] as const;
const here = import.meta.dirname;
const root = resolve(here, '../..');

const csvOf = (bars: BarColumns): string =>
  `timestamp,open,high,low,close,volume\n${Array.from(bars.timestamp, (time, k) =>
    [time, ...[bars.open, bars.high, bars.low, bars.close].map((column) => column[k] / 100), bars.volume[k]].join(','),
  ).join('\n')}\n`;

let python: string;
let directory: string;
beforeAll(async () => {
  python = await pythonWithTraining();
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-labels-'));
  mkdirSync(join(directory, 'python'));
  symlinkSync(join(root, '.cache/training-venv'), join(directory, 'python', 'training'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const trainOn = (name: string, table: string) =>
  train({
    directory,
    name,
    table,
    hyperparameters: HYPERPARAMETERS,
    by: 'a test',
    reason: 'to see it',
    withinMs: JOB_LIMIT_MS,
    environment: process.env,
    now: () => 1_700_000_000_000,
  });

describe.runIf(recordedFound).each(KINDS)('a model of recorded gold that learned %s', (_, label) => {
  const name = label.kind;
  let file: string;
  let bars: BarColumns;
  let lockedFrom: number;
  let version: ModelVersion;
  let notes: readonly string[];
  let rows: TableRows;

  beforeAll(async () => {
    file = join(directory, `${name}.csv`);
    const recorded = sliceBars(await recordedSeries('fx/xauusd_h1_2012_2022.parquet'), 0, 2_400);
    writeFileSync(file, csvOf(recorded));
    bars = [...(await readBarFile(file, { symbols: 'all' })).bars.values()][0];
    lockedFrom = bars.timestamp[2_100];
    await writeTrainingTable({ bars: file, features: FEATURES, label, lockedFrom, out: join(directory, name) });
    rows = featureTable(featureSet(FEATURES), label, [{ symbol: name, bars }], {
      intervalMs: HOUR_MS,
      lockedFrom,
    }).rows;
    ({ version, notes } = await trainOn(name, join(directory, name)));
    await modelsIn(directory).act(name, 'promoted', version.version, { at: 0, by: 'a test', reason: 'to see it' });
  });

  test('is a version that says so, of all rows that have a label', () => {
    expect(version.manifest.label).toEqual(label);
    // Its table was made again from its bars.
    expect(notes).toEqual([]);
    expect(version.card).toMatchObject({ rows: rows.label.length, period: { to: Math.max(...rows.end) } });
    const ones = label.kind === 'meta' ? 'whose primary was right' : 'that rose';
    expect(version.card.method).toMatchObject({
      baseline: `the share of rows ${ones} among those that were trained on`,
    });
    expect(Object.keys(version.about.parity)).toEqual(['logistic-regression']);
    expect(rows.label.length).toBeGreaterThan(900);
  });

  test('was tested on rows that share no time with one that it was trained on', async () => {
    const { stdout } = await promisify(execFile)(
      python,
      ['purged.py', join(directory, name, 'train'), '4', '18000000'],
      {
        cwd: here,
        timeout: JOB_LIMIT_MS,
        env: { ...installerEnvironment(), PYTHONPATH: join(root, 'models'), PYTHONDONTWRITEBYTECODE: '1' },
      },
    );
    const told = JSON.parse(stdout) as { rows: number; spans: number; folds: { purged: number; isExact: boolean }[] };
    expect(told.rows).toBe(rows.label.length);
    // Each row ends when its own label is known.
    expect(told.spans).toBe(new Set(rows.end.map((end, k) => end - rows.known[k])).size);
    expect(told.spans).toBeGreaterThan(5);
    expect(told.folds.map(({ isExact }) => isExact)).toEqual([true, true, true, true]);
    for (const { purged } of told.folds) expect(purged).toBeGreaterThan(0);
  });

  test('says how likely a rise is, and is watched by what it learned', async () => {
    const registry = modelsIn(directory);
    const ensemble = await registry.load(version);
    const { desk } = withModelsAtHand({ desk: opinion(name) }, await championsOf(registry));
    const { up } = columnsOf(desk, bars);
    const columns = featureColumns(featureSet(FEATURES), bars);
    let turned = 0;
    for (let k = desk.warmUp - 1; k < bars.length; k++) {
      const row = Float64Array.from(columns, (column) => column[k]);
      const isTurned = label.kind === 'meta' && row[FEATURES.indexOf(PRIMARY)] < 0;
      const said = ensemble.opinion(row).up;
      expect(up[k]).toBe(isTurned ? 1 - said : said);
      if (isTurned) turned++;
    }
    expect(turned > 500).toBe(label.kind === 'meta');
    const log = predictionLog(bars, ensemble, { intervalMs: HOUR_MS, from: Math.max(...rows.end) + 1 });
    expect(log.outcome.filter((value) => value >= 0).length).toBeGreaterThan(100);
    expect(log.outcome.at(-1)).toBeNaN();
  });

  test('is looked at by the watch, and trained again on what it learned', async () => {
    const registry = modelsIn(directory);
    const objects = new EmbeddedObjectStore(join(directory, `watch-${name}`));
    const queue = new TrainingQueueStore(objects);
    const now = bars.timestamp[bars.length - 1] + HOUR_MS;
    const watched = { symbol: name, bars, now };
    const watch = new ModelWatch({ name, registry, objects, queue, limits: LIMITS, drift: { draws: 50 } });
    expect((await watch.look(watched)).map(({ kind }) => kind)).toContain('champion-seen');
    const { outcomes, calibration } = await watch.figures(watched);
    expect(outcomes).toBeGreaterThan(100);
    expect(calibration).toBeDefined();
    await queue.ask({ id: `again-${name}`, model: name, trigger: 'schedule', reason: 'to see it', to: now }, now);
    const training = await trainNext({
      directory,
      registry,
      queue,
      worker: 'a test',
      barsOf: async () => ({
        ...watched,
        source: { file: 'gold.csv', sha256: 'a'.repeat(64), provenance: 'recorded' },
      }),
      mostRows: 1_000,
      hyperparameters: HYPERPARAMETERS,
      withinMs: JOB_LIMIT_MS,
      environment: process.env,
      now: () => now,
    });
    const again = await registry.version(name, training?.version);
    expect(again.manifest.label).toEqual(label);
    expect(again.card).toMatchObject({ rows: 1_000 });
  });

  test('decides the same live and in a backtest, and an order leads back to its bars', async () => {
    const registry = modelsIn(directory);
    const strategies = registryWith(await loadStrategies(root), await championsOf(registry));
    const run = await prepareRecordedRun(strategies, {
      file,
      symbols: ['XAU/USD'],
      from: lockedFrom,
      to: lockedFrom + 96 * HOUR_MS,
      strategies: [{ strategy: 'model-opinion', params: { model: name, short: false, hold: 12 } }],
    });
    expect(await embeddedParity(run, strategies)).toMatchObject({ identical: true });
    const embedded = openEmbedded({ directory: mkdtempSync(join(directory, 'live-')) });
    onTestFinished(() => embedded.close());
    const ports: StepPorts = {
      ledger: embedded.ledger,
      send: (queue, message) => embedded.queue.send(queue, message),
      configuration: run.configuration,
      registry: strategies,
      modelsBefore: (versions) => versionsOf(registry, versions),
      now: Date.now,
      withDeadline,
    };
    const { account, instruments, definition } = run;
    const { stream, timeframe } = definition;
    const live = { ports, queue: embedded.queue, account, instruments, bars: run.bars, timeframe };
    await runLive({ ...live, provenance: 'recorded' });
    const links = await lineageOf({ ports, models: registry, stream, order: 1, bars: file });
    expect(links.filter(({ holds }) => !holds)).toEqual([]);
    expect(links.at(-1)).toMatchObject({ link: 'bars', found: expect.stringContaining('made again') });
  });

  describe('bad input: a table', () => {
    const refused = async (what: string, change: Partial<TableRows>, reason: string) => {
      const table = join(directory, `${name}-${what}`);
      const symbols = ['XAU/USD'];
      await writeFeatureTable(
        table,
        { rows: { ...rows, ...change }, locked: { ...rows, label: new Float64Array() }, leftOut: 0 },
        { features: FEATURES, label, timeframe: '1h', symbols, sources: [] },
      );
      await expect(trainOn(`${name}-${what}`, table)).rejects.toMatchObject({
        code: 'TRAINING_FAILED',
        message: expect.stringContaining(reason),
      });
    };
    const planted = (column: Float64Array): Partial<TableRows> => ({
      features: [...rows.features.slice(0, -1), column],
    });

    test('whose feature comes a bar early is refused', async () => {
      const early = rows.features[0].map((__, k) => rows.features[0][Math.min(k + 1, rows.label.length - 1)]);
      await refused('early', planted(Float64Array.from(early)), 'TABLE_LEAKS: body has a rank correlation');
    });

    test('in which a feature is the label is refused', async () => {
      await refused('label', planted(rows.label), 'body is the label label');
    });
  });
});

describe.each(KINDS)('bad input: prices that only rise, of which %s', (_, label) => {
  test('tells nothing apart, are refused', async () => {
    const file = join(directory, 'rising.csv');
    const noisy = walk(700);
    const close = noisy.close.map((__, k) => 200_000 + 100 * k);
    writeFileSync(file, csvOf({ ...noisy, open: close, high: close.map((price) => price + 10), low: close, close }));
    const out = join(directory, `rising-${label.kind}`);
    await writeTrainingTable({ bars: file, features: ['return-1', PRIMARY], label, out });
    await expect(trainOn(`rising-${label.kind}`, out)).rejects.toMatchObject({
      code: 'TRAINING_FAILED',
      message: expect.stringContaining('TABLE_ONE_CLASS: every label is 1'),
    });
  });
});
