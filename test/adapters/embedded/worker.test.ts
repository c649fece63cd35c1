import { expect, it } from 'vitest';
import { startWorker, type WorkerFailure, type WorkerOptions } from '../../../adapters/embedded/worker.ts';
import type { QueueName, ReceivedMessage } from '../../../core/ports/queue.ts';
import { ManualTime } from './manual-time.ts';
import { openTemporary } from './temporary.ts';

const POLL_MS = 1_000;

function setUp(handle: (message: ReceivedMessage) => Promise<void> = async () => undefined) {
  const time = new ManualTime(Date.UTC(2026, 0, 5));
  const { queue } = openTemporary({ now: time.now, timer: time.timer });
  const handled: string[] = [];
  const failures: WorkerFailure[] = [];
  const handler = (name: QueueName) => async (message: ReceivedMessage) => {
    handled.push(`${name} ${message.id}`);
    await handle(message);
  };
  const options: WorkerOptions = {
    queue,
    queues: ['urgent', 'execute', 'risk', 'signal', 'reconcile'],
    handlers: {
      urgent: handler('urgent'),
      execute: handler('execute'),
      risk: handler('risk'),
      signal: handler('signal'),
      reconcile: handler('reconcile'),
    },
    onFailure: (failure) => failures.push(failure),
    pollMs: POLL_MS,
    timer: time.timer,
  };
  const send = (name: QueueName, id: string, group = id) => queue.send(name, { id, group, body: null });
  return { time, queue, handled, failures, options, send };
}

it('handles what waits and what is sent later, without waiting for the next poll', async () => {
  const { time, queue, handled, options, send } = setUp();
  await send('signal', '1');
  const worker = startWorker(options);
  await time.advance(0);
  await send('risk', '2');
  await time.advance(0);

  expect(handled).toEqual(['signal 1', 'risk 2']);
  expect(await queue.depth('signal')).toBe(0);
  expect(await queue.depth('risk')).toBe(0);
  await worker.stop();
});

it('takes the urgent queue first, also between the messages of another', async () => {
  const { time, handled, options, send } = setUp(async (message) => {
    if (message.id === '1') await send('urgent', 'cancel');
  });
  for (const id of ['1', '2', '3']) await send('risk', id, 'one group');
  const worker = startWorker(options);
  await time.advance(0);

  expect(handled).toEqual(['risk 1', 'urgent cancel', 'risk 2', 'risk 3']);
  await worker.stop();
});

it('releases what fails, later each time, until it is a dead letter, and goes on with the rest', async () => {
  const { time, queue, handled, failures, options, send } = setUp(async (message) => {
    if (message.id === 'poison') throw new Error('it cannot be handled');
  });
  await send('signal', 'poison', 'a');
  await send('signal', 'after', 'a');
  await send('signal', 'other', 'b');
  const worker = startWorker(options);
  await time.advance(0);
  expect(handled).toEqual(['signal poison', 'signal other']);

  await time.advance(1_000);
  expect(handled.filter((each) => each === 'signal poison')).toHaveLength(2);
  await time.advance(1_000);
  expect(handled.filter((each) => each === 'signal poison')).toHaveLength(2);
  await time.advance(1_000);
  expect(handled.slice(-2)).toEqual(['signal poison', 'signal after']);

  expect((await queue.deadLetters('signal', 10)).map((letter) => letter.id)).toEqual(['poison']);
  expect(failures.map((failure) => [failure.queue, failure.message?.receives])).toEqual([
    ['signal', 1],
    ['signal', 2],
    ['signal', 3],
  ]);
  await worker.stop();
});

it('stops once the running message is settled, and takes no other', async () => {
  let release: (() => void) | undefined;
  const { time, queue, handled, options, send } = setUp(() => new Promise((resolve) => (release = resolve)));
  await send('signal', '1');
  await send('signal', '2');
  const worker = startWorker(options);
  await time.advance(0);
  let stopped = false;
  const stopping = worker.stop().then(() => (stopped = true));
  await time.advance(POLL_MS);
  expect(stopped).toBe(false);

  release?.();
  await stopping;
  expect(handled).toEqual(['signal 1']);
  expect(await queue.depth('signal')).toBe(1);
});

it('misses no message that is sent just after it looked', async () => {
  const { time, queue, handled, options, send } = setUp();
  let late = true;
  const looking = receivingBy(queue, async (name, ...rest) => {
    const found = await queue.receive(name, ...rest);
    if (name === 'reconcile' && late) {
      late = false;
      await send('urgent', 'late');
    }
    return found;
  });
  const worker = startWorker({ ...options, queue: looking });
  await time.advance(0);
  expect(handled).toEqual(['urgent late']);
  await worker.stop();
});

it('tells when the queue itself fails, and goes on when it works again', async () => {
  const { time, queue, handled, failures, options, send } = setUp();
  let broken = true;
  const failing = receivingBy(queue, (...asked) => {
    if (broken) return Promise.reject(new Error('the disk is full'));
    return queue.receive(...asked);
  });
  const worker = startWorker({ ...options, queue: failing });
  await send('signal', '1');
  await time.advance(3 * POLL_MS);
  expect(failures.length).toBeGreaterThanOrEqual(2);
  expect(failures.every((failure) => failure.message === undefined)).toBe(true);
  expect(failures.length).toBeLessThanOrEqual(6);

  broken = false;
  await time.advance(POLL_MS);
  expect(handled).toEqual(['signal 1']);
  await worker.stop();
});

/** The queue, received from in another way. */
function receivingBy(
  queue: WorkerOptions['queue'],
  receive: WorkerOptions['queue']['receive'],
): WorkerOptions['queue'] {
  return {
    receive,
    send: queue.send.bind(queue),
    acknowledge: queue.acknowledge.bind(queue),
    release: queue.release.bind(queue),
    deadLetters: queue.deadLetters.bind(queue),
    redrive: queue.redrive.bind(queue),
    depth: queue.depth.bind(queue),
    onSend: queue.onSend.bind(queue),
  };
}
