/** Every estimator of the catalogue, fitted on recorded gold, and what of it may be served. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeFeatureTable } from '../../adapters/files/feature-table.ts';
import { sliceBars } from '../../core/market/bars.ts';
import { featureSet } from '../../core/models/features/feature-set.ts';
import { evaluatorOf } from '../../core/models/native/index.ts';
import { LEAST_PARITY_ROWS, PARITY_BOUND, ParityRows } from '../../core/models/parity.ts';
import { featureTable, labelSchema } from '../../core/models/table.ts';
import { recordedFound, recordedSeries } from '../core/market/recorded.ts';
import { installerEnvironment } from '../python/environment.ts';
import { pythonWithTraining } from '../python/training.ts';

const HOUR_MS = 3_600_000;
const RUN_LIMIT_MS = 200_000;
const FEATURES = ['return-1', 'return-6', 'rsi-14', 'above-sma-20', 'atr-share-14', 'hour-sin', 'body'];
const LABEL = { kind: 'triple-barrier', bars: 12, width: 2, volatilityBars: 100 } as const;
const MODULE = 'plimsoll_models.catalogue.prove';
const models = resolve(import.meta.dirname, '../../models');

interface Row {
  readonly name: string;
  readonly of: string;
  readonly category: string;
  readonly task: string;
  readonly served: string;
  readonly licence: string;
  readonly metric: string;
  readonly score: number;
  readonly baseline: number;
  readonly beatsBaseline: boolean;
  readonly gained: readonly [number, number] | null;
  readonly fittedOn: number;
  readonly largestDifference: number | null;
  readonly flipped: number | null;
  readonly refused: string | null;
  readonly cpuSeconds?: number;
}
interface Proof {
  readonly parityRows: number;
  readonly counts: Readonly<Record<string, unknown>>;
  readonly entries: readonly Row[];
  readonly traps: readonly { readonly name: string; readonly refused: string | null }[];
}

describe.runIf(recordedFound)('the catalogue on recorded gold', () => {
  let root: string;
  let python: string;
  let table: string;
  let proof: Proof;

  const run = (...args: string[]) =>
    promisify(execFile)(python, args, {
      env: { ...installerEnvironment(), PYTHONPATH: models, PYTHONDONTWRITEBYTECODE: '1' },
      timeout: RUN_LIMIT_MS,
    });
  const prove = (out: string, ...args: string[]) =>
    run('-m', MODULE, '--table', table, '--out', join(root, out), ...args);
  const read = (name: string): Proof => JSON.parse(readFileSync(join(root, name), 'utf8'));

  beforeAll(async () => {
    python = await pythonWithTraining();
    root = mkdtempSync(join(tmpdir(), 'plimsoll-catalogue-'));
    const bars = sliceBars(await recordedSeries('fx/xauusd_h1_2012_2022.parquet'), 0, 4_000);
    const series = [{ symbol: 'XAU/USD', bars }];
    const lockedFrom = bars.timestamp[3_600];
    const made = featureTable(featureSet(FEATURES), labelSchema.parse(LABEL), series, {
      intervalMs: HOUR_MS,
      lockedFrom,
    });
    await writeFeatureTable(join(root, 'table'), made, {
      features: FEATURES,
      label: LABEL,
      timeframe: '1h',
      symbols: ['XAU/USD'],
      sources: [{ file: 'xauusd_h1_2012_2022.parquet', sha256: 'a'.repeat(64), provenance: 'recorded' }],
    });
    table = join(root, 'table', 'train');
    await prove('proof.json', '--artifacts', join(root, 'artifacts'));
    proof = read('proof.json');
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test('has 120 estimators, each a class of its own, and every one of them fits', () => {
    expect(proof.counts).toMatchObject({
      entries: 120,
      byLibrary: { lightgbm: 2, sklearn: 114, xgboost: 4 },
      byTask: { anomaly: 5, classification: 31, clustering: 11, decomposition: 25, density: 9, regression: 39 },
      byServed: { 'batch-to-lake': 13, endpoint: 31, native: 31, onnx: 41, 'research-only': 4 },
    });
    expect(proof.entries).toHaveLength(120);
    expect(new Set(proof.entries.map(({ of }) => of)).size).toBe(120);
    expect(new Set(proof.entries.map(({ name }) => name)).size).toBe(120);
    for (const { name, fittedOn, licence } of proof.entries) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(fittedOn).toBeGreaterThanOrEqual(200);
      expect(['BSD-3-Clause', 'MIT', 'Apache-2.0']).toContain(licence);
    }
  });

  test('says of each whether it beats what anyone would guess', () => {
    const lower = ['logLoss', 'squaredError', 'absoluteError'];
    for (const { name, metric, score, baseline, beatsBaseline, gained } of proof.entries) {
      const wins = lower.includes(metric) ? score < baseline : score > baseline;
      expect({ name, beatsBaseline }).toEqual({ name, beatsBaseline: wins });
      if (gained) expect(gained[0]).toBeLessThanOrEqual(gained[1]);
    }
    // Hourly gold from its own past prices: whoever finds much here has let the future in.
    const of = (task: string) => proof.entries.filter((row) => row.task === task && row.metric !== 'accuracy');
    for (const { name, score, baseline } of [...of('classification'), ...of('regression')])
      expect({ name, isModest: score > 0.85 * baseline }).toEqual({ name, isModest: true });
    const sure = [...of('classification'), ...of('regression')].filter(({ gained }) => gained![0] > 0);
    expect(sure.length).toBeLessThan(5);
    expect(of('regression').filter(({ beatsBaseline }) => !beatsBaseline).length).toBeGreaterThan(20);
  });

  test('serves as ONNX what ONNX Runtime says like its library, and nothing else', () => {
    const served = proof.entries.filter(({ served }) => served === 'onnx');
    expect(proof.parityRows).toBeGreaterThanOrEqual(LEAST_PARITY_ROWS);
    for (const { name, largestDifference, flipped, refused } of served) {
      expect({ name, flipped: flipped ?? 0, refused }).toEqual({ name, flipped: 0, refused: null });
      expect(largestDifference!, name).toBeLessThanOrEqual(PARITY_BOUND);
    }
    const files = readdirSync(join(root, 'artifacts')).filter((file) => file.endsWith('.onnx'));
    expect(files.sort()).toEqual(served.map(({ name }) => `${name}.onnx`).sort());
  });

  test('serves natively what is the same here as in its library', () => {
    const parity = new ParityRows(readFileSync(join(root, 'artifacts', 'parity.bin')));
    for (const { name, served, category } of proof.entries) {
      if (served !== 'native') continue;
      const evaluator = evaluatorOf(readFileSync(join(root, 'artifacts', `${name}.model`)));
      const { rows, largestDifference, flipped, unequalScores } = parity.compare(name, evaluator);
      expect({ name, rows, flipped, isNear: largestDifference < 1e-6 }).toEqual({
        name,
        rows: proof.parityRows,
        flipped: 0,
        isNear: true,
      });
      if (['forest', 'boosting'].includes(category))
        expect({ name, unequalScores }).toEqual({ name, unequalScores: 0 });
    }
  });

  test('refuses what converts and then says something else, or does not run', () => {
    expect(Object.fromEntries(proof.traps.map(({ name, refused }) => [name, refused]))).toEqual({
      'linear-discriminant-analysis': expect.stringContaining('differs from its library'),
      'calibrated-pipeline': expect.stringContaining('differs from its library'),
      'isotonic-support-vectors': expect.stringContaining('differs from its library'),
      'scaled-histogram-boosting': expect.stringContaining('differs from its library'),
      'nu-support-vectors': expect.stringContaining('differs from its library'),
      'float64-tree': expect.stringContaining('does not load'),
      zipmap: expect.stringContaining('without_zipmap'),
      'protobuf-7': expect.stringContaining('install one below 7'),
    });
  });

  test('comes out the same again, whichever entries ran before', async () => {
    const names = [
      'perceptron',
      'isolation-forest',
      'lightgbm-classifier',
      'k-means',
      'theil-sen',
      'neighbour-embedding',
    ];
    await prove('again.json', '--only', names.join(','));
    const without = ({ cpuSeconds: _, ...row }: Row) => row;
    const again = read('again.json').entries.map(without);
    expect(again).toHaveLength(names.length);
    expect(again).toEqual(proof.entries.filter(({ name }) => names.includes(name)).map(without));
  });

  test('ends where an entry takes too long, is unknown, or does not fit', async () => {
    const fails = (problem: string, code: number) => ({ code, stderr: expect.stringContaining(problem) });
    await expect(prove('late.json', '--only', 'ridge', '--seconds', '0.001')).rejects.toMatchObject(
      fails('CATALOGUE_TIMEOUT: ridge', 1),
    );
    await expect(prove('none.json', '--only', 'oracle')).rejects.toMatchObject(fails('has no oracle', 2));
    await expect(prove('none.json', '--seconds', '0')).rejects.toMatchObject(fails('CATALOGUE_ARGUMENT', 2));
    await expect(prove('none.json', '--seed', '-1')).rejects.toMatchObject(fails('CATALOGUE_ARGUMENT', 2));
    expect(readdirSync(root).filter((name) => /late|none/.test(name))).toEqual([]);
  });

  test('keeps the future from the past, and its gate shut', async () => {
    const { stdout } = await run(resolve(import.meta.dirname, 'catalogue.py'), table);
    const said = JSON.parse(stdout);
    expect(said.lastKnownOfTraining).toBeLessThan(said.firstOfTest);
    expect(said.returns).toBeCloseTo(said.returnIsOfRow / said.spread, 12);
    expect(said).toMatchObject({
      isSameOfEachSymbol: true,
      badKnobs: [],
      gate: {
        same: null,
        near: null,
        few: expect.stringContaining('prove nothing'),
        far: expect.stringContaining('of the scale'),
        noNumber: expect.stringContaining('no number'),
        flipped: "1 of 1000 decisions differ from its library's",
        noFile: expect.stringContaining('does not load'),
      },
      notFitted: expect.stringMatching(/^CATALOGUE_NOT_FITTED: 1 entries do not fit: ridge \(/),
      short: expect.stringContaining('CATALOGUE_ROWS'),
    });
  });
});
