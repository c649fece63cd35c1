// The models of a walk forward: what is planned, where they are kept, and that none from another window is traded with.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { EmbeddedObjectStore } from '../../../adapters/embedded/objects.ts';
import type { BarColumns } from '../../../core/market/bars.ts';
import { evaluatorOf } from '../../../core/models/native/index.ts';
import { labelSchema } from '../../../core/models/table.ts';
import type { AskModel } from '../../../core/ports/model-server.ts';
import { copyBars } from '../../../core/research/trace/variants.ts';
import { RetrainedWalk } from '../../../core/research/walk-forward/retrained.ts';
import { modelsIn } from '../../../platform/models/strategies-at-hand.ts';
import { type PlannedWindow, planWalk, type WalkRequest } from '../../../platform/research/retrained-walk.ts';
import { WindowModels, walkFolder } from '../../../platform/research/window-models.ts';
import { lineFiles } from '../../adapters/models/line-version.ts';
import { walk } from '../../core/models/walk.ts';

const FEATURES = ['return-3', 'rsi-14'];
const LABEL = labelSchema.parse({ kind: 'fixed-horizon', bars: 2 });
const bars = walk(1_300);

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-walk-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const modelsOf = (hyperparameters: Record<string, string | number> = { members: 'logistic-regression' }) =>
  new WindowModels({
    ...{ directory, name: 'line', hyperparameters, by: 'a test', withinMs: 1_000 },
    environment: {},
    now: () => 0,
  });

const requestOf = (columns: BarColumns = bars, more: Partial<WalkRequest> = {}): WalkRequest => ({
  walk: new RetrainedWalk(new Map([['A/USD', columns]]), {
    ...{ trainBars: 1_050, testBars: 100, features: FEATURES, label: LABEL, embargoBars: 1 },
  }),
  models: modelsOf(),
  timeframe: '1h',
  features: FEATURES,
  label: LABEL,
  symbol: 'A/USD',
  source: { file: 'bars.csv', provenance: 'recorded' },
  mostTrainings: 10,
  ...more,
});

/** Registers a version where those of walks are, as a training of that window left it. */
async function trained(planned: PlannedWindow, { table, to }: { table: string; to: number }): Promise<PlannedWindow> {
  const files = lineFiles({ card: { period: { from: 0, to } }, table });
  const { version } = await modelsOf().registry.register(
    'line',
    files,
    {},
    { at: 0, by: 'a test', reason: 'to see it' },
  );
  const objects = new EmbeddedObjectStore(join(walkFolder(directory), 'objects'));
  await objects.put(`trainings/${planned.key}.json`, new TextEncoder().encode(JSON.stringify({ version })));
  return { ...planned, version };
}

describe('a plan', () => {
  it('has the table of each window, of what was known before it alone', async () => {
    const planned = await planWalk(requestOf());
    expect(planned).toHaveLength(2);
    for (const [k, { table, sha256, rows, until, version }] of planned.entries()) {
      const about = JSON.parse(readFileSync(join(table, 'train', 'table.json'), 'utf8'));
      expect(about).toMatchObject({ sha256, rows, label: LABEL, features: FEATURES, timeframe: '1h' });
      expect(about.locked).toBeUndefined();
      // The last bar is under embargo, and two more have no label in time.
      expect(until).toBe(bars.timestamp[1_050 + 100 * k - 1]);
      expect(version).toBeUndefined();
    }
    expect(new Set(planned.map(({ key }) => key)).size).toBe(2);
    expect(readdirSync(join(walkFolder(directory), 'tables')).sort()).toEqual(planned.map(({ key }) => key).sort());
  });

  it('is the same for the same bars, and where bars are added after a window', async () => {
    const before = await planWalk(requestOf(copyBars(bars, 0, 1_150)));
    const after = await planWalk(requestOf());
    expect(after.slice(0, 1)).toEqual(before);
  });

  it('is another with other hyperparameters, and not with another price of an hour', async () => {
    const keysWith = async (hyperparameters: Record<string, string | number>) =>
      (await planWalk(requestOf(bars, { models: modelsOf(hyperparameters) }))).map(({ key }) => key);
    const own = await keysWith({ members: 'logistic-regression' });
    expect(await keysWith({ members: 'logistic-regression', usd_per_hour: 2 })).toEqual(own);
    expect(await keysWith({ members: 'lightgbm' })).not.toEqual(own);
  });

  it('names the version that was made of the same before', async () => {
    const [first] = await planWalk(requestOf());
    const { version } = await trained(first, { table: first.sha256, to: first.until });
    expect((await planWalk(requestOf())).map((each) => each.version)).toEqual([version, undefined]);
  });

  test.each([
    [1, 'RESEARCH_TOO_MUCH', /2 windows are 2 trainings, and 1 are allowed/],
    [0, 'USAGE', /trainings are allowed/],
    [1.5, 'USAGE', /trainings are allowed/],
    [1_001, 'USAGE', /trainings are allowed/],
  ])(
    'bad input: of more trainings than %d is refused before anything is written',
    async (mostTrainings, code, sentence) => {
      await expect(planWalk(requestOf(bars, { mostTrainings }))).rejects.toMatchObject({
        code,
        sentence: expect.stringMatching(sentence),
      });
      expect(existsSync(join(walkFolder(directory), 'tables'))).toBe(false);
    },
  );
});

test('bad input: a window with fewer rows than the gate compares is refused before anything is trained', async () => {
  const few = new RetrainedWalk(new Map([['A/USD', bars]]), {
    ...{ trainBars: 900, testBars: 100, features: FEATURES, label: LABEL, embargoBars: 1 },
  });
  await expect(planWalk(requestOf(bars, { walk: few }))).rejects.toMatchObject({
    code: 'RESEARCH_HISTORY_SHORT',
    message: expect.stringMatching(/window 1 has \d+ rows to learn from, and 1000 are needed/),
  });
});

describe('the model of a window', () => {
  it('is taken where it was made before, apart from the models that decide; its table goes', async () => {
    const [first] = await planWalk(requestOf());
    const there = await trained(first, { table: first.sha256, to: first.until });
    const { name, version, ensemble } = await modelsOf().made(there);
    expect([name, version, ensemble.manifest.features]).toEqual(['line', there.version, FEATURES]);
    expect(existsSync(first.table)).toBe(false);
    expect(await modelsIn(directory).names()).not.toContain('line');
    await expect(
      modelsIn(directory).act('line', 'promoted', version, { at: 0, by: 'a', reason: 'r' }),
    ).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN',
    });
  });

  it('bad input: that of a later window, planted, is not traded with', async () => {
    const [first, second] = await planWalk(requestOf());
    const later = await trained(first, { table: second.sha256, to: second.until });
    await expect(modelsOf().made(later)).rejects.toMatchObject({
      code: 'RESEARCH_LEAK',
      message: expect.stringMatching(/did not learn from the table of its window, and knows what came after/),
    });
  });

  it('bad input: one that says its table and knows more is not traded with', async () => {
    const [first, second] = await planWalk(requestOf());
    const knowing = await trained(first, { table: first.sha256, to: second.until });
    await expect(modelsOf().made(knowing)).rejects.toMatchObject({ code: 'RESEARCH_LEAK' });
  });

  it('bad input: one that needs its library elsewhere is not traded with', async () => {
    const [first] = await planWalk(requestOf());
    const files = lineFiles({ card: { period: { from: 0, to: first.until } }, table: first.sha256 });
    const manifest = { ...JSON.parse(new TextDecoder().decode(files.get('manifest.json'))), served: 'endpoint' };
    files.set('manifest.json', new TextEncoder().encode(JSON.stringify(manifest)));
    const line = evaluatorOf(files.get('line.model')!);
    const ask: AskModel = async ({ rows }) =>
      rows.map((row) => {
        const said = new Float64Array(2);
        line.predict(Float64Array.from(row), said);
        return [said[1]];
      });
    const deed = { at: 0, by: 'a test', reason: 'to see it' };
    const { version } = await modelsOf().registry.register('line', files, {}, deed, ask);
    await expect(modelsOf().made({ ...first, version })).rejects.toMatchObject({
      code: 'RESEARCH_MODEL_NOT_NATIVE',
      message: expect.stringContaining('is served as endpoint'),
    });
  });
});
