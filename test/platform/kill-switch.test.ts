// Each test pulls a plug of the platform, throws the kill switch from the command line, and finds it thrown after a restart.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, test } from 'vitest';
import { openEmbedded } from '../../adapters/embedded/embedded.ts';
import type { LedgerEvent } from '../../core/ledger/events.ts';
import { QUEUES } from '../../core/ports/queue.ts';
import { eventsOf } from '../../platform/live-run.ts';
import { type Running, until, Workplace } from '../cli/plimsoll.ts';
import { kindOfDisk, smallDisk } from './small-disk.ts';

const PATIENCE = 120_000;
const STREAM = 'local/quick';
const started = /(http:\/\/127\.0\.0\.1:\d+)\/#token=(\S+)/;
const places: Workplace[] = [];
afterEach(() => {
  for (const place of places.splice(0)) place.remove();
});

function workplace(options?: ConstructorParameters<typeof Workplace>[0]): Workplace {
  const place = new Workplace(options);
  places.push(place);
  return place;
}

const dataOf = (place: Workplace): string => join(place.directory, 'plimsoll-data');

async function eventsIn(place: Workplace): Promise<LedgerEvent[]> {
  const embedded = openEmbedded({ directory: dataOf(place), role: 'visitor', readOnly: true });
  try {
    const events: LedgerEvent[] = [];
    for await (const event of eventsOf(embedded.ledger, STREAM)) events.push(event);
    return events;
  } finally {
    await embedded.close();
  }
}

const isHalt = ({ kind, to }: LedgerEvent): boolean => kind === 'TradingStateChanged' && to === 'Halted';

/** Starts the platform again, lets it run on, and expects the halt to stand and nothing but what flattens to have been sent. */
async function expectHaltStands(place: Workplace, through: readonly string[] = []): Promise<LedgerEvent[]> {
  const before = await place.startThrough(through, 'status', '--json').ended;
  const [{ cycle }] = JSON.parse(before.out).accounts;
  const again = place.startThrough(through, 'start');
  await again.printed(started);
  const statusNow = async () =>
    JSON.parse((await place.startThrough(through, 'status', '--json').ended).out).accounts[0];
  const status = await until(statusNow, (now) => now.cycle > cycle + 2_000);
  expect(status).toMatchObject({ tradingState: 'Halted', standing: [{ scope: 'account', state: 'Halted' }] });
  expect(await again.kill('SIGINT')).toMatchObject({ code: 0 });
  expect(await place.startThrough(through, 'ledger', 'verify').ended).toMatchObject({ code: 0 });
  if (through.length > 0) return [];
  const events = await eventsIn(place);
  const after = events.slice(events.findLastIndex(isHalt));
  const flattening = new Set(after.filter(({ purpose }) => purpose === 'flatten').map(({ order }) => order));
  const sent = after.filter(({ kind, order }) => kind === 'OrderSubmitted' && !flattening.has(order));
  expect(sent).toEqual([]);
  return after;
}

test(
  'a strategy that blocks the event loop, and with it the API, does not keep the halt from the ledger; the step meets it and starts over',
  async () => {
    const place = workplace({
      strategies: '[{ strategy: slow, allocation: 0.5 }]',
      more: 'strategyTimeoutMs: 60000\n',
    });
    place.strategy(
      'slow',
      'let sum = 0; for (let k = 0; k < 1.5e9; k++) sum += k % 7; return context.target(sum > 0 ? 0.5 : 0, "slow");',
    );
    const platform = place.start('start');
    const [, url, token] = await platform.printed(started);
    const answers = async (): Promise<boolean> => {
      const request = { headers: { authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(500) };
      return fetch(`${url}/api/status/show`, request).then(
        ({ ok }) => ok,
        () => false,
      );
    };
    await until(answers, (alive) => !alive);
    const halted = await place.run('halt', '--reason', 'it hangs');
    expect(halted).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(
        /thrown for the instance\.[\s\S]*Halted[\s\S]*straight to the ledger, the SQLite file in .*the API was not asked/,
      ),
    });
    const later = () => new Promise((done) => setTimeout(done, 1_000));
    const events = await until(
      () => later().then(() => eventsIn(place)),
      (all) => all.some(({ denial }) => denial === 'TRADING_HALTED'),
    );
    const at = events.findIndex(isHalt);
    const denied = events.findIndex(({ denial }) => denial === 'TRADING_HALTED');
    // The cycle that the loop was in is the one that met the halt.
    expect([denied > at, events[denied].cycle]).toEqual([true, events[at].cycle]);
    expect(events.filter(({ kind }) => kind === 'OrderSubmitted')).toEqual([]);
    await platform.kill('SIGKILL');
    expect((await place.run('status')).out).toMatch(
      /Stopped +the account is Halted: it hangs \(local owner, instance\)/,
    );
    expect((await place.run('ledger', 'verify')).code).toBe(0);
  },
  PATIENCE,
);

describe('with the platform killed in the middle of its work', () => {
  async function killed(strategy: 'holds' | 'turns' = 'turns'): Promise<Workplace> {
    const place = workplace({ strategies: `[{ strategy: ${strategy}, allocation: 0.5 }]` });
    place.strategy('holds', 'return context.target(0.5, "always");');
    place.strategy('turns', 'return context.target(context.position.isLong ? 0 : 0.5, "to and fro");');
    const platform = place.start('start');
    await platform.printed(/filled/);
    await platform.kill('SIGKILL');
    return place;
  }

  test(
    'strategies that do not parse, or never end loading, and a configuration that is gone are not in the way; what is flattened is closed after the restart',
    async () => {
      const place = await killed('holds');
      place.write('strategies/broken.ts', 'export default strategy({');
      place.write('strategies/endless.ts', 'for (;;) {}\n');
      const configuration = readFileSync(join(place.directory, 'plimsoll.yaml'), 'utf8');
      rmSync(join(place.directory, 'plimsoll.yaml'));
      const halted = await place.run('halt', '--data', 'plimsoll-data', '--flatten', '--json');
      expect(halted).toMatchObject({ code: 0, err: '' });
      const told = JSON.parse(halted.out);
      expect(told).toMatchObject({ done: true, path: expect.stringMatching(/^straight to the SQLite file/) });
      for (const name of ['broken.ts', 'endless.ts']) rmSync(join(place.directory, 'strategies', name));
      place.write('plimsoll.yaml', configuration);
      const after = await expectHaltStands(place);
      const [{ order }, ...others] = told.accounts[0].positions as { order: number }[];
      expect(others).toEqual([]);
      expect(after).toContainEqual(expect.objectContaining({ kind: 'OrderFilled', order, complete: true }));
      const { out } = await place.run('op', 'positions.list');
      for (const { quantity } of JSON.parse(out).positions) expect(Number(quantity)).toBe(0);
    },
    PATIENCE,
  );

  test(
    'queues that are full of messages that nobody can read are not in the way',
    async () => {
      const place = await killed();
      const database = new DatabaseSync(join(dataOf(place), 'plimsoll.db'));
      const insert = database.prepare('INSERT INTO messages (queue, message_group, id, body) VALUES (?, ?, ?, ?)');
      database.exec('BEGIN IMMEDIATE');
      for (const queue of QUEUES) for (let k = 0; k < 2_000; k++) insert.run(queue, `g${k % 5}`, `p${k}`, '{"poison":');
      database.exec('COMMIT');
      expect(await place.run('halt')).toMatchObject({ code: 0, out: expect.stringMatching(/Halted/) });
      expect((await place.run('status')).out).toMatch(/Stopped +the account is Halted/);
      database.exec('DELETE FROM messages');
      database.close();
      await expectHaltStands(place);
    },
    PATIENCE,
  );

  test(
    'a ledger that another process keeps locked is told as not recorded, with what to do; freed, it takes the halt',
    async () => {
      const place = await killed();
      const database = new DatabaseSync(join(dataOf(place), 'plimsoll.db'));
      database.exec('BEGIN IMMEDIATE');
      const refused = await place.run('halt');
      expect(refused).toMatchObject({ code: 1, out: '' });
      expect(refused.err).toMatch(
        /^Trading is NOT halted, since .* Nothing of the halt was recorded\. End the platform's process \(its pid is in .*platform\.pid\), and cancel at the venue .*\n$/,
      );
      expect(existsSync(/its pid is in ([^)]*)\)/.exec(refused.err)![1])).toBe(true);
      database.exec('ROLLBACK');
      database.close();
      expect((await place.run('status')).out).toMatch(/Trading +Active/);
      expect((await place.run('halt')).code).toBe(0);
      await expectHaltStands(place);
    },
    PATIENCE,
  );

  test(
    'what is halted goes on by a person, and only what was named',
    async () => {
      const place = await killed();
      expect((await place.run('halt', '--strategy', 'turns', '--reason', 'odd')).code).toBe(0);
      expect((await place.run('halt', '--instrument', 'BTC/USDT')).out).toMatch(/thrown for the instrument BTC\/USDT/);
      const { out } = await place.run('status');
      expect(out).toMatch(/Trading +Active/);
      expect(out).toMatch(/Stopped +the strategy turns is Halted: odd \(local owner\)/);
      expect(out).toMatch(/Stopped +the instrument BTC\/USDT is Halted: by hand \(local owner\)/);
      expect((await place.run('resume', '--strategy', 'turns')).code).toBe(0);
      expect((await place.run('status')).out).not.toMatch(/the strategy/);
      expect((await place.run('status')).out).toMatch(/the instrument BTC\/USDT/);
      const wrong = await place.run('halt', '--venue', 'simm');
      expect(wrong).toMatchObject({ code: 1, err: expect.stringMatching(/There is no venue "simm".*"sim"/) });
    },
    PATIENCE,
  );
});

// The shell's limit on a file stands for a full disk elsewhere, and a short log fits under it.
test.skipIf(!kindOfDisk.startsWith('a file system'))(
  `a full disk (${kindOfDisk}) is told as not recorded, with what to do; with room again the halt is taken and stands`,
  async () => {
    const place = workplace();
    const disk = await smallDisk(dataOf(place));
    const plimsoll = (...args: string[]): Running => place.startThrough(disk.through, ...args);
    try {
      const platform = plimsoll('start');
      await platform.printed(disk.fillsAfter);
      // A platform that runs on a disk that fills up stops by itself, and a log that it leaves has room to write over.
      await platform.kill('SIGINT');
      disk.fill();
      const refused = await plimsoll('halt').ended;
      expect(refused.code).toBe(1);
      expect(refused.err).toMatch(
        /^Trading is NOT halted, since .*disk (is full|failed to).* End the platform's process .*make room.*, and halt again before the platform is started\.\n$/,
      );
      disk.makeRoom();
      expect((await plimsoll('halt').ended).code).toBe(0);
      await expectHaltStands(place, disk.through);
    } finally {
      place.remove();
      disk.remove();
    }
  },
  PATIENCE,
);
