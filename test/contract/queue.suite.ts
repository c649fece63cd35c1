import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QUEUE_BOUNDS, type QueueName, type QueuePort, type ReceivedMessage } from '../../core/ports/queue.ts';
import { eventually, type PortUnderTest, unique } from './port-under-test.ts';

export interface QueueContractOptions {
  /** How long a test hides what it lets expire; no shorter than the adapter's unit. */
  readonly visibilityMs?: number;
  /** Lets time pass until what was hidden for `ms` is not; waits by default. */
  readonly pass?: (ms: number) => Promise<void>;
}

const LONG_MS = 60_000;
const QUEUE: QueueName = 'signal';

/** What every queue adapter must do. `makePort` gives a port whose queues are empty, before each test. */
export function queueContract(
  name: string,
  makePort: () => Promise<PortUnderTest<QueuePort>>,
  { visibilityMs = 1_000, pass = (ms) => sleep(ms + 200) }: QueueContractOptions = {},
): void {
  describe(`the queue port on ${name}`, () => {
    let held: PortUnderTest<QueuePort>;
    let queue: QueuePort;

    beforeEach(async () => {
      held = await makePort();
      queue = held.port;
    });
    afterEach(() => held?.stop());

    const send = (group: string, id: string, to: QueueName = QUEUE) => queue.send(to, { id, group, body: { id } });
    const receive = (limit = 1, hiddenMs = LONG_MS) => queue.receive(QUEUE, limit, hiddenMs);

    /** Receives until something comes. */
    const next = async (hiddenMs = LONG_MS): Promise<ReceivedMessage> => {
      const [message] = await eventually(
        () => receive(1, hiddenMs),
        (messages) => messages.length > 0,
      );
      if (!message) throw new Error('no message came');
      return message;
    };

    it('delivers what was sent, and never again once it is acknowledged', async () => {
      const [id, group] = [unique('message'), unique('group')];
      await queue.send(QUEUE, { id, group, body: { cycle: 'x', list: [1, 'żółw'] } });
      const message = await next(visibilityMs);

      expect(message).toMatchObject({ id, group, body: { cycle: 'x', list: [1, 'żółw'] }, receives: 1 });
      await queue.acknowledge(QUEUE, message);
      await pass(visibilityMs);
      expect(await receive()).toEqual([]);
      expect(await queue.deadLetters(QUEUE, 10)).toEqual([]);
    });

    it('has nothing to receive when nothing was sent', async () => {
      expect(await receive(10)).toEqual([]);
    });

    it('keeps queues apart', async () => {
      await send(unique('group'), unique('message'), 'urgent');
      expect(await receive(10)).toEqual([]);
      expect(await queue.receive('urgent', 10, LONG_MS)).toHaveLength(1);
    });

    it('delivers again what was received and not settled in time, and counts it', async () => {
      const [id, group] = [unique('message'), unique('group')];
      await send(group, id);
      const first = await next(visibilityMs);
      expect(await receive()).toEqual([]);
      await pass(visibilityMs);
      const second = await next();

      expect([first.id, second.id]).toEqual([id, id]);
      expect([first.receives, second.receives]).toEqual([1, 2]);
    });

    it('delivers again what was released, after the delay', async () => {
      const [id, group] = [unique('message'), unique('group')];
      await send(group, id);
      await queue.release(QUEUE, await next(), 0);
      const again = await next();
      expect(again).toMatchObject({ id, receives: 2 });

      await queue.release(QUEUE, again, visibilityMs);
      expect(await receive()).toEqual([]);
      await pass(visibilityMs);
      expect(await next()).toMatchObject({ id, receives: 3 });
    });

    it('keeps order within a group: no later message while an earlier one is not settled', async () => {
      const group = unique('group');
      const ids = Array.from({ length: 4 }, () => unique('message'));
      for (const id of ids) await send(group, id);

      const received: string[] = [];
      for (let k = 0; k < ids.length; k++) {
        const message = await next();
        expect(await receive(10)).toEqual([]);
        received.push(message.id);
        await queue.acknowledge(QUEUE, message);
      }
      expect(received).toEqual(ids);
    });

    it('keeps order within a group when a message is released', async () => {
      const group = unique('group');
      const ids = [unique('message'), unique('message')];
      for (const id of ids) await send(group, id);

      await queue.release(QUEUE, await next(), visibilityMs);
      expect(await receive(10)).toEqual([]);
      await pass(visibilityMs);
      const again = await next();
      expect(again.id).toBe(ids[0]);
      await queue.acknowledge(QUEUE, again);
      expect((await next()).id).toBe(ids[1]);
    });

    it('delivers other groups while one is in flight', async () => {
      const [one, other] = [unique('group'), unique('group')];
      await send(one, unique('message'));
      await send(one, unique('message'));
      const first = await next();
      await send(other, unique('message'));
      expect([first.group, (await next()).group]).toEqual([one, other]);
    });

    it('delivers no more than the limit', async () => {
      for (let k = 0; k < 12; k++) await send(unique('group'), unique('message'));
      const some = await receive(3);
      expect(some.length).toBeGreaterThan(0);
      expect(some.length).toBeLessThanOrEqual(3);
      expect((await receive(10)).length).toBeLessThanOrEqual(10);
    });

    it('delivers each message once to consumers that receive at the same time', async () => {
      for (let k = 0; k < 10; k++) await send(unique('group'), unique('message'));
      const seen: string[] = [];
      while (seen.length < 10) {
        const batches = await Promise.all(Array.from({ length: 5 }, () => receive(2)));
        seen.push(...batches.flat().map((message) => message.id));
      }
      expect(new Set(seen).size).toBe(10);
    });

    it('moves a message that fails every time to the dead letters, while other groups and then its own go on', async () => {
      const [poisoned, healthy] = [unique('group'), unique('group')];
      const poison = unique('message');
      await send(poisoned, poison);
      await send(poisoned, unique('after'));

      for (let attempt = 1; attempt <= QUEUE_BOUNDS.maxReceives; attempt++) {
        const message = await next();
        expect(message).toMatchObject({ id: poison, receives: attempt });
        await send(healthy, unique('message'));
        const other = await next();
        expect(other.group).toBe(healthy);
        await queue.acknowledge(QUEUE, other);
        await queue.release(QUEUE, message, 0);
      }

      const after = await next();
      expect(after.group).toBe(poisoned);
      expect(after.id).not.toBe(poison);
      const dead = await eventually(
        () => queue.deadLetters(QUEUE, 10),
        (letters) => letters.length > 0,
      );
      expect(dead).toEqual([{ id: poison, group: poisoned, body: { id: poison }, receives: expect.any(Number) }]);
      expect(dead[0].receives).toBeGreaterThanOrEqual(QUEUE_BOUNDS.maxReceives);
    });

    it('moves a message whose consumers die every time to the dead letters', async () => {
      const id = unique('message');
      await send(unique('group'), id);
      for (let attempt = 1; attempt <= QUEUE_BOUNDS.maxReceives; attempt++) {
        expect((await next(visibilityMs)).receives).toBe(attempt);
        await pass(visibilityMs);
      }
      expect(await receive()).toEqual([]);
      const dead = await eventually(
        () => queue.deadLetters(QUEUE, 10),
        (letters) => letters.length > 0,
      );
      expect(dead.map((letter) => letter.id)).toEqual([id]);
    });

    it('redrives the dead letters: they come again, counted from one', async () => {
      const ids = [unique('message'), unique('message')];
      for (const id of ids) {
        await send(unique('group'), id);
        await kill(id);
      }
      const dead = await eventually(
        () => queue.deadLetters(QUEUE, 10),
        (letters) => letters.length === 2,
      );
      expect(dead.map((letter) => letter.id)).toEqual(ids);

      expect(await queue.redrive(QUEUE)).toBe(2);
      const back = [await next(), await next()];
      expect(back.map((message) => message.id).sort()).toEqual([...ids].sort());
      expect(back.map((message) => message.receives)).toEqual([1, 1]);
      for (const message of back) await queue.acknowledge(QUEUE, message);
      expect(
        await eventually(
          () => queue.deadLetters(QUEUE, 10),
          (letters) => letters.length === 0,
        ),
      ).toEqual([]);
      expect(await queue.redrive(QUEUE)).toBe(0);
    });

    it('lists at most as many dead letters as asked, oldest first', async () => {
      const ids = [unique('message'), unique('message'), unique('message')];
      for (const id of ids) {
        await send(unique('group'), id);
        await kill(id);
      }
      const listed = await eventually(
        () => queue.deadLetters(QUEUE, 2),
        (letters) => letters.length === 2,
      );
      expect(listed.map((letter) => letter.id)).toEqual(ids.slice(0, 2));
    });

    it('tells how many messages wait or are in flight, dead letters apart', async () => {
      const group = unique('group');
      for (let k = 0; k < 3; k++) await send(group, unique('message'));
      const depth = (expected: number) =>
        eventually(
          () => queue.depth(QUEUE),
          (found) => found === expected,
        );

      expect(await depth(3)).toBe(3);
      const first = await next();
      expect(await depth(3)).toBe(3);
      await queue.acknowledge(QUEUE, first);
      expect(await depth(2)).toBe(2);
      await kill();
      await receive();
      expect(await depth(1)).toBe(1);
    });

    it('refuses a body past the bound, and sends nothing', async () => {
      const body = 'x'.repeat(QUEUE_BOUNDS.bodyLength);
      await expect(queue.send(QUEUE, { id: unique('m'), group: unique('g'), body })).rejects.toMatchObject({
        name: 'PlimsollError',
      });
      await queue.send(QUEUE, { id: unique('m'), group: unique('g'), body: body.slice(2) });
      expect((await next()).body).toBe(body.slice(2));
      expect(await receive(10)).toEqual([]);
    });

    /** Fails the next message as often as it takes, and sees it off. */
    async function kill(id?: string): Promise<void> {
      for (let attempt = 1; attempt <= QUEUE_BOUNDS.maxReceives; attempt++) {
        const message = await next();
        if (id !== undefined) expect(message.id).toBe(id);
        await queue.release(QUEUE, message, 0);
      }
      if (id !== undefined) expect(await receive()).toEqual([]);
    }
  });
}
