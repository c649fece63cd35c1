import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configurationSchema } from '../../../core/configuration/schema.ts';
import { lifecycleLimitsSchema } from '../../../core/models/monitoring/limits.ts';
import { watchedModels, watchFileBeside } from '../../../platform/models/watch-file.ts';
import { type Trading, watchSettings } from '../../../platform/models/watch-settings.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-watch-file-'));
  file = watchFileBeside(join(directory, 'plimsoll.yaml'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));
const written = (text: string) => {
  writeFileSync(file, text);
  return watchedModels(file);
};

describe('watch.yaml', () => {
  test('says of each model on which bars it is watched, how often, within which limits, and how it is trained', () => {
    const models = written(`models:
  gold:
    bars: recorded/gold.parquet
    everyMinutes: 15
    limits: { mostTrainingsAWeek: 1 }
    training: { set: { members: lightgbm, folds: 3 }, rows: 1000 }
  coin: { account: quick, symbol: BTC/USDT }
`);
    expect(models).toEqual([
      {
        name: 'gold',
        bars: join(directory, 'recorded/gold.parquet'),
        everyMinutes: 15,
        limits: lifecycleLimitsSchema.parse({ mostTrainingsAWeek: 1 }),
        training: { set: { members: 'lightgbm', folds: 3 }, withinMinutes: 120, rows: 1_000 },
      },
      {
        name: 'coin',
        account: 'quick',
        symbol: 'BTC/USDT',
        everyMinutes: 60,
        limits: lifecycleLimitsSchema.parse({}),
        training: { set: {}, withinMinutes: 120, rows: 50_000 },
      },
    ]);
  });

  test('that is not there watches nothing', () => expect(watchedModels(file)).toEqual([]));

  const many = Array.from({ length: 65 }, (_, k) => `  m${k}: { bars: a }`).join('\n');
  test.each([
    ['no YAML', 'models: [', /Watch\.yaml:1 is not YAML/],
    ['nothing', '', /models is missing/],
    ['a key that is not known', 'modles: {}', /watch\.yaml:1 there is no key "modles".*Use "?models/s],
    ['a setting that is not known', 'models:\n  gold: { bar: a }', /watch\.yaml:2 .*"bar" in models\.gold.*bars/s],
    ['a name that no model has', 'models:\n  Gold: { bars: a }', /Gold/],
    ['neither bars nor an account', 'models:\n  gold: { symbol: A }', /write bars|bars \(a file\)/i],
    ['an account without a symbol', 'models:\n  gold: { account: a }', /symbol/],
    ['looks without a pause', 'models:\n  gold: { bars: a, everyMinutes: 0 }', /everyMinutes is 0.*at least 0\.01/s],
    ['limits beyond what is allowed', 'models:\n  gold: { bars: a, limits: { mostShare: 2 } }', /mostShare is 2/],
    ['a first share above the most', 'models:\n  gold: { bars: a, limits: { firstShare: 0.9 } }', /first share/],
    ['no time for a training', 'models:\n  gold: { bars: a, training: { withinMinutes: 0 } }', /withinMinutes is 0/],
    ['too many models', `models:\n${many}`, /at most 64 models/],
  ])('bad input: %s is refused with the place and the way out', (_, text, sentence) => {
    expect(() => written(text)).toThrow(
      expect.objectContaining({ code: 'WATCH_INVALID', sentence: expect.stringMatching(sentence) }),
    );
  });

  test('bad input: a file that is too large is not read', () => {
    expect(() => written(`# ${'x'.repeat(100_001)}`)).toThrow(expect.objectContaining({ code: 'WATCH_INVALID' }));
  });
});

describe('the settings of a watch', () => {
  const configuration = configurationSchema.parse({
    venues: { sim: { kind: 'simulated', seed: 3 } },
    universes: { one: { venue: 'sim', symbols: ['BTC/USDT'], timeframe: '1m' } },
    accounts: [{ id: 'quick', universe: 'one', strategies: [{ strategy: 'sma-cross' }] }],
  });
  const [account] = configuration.accounts;
  const venue = { provenance: 'simulated', venue: 'sim' } as Trading['accounts'][number]['venue'];
  const trading = { written: configuration, configuration, accounts: [{ account, venue }] } as Trading;
  const settings = (text: string, where: Trading = trading) => watchSettings(written(text), where);

  test('name the series of the lake that goes on where a file ends', () => {
    const { models, notes } = settings('models:\n  gold: { bars: a.csv, account: quick, symbol: BTC/USDT }');
    expect(notes).toEqual([]);
    expect(models).toMatchObject([
      {
        name: 'gold',
        file: join(directory, 'a.csv'),
        symbol: 'BTC/USDT',
        series: { provenance: 'simulated', venue: 'sim', symbol: 'BTC/USDT', timeframe: '1m' },
        everyMs: 3_600_000,
        training: { withinMs: 7_200_000 },
      },
    ]);
  });

  test('of an account that trades on a stand-in now are those of the file alone, or none, and say so', () => {
    const elsewhere = { ...trading, accounts: [] };
    const both = settings('models:\n  gold: { bars: a.csv, account: quick, symbol: BTC/USDT }', elsewhere);
    expect(both.models[0]).not.toHaveProperty('series');
    expect(both.notes).toEqual(['"quick" keeps no bars of BTC/USDT now: gold is watched on its file alone.']);
    const alone = settings('models:\n  gold: { account: quick, symbol: BTC/USDT }', elsewhere);
    expect(alone).toEqual({
      models: [],
      notes: ['"quick" keeps no bars of BTC/USDT now: gold is not watched.'],
    });
  });

  test.each([
    ['an account that is not there', '{ account: quikc, symbol: BTC/USDT }', /"quikc".*quick/s],
    ['an instrument that it does not trade', '{ account: quick, symbol: BTC/USD }', /BTC\/USD, which.*BTC\/USDT/s],
  ])('bad input: %s is refused with the nearest', (_, model, sentence) => {
    expect(() => settings(`models:\n  gold: ${model}`)).toThrow(
      expect.objectContaining({ code: 'WATCH_INVALID', sentence: expect.stringMatching(sentence) }),
    );
  });
});
