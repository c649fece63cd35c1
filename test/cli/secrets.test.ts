/** Secrets from the command line: typed or piped, never an argument, never printed. */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { root, Workplace } from './plimsoll.ts';

const places: Workplace[] = [];
afterEach(() => {
  for (const place of places.splice(0)) place.remove();
});

function workplace(): Workplace {
  const place = new Workplace();
  places.push(place);
  place.write(
    'plimsoll.yaml',
    `venues: { there: { kind: ccxt, exchange: binance, credentials: keys } }
universes: { one: { venue: there, symbols: [BTC/USDT], timeframe: 1m } }
accounts: [{ id: real, universe: one, strategies: [{ strategy: sma-cross }], live: {} }]
`,
  );
  return place;
}

function piped(place: Workplace, input: string, ...args: string[]) {
  const program = [join(root, 'bin/plimsoll.ts'), 'secrets', ...args];
  return spawnSync(process.execPath, program, { cwd: place.directory, input, encoding: 'utf8' });
}

test('keys of a venue are piped in before the first start, kept for the owner alone, listed by name, and forgotten', async () => {
  const place = workplace();
  const stored = piped(place, 'the-key\nthe-secret\n', 'set', 'keys');
  expect(stored).toMatchObject({ status: 0, stdout: expect.stringMatching(/keys of a spot account at Binance/) });
  expect(stored.stdout + stored.stderr).not.toMatch(/the-key|the-secret/);
  for (const file of ['secrets.enc', 'secrets.key'])
    expect(statSync(join(place.directory, 'plimsoll-data', file)).mode & 0o777).toBe(0o600);
  expect(piped(place, '{"apiKey":"k","secret":"s"}', 'set', 'keys').status).toBe(0);
  expect(await place.run('secrets', 'list', '--json')).toMatchObject({ code: 0, out: '["keys"]\n' });
  expect(await place.run('secrets', 'remove', 'keys')).toMatchObject({ code: 0 });
  expect(await place.run('secrets', 'list')).toMatchObject({ out: 'There is no secret yet.\n' });
  expect(await place.run('secrets', 'remove', 'keys')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/no secret/),
  });
});

test.each([
  ['half of the keys', 'the-key\n'],
  ['nothing', ''],
  ['an object that lacks one', '{"apiKey":"the-key"}'],
])('%s is refused, and nothing is stored', async (_what, input) => {
  const place = workplace();
  const refused = piped(place, input, 'set', 'keys');
  expect(refused.status).toBe(2);
  expect(refused.stderr).toMatch(/lacks .*Nothing was stored.*apiKey and secret/s);
  expect(refused.stderr).not.toContain('the-key');
});

test('a value is never an argument', async () => {
  const place = workplace();
  expect((await place.run('secrets', 'set', 'keys', 'the-key')).code).toBe(2);
  expect(await place.run('secrets', 'list')).toMatchObject({ out: 'There is no secret yet.\n' });
});
