/** That somebody looks: real threads that end by themselves, hang, or do not stop. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { lifecycleLimitsSchema } from '../../../core/models/monitoring/limits.ts';
import { ModelWatching, type ModelWatchingOptions } from '../../../platform/models/model-watching.ts';

vi.setConfig({ testTimeout: 60_000 });

let directory: string;
let told: string[];
let failures: unknown[];
let watching: ModelWatching;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-watching-'));
  [told, failures] = [[], []];
});
afterEach(async () => {
  await watching.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Starts it with a thread that does one word after the other, from start to start. */
function begin(words: readonly string[], change: Partial<ModelWatchingOptions> = {}): void {
  writeFileSync(join(directory, 'does'), words.join('\n'));
  const training = { hyperparameters: {}, withinMs: 1_000, mostRows: 1_000 };
  watching = new ModelWatching({
    directory,
    models: [{ name: 'gold', file: 'gold.csv', everyMs: 60_000, limits: lifecycleLimitsSchema.parse({}), training }],
    tell: (line) => told.push(line),
    onFailure: (error) => failures.push(error),
    now: () => 7,
    thread: new URL('./odd-watch-thread.ts', import.meta.url),
    again: { firstMs: 1, mostMs: 4 },
    ...change,
  });
  watching.start();
}
const starts = (): number => readFileSync(join(directory, 'starts'), 'utf8').length;
const looks = () => expect.poll(() => told.at(-1), { timeout: 30_000 }).toBe('it looks');
const waits = (): string[] => told.flatMap((line) => /again in (.*)\./.exec(line)?.[1] ?? []);

test('a thread that ends by itself is begun again, and each time it is said why', async () => {
  begin(['throw', 'leave', 'look']);
  await looks();
  expect([starts(), failures.length]).toEqual([3, 2]);
  expect(told[0]).toMatch(/The watch of models ended by itself\. .*out of luck.* It begins again in 1 s\./);
  expect(told[1]).toMatch(/its thread is gone/i);
  expect(watching.status()).toEqual({ state: 'watching', since: 7, models: [{ model: 'gold', isLooking: false }] });
});

test('it is begun again later each time, up to a bound, and soon where a look was done in between', async () => {
  const again = { firstMs: 1, mostMs: 3_000 };
  begin([...Array.from({ length: 9 }, () => 'throw'), 'look-and-throw', 'look'], { again });
  await looks();
  // 1, 2, 4 … 256 ms; then, after a look that was done, 1 ms again.
  expect(waits()).toEqual(Array.from({ length: 10 }, () => '1 s'));
  expect(starts()).toBe(11);
});

test('a look that ends its thread is the last in the next one, and a look at another does not shorten the wait', async () => {
  const settings = { everyMs: 60_000, limits: lifecycleLimitsSchema.parse({}) };
  const training = { hyperparameters: {}, withinMs: 1_000, mostRows: 1_000 };
  const models = ['gold', 'silver'].map((name) => ({ name, file: 'bars.csv', ...settings, training }));
  begin(['end-at-gold', 'end-at-gold', 'end-at-gold', 'look'], { models, again: { firstMs: 600, mostMs: 1_200 } });
  await looks();
  expect(waits()).toEqual(['1 s', '2 s', '2 s']);
  const orders = readFileSync(join(directory, 'orders'), 'utf8').trim().split('\n');
  expect(orders).toEqual(['gold silver', 'silver gold', 'silver gold', 'silver gold']);
});

test('until it is begun again the status says why it ended', async () => {
  begin(['look-and-throw'], { again: { firstMs: 1_000_000, mostMs: 600_000 } });
  await expect.poll(() => watching.status().state, { timeout: 30_000 }).toBe('restarting');
  expect(watching.status()).toEqual({
    ...{ state: 'restarting', since: 7, problem: expect.stringMatching(/out of luck/) },
    models: [{ model: 'gold', isLooking: false, problem: 'There are no bars.' }],
  });
  expect(waits()).toEqual(['600 s']);
  // It does not wait for that time where it is told to end.
  await watching.close();
  expect(watching.status().state).toBe('stopped');
});

test('a look that takes too long ends its thread', async () => {
  begin(['hang', 'look'], { lookWithinMs: 300 });
  await looks();
  expect(told[0]).toMatch(/A look at gold was not over after/);
});

test('one that fills its memory ends alone', async () => {
  begin(['fill-memory', 'look'], { heapMb: 64 });
  await looks();
  expect(told[0]).toMatch(/ended by itself.*memory/is);
});

test('one that hangs is ended with the platform', async () => {
  begin(['hang'], { stopMs: 50 });
  await expect.poll(() => watching.status().models[0].isLooking, { timeout: 30_000 }).toBe(true);
  await watching.close();
  expect(watching.status().state).toBe('stopped');
  expect(told).toEqual([]);
});

test('where no model is to be watched nothing is begun', async () => {
  begin(['throw'], { models: [] });
  await watching.close();
  expect(() => starts()).toThrow();
  expect(watching.status()).toEqual({ state: 'stopped', since: 7, models: [] });
});
