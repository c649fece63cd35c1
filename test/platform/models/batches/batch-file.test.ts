/** `batches.yaml`: what it says, what is wrong with it, and whose bars of the lake its batches are made from. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { batchVersion } from '../../../../adapters/models/batches/version.ts';
import { configurationSchema } from '../../../../core/configuration/schema.ts';
import { sentenceOf } from '../../../../platform/log.ts';
import { batchFileBeside, batchNamed, namedBatches } from '../../../../platform/models/batches/batch-file.ts';
import { assertVenue, runBatches, seriesOfBatch } from '../../../../platform/models/batches/batch-series.ts';
import { batchesAtHand } from '../../../../platform/models/batches/batches-at-hand.ts';
import { catalogueAtHand } from '../../../../platform/models/catalogue-at-hand.ts';
import { batchWith } from './series.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-batches-'));
  file = batchFileBeside(join(directory, 'plimsoll.yaml'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const written = (text: string) => {
  writeFileSync(file, text);
  return namedBatches(file);
};
/** What it throws, with the way out. */
function refused(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return sentenceOf(error);
  }
  return 'nothing was thrown';
}
const one = (more: string) =>
  written(`batches:\n  calm: { entry: garch, venue: binance, symbol: BTC/USDT, timeframe: 1h${more} }\n`);

const configuration = configurationSchema.parse({
  venues: {
    binance: { kind: 'ccxt', exchange: 'binance' },
    sim: { kind: 'simulated', seed: 1 },
    file: { kind: 'replay', file: 'bars.parquet' },
  },
  universes: {
    minutes: { venue: 'binance', symbols: ['BTC/USDT', 'ETH/USDT'], timeframe: '1m' },
    quarters: { venue: 'binance', symbols: ['BTC/USDT'], timeframe: '15m' },
    days: { venue: 'binance', symbols: ['BTC/USDT'], timeframe: '1d' },
    invented: { venue: 'sim', symbols: ['BTC/USDT'], timeframe: '1s' },
    recorded: { venue: 'file', symbols: ['BTC/USDT'], timeframe: '1h' },
  },
  accounts: ['minutes', 'quarters', 'days', 'invented', 'recorded'].map((universe) => ({
    ...{ id: universe, universe },
    strategies: [{ strategy: 'sma-cross' }],
  })),
});

describe('batches.yaml', () => {
  test('names batches with what is usual where it says nothing, and where their bars are', () => {
    const [batch] = one(', bars: recorded/btc.parquet, set: { p: 2 }');
    expect(batch).toMatchObject({
      name: 'calm',
      definition: { window: 1_000, refit: 24, lag: 1, seed: 0, set: { p: 2 } },
      entry: { name: 'garch', group: 'classical', task: 'volatility' },
      features: [],
      file: join(directory, 'recorded/btc.parquet'),
      version: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
    expect(batchNamed([batch], 'calm')).toBe(batch);
  });

  test('gives rows of features where its entry looks at such, those of the catalogue where none are named', () => {
    const text = 'entry: covariance, venue: binance, symbol: BTC/USDT, timeframe: 1h';
    const [usual, own] = written(`batches: { usual: { ${text} }, own: { ${text}, features: [body, rsi-14] } }`);
    expect(usual.features).toEqual(catalogueAtHand().data.features);
    expect(own.features).toEqual(['body', 'rsi-14']);
  });

  test('where it is not there, there are no batches', () => {
    expect(namedBatches(file)).toEqual([]);
  });

  test('makes another version of other settings and other code, and not of how late it is read or where its bars are', () => {
    const versionOf = (more: Record<string, unknown>, code?: string) => batchVersion(batchWith(more), code);
    const usual = versionOf({});
    expect(versionOf({ lag: 5, bars: 'bars.parquet' })).toBe(usual);
    const others = [{ window: 121 }, { refit: 12 }, { seed: 1 }, { symbol: 'DEF/USD' }, { features: ['body'] }];
    const versions = [usual, ...others.map((more) => versionOf(more)), versionOf({}, 'other code')];
    expect(new Set(versions).size).toBe(versions.length);
  });
});

describe('the bars of a batch in the lake', () => {
  const of = (changes: Record<string, unknown>) =>
    seriesOfBatch(batchWith({ symbol: 'BTC/USDT', ...changes }), configuration);

  test('are the longest ones that its own can be put together from', () => {
    const series = { provenance: 'live', venue: 'binance', symbol: 'BTC/USDT' };
    expect(of({ venue: 'binance' })).toEqual({ ...series, timeframe: '15m' });
    expect(of({ venue: 'binance', timeframe: '1d' })).toEqual({ ...series, timeframe: '1d' });
    expect(of({ venue: 'binance', timeframe: '5m' })).toEqual({ ...series, timeframe: '1m' });
    expect(of({ venue: 'sim' })).toMatchObject({ provenance: 'simulated', timeframe: '1s' });
  });

  test.each([{ venue: 'file' }, { venue: 'binance', symbol: 'SOL/USDT' }, { venue: 'binance', timeframe: '30s' }])(
    'are not there for %o',
    (changes) => expect(of(changes)).toBeUndefined(),
  );

  test('where there are none, a batch is made of its file alone or not at all, and it is said', () => {
    const [kept, without, withFile] = [
      batchWith({ venue: 'binance', symbol: 'BTC/USDT' }, 'kept'),
      batchWith({ venue: 'file', symbol: 'BTC/USDT' }, 'without'),
      { ...batchWith({ venue: 'file', symbol: 'BTC/USDT' }, 'with-file'), file: 'bars.parquet' },
    ];
    const { run, notes } = runBatches([kept, without, withFile], { configuration });
    expect(run.map(({ batch, series }) => [batch.name, series?.timeframe])).toEqual([
      ['kept', '15m'],
      ['with-file', undefined],
    ]);
    expect(notes).toEqual([
      'No account keeps 1h bars of BTC/USDT at file now: the batch "without" is not brought up.',
      'No account keeps 1h bars of BTC/USDT at file now: the batch "with-file" is made of its file alone.',
    ]);
  });
});

describe('bad input: it is refused, in words,', () => {
  test.each<[string, string, RegExp]>([
    ['a key that is not known', ', lags: 2', /there is no key "lags" in batches\.calm\. Use /],
    ['a window that is too short', ', window: 99', /batches\.calm\.window is 99/],
    ['a lag of nothing', ', lag: 0', /batches\.calm\.lag is 0/],
    ['a setting that the entry has not', ', set: { q1: 2 }', /its entry "garch" has no hyperparameter "q1"\. Use q/],
    ['a setting out of its space', ', set: { p: 99 }', /p is 99\. Use a whole number from 1 to 3/],
    ['half of a whole number', ', set: { p: 1.5 }', /p is 1\.5\. Use a whole number/],
    ['a choice that is none', ', set: { distribution: even }', /distribution is "even"\. Use "normal", "t"/],
    ['features where prices are looked at', ', features: [body]', /looks at prices and at no features/],
  ])('where it has %s', (_, more, words) => {
    expect(refused(() => one(more))).toMatch(words);
  });

  test.each<[string, string, RegExp]>([
    ['no such entry', 'entry: garhc', /the catalogue has no entry "garhc"\. Use garch/],
    [
      'an entry that is served otherwise',
      'entry: random-forest',
      /its entry "random-forest" is served as native, not by a batch/,
    ],
    ['a feature that is none', 'entry: covariance, features: [bodi]', /There is no feature "bodi"/],
    ['a timeframe that is none', 'entry: garch, timeframe: hourly', /batches\.calm\.timeframe is "hourly"/],
  ])('where it has %s', (_, more, words) => {
    const rest = more.includes('timeframe') ? '' : ', timeframe: 1h';
    expect(refused(() => written(`batches: { calm: { ${more}, venue: binance, symbol: BTC/USDT${rest} } }`))).toMatch(
      words,
    );
  });

  test('a name that is none of its batches, and a venue that is none of the configuration', () => {
    const batch = batchWith({}, 'calm');
    expect(refused(() => batchNamed([batch], 'clam'))).toMatch(/There is no batch "clam"\. Use calm/);
    expect(() => batchesAtHand([])('calm')).toThrow(/there is no batches\.yaml/);
    expect(() => assertVenue(batch, configuration)).toThrow(/of the venue "here", which is not in the configuration/);
    expect(() => written('batches: [')).toThrow();
    expect(() => written('batches: { Calm: {} }')).toThrow();
  });
});
