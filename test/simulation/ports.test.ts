/** The simulated ports keep the contracts of the real ones, or what is shown on them would be shown of nothing. */
import { describe, expect, test } from 'vitest';
import type { Json } from '../../core/json.ts';
import { SimulatedIdentity } from '../../simulation/ports/identity.ts';
import { SimulatedLedger } from '../../simulation/ports/ledger.ts';
import { SimulatedObjects } from '../../simulation/ports/objects.ts';
import { SimulatedQueue } from '../../simulation/ports/queue.ts';
import { SimulatedSchedule } from '../../simulation/ports/schedule.ts';
import { ManualTime } from '../adapters/embedded/manual-time.ts';
import { identityContract } from '../contract/identity.suite.ts';
import { ledgerContract } from '../contract/ledger.suite.ts';
import { longWorkContract } from '../contract/long-work.suite.ts';
import { objectsContract } from '../contract/objects.suite.ts';
import { queueContract } from '../contract/queue.suite.ts';
import { scheduleContract } from '../contract/schedule.suite.ts';

const HOUR = 3_600_000;
const stop = async (): Promise<void> => undefined;

ledgerContract('the simulation', async () => ({ port: new SimulatedLedger(), stop }));
longWorkContract('the simulation', async () => ({ port: new SimulatedLedger(), stop }));
objectsContract('the simulation', async () => ({ port: new SimulatedObjects(), stop }));

describe('a document of the simulated ledger', () => {
  const stream = 'local/main';
  async function written(value: Json): Promise<SimulatedLedger> {
    const ledger = new SimulatedLedger();
    const documents = [{ key: 'account', value, expectedVersion: 0 }];
    await ledger.commit({ stream, expected: { commit: 0, sequence: 0 }, events: [], hash: '', documents, guards: [] });
    return ledger;
  }

  test('cannot be changed by who reads it, at any depth', async () => {
    const ledger = await written({ orders: [{ id: 1, filled: [0] }] });
    const read = (await ledger.document(stream, 'account'))!;
    const { orders } = read.value as { orders: { id: number; filled: number[] }[] };
    const changes = [
      () => orders.push(orders[0]),
      () => {
        orders[0].id = 2;
      },
      () => orders[0].filled.push(1),
      () => Object.assign(read, { version: 9 }),
    ];
    for (const change of changes) expect(change).toThrow(TypeError);
    expect(await ledger.document(stream, 'account')).toEqual({
      key: 'account',
      version: 1,
      value: { orders: [{ id: 1, filled: [0] }] },
    });
  });

  test('does not change with what was handed over', async () => {
    const value = { orders: [{ id: 1 }] };
    const ledger = await written(value);
    value.orders[0].id = 2;
    expect((await ledger.document(stream, 'account'))?.value).toEqual({ orders: [{ id: 1 }] });
  });
});

const queueTime = new ManualTime(0);
queueContract('the simulation', async () => ({ port: new SimulatedQueue({ now: queueTime.now }), stop }), {
  pass: (ms) => queueTime.advance(ms),
});

let users = 0;
identityContract('the simulation', async () => {
  const time = new ManualTime(0);
  const port = new SimulatedIdentity(time.now);
  const principal = ({ name, roles }: { name: string; roles: readonly ('viewer' | 'trader' | 'admin')[] }) => ({
    id: `user-${++users}`,
    name,
    roles,
  });
  return {
    port,
    stop,
    issue: async (user) => port.issue(principal(user), 100 * HOUR),
    async issueExpired(user) {
      const token = port.issue(principal(user), HOUR);
      await time.advance(HOUR);
      return token;
    },
  };
});

scheduleContract('the simulation', async (start) => {
  const time = new ManualTime(start);
  const settled = new Map<string, number>();
  const open = () =>
    new SimulatedSchedule({
      now: time.now,
      sleep: (ms) => new Promise((resolve) => time.timer(resolve, ms)),
      settled,
      onFailure: () => undefined,
    });
  let port = open();
  return {
    port,
    advance: (ms) => time.advance(ms),
    wakeAt: (at) => time.wakeAt(at),
    async restart() {
      await port.stop();
      port = open();
      return port;
    },
    stop: () => port.stop(),
  };
});
