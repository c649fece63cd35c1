// What the models of a walk are made by, taken from a version or a table.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeFeatureTable } from '../../../adapters/files/feature-table.ts';
import { loadStrategies } from '../../../adapters/files/strategy-sources.ts';
import { featureSet } from '../../../core/models/features/feature-set.ts';
import { featureTable, labelSchema } from '../../../core/models/table.ts';
import type { StrategyRegistry } from '../../../core/strategies/registry.ts';
import { modelsIn } from '../../../platform/models/strategies-at-hand.ts';
import { modelAsked } from '../../../platform/research/asking-account.ts';
import { recipeOfModel, recipeOfTable } from '../../../platform/research/model-recipe.ts';
import { lineFiles } from '../../adapters/models/line-version.ts';
import { HOUR_MS, walk } from '../../core/models/walk.ts';

const FEATURES = ['return-3', 'rsi-14'];
const LABEL = labelSchema.parse({ kind: 'fixed-horizon', bars: 2 });
const directory = mkdtempSync(join(tmpdir(), 'plimsoll-recipe-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('the recipe of a version', () => {
  it('has its features, its label and its hyperparameters as a job is given them, and what it took', async () => {
    const recipe = await recipeOfModel(directory, 'gold-hourly');
    expect(recipe.features).toHaveLength(30);
    expect(recipe).toMatchObject({ timeframe: '1h', label: { kind: 'triple-barrier', bars: 24 } });
    expect(recipe.hyperparameters).toEqual({
      ...{ block_rows: 240, coverage: 0.6, embargo_hours: 48, folds: 4, seed: 0, threads: 1 },
      members: 'random-forest,gradient-boosting,lightgbm,support-vectors,perceptron,logistic-regression',
    });
    expect(recipe.trained).toMatchObject({ rows: 51_433, until: Date.UTC(2021, 2, 3, 17) });
  });

  it('bad input: of a model that is not there, or that does not say how it was trained, there is none', async () => {
    await expect(recipeOfModel(directory, 'none')).rejects.toMatchObject({ code: 'MODEL_UNKNOWN' });
    const files = lineFiles({ card: { period: { from: 0, to: 1 }, rows: 3 } });
    await modelsIn(directory).register('line', files, {}, { at: 0, by: 'a test', reason: 'to see it' });
    await expect(recipeOfModel(directory, 'line')).rejects.toMatchObject({ code: 'RESEARCH_RECIPE_UNKNOWN' });
  });
});

describe('the recipe of a table', () => {
  const folder = join(directory, 'table');

  beforeAll(async () => {
    const series = [{ symbol: 'A', bars: walk(200) }];
    const table = featureTable(featureSet(FEATURES), LABEL, series, { intervalMs: HOUR_MS });
    await writeFeatureTable(folder, table, {
      features: FEATURES,
      label: LABEL,
      timeframe: '1h',
      symbols: ['A'],
      sources: [],
    });
  });

  it('has its features and its label, and leaves the rest to the job', async () => {
    expect(await recipeOfTable(folder, 'new')).toEqual({
      ...{ features: FEATURES, label: LABEL, timeframe: '1h', hyperparameters: {} },
      from: 'new, by the table of 2 features',
    });
  });

  it('bad input: a table that does not say what is learned is refused', async () => {
    const other = join(directory, 'other');
    mkdirSync(join(other, 'train'), { recursive: true });
    const about = JSON.parse(readFileSync(join(folder, 'train', 'table.json'), 'utf8'));
    writeFileSync(join(other, 'train', 'rows.parquet'), readFileSync(join(folder, 'train', 'rows.parquet')));
    writeFileSync(join(other, 'train', 'table.json'), JSON.stringify({ ...about, label: { kind: 'guess' } }));
    await expect(recipeOfTable(other, 'new')).rejects.toMatchObject({
      code: 'TABLE_INVALID',
      message: expect.stringContaining('does not say what is learned (label'),
    });
  });
});

describe('the model that a strategy asks', () => {
  let strategies: StrategyRegistry;
  beforeAll(async () => {
    strategies = await loadStrategies(directory);
  });

  it('is named by its parameters', () => {
    expect(modelAsked(strategies, 'model-opinion', { model: 'gold' })).toBe('gold');
    expect(modelAsked(strategies, 'model-desk', { models: ['gold'] })).toBe('gold');
  });

  it('bad input: none, several, and a parameter that is none are refused', () => {
    const refused = (strategy: string, set: Record<string, unknown>, code: string) =>
      expect(() => modelAsked(strategies, strategy, set)).toThrow(expect.objectContaining({ code }));
    refused('sma-cross', {}, 'USAGE');
    refused('model-desk', { models: ['gold', 'silver'] }, 'USAGE');
    refused('model-opinion', { modell: 'gold' }, 'STRATEGY_PARAMS_INVALID');
    refused('none', {}, 'STRATEGY_UNKNOWN');
  });
});
