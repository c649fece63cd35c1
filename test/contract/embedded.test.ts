import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Embedded, openEmbedded } from '../../adapters/embedded/embedded.ts';
import { ManualTime } from '../adapters/embedded/manual-time.ts';
import { identityContract } from './identity.suite.ts';
import { ledgerContract } from './ledger.suite.ts';
import { longWorkContract } from './long-work.suite.ts';
import { objectsContract } from './objects.suite.ts';
import type { PortUnderTest } from './port-under-test.ts';
import { queueContract } from './queue.suite.ts';
import { scheduleContract } from './schedule.suite.ts';
import { secretsContract } from './secrets.suite.ts';

const HOUR = 3_600_000;

const portOf =
  <Name extends keyof Embedded>(name: Name, time?: ManualTime) =>
  async (): Promise<PortUnderTest<Embedded[Name]>> => {
    const { embedded, stop } = openTemporary(time);
    return { port: embedded[name], stop };
  };

ledgerContract('node:sqlite', portOf('ledger'));
longWorkContract('node:sqlite', portOf('ledger'));
objectsContract('a directory', portOf('objects'));
secretsContract('an encrypted file', portOf('secrets'));

const queueTime = new ManualTime(0);
queueContract('node:sqlite', portOf('queue', queueTime), { pass: (ms) => queueTime.advance(ms) });

identityContract('local users', async () => {
  const time = new ManualTime(0);
  const { embedded, stop } = openTemporary(time);
  return {
    port: embedded.identity,
    stop,
    issue: async (user) => (await embedded.identity.issue({ ...user, ttlMs: 100 * HOUR })).token,
    async issueExpired(user) {
      const { token } = await embedded.identity.issue({ ...user, ttlMs: HOUR });
      await time.advance(HOUR);
      return token;
    },
  };
});

scheduleContract('this process', async (start) => {
  const time = new ManualTime(start);
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-'));
  const options = { directory, now: time.now, timer: time.timer, onScheduleFailure: () => undefined };
  let embedded = openEmbedded(options);
  return {
    port: embedded.schedule,
    advance: (ms) => time.advance(ms),
    wakeAt: (at) => time.wakeAt(at),
    async restart() {
      await embedded.close();
      embedded = openEmbedded(options);
      return embedded.schedule;
    },
    async stop() {
      await embedded.close();
      rmSync(directory, { recursive: true });
    },
  };
});

function openTemporary(time?: ManualTime): { embedded: Embedded; stop(): Promise<void> } {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-'));
  const embedded = openEmbedded({ directory, ...(time && { now: time.now, timer: time.timer }) });
  return {
    embedded,
    async stop() {
      await embedded.close();
      rmSync(directory, { recursive: true });
    },
  };
}
