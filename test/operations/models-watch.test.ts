/** What is told of watched models: by a platform that watches, and where another process does or nobody. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EmbeddedObjectStore } from '../../adapters/embedded/objects.ts';
import { Sightings } from '../../adapters/models/monitoring/sightings.ts';
import { findOperation, invoke } from '../../operations/invoke.ts';
import type { Watching } from '../../operations/models/port.ts';
import type { WatchOutput } from '../../operations/models/schema.ts';
import { modelsAt } from '../../platform/models/models-at.ts';
import { type Desk, openDesk } from './desk.ts';

const VERSION = '0123456789abcdef';
let desk: Desk;
beforeEach(() => {
  desk = openDesk();
});
afterEach(() => desk.close());

const sightings = (): Sightings => new Sightings(new EmbeddedObjectStore(join(desk.directory, 'objects')));
/** Asked of a process that watches. */
async function asked(watching?: Watching): Promise<WatchOutput> {
  const models = modelsAt(desk.directory, watching ? { watching: () => watching } : {});
  const context = { ...desk.context, models: async () => models };
  return (await invoke(findOperation('models.watch'), context, {})) as WatchOutput;
}

test('where nobody has ever looked there is nothing to tell', async () => {
  expect(await asked()).toEqual({ watcher: null, models: [] });
});

test('what the latest look found is told by whichever process is asked, figures rounded', async () => {
  await sightings().put({
    ...{ model: 'gold', lookedAt: 10, nextLookAt: 20, barsTo: 5, champion: VERSION, flagged: 'drift' },
    stage: { name: 'trial', version: VERSION, since: 1, share: 0.05 },
    figures: {
      ...{ version: VERSION, rows: 500, outcomes: 480, refused: 1, waiting: 0, calibrationError: 0.0123456789 },
      furthest: { feature: 'return-1', psi: 0.3333333, ratio: 1.5, limit: 2 },
      unlike: 0.001,
    },
    challenger: {
      ...{ version: 'b'.repeat(16), outcomes: 240, refused: 0, better: 4.123456789, worse: -3, needed: 3.6888794 },
      isBetter: true,
    },
  });
  expect(await asked()).toEqual({
    watcher: null,
    models: [
      {
        ...{ model: 'gold', isWatched: false, isLooking: false, lookedAt: 10, nextLookAt: 20, problem: null },
        ...{ barsTo: 5, champion: VERSION, stage: 'trial', share: 0.05, flagged: 'drift' },
        figures: {
          ...{ version: VERSION, rows: 500, outcomes: 480, refused: 1, waiting: 0, calibrationError: 0.012346 },
          furthest: { feature: 'return-1', psi: 0.33333, ratio: 1.5, limit: 2 },
          unlike: 0.001,
        },
        challenger: {
          ...{ version: 'b'.repeat(16), outcomes: 240, refused: 0, better: 4.1235, worse: -3, needed: 3.6889 },
          isBetter: true,
        },
      },
    ],
  });
});

test('a platform that watches tells of models before their first look, and why the watch ended by itself', async () => {
  await sightings().put({ model: 'copper', lookedAt: 10, problem: 'There were no bars.' });
  const models = [
    { model: 'gold', isLooking: true },
    { model: 'copper', isLooking: false, problem: 'It is watched by another process.' },
  ];
  const { watcher, models: told } = await asked({ state: 'restarting', since: 7, problem: 'It is gone.', models });
  expect(watcher).toEqual({ state: 'restarting', since: 7, problem: 'It is gone.' });
  expect(told).toMatchObject([
    { model: 'copper', isWatched: true, lookedAt: 10, problem: 'It is watched by another process.' },
    { model: 'gold', isWatched: true, isLooking: true, lookedAt: null, problem: null, stage: null, figures: null },
  ]);
});

test('bad input: an input that it does not take is refused', async () => {
  await expect(desk.ask('models.watch', { model: 'gold' })).rejects.toMatchObject({ code: 'OPERATION_INPUT_INVALID' });
});
