import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { dataDirectoryOf, loadConfiguration, originText } from '../../adapters/files/configuration.ts';
import { PlimsollError } from '../../core/errors.ts';

const directory = mkdtempSync(join(tmpdir(), 'plimsoll-configuration-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const BASE = `venues:
  sim: { kind: simulated }
universes:
  one: { venue: sim, symbols: [BTC/USDT, ETH/USDT], timeframe: 1m }
accounts:
  - id: paper
    universe: one
    cash: 5000
    strategies:
      - strategy: sma-cross
        params: { fast: 5 }
server: { port: 7500 }
`;

let files = 0;
function written(text: string): string {
  const file = join(directory, `c${files++}.yaml`);
  writeFileSync(file, text);
  return file;
}

const load = (text: string, environment: Record<string, string> = {}) =>
  loadConfiguration({ file: written(text), environment });

function refusal(text: string, environment: Record<string, string> = {}): PlimsollError {
  try {
    load(text, environment);
  } catch (error) {
    if (error instanceof PlimsollError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('layers', () => {
  test('a value is the default, the file’s, the profile’s or a variable’s, the later over the earlier, and says which', () => {
    const file = written(BASE);
    writeFileSync(file.replace('.yaml', '.production.yaml'), 'server: { port: 7600, host: 0.0.0.0 }\n');
    const environment = {
      PLIMSOLL_SERVER__HOST: '127.0.0.2',
      PLIMSOLL_SCHEDULE__MAX_CATCH_UP: '7',
      PLIMSOLL_DATA: '/elsewhere',
      PLIMSOLL_MODEL_SERVER: 'http://127.0.0.1:8080',
      PLIMSOLL_ONNXRUNTIME: '/opt/onnxruntime',
      PATH: '/bin',
    };
    const { configuration, origins } = loadConfiguration({ file, profile: 'production', environment });
    expect(configuration.server).toEqual({ host: '127.0.0.2', port: 7600 });
    expect(configuration.schedule.maxCatchUp).toBe(7);
    expect(configuration.accounts[0].cash).toBe(5000);
    const from = (path: string) => originText(origins.get(path)!.origin).replace(/c\d+/, 'file');
    expect(from('server.host')).toBe('PLIMSOLL_SERVER__HOST');
    expect(from('server.port')).toBe('file.production.yaml:1');
    expect(from('schedule.maxCatchUp')).toBe('PLIMSOLL_SCHEDULE__MAX_CATCH_UP');
    expect(from('accounts[0].cash')).toBe('file.yaml:8');
    expect(from('accounts[0].strategies[0].params.fast')).toBe('file.yaml:11');
    expect(from('schedule.delayMs')).toBe('default');
  });

  test('a variable reaches into lists and names of one’s own, and a list replaces a list', () => {
    const { configuration } = load(BASE, {
      PLIMSOLL_ACCOUNTS__0__CASH: '77',
      PLIMSOLL_UNIVERSES__ONE__SYMBOLS: '[SOL/USDT]',
      PLIMSOLL_VENUES__SIM__SEED: '9',
    });
    expect(configuration.accounts[0].cash).toBe(77);
    expect(configuration.universes.one.symbols).toEqual(['SOL/USDT']);
    expect(configuration.venues.sim).toEqual({ kind: 'simulated', seed: 9 });
  });

  test('a list of a profile leaves nothing of the origins of the longer one that it replaces', () => {
    const file = written(BASE);
    writeFileSync(file.replace('.yaml', '.small.yaml'), 'universes: { one: { symbols: [ETH/USDT] } }\n');
    const { origins } = loadConfiguration({ file, profile: 'small', environment: {} });
    expect([...origins.keys()].filter((path) => path.startsWith('universes.one.symbols'))).toEqual([
      'universes.one.symbols[0]',
    ]);
    expect(originText(origins.get('universes.one.symbols[0]')!.origin)).toMatch(/small\.yaml:1$/);
  });

  test('the data directory lies beside the file that names it, unless another is given', () => {
    const loaded = load(BASE);
    expect(dataDirectoryOf(loaded)).toBe(join(directory, 'plimsoll-data'));
    expect(dataDirectoryOf(loaded, join(directory, 'other'))).toBe(join(directory, 'other'));
  });

  test('the file that comes with the platform is valid and names only what there is', () => {
    const file = join(import.meta.dirname, '../../plimsoll.yaml');
    const { configuration } = loadConfiguration({ file, environment: {} });
    expect(configuration.accounts[0].strategies.map(({ strategy }) => strategy)).toEqual([
      'sma-cross',
      'rsi-reversion',
      'donchian-breakout',
      'multi-timeframe-trend',
      'model-opinion',
    ]);
  });
});

describe('what is refused, with its line and the way out', () => {
  const cases: [what: string, text: string, code: string, sentence: RegExp][] = [
    [
      'an unknown key',
      BASE.replace('cash:', 'csh:'),
      'CONFIGURATION_INVALID',
      /:8 there is no key "csh" in accounts\[0\]\. Use "cash"/,
    ],
    [
      'an unknown key at the top',
      BASE.replace('server:', 'servr:'),
      'CONFIGURATION_INVALID',
      /:12 there is no key "servr"\. Use "server"/,
    ],
    [
      'a key that another kind of venue has',
      BASE.replace('kind: simulated', 'kind: simulated, exchange: kraken'),
      'CONFIGURATION_INVALID',
      /:2 there is no key "exchange" in venues\.sim/,
    ],
    [
      'a wrong type',
      BASE.replace('5000', 'plenty'),
      'CONFIGURATION_INVALID',
      /:8 accounts\[0\]\.cash is "plenty"\. Write a number/,
    ],
    [
      'a value out of range',
      BASE.replace('5000', '-5'),
      'CONFIGURATION_INVALID',
      /:8 accounts\[0\]\.cash is -5\. Write a value of more than 0/,
    ],
    [
      'an unknown kind',
      BASE.replace('kind: simulated', 'kind: simulatd'),
      'CONFIGURATION_INVALID',
      /:2 venues\.sim\.kind is "simulatd"\. Write "simulated", "replay", "ccxt", "alpaca" or "oanda"/,
    ],
    [
      'a malformed timeframe',
      BASE.replace('timeframe: 1m', 'timeframe: 1x'),
      'CONFIGURATION_INVALID',
      /:4 universes\.one\.timeframe is "1x"\. Write a count and a unit/i,
    ],
    [
      'a missing key',
      BASE.replace('    universe: one\n', ''),
      'CONFIGURATION_INVALID',
      /accounts\[0\]\.universe is missing\. Write text/,
    ],
    [
      'an unknown venue',
      BASE.replace('venue: sim', 'venue: sin'),
      'CONFIGURATION_INVALID',
      /:4 the venue "sin" is not known\. Use "sim"/,
    ],
    [
      'an unknown universe',
      BASE.replace('universe: one', 'universe: none'),
      'CONFIGURATION_INVALID',
      /:7 the universe "none" is not known\. Use "one"/,
    ],
    [
      'a symbol outside of the universe',
      BASE.replace('params:', 'instruments: [SOL/USDT]\n        params:'),
      'CONFIGURATION_INVALID',
      /:11 the universe "one" has no SOL\/USDT/,
    ],
    ['what is not YAML', BASE.replace('server: {', 'server: {{'), 'CONFIGURATION_INVALID', /:1\d is not YAML/],
    [
      'an empty list of accounts',
      BASE.replace(/accounts:[\s\S]*server/, 'accounts: []\nserver'),
      'CONFIGURATION_INVALID',
      /accounts is \[\]\. Write a list of at least 1/,
    ],
  ];
  test.each(cases)('%s', (_, text, code, sentence) => {
    const error = refusal(text);
    expect(error.code).toBe(code);
    expect(error.sentence).toMatch(sentence);
  });

  test('a variable that names nothing, with the nearest that does', () => {
    expect(refusal(BASE, { PLIMSOLL_SERVER__PROT: '1' }).sentence).toMatch(
      /PLIMSOLL_SERVER__PROT names no value .*\. Use "port"/,
    );
  });

  test('a variable with a value of the wrong type, named as its place', () => {
    expect(refusal(BASE, { PLIMSOLL_SERVER__PORT: 'high' }).sentence).toMatch(
      /In PLIMSOLL_SERVER__PORT server\.port is "high"\. Write a number/,
    );
  });

  test('a file or a profile that is not there', () => {
    expect(() => loadConfiguration({ file: join(directory, 'none.yaml'), environment: {} })).toThrow(
      /there is no configuration file/,
    );
    expect(() => loadConfiguration({ file: written(BASE), profile: 'nowhere', environment: {} })).toThrow(
      /there is no configuration file .*nowhere\.yaml/,
    );
    expect(() => loadConfiguration({ file: written(BASE), profile: '../x', environment: {} })).toThrow(/is not a name/);
  });
});
