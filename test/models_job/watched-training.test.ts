/** A platform trains what its watch asks for: with the real job, killed in the midst of it, told to stop, and started again. */
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EmbeddedObjectStore } from '../../adapters/embedded/objects.ts';
import { TrainingQueueStore } from '../../adapters/models/training-queue.ts';
import { modelsIn } from '../../platform/models/strategies-at-hand.ts';
import { Workplace } from '../cli/plimsoll.ts';
import { walk } from '../core/models/walk.ts';
import { csvOf } from '../platform/models/bars-file.ts';
import { registered } from '../platform/models/versions.ts';
import { pythonWithTraining } from '../python/training.ts';

const PATIENCE_MS = 400_000;
const BARS = walk(3_600);
/** Its units are many and each takes a while, so that it can be ended between two of them. */
const MEMBERS = 'gradient-boosting,logistic-regression';
const place = new Workplace();
const data = join(place.directory, 'plimsoll-data');
const queue = new TrainingQueueStore(new EmbeddedObjectStore(join(data, 'objects'), { readOnly: true }));
let first: string;

beforeAll(async () => {
  await pythonWithTraining();
  mkdirSync(join(data, 'python'), { recursive: true });
  symlinkSync(resolve(import.meta.dirname, '../../.cache/training-venv'), join(data, 'python', 'training'));
  const registry = modelsIn(data);
  const period = { from: BARS.timestamp[50], to: BARS.timestamp[3_100] };
  first = await registered(registry, { weights: [-1, 0], period });
  await registry.act('gold', 'promoted', first, { at: period.to, by: 'a test', reason: 'the first' });
  place.write('gold.csv', csvOf(BARS));
  place.write(
    'watch.yaml',
    `models:
  gold:
    bars: gold.csv
    everyMinutes: 0.02
    limits: { retrainAfterBars: 300 }
    training: { set: { members: "${MEMBERS}", folds: 10 }, withinMinutes: 5 }
`,
  );
});
afterAll(() => place.remove());

const units = (): number => {
  const folder = join(data, 'training/gold/checkpoints');
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  return files.filter((file) => file.endsWith('.checkpoint')).length;
};
/** Once so many units of the training are finished: looked for often, since it goes on meanwhile. */
async function worked(most: number): Promise<void> {
  for (let waited = 0; units() < most; waited += 20) {
    if (waited > 120_000) throw new Error(`of ${most} units of the training, ${units()} were finished`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test(
  'a training that was killed, and one that was told to stop, goes on where it was and leaves one version, which is watched in shadow',
  async () => {
    const killed = place.start('start');
    await killed.printed(/gold {2}queued: there are 500 bars/);
    await worked(1);
    await killed.kill('SIGKILL');
    const before = units();
    expect(await queue.trainings()).toMatchObject([{ status: 'running', worker: 'the platform', attempts: 1 }]);

    const stopped = place.start('start');
    await stopped.printed(/Dashboard and API/);
    await worked(before + 1);
    expect((await stopped.kill('SIGTERM')).code).toBe(0);
    // The kill was an attempt; being told to stop is none.
    expect(await queue.trainings()).toMatchObject([{ status: 'pending', attempts: 1 }]);

    const last = place.start('start');
    await last.printed(/gold {2}the training .* is finished; it left /);
    await last.printed(/gold {2}shadow-started: /);
    expect((await last.kill('SIGTERM')).code).toBe(0);
    const [{ version, attempts, wanted }, ...others] = await queue.trainings();
    expect([others, attempts, wanted.trigger]).toEqual([[], 2, 'new-data']);
    const history = await modelsIn(data).history('gold');
    expect(history.map(({ action, version: of }) => [action, of])).toEqual([
      ['registered', first],
      ['promoted', first],
      ['registered', version],
    ]);
  },
  PATIENCE_MS,
);
