/** The loop of every stream: connect, wait, connect again. */
import { expect, test } from 'vitest';
import {
  type Connect,
  type Ending,
  RECONNECTING_BOUNDS,
  refusedWaitMs,
  type Stream,
  Watches,
  waitMs,
} from '../../../../adapters/venues/http/reconnecting.ts';
import { Hints } from './hints.ts';
import { ManualTimers } from './manual-timers.ts';

const { firstWaitMs, waitMaxMs, firstRefusedWaitMs, refusedWaitMaxMs, steadyMs } = RECONNECTING_BOUNDS;
const FIRST_MS = firstWaitMs;

/** Connections that the test ends one by one. */
class Connections {
  readonly timers = new ManualTimers();
  readonly hints = new Hints();
  readonly watches = new Watches(this.timers);
  readonly made: Stream[] = [];
  #end: ((ending: Ending) => void) | undefined;
  #waiting: (() => void) | undefined;

  readonly connect: Connect = (stream) => {
    this.made.push(stream);
    this.#waiting?.();
    return new Promise((resolve) => {
      this.#end = resolve;
      stream.closing.addEventListener('abort', () => resolve({ reason: 'closed' }));
    });
  };

  open() {
    return this.watches.open(this.connect, this.hints.take);
  }

  async nth(n: number): Promise<Stream> {
    while (this.made.length < n) await new Promise<void>((resolve) => (this.#waiting = resolve));
    return this.made[n - 1];
  }

  /** Ends the last one; resolves when the wait for the next has begun. */
  async end(ending: Ending, waitedMs: number): Promise<void> {
    const waits = this.timers.begins(waitedMs);
    this.#end?.(ending);
    await waits;
  }
}

test('a connection that ends is made again, and what it says is passed on', async () => {
  const at = new Connections();
  at.open();
  at.made[0].stands();
  at.made[0].changed('a fill');
  await at.end({ reason: 'cut' }, FIRST_MS);
  at.timers.pass(FIRST_MS);
  (await at.nth(2)).stands();
  expect(at.hints.all).toEqual([
    { kind: 'connected' },
    { kind: 'changed', what: 'a fill' },
    { kind: 'disconnected', reason: 'cut' },
    { kind: 'connected' },
  ]);
  await at.watches.close();
});

test('each wait is twice the one before, up to a bound', async () => {
  const at = new Connections();
  at.open();
  for (let n = 1; n <= 9; n++) {
    await at.nth(n);
    const wait = Math.min(waitMaxMs, firstWaitMs * 2 ** (n - 1));
    await at.end({ reason: 'nothing there' }, wait);
    at.timers.pass(wait);
  }
  expect(at.hints.all).toEqual(Array(9).fill({ kind: 'disconnected', reason: 'nothing there' }));
  expect(at.timers.begun.at(-1)).toBe(waitMaxMs);
  await at.nth(10);
  await at.watches.close();
});

test('a connection that stood for long begins the waits anew; one that fell at once does not', async () => {
  const at = new Connections();
  at.open();
  at.made[0].stands();
  await at.end({ reason: 'cut' }, FIRST_MS);
  at.timers.pass(FIRST_MS);
  (await at.nth(2)).stands();
  await at.end({ reason: 'cut' }, FIRST_MS * 2);
  at.timers.pass(FIRST_MS * 2);
  (await at.nth(3)).stands();
  at.timers.pass(steadyMs);
  await at.end({ reason: 'cut' }, FIRST_MS);
  await at.watches.close();
});

test('half of a wait is chance, and no wait is longer than the bound', () => {
  expect([waitMs(1, 0), waitMs(1, 1), waitMs(3, 0.5)]).toEqual([firstWaitMs / 2, firstWaitMs, firstWaitMs * 3]);
  expect([waitMs(50, 1), waitMs(5_000, 1)]).toEqual([waitMaxMs, waitMaxMs]);
  expect([refusedWaitMs(1, 0), refusedWaitMs(5_000, 1)]).toEqual([firstRefusedWaitMs / 2, refusedWaitMaxMs]);
});

test('after a refusal it waits for longer, and longer with each in a row', async () => {
  const at = new Connections();
  at.open();
  const waits = [1, 2, 4, 8, 15, 15].map((minutes) => minutes * firstRefusedWaitMs);
  expect(waits.at(-1)).toBe(refusedWaitMaxMs);
  for (const [k, wait] of waits.entries()) {
    await at.nth(k + 1);
    await at.end({ reason: 'no', isRefusal: true }, wait);
    at.timers.pass(wait);
  }
  expect(at.hints.all).toEqual(Array(6).fill({ kind: 'disconnected', reason: 'the venue said no: no' }));
  (await at.nth(7)).stands();
  await at.end({ reason: 'no', isRefusal: true }, firstRefusedWaitMs);
  await at.watches.close();
});

test('a refusal between other failures is the first of its row', async () => {
  const at = new Connections();
  at.open();
  for (let n = 1; n <= 6; n++) {
    await at.nth(n);
    const isRefusal = n % 2 === 0;
    const wait = isRefusal ? firstRefusedWaitMs : firstWaitMs * 2 ** (n - 1);
    await at.end({ reason: 'no', isRefusal }, wait);
    at.timers.pass(wait);
  }
  await at.watches.close();
});

test('a connection that throws is one that ended, and its words are not told', async () => {
  const timers = new ManualTimers();
  const hints = new Hints();
  const watches = new Watches(timers);
  watches.open(() => Promise.reject(new Error('with the key')), hints.take);
  expect(await hints.next()).toEqual({
    kind: 'disconnected',
    reason: 'the connection ended in an error of this program',
  });
  await watches.close();
  expect(timers.pending).toBe(0);
});

test('a listener that throws does not end the stream', async () => {
  const at = new Connections();
  const heard: string[] = [];
  at.watches.open(at.connect, ({ kind }) => {
    heard.push(kind);
    throw new Error('the listener');
  });
  at.made[0].stands();
  at.made[0].changed('a fill');
  await at.end({ reason: 'cut' }, FIRST_MS);
  expect(heard).toEqual(['connected', 'changed', 'disconnected']);
  await at.watches.close();
});

test('closed while connected, or while it waits, it tells nothing more and leaves no timer', async () => {
  const at = new Connections();
  const watch = at.open();
  at.made[0].stands();
  await watch.close();
  at.made[0].changed('too late');
  expect([at.hints.all, at.timers.pending]).toEqual([[{ kind: 'connected' }], 0]);

  const waiting = new Connections();
  waiting.open();
  await waiting.end({ reason: 'cut' }, FIRST_MS);
  await waiting.watches.close();
  waiting.timers.pass(waitMaxMs);
  expect([waiting.made.length, waiting.timers.pending]).toEqual([1, 0]);
});

test('real timers wait, and can be called off', async () => {
  const { after, random } = new Watches().timers;
  const called: string[] = [];
  after(0, () => called.push('called off'))();
  await new Promise<void>((resolve) => {
    after(1, resolve);
  });
  expect(called).toEqual([]);
  expect(random()).toBeLessThan(1);
});
