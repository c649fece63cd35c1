/**
 * Run as a process of its own: a small platform. A message a step: an object, a commit and a secret for it, then the message of
 * the next step; and a schedule beside it. Every message fails at first, and every step may be repeated. Kills itself at the n-th pass of a fault point.
 */
import { openEmbedded } from '../../../adapters/embedded/embedded.ts';
import type { FaultPoint } from '../../../adapters/embedded/faults.ts';
import { type ConsumerOptions, drain } from '../../../adapters/embedded/worker.ts';
import type { Json } from '../../../core/json.ts';
import { ManualTime } from './manual-time.ts';

const STEPS = 8;
const MINUTE = 60_000;
const FIRST_TRY = new Error('the first try of every message fails');
const [directory, fatalPoint, fatalPass] = process.argv.slice(2);

let passes = 0;
const faultPoint: FaultPoint = (name) => {
  if (name === fatalPoint && ++passes === Number(fatalPass)) process.kill(process.pid, 'SIGKILL');
};

const time = new ManualTime(Date.UTC(2026, 0, 5, 12));
const { ledger, queue, objects, secrets, schedule, close } = openEmbedded({
  directory,
  faultPoint,
  now: time.now,
  timer: time.timer,
});

async function commitOnce(stream: string, key: string, event: Json): Promise<void> {
  if (await ledger.document(stream, key)) return;
  const outcome = await ledger.commit({
    stream,
    expected: await ledger.head(stream),
    events: [event],
    hash: key,
    documents: [
      { key, value: event, expectedVersion: 0 },
      { key: 'latest', value: event, expectedVersion: 'any' },
    ],
    guards: [],
  });
  if (outcome.kind !== 'committed') throw new Error(outcome.kind);
}

async function step(number: number, receives: number): Promise<void> {
  if (receives === 1) throw FIRST_TRY;
  await objects.put(`steps/${number}`, Buffer.from(`step ${number}`));
  await commitOnce('steps', `step/${number}`, { number });
  await secrets.put('latest', `${number}`);
  const { sequence } = await ledger.head('steps');
  if (sequence === number && number < STEPS) await sendStep(number + 1);
}

const sendStep = (number: number) => queue.send('signal', { id: `${number}`, group: 'steps', body: number });

const plan = { name: 'ticks', everyMs: MINUTE, delayMs: 0, maxCatchUp: 100 };
await schedule.start(plan, (at) => commitOnce('ticks', `tick/${at}`, at));
await time.advance(STEPS * MINUTE);
await schedule.stop();

if ((await ledger.head('steps')).sequence === 0 && (await queue.depth('signal')) === 0) await sendStep(1);
const options: ConsumerOptions = {
  queue,
  queues: ['urgent', 'signal'],
  handlers: {
    signal: (message) => step(message.body as number, message.receives),
    urgent: async () => undefined,
    reconcile: async () => undefined,
    risk: async () => undefined,
    execute: async () => undefined,
  },
  onFailure: ({ error }) => {
    if (error !== FIRST_TRY) throw error;
  },
  faultPoint,
};
// What was released comes again a little later.
while ((await queue.depth('signal')) > 0) {
  await drain(options);
  await time.advance(MINUTE);
}
await close();
