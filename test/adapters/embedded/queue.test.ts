import { expect, it } from 'vitest';
import { openEmbedded } from '../../../adapters/embedded/embedded.ts';
import { QUEUE_BOUNDS } from '../../../core/ports/queue.ts';
import { openTemporary, temporaryDirectory } from './temporary.ts';

const LONG_MS = 3_600_000;

it('delivers at once after a restart what was in flight, and counts it', async () => {
  const directory = temporaryDirectory();
  const first = openEmbedded({ directory });
  await first.queue.send('risk', { id: '1', group: 'g', body: null });
  expect(await first.queue.receive('risk', 1, LONG_MS)).toHaveLength(1);
  await first.close();

  const { queue } = openTemporary({ directory });
  expect(await queue.receive('risk', 1, LONG_MS)).toMatchObject([{ id: '1', receives: 2 }]);
});

it('keeps what was released waiting over a restart', async () => {
  const directory = temporaryDirectory();
  const first = openEmbedded({ directory });
  await first.queue.send('risk', { id: '1', group: 'g', body: null });
  const [message] = await first.queue.receive('risk', 1, LONG_MS);
  await first.queue.release('risk', message, LONG_MS);
  await first.close();

  expect(await openTemporary({ directory }).queue.receive('risk', 1, LONG_MS)).toEqual([]);
});

it('gives a visitor no right to what the platform has in flight', async () => {
  const directory = temporaryDirectory();
  const platform = openTemporary({ directory });
  await platform.queue.send('risk', { id: '1', group: 'g', body: null });
  await platform.queue.receive('risk', 1, LONG_MS);
  const visitor = openTemporary({ directory, role: 'visitor' });
  expect(await visitor.queue.receive('risk', 1, LONG_MS)).toEqual([]);
});

it('gives one message of a group at most in one batch', async () => {
  const { queue } = openTemporary();
  for (const group of ['a', 'a', 'b', 'a', 'b', 'c']) {
    await queue.send('risk', { id: `${group}`, group, body: null });
  }
  const batch = await queue.receive('risk', 10, LONG_MS);
  expect(batch.map((message) => message.group)).toEqual(['a', 'b', 'c']);
});

it('does nothing with the receipt of an older delivery', async () => {
  let now = 0;
  const { queue } = openTemporary({ now: () => now });
  await queue.send('risk', { id: '1', group: 'g', body: null });
  const [old] = await queue.receive('risk', 1, 10);
  now = 10;
  const [message] = await queue.receive('risk', 1, LONG_MS);

  await queue.release('risk', old, 0);
  expect(await queue.receive('risk', 1, LONG_MS)).toEqual([]);
  await queue.acknowledge('risk', old);
  expect(await queue.depth('risk')).toBe(1);
  await queue.acknowledge('risk', message);
  expect(await queue.depth('risk')).toBe(0);
});

it('tells its listeners of each send and redrive, until they leave', async () => {
  const { queue } = openTemporary();
  const heard: string[] = [];
  const leave = queue.onSend((name) => heard.push(name));
  await queue.send('risk', { id: '1', group: 'g', body: null });
  await queue.send('urgent', { id: '1', group: 'g', body: null });
  expect(await queue.redrive('risk')).toBe(0);
  leave();
  await queue.send('risk', { id: '2', group: 'g', body: null });
  expect(heard).toEqual(['risk', 'urgent']);
});

it('moves a message to the dead letters with its last release, and the next of its group comes up', async () => {
  const { queue } = openTemporary();
  for (const id of ['poison', 'next']) await queue.send('risk', { id, group: 'g', body: null });
  for (let attempt = 1; attempt <= QUEUE_BOUNDS.maxReceives; attempt++) {
    const [message] = await queue.receive('risk', 1, LONG_MS);
    await queue.release('risk', message, 0);
  }
  expect(await queue.deadLetters('risk', 10)).toEqual([{ id: 'poison', group: 'g', body: null, receives: 3 }]);
  expect(await queue.depth('risk')).toBe(1);
  expect(await queue.receive('risk', 1, LONG_MS)).toMatchObject([{ id: 'next', receives: 1 }]);
});

it('tells of dead letters, however they died, and forgets those that were seen to', async () => {
  let now = 0;
  const { queue } = openTemporary({ now: () => now });
  let told = 0;
  const leave = queue.onDeadLetter(() => told++);
  for (const id of ['released', 'crashed']) await queue.send('risk', { id, group: id, body: null });
  for (let attempt = 1; attempt <= QUEUE_BOUNDS.maxReceives; attempt++) {
    const messages = await queue.receive('risk', 2, 10);
    await queue.release('risk', messages.find(({ id }) => id === 'released')!, 0);
    now += 10;
  }
  expect(told).toBe(1);
  expect(await queue.receive('risk', 2, 10)).toEqual([]);
  expect(told).toBe(2);
  const [first, second] = await queue.deadLetters('risk', 10);
  await queue.forget('risk', first);
  expect(await queue.deadLetters('risk', 10)).toEqual([second]);
  leave();
});
