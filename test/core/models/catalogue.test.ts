/** What is found in a catalogue of models, and whether one of them is better than another. */
import { describe, expect, test } from 'vitest';
import { compareEntries } from '../../../core/models/catalogue/compare.ts';
import { type CatalogueEntry, catalogueOf, verdictOf } from '../../../core/models/catalogue/entry.ts';
import { gainOf, searchModels } from '../../../core/models/catalogue/search.ts';
import { seededRandom } from '../../../core/research/random.ts';

const BLOCKS = 40;

const entry = (name: string, change: Partial<CatalogueEntry> = {}): CatalogueEntry => ({
  name,
  of: 'library.Class',
  group: 'core',
  category: 'linear',
  task: 'classification',
  inputs: 'float32[rows, features]',
  outputs: ['label'],
  target: 'label',
  space: { C: { kind: 'real', low: 0.1, high: 10, log: true } },
  cost: 'low',
  licence: 'MIT',
  served: 'native',
  metric: 'logLoss',
  higherIsBetter: false,
  score: 0.6,
  baseline: 0.8,
  gained: [0.1, 0.3],
  verdict: 'beats',
  fittedOn: 3_000,
  judgedOn: 1_600,
  inSample: false,
  regimes: {},
  blocks: [],
  cpuSeconds: 1,
  parity: null,
  ...change,
});

const period = { rows: 1_000, period: [0, 1] };
const figures = (...entries: unknown[]) => ({
  data: {
    file: 'bars.parquet',
    sha256: 'a'.repeat(64),
    table: 'b'.repeat(64),
    symbol: 'XAU/USD',
    timeframe: '1h',
    features: ['rsi-14'],
    trained: period,
    judged: period,
  },
  entries,
});

describe('a search in the catalogue', () => {
  const models = [
    entry('small-gain', {
      score: 0.79,
      verdict: 'undecided',
      regimes: { calm: { rows: 50, score: 0.4, baseline: 0.8 } },
    }),
    entry('large-gain', { score: 0.4, task: 'regime', category: 'hidden-markov', served: 'onnx' }),
    entry('a-loser', { score: -2, baseline: -1, higherIsBetter: true, metric: 'logLikelihood', verdict: 'loses' }),
    entry('no-measure', { score: 1, baseline: 0 }),
  ];
  const named = (search: Parameters<typeof searchModels>[1]) => searchModels(models, search).map(({ name }) => name);

  test('puts the largest gain first, whatever the metric is, as a share of the baseline', () => {
    expect(named({})).toEqual(['large-gain', 'small-gain', 'no-measure', 'a-loser']);
    expect(models.map((model) => gainOf(model))).toEqual([expect.closeTo(0.0125), expect.closeTo(0.5), -1, 0]);
  });

  test('finds by task, category, way of being served and certainty, all of them at once', () => {
    expect(named({ task: 'regime' })).toEqual(['large-gain']);
    expect(named({ category: 'hidden-markov', served: 'onnx' })).toEqual(['large-gain']);
    expect(named({ category: 'hidden-markov', served: 'native' })).toEqual([]);
    expect(named({ beatsBaseline: true })).toEqual(['large-gain', 'no-measure']);
  });

  test('by regime ranks by what was gained in it, and leaves out those that were not judged in it', () => {
    expect(named({ regime: 'calm' })).toEqual(['small-gain']);
    expect(gainOf(models[0], 'calm')).toBeCloseTo(0.5);
  });
});

describe('two entries', () => {
  const random = seededRandom(3);
  const noise = Array.from({ length: BLOCKS }, () => random.next());
  const better = entry('better', { blocks: noise.map((value, k) => value + (k % 2) / 50) });
  const worse = entry('worse', { blocks: noise.map((value, k) => value + 0.1 + (k % 3) / 50) });

  test('of which one is better by more than chance are told apart, though both vary far more', () => {
    const { gained, interval, pValue } = compareEntries(better, worse)!;
    expect(gained).toBeCloseTo(0.1095, 3);
    expect(interval[0]).toBeGreaterThan(0);
    expect(interval[1]).toBeLessThan(0.15);
    expect(pValue).toBeLessThan(0.01);
    expect(compareEntries(worse, better)!.gained).toBeCloseTo(-gained, 12);
  });

  test('of a metric that is better where it is higher are compared the other way round', () => {
    const turned = [better, worse].map((each) => ({ ...each, higherIsBetter: true }));
    expect(compareEntries(turned[0], turned[1])!.gained).toBeCloseTo(-0.1095, 3);
  });

  test('that say the same do not differ, and a constant difference is no chance', () => {
    expect(compareEntries(better, { ...better, name: 'twin' })).toEqual({ gained: 0, interval: [0, 0], pValue: 1 });
    const moved = entry('moved', { blocks: Array(BLOCKS).fill(0.5) });
    expect(compareEntries(moved, { ...moved, blocks: Array(BLOCKS).fill(0.75) })).toEqual({
      gained: 0.25,
      interval: [0.25, 0.25],
      pValue: 0,
    });
  });

  test.each([
    ['another metric', { metric: 'accuracy' }],
    ['another target', { target: 'return' }],
    ['other rows', { judgedOn: 1_599 }],
    ['the rows that it was fitted on', { inSample: true }],
    ['no rows one by one', { blocks: [] }],
  ])('are not compared where one was judged by %s', (_, change) => {
    expect(compareEntries(better, { ...worse, ...change })).toBeUndefined();
  });

  test('are not compared over a handful of blocks', () => {
    const [a, b] = [better, worse].map((each) => ({ ...each, blocks: each.blocks.slice(0, 19) }));
    expect(compareEntries(a, b)).toBeUndefined();
  });
});

describe('the file of the catalogue', () => {
  test('is read with every field that an entry must have', () => {
    expect(catalogueOf(figures(entry('one'), entry('two'))).entries).toHaveLength(2);
  });

  test.each([
    ['nothing', undefined, 'it:'],
    ['no entries', figures(), 'entries:'],
    ['an entry without a licence', figures({ ...entry('one'), licence: undefined }), 'entries.0.licence'],
    ['an entry that is served in no known way', figures({ ...entry('one'), served: 'pickle' }), 'entries.0.served'],
    ['an entry without an interval', figures({ ...entry('one'), gained: null }), 'entries.0.gained'],
    ['an unknown field', figures({ ...entry('one'), note: 'x' }), 'entries.0'],
    ['one name twice', figures(entry('one'), entry('one')), 'one is in it twice'],
  ])('is refused with %s', (_, given, why) => {
    expect(() => catalogueOf(given)).toThrow(expect.objectContaining({ code: 'MODEL_CATALOGUE_INVALID' }));
    expect(() => catalogueOf(given)).toThrow(why);
  });

  test('calls a model a winner where its whole interval is a gain, and a loser where it is a loss', () => {
    expect([verdictOf([0.1, 0.2]), verdictOf([-0.1, 0.2]), verdictOf([-0.2, -0.1]), verdictOf([0, 0.1])]).toEqual([
      'beats',
      'undecided',
      'loses',
      'undecided',
    ]);
  });
});
