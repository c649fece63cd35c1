/** From recorded bars to a version in the registry, with the real libraries, and what is refused on the way. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EmbeddedObjectStore } from '../../adapters/embedded/objects.ts';
import { writeFeatureTable } from '../../adapters/files/feature-table.ts';
import { ModelRegistry } from '../../adapters/models/registry.ts';
import { runTrainingJob, type TrainingResult } from '../../adapters/python/training-job.ts';
import type { Json } from '../../core/json.ts';
import { sliceBars } from '../../core/market/bars.ts';
import { featureSet } from '../../core/models/features/feature-set.ts';
import { type FeatureTable, featureTable, labelSchema } from '../../core/models/table.ts';
import { recordedFound, recordedSeries } from '../core/market/recorded.ts';
import { pythonWithTraining } from '../python/training.ts';

const HOUR_MS = 3_600_000;
const FEATURES = ['return-1', 'return-6', 'rsi-14', 'above-sma-20', 'atr-share-14', 'hour-sin', 'body'];
const MEMBERS = [
  'random-forest',
  'gradient-boosting',
  'lightgbm',
  'xgboost',
  'support-vectors',
  'perceptron',
  'logistic-regression',
];
const DEED = { at: 1_700_000_000_000, by: 'a test', reason: 'to see it' };

describe.runIf(recordedFound)('a training on recorded gold', () => {
  let root: string;
  let python: string;
  let made: FeatureTable;
  let result: TrainingResult;
  let files: Map<string, Uint8Array>;
  /** Of a smaller training on the same rows. */
  let other: Map<string, Uint8Array>;

  const write = (name: string, table: FeatureTable, features = FEATURES) =>
    writeFeatureTable(join(root, name), table, {
      features,
      label: { kind: 'triple-barrier', bars: 12, width: 2, volatilityBars: 100 },
      timeframe: '1h',
      symbols: ['XAU/USD'],
      sources: [{ file: 'xauusd_h1_2012_2022.parquet', sha256: 'a'.repeat(64), provenance: 'recorded' }],
    });
  const train = (table: string, folder: string, set: Record<string, string | number> = {}) =>
    runTrainingJob({
      python,
      entry: 'plimsoll_models.train',
      channels: { train: join(root, table, 'train') },
      hyperparameters: { members: MEMBERS.join(','), folds: 2, ...set },
      folder: join(root, folder),
      withinMs: 200_000,
    });
  const filesOf = async ({ model }: TrainingResult) =>
    new Map(
      await Promise.all(
        (await readdir(model)).map(async (file) => [file, new Uint8Array(await readFile(join(model, file)))] as const),
      ),
    );
  const registry = (name: string) => new ModelRegistry(new EmbeddedObjectStore(join(root, name)));
  const register = (to: ModelRegistry, of = files) => to.register('gold', of, result.record as unknown as Json, DEED);

  beforeAll(async () => {
    python = await pythonWithTraining();
    root = mkdtempSync(join(tmpdir(), 'plimsoll-models-'));
    const bars = sliceBars(await recordedSeries('fx/xauusd_h1_2012_2022.parquet'), 0, 3_000);
    made = featureTable(
      featureSet(FEATURES),
      labelSchema.parse({ kind: 'triple-barrier', bars: 12, width: 2 }),
      [{ symbol: 'XAU/USD', bars }],
      { intervalMs: HOUR_MS, lockedFrom: bars.timestamp[2_600] },
    );
    await write('table', made);
    result = await train('table', 'job');
    files = await filesOf(result);
    const smaller = { seed: 2, members: 'logistic-regression,lightgbm' };
    other = await filesOf(await train('table', 'job-other', smaller));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test('is a version whose every member is the same here as in its library', async () => {
    const version = await register(registry('first'));
    expect(Object.keys(version.about.parity)).toEqual(MEMBERS);
    for (const [member, { rows, unequalScores, largestDifference, flipped }] of Object.entries(version.about.parity)) {
      expect({ member, rows, flipped, isNear: largestDifference < 1e-12 }).toEqual({
        member,
        rows: 1_200,
        flipped: 0,
        isNear: true,
      });
      if (['random-forest', 'gradient-boosting', 'lightgbm', 'xgboost'].includes(member)) expect(unequalScores).toBe(0);
    }
  });

  test('has a card that says what it was trained on and how good it is where it was not', () => {
    const card = JSON.parse(new TextDecoder().decode(files.get('card.json')));
    expect(card.rows).toBe(made.rows.label.length);
    expect(card.period).toEqual({ from: made.rows.known[0], to: Math.max(...made.rows.end) });
    expect(Object.keys(card.members)).toEqual([...MEMBERS].sort());
    // Hourly gold from its own past prices: whoever finds much here has let the future in.
    expect(card.ensemble.auc).toBeGreaterThan(0.4);
    expect(card.ensemble.auc).toBeLessThan(0.6);
    expect(card.beatsBaseline).toBe(card.intervals.logLossGained[0] > 0);
    expect(Object.keys(card.importance.shap)).toEqual(['lightgbm', 'xgboost']);
    expect(Object.keys(card.importance.permutation).sort()).toEqual([...FEATURES].sort());
  });

  test('comes out the same again, to the last byte', async () => {
    const again = await filesOf(await train('table', 'job-again'));
    expect([...again.keys()].sort()).toEqual([...files.keys()].sort());
    for (const [name, bytes] of again)
      expect({ name, isSame: Buffer.compare(bytes, files.get(name)!) === 0 }).toEqual({ name, isSame: true });
    const store = registry('again');
    const first = await register(store);
    expect((await register(store, again)).version).toBe(first.version);
    expect(await store.history('gold')).toHaveLength(1);
  });

  test('is promoted, rolled back from and retired, each with who and why', async () => {
    const store = registry('deeds');
    const { version: one } = await register(store);
    const { version: two } = await register(store, other);
    await store.act('gold', 'promoted', one, DEED);
    await store.act('gold', 'promoted', two, DEED);
    expect(await store.standing('gold')).toMatchObject({ champion: two, former: [one] });
    await expect(store.act('gold', 'retired', two, DEED)).rejects.toMatchObject({ code: 'MODEL_IS_CHAMPION' });
    expect(await store.act('gold', 'rolled-back', undefined, DEED)).toBe(one);
    expect((await store.version('gold')).version).toBe(one);
    await expect(store.act('gold', 'rolled-back', undefined, DEED)).rejects.toMatchObject({ code: 'MODEL_NO_FORMER' });
    await store.act('gold', 'retired', two, DEED);
    await expect(store.act('gold', 'promoted', two, DEED)).rejects.toMatchObject({ code: 'MODEL_RETIRED' });
    await expect(store.act('gold', 'promoted', 'f'.repeat(16), DEED)).rejects.toMatchObject({
      code: 'MODEL_VERSION_UNKNOWN',
    });
    await expect(store.version('silver')).rejects.toMatchObject({ code: 'MODEL_UNKNOWN' });
    expect(await store.names()).toEqual(['gold']);
    expect((await store.history('gold')).map(({ action }) => action)).toEqual([
      ...['registered', 'registered', 'promoted', 'promoted', 'rolled-back', 'retired'],
    ]);
  });

  test('decides like its libraries once it is loaded, and not at all where a file was changed', async () => {
    const store = registry('tampered');
    const version = await register(store);
    const ensemble = await store.load(version);
    const row = Float64Array.from(made.rows.features, (column) => column[100]);
    const { up, members } = ensemble.opinion(row);
    expect(members).toHaveLength(MEMBERS.length);
    expect(up).toBeCloseTo(members.reduce((sum, member) => sum + member, 0) / members.length, 12);
    const file = join(root, 'tampered', 'models', 'gold', version.version, 'lightgbm.model');
    const bytes = readFileSync(file);
    for (const changed of [
      bytes.subarray(0, bytes.length - 1),
      Uint8Array.from(bytes, (byte, k) => (k === bytes.length - 3 ? byte ^ 1 : byte)),
    ]) {
      writeFileSync(file, changed);
      await expect(store.load(version)).rejects.toMatchObject({ code: 'MODEL_FILE_CHANGED' });
    }
    rmSync(file);
    await expect(store.load(version)).rejects.toMatchObject({ code: 'MODEL_FILE_MISSING' });
    const manifest = join(root, 'tampered', 'models', 'gold', version.version, 'manifest.json');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"coverage":0.6', '"coverage":0.7'));
    await expect(store.version('gold')).rejects.toMatchObject({ code: 'MODEL_FILE_CHANGED' });
  });

  test('is not registered where it is not the same here, and nothing of it is kept', async () => {
    const store = registry('unlike');
    const manifest = JSON.parse(new TextDecoder().decode(files.get('manifest.json')));
    // Another training's answers beside this one's models.
    const mixed = new Map(files);
    const lightgbm = other.get('lightgbm.model')!;
    mixed.set('lightgbm.model', lightgbm);
    manifest.files['lightgbm.model'] = await sha256(lightgbm);
    mixed.set('manifest.json', new TextEncoder().encode(JSON.stringify(manifest)));
    await expect(register(store, mixed)).rejects.toMatchObject({ code: 'MODEL_PARITY_FAILED' });
    await expect(register(store, new Map([...files, ['lightgbm.model', lightgbm]]))).rejects.toMatchObject({
      code: 'MODEL_FILE_CHANGED',
    });
    await expect(register(store, new Map([...files].filter(([name]) => name !== 'parity.bin')))).rejects.toMatchObject({
      code: 'MODEL_FILE_MISSING',
    });
    await expect(store.register('Gold!', files, null, DEED)).rejects.toMatchObject({ code: 'MODEL_NAME_INVALID' });
    expect(await store.names()).toEqual([]);
  });

  describe('a table is refused', () => {
    const rows = (change: Partial<FeatureTable['rows']>): FeatureTable => ({
      ...made,
      rows: { ...made.rows, ...change },
    });
    const refused = async (name: string, reason: string) =>
      expect(train(name, `job-${name}`, { members: 'logistic-regression' })).rejects.toMatchObject({
        code: 'TRAINING_FAILED',
        message: expect.stringContaining(reason),
      });

    test('whose feature knows the next bar', async () => {
      const close = made.rows.close;
      const peek = close.map((price, i) => Math.fround(close[Math.min(i + 1, close.length - 1)] / price - 1));
      await write('peek', rows({ features: [...made.rows.features.slice(0, -1), peek] }));
      await refused('peek', 'TABLE_LEAKS');
    });

    test('of which every label is the same', async () => {
      await write('constant', rows({ label: made.rows.label.map(() => 1) }));
      await refused('constant', 'TABLE_ONE_CLASS: every label is 1');
    });

    test('in which a feature has no number', async () => {
      const hole = made.rows.features[0].map((value, i) => (i === 7 ? Number.NaN : value));
      await write('hole', rows({ features: [hole, ...made.rows.features.slice(1)] }));
      await refused('hole', 'TABLE_INVALID: the column return-1 has no number in row 7');
    });

    test('with too few rows', async () => {
      const few = featureTable(
        featureSet(FEATURES),
        labelSchema.parse({ kind: 'fixed-horizon', bars: 2 }),
        [{ symbol: 'XAU/USD', bars: sliceBars(await recordedSeries('fx/xauusd_h1_2012_2022.parquet'), 0, 300) }],
        { intervalMs: HOUR_MS },
      );
      await write('few', few);
      await refused('few', 'TABLE_TOO_SHORT');
    });

    test('whose rows are not those that it describes', async () => {
      cpSync(join(root, 'table'), join(root, 'changed'), { recursive: true });
      const file = join(root, 'changed', 'train', 'rows.parquet');
      writeFileSync(file, readFileSync(join(root, 'few', 'train', 'rows.parquet')));
      await refused('changed', 'TABLE_CHANGED');
      rmSync(file);
      await refused('changed', 'TABLE_MISSING');
    });
  });
});

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  return Buffer.from(digest).toString('hex');
}
