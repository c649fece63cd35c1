import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { openEmbedded } from '../../adapters/embedded/embedded.ts';
import { KEYS } from '../../functions/steps/account-state.ts';
import { until, Workplace } from '../cli/plimsoll.ts';

const PATIENCE = 120_000;
const places: Workplace[] = [];
afterEach(() => {
  for (const place of places.splice(0)) place.remove();
});

function workplace(options?: ConstructorParameters<typeof Workplace>[0]): Workplace {
  const place = new Workplace(options);
  places.push(place);
  return place;
}

interface Cycle {
  readonly cycle: number;
  readonly steps: { readonly step: string; readonly verdict: string }[];
}

const cyclesOf = async (place: Workplace): Promise<Cycle[]> => {
  const { out, code } = await place.run('cycles', '--json', '--limit', '1000');
  return code === 0 ? JSON.parse(out).cycles : [];
};
const isDecided = ({ steps }: Cycle): boolean =>
  steps.some(({ step, verdict }) => step === 'signal' && verdict !== 'warming up');
const hasDecided = (cycles: Cycle[]): boolean => cycles.some(isDecided);
/** From beside the platform, as a disk might. */
async function damageCheckpoint(place: Workplace): Promise<void> {
  const embedded = openEmbedded({ directory: join(place.directory, 'plimsoll-data'), role: 'visitor' });
  try {
    const stream = 'local/quick';
    const value = { cycle: 0, checkpoint: { contexts: 'none' } };
    const documents = [{ key: KEYS.checkpoint('sma-cross'), value, expectedVersion: 'any' as const }];
    for (let tries = 0; tries < 20; tries++) {
      const expected = await embedded.ledger.head(stream);
      const request = { stream, expected, events: [], hash: '', documents, guards: [] };
      if ((await embedded.ledger.commit(request)).kind === 'committed') return;
    }
    throw new Error('the checkpoint could not be written');
  } finally {
    await embedded.close();
  }
}
const started = /(http:\/\/127\.0\.0\.1:(\d+))\/#token=(\S+)/;

describe('the platform on the simulated exchange', () => {
  test(
    'says what it trades, decides, refuses a second process and a wrong token, and stops on Ctrl-C with nothing lost',
    async () => {
      const place = workplace();
      const platform = place.start('start');
      const [, url, port, token] = await platform.printed(started);
      const [said] = await platform.printed(/"quick" trades .*/);
      expect(said).toMatch(/10000 USDT of paper money in BTC\/USDT \(1s bars\) on SIMULATED data/);

      const cycles = await until(() => cyclesOf(place), hasDecided);
      expect(cycles.filter((cycle) => !isDecided(cycle)).length).toBeGreaterThanOrEqual(200);

      const second = await place.run('start');
      expect(second.code).toBe(1);
      expect(second.err).toMatch(/already runs on .*pid \d+.*stop that process/is);
      const sharing = workplace();
      const taken = await sharing.run('start', '--port', port);
      expect(taken.code).toBe(1);
      expect(taken.err).toMatch(new RegExp(`port ${port} .*taken.*--port`, 'is'));

      const known = await fetch(`${url}/api/status/show`, { headers: { authorization: `Bearer ${token}` } });
      expect(known.status).toBe(200);
      const stranger = await fetch(`${url}/api/status/show`, { headers: { authorization: `Bearer ${token}x` } });
      expect(stranger.status).toBe(401);
      expect(stranger.headers.get('content-type')).toMatch('application/problem+json');

      const halted = await place.run('halt', '--reason', 'a test');
      expect(halted).toMatchObject({ code: 0, out: expect.stringMatching(/Halted/) });
      expect((await place.run('status')).out).toMatch(/Trading +Halted/);
      expect(JSON.parse((await place.run('resume', '--json')).out)).toMatchObject({
        done: true,
        accounts: [{ account: 'quick', state: 'Active' }],
      });

      const ended = await platform.kill('SIGINT');
      expect(ended.code).toBe(0);
      expect(ended.err).toBe('');
      expect(await place.run('ledger', 'verify')).toMatchObject({
        code: 0,
        out: expect.stringMatching(/local\/quick: holds, \d+ events/),
      });
    },
    PATIENCE,
  );

  test(
    'goes on after kill -9 where it stood, makes up for what passed, and replays its decisions',
    async () => {
      const place = workplace();
      const first = place.start('start');
      await first.printed(/filled/);
      await first.kill('SIGKILL');
      const before = await cyclesOf(place);
      expect((await place.run('ledger', 'verify')).code).toBe(0);

      const again = place.start('start');
      await again.printed(started);
      const [latest] = before;
      const after = await until(
        () => cyclesOf(place),
        ([newest]) => newest.cycle > latest.cycle + 3_000,
      );
      const times = after
        .filter(({ cycle }) => cycle >= latest.cycle)
        .map(({ cycle }) => cycle)
        .reverse();
      expect(times).toEqual(times.map((_, k) => latest.cycle + k * 1_000));
      expect((await again.kill('SIGTERM')).code).toBe(0);

      const replayed = await place.run('replay', 'latest', '--json');
      expect(JSON.parse(replayed.out)).toMatchObject({ same: true, differences: [], provenance: 'simulated' });
      expect(replayed.code).toBe(0);
      expect((await place.run('replay', 'latest')).out).toMatch(/fast +[\d.]+ \(before: [\d.]+\)[\s\S]*same: true/);
      expect(await place.run('ledger', 'verify', '--json')).toMatchObject({
        code: 0,
        out: expect.stringMatching(/"holds":true/),
      });
      const job = JSON.parse((await place.run('op', 'backtests.run', '--input', '{"strategy":"sma-cross"}')).out).job;
      expect(job).toMatchObject({ state: 'done', error: null });
      // The jobs' own stream has no events, and is none of an account.
      const { streams } = JSON.parse((await place.run('ledger', 'verify', '--json')).out);
      expect(streams.map(({ stream }: { stream: string }) => stream)).toEqual(['local/quick']);
      expect((await place.run('ledger', 'verify')).out).toMatch(/^local\/quick: holds, \d+ events .*\n$/);
      expect((await place.run('replay', 'latest', '--account', 'quik')).err).toMatch(/Use --account with quick\.\n$/);
    },
    PATIENCE,
  );

  test(
    'a changed parameter and a new strategy are taken over, and a strategy that is gone is refused',
    async () => {
      const place = workplace();
      const first = place.start('start');
      await first.printed(/filled/);
      await first.kill('SIGINT');
      const file = join(place.directory, 'plimsoll.yaml');
      const text = readFileSync(file, 'utf8');
      writeFileSync(
        file,
        text.replace(
          'slow: 3 }, allocation: 0.5 }',
          'slow: 5 }, allocation: 0.4 }, { strategy: rsi-reversion, params: { period: 3 }, allocation: 0.4 }',
        ),
      );
      const second = place.start('start');
      await second.printed(/configuration of "quick" changed and is taken over: sma-cross, rsi-reversion/);
      await second.printed(/filled/);
      expect((await second.kill('SIGINT')).code).toBe(0);
      expect((await place.run('ledger', 'verify')).code).toBe(0);
      writeFileSync(file, text.replace('strategy: sma-cross, params: { fast: 2, slow: 3 }', 'strategy: rsi-reversion'));
      const third = await place.run('start');
      expect(third).toMatchObject({
        code: 1,
        err: expect.stringMatching(/strategy "sma-cross" of the account "quick" is gone/),
      });
      writeFileSync(file, text.replace('symbols: [BTC/USDT]', 'symbols: [ETH/USDT]'));
      expect(await place.run('start')).toMatchObject({
        code: 1,
        err: expect.stringMatching(/trades BTC\/USDT in 1s bars, and the configuration now says ETH\/USDT in 1s bars/),
      });
    },
    PATIENCE,
  );

  test(
    'a cycle that fails every time is given up in words, and the account trades on',
    async () => {
      const place = workplace();
      const platform = place.start('start');
      await platform.printed(/filled/);
      await damageCheckpoint(place);
      await platform.printed(
        /The cycle .* of local\/quick was given up \(gap: signal failed 3 times \(.*rebuilt "sma-cross"\)/,
      );
      const given = JSON.parse((await place.run('status', '--json')).out).accounts[0].gap;
      expect(given).toMatchObject({ cycle: expect.any(Number), verdict: expect.stringMatching(/^gap: signal failed/) });
      expect((await place.run('status')).out).toMatch(/Given up +\d{4}-.*gap: signal failed 3 times/);
      const cycles = await until(
        () => cyclesOf(place),
        ([newest]) => newest.cycle > given.cycle + 3_000,
      );
      const failed = cycles.find(({ cycle }) => cycle === given.cycle);
      expect(failed?.steps.at(-1)).toMatchObject({ step: 'signal', verdict: given.verdict });
      expect((await place.run('cycles', '--limit', '1000')).out).toMatch(/signal: gap: signal failed 3 times/);
      expect((await platform.kill('SIGINT')).code).toBe(0);
      expect(await place.run('ledger', 'verify')).toMatchObject({ code: 0, out: expect.stringMatching(/holds/) });
    },
    PATIENCE,
  );

  test(
    'strategies that throw, loop for ever or return NaN are named, and the one that loops is paused; the others trade on',
    async () => {
      const place = workplace({
        strategies:
          '[{ strategy: throws }, { strategy: loops }, { strategy: sums }, { strategy: sma-cross, params: { fast: 2, slow: 3 }, allocation: 0.5 }]',
        more: 'strategyTimeoutMs: 300',
      });
      place.strategy('throws', "throw new Error('it broke')");
      place.strategy('loops', 'for (;;) {}');
      place.strategy('sums', "return context.target(Number.NaN, 'a sum of nothing')");
      const platform = place.start('start');
      await platform.printed(/strategy throws failed on BTC\/USDT: Error: it broke/);
      await platform.printed(/strategy loops is paused: it took too long/);
      await platform.printed(/strategy sums failed on BTC\/USDT/);
      await platform.printed(/filled .* for sma-cross/);
      expect((await platform.kill('SIGINT')).code).toBe(0);
      expect((await place.run('ledger', 'verify')).code).toBe(0);
    },
    PATIENCE,
  );
});

describe('data that cannot be used', () => {
  test(
    'a damaged SQLite file is named, left as it was, and nothing starts on it',
    async () => {
      const place = workplace();
      const platform = place.start('start');
      await platform.printed(started);
      await platform.kill('SIGINT');
      const file = join(place.directory, 'plimsoll-data', 'plimsoll.db');
      const bytes = readFileSync(file);
      bytes.fill(0x5a, 0, 200);
      writeFileSync(file, bytes);
      for (const command of [['start'], ['status'], ['ledger', 'verify']]) {
        const ended = await place.run(...command);
        expect(ended).toMatchObject({
          code: 1,
          err: expect.stringMatching(/plimsoll\.db is damaged.*restore a backup/s),
        });
      }
      expect(readFileSync(file).equals(bytes)).toBe(true);
      truncateSync(file, 0);
      expect((await place.run('start')).err).toMatch(/damaged/);
    },
    PATIENCE,
  );

  test(
    'a full disk stops the platform with a sentence, and everything before it is whole',
    async () => {
      const place = workplace();
      const ended = await place.child(join(import.meta.dirname, 'full-disk-child.ts')).ended;
      expect(ended.err).toMatch(/disk is full.*make room, then start again/is);
      expect(ended.code).toBe(1);
      expect(await place.run('ledger', 'verify')).toMatchObject({ code: 0, out: expect.stringMatching(/holds/) });
      const again = place.start('start');
      await again.printed(started);
      const [latest] = await cyclesOf(place);
      await until(
        () => cyclesOf(place),
        ([newest]) => newest.cycle > latest.cycle,
      );
      expect((await again.kill('SIGINT')).code).toBe(0);
    },
    PATIENCE,
  );
});

test(
  'recorded bars run through the same path at their pace, under an account of their own, and the platform stays up after them',
  async () => {
    const place = workplace();
    const rows = Array.from({ length: 60 }, (_, k) => {
      const close = 100 + 5 * Math.sin(k / 2);
      return [
        1_700_000_040_000 + k * 60_000,
        ...[close, close + 1, close - 1, close].map((price) => price.toFixed(2)),
        10,
      ].join();
    });
    place.write('bars.csv', `timestamp,open,high,low,close,volume\n${rows.join('\n')}\n`);
    const platform = place.start('start', '--venue', 'replay', '--bars', 'bars.csv', '--symbol', 'ABC/USDT');
    await platform.printed(
      /"quick-recorded-[0-9a-f]{8}" trades .* ABC\/USDT \(1m bars\) on RECORDED data \(60 recorded cycles\)/,
    );
    await platform.printed(/are at their end; the platform stays up/);
    const cycles = await cyclesOf(place);
    expect(cycles).toHaveLength(60);
    expect(cycles.every(isDecided)).toBe(true);
    expect((await platform.kill('SIGINT')).code).toBe(0);
    const again = place.start('start', '--venue', 'replay', '--bars', 'bars.csv', '--symbol', 'ABC/USDT');
    await again.printed(/are at their end/);
    expect(await cyclesOf(place)).toHaveLength(60);
    expect((await again.kill('SIGINT')).code).toBe(0);
    expect(readdirSync(join(place.directory, 'plimsoll-data', 'log'))).toEqual(['plimsoll.log']);
  },
  PATIENCE,
);
