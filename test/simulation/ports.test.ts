/** The simulated ports keep the contracts of the real ones, or what is shown on them would be shown of nothing. */
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
