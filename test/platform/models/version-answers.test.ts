/** A model that is asked elsewhere is watched as one that is evaluated here, by a real client against a server on the loopback address. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { EmbeddedObjectStore } from '../../../adapters/embedded/objects.ts';
import { ModelRegistry } from '../../../adapters/models/registry.ts';
import { TrainingQueueStore } from '../../../adapters/models/training-queue.ts';
import { sliceBars } from '../../../core/market/bars.ts';
import { lifecycleLimitsSchema } from '../../../core/models/monitoring/limits.ts';
import type { AskModel } from '../../../core/ports/model-server.ts';
import { type ChampionFigures, ModelWatch } from '../../../platform/models/model-watch.ts';
import { HOUR_MS, walk } from '../../core/models/walk.ts';
import { type NeuronServer, neuronServer, registeredElsewhere } from './elsewhere.ts';
import { registered } from './versions.ts';

const BARS = walk(2_600);
const TRAINED = { from: BARS.timestamp[50], to: BARS.timestamp[1_200] };
const LIMITS = lifecycleLimitsSchema.parse({});
/** Rows between the training and the 2,600th bar: two questions. */
const ROWS = 1_400;

let begun: string;
let directory: string;
let served: NeuronServer;
let version: string;
beforeAll(async () => {
  begun = mkdtempSync(join(tmpdir(), 'plimsoll-elsewhere-'));
  const registry = new ModelRegistry(new EmbeddedObjectStore(begun));
  const native = await registered(registry, { weights: [-1, 0], period: TRAINED });
  served = await neuronServer(await registry.load(await registry.version('gold', native)), ['far']);
  version = await registeredElsewhere(registry, { name: 'far', twin: 'gold', native }, served.ask);
  const deed = { at: TRAINED.to, by: 'a test', reason: 'the first' };
  await registry.act('gold', 'promoted', native, deed);
  await registry.act('far', 'promoted', version, deed);
});
afterAll(async () => {
  await served.close();
  rmSync(begun, { recursive: true, force: true });
});
beforeEach(() => {
  served.does = () => undefined;
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-elsewhere-'));
  cpSync(begun, directory, { recursive: true });
  return () => rmSync(directory, { recursive: true, force: true });
});

const seen = (count: number) => {
  const bars = sliceBars(BARS, 0, count);
  return { symbol: 'A', bars, now: bars.timestamp[count - 1] + HOUR_MS };
};
const watchOf = (name: string, { ask }: { readonly ask?: AskModel } = { ask: served.ask }): ModelWatch => {
  const objects = new EmbeddedObjectStore(directory);
  return new ModelWatch({
    ...{ name, objects, limits: LIMITS, registry: new ModelRegistry(objects), queue: new TrainingQueueStore(objects) },
    drift: { windowRows: 100, stepRows: 20, draws: 20 },
    decay: { draws: 20 },
    ...(ask ? { ask } : {}),
  });
};
/** A look by a watch that has seen nothing before, and what it makes of it. */
async function looked(name: string, count = BARS.length, watch = watchOf(name)) {
  const kinds = (await watch.look(seen(count))).map(({ kind }) => kind);
  return { kinds, figures: await watch.figures(seen(count)) };
}
const withoutVersion = ({ version: _, ...figures }: ChampionFigures) => figures;
const askedRows = async (work: () => Promise<unknown>): Promise<number> => {
  const before = served.rows();
  await work();
  return served.rows() - before;
};

describe('a model that is asked elsewhere', () => {
  test('comes to the figures of its twin that is evaluated here, to the last bit', async () => {
    const [here, there] = [await looked('gold'), await looked('far')];
    expect(there.kinds).toEqual(here.kinds);
    expect(there.figures).toMatchObject({ version, rows: ROWS, refused: 0 });
    expect(withoutVersion(there.figures)).toEqual(withoutVersion(here.figures));
  });

  test('is asked about new rows alone, also by another process', async () => {
    const watch = watchOf('far');
    expect(await askedRows(() => looked('far', 2_000, watch))).toBe(800);
    expect(await askedRows(() => looked('far', 2_000, watch))).toBe(0);
    expect(await askedRows(() => looked('far', 2_001, watch))).toBe(1);
    expect(await askedRows(() => looked('far', 2_011))).toBe(10);
    expect(withoutVersion((await looked('far', 2_011)).figures)).toEqual(
      withoutVersion((await looked('gold', 2_011)).figures),
    );
  });

  test('whose server is down has no answer yet: that is no refusal and no outcome, and is made up for', async () => {
    served.does = () => 503;
    const watch = watchOf('far');
    const down = await looked('far', BARS.length, watch);
    expect(down.kinds).toEqual(['champion-seen']);
    expect(down.figures).toMatchObject({ rows: ROWS, outcomes: 0, refused: 0, waiting: { rows: ROWS } });
    expect(down.figures.waiting!.why).toMatch(/far/);
    expect(down.figures).not.toHaveProperty('calibration');
    // What needs no answer is seen all the same.
    expect(down.figures.drift).toEqual((await looked('gold')).figures.drift);
    served.does = () => undefined;
    const up = await looked('far', BARS.length, watch);
    expect(up.kinds).toEqual([]);
    expect(withoutVersion(up.figures)).toEqual(withoutVersion((await looked('gold')).figures));
  });

  test('is asked once about the rows of a look, though several follow from it, where its server is down', async () => {
    served.does = () => 400;
    const watch = watchOf('far');
    const watched = seen(BARS.length);
    const before = served.server.seen.length;
    await watch.look(watched);
    await watch.figures(watched);
    expect(served.server.seen.length - before).toBe(1);
  });

  test('whose server goes away in between keeps what it said', async () => {
    const first = served.server.seen.length + 1;
    served.does = (_, nth) => (nth > first ? 400 : undefined);
    expect((await looked('far')).figures).toMatchObject({ rows: ROWS, refused: 0, waiting: { rows: ROWS - 1_000 } });
    served.does = () => undefined;
    expect(await askedRows(() => looked('far'))).toBe(ROWS - 1_000);
    expect(withoutVersion((await looked('far')).figures)).toEqual(withoutVersion((await looked('gold')).figures));
  });

  test('that nobody is there to ask about waits, and is neither flagged nor rolled back from', async () => {
    const { kinds, figures } = await looked('far', BARS.length, watchOf('far', {}));
    expect(kinds).toEqual(['champion-seen']);
    expect(figures.waiting).toEqual({ rows: ROWS, why: 'nobody is there to be asked' });
  });

  test('whose files were changed cannot answer, whatever its server says', async () => {
    writeFileSync(join(directory, 'models/far', version, 'neurons.pickle'), 'another one');
    const { kinds } = await looked('far');
    expect(kinds.slice(0, 2)).toEqual(['champion-seen', 'flagged']);
  });
});

describe('bad input', () => {
  test.each([
    ['fewer rows than it was asked about', (rows: readonly unknown[]) => rows.slice(1).map(() => [0.5])],
    ['for more members than it has', (rows: readonly unknown[]) => rows.map(() => [0.5, 0.5])],
    ['what is no probability', (rows: readonly unknown[]) => rows.map(() => [1.5])],
    ['nothing', (rows: readonly unknown[]) => rows.map(() => [])],
  ])('bad input: a server that answers %s is not believed, and nothing of it is kept', async (_, answer) => {
    served.does = answer;
    expect((await looked('far')).figures).toMatchObject({ outcomes: 0, refused: 0, waiting: { rows: ROWS } });
    served.does = () => undefined;
    expect(await askedRows(() => looked('far'))).toBe(ROWS);
  });

  const kept = (): string => join(directory, 'model-answers/far', `${version}.answers`);
  test.each([
    ['cut short', () => readFileSync(kept()).subarray(0, 1_000)],
    ['of another format', () => '{"format":"plimsoll-answers/2"}'],
    [
      'with an answer that was changed',
      () => {
        const file = JSON.parse(readFileSync(kept(), 'utf8')) as { answers: string };
        return JSON.stringify({ ...file, answers: file.answers.replace(/^..../, 'AAAA') });
      },
    ],
  ])('bad input: answers that were kept, %s, are asked for again', async (_, damaged) => {
    const { figures } = await looked('far');
    expect(await askedRows(() => looked('far'))).toBe(0);
    writeFileSync(kept(), damaged());
    expect(await askedRows(async () => expect((await looked('far')).figures).toEqual(figures))).toBe(ROWS);
  });
});
