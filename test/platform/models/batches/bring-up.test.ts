/** Tables of batches made by the real job: continued, cut, and what is refused. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lockFile } from '../../../../adapters/embedded/file-lock.ts';
import { EmbeddedObjectStore } from '../../../../adapters/embedded/objects.ts';
import { sliceBars } from '../../../../core/market/bars.ts';
import { featureSet } from '../../../../core/models/features/feature-set.ts';
import { tableOf } from '../../../../platform/models/batches/batches-at-hand.ts';
import { type BringUp, type BroughtUp, bringUp } from '../../../../platform/models/batches/bring-up.ts';
import { temporaryDirectory } from '../../../adapters/embedded/temporary.ts';
import { pythonWithTraining } from '../../../python/training.ts';
import { bars, batchWith, FEATURES } from './series.ts';

const HOUR_MS = 3_600_000;
const whole = bars(300);
const batch = batchWith();
let python: string;
/** A table of all bars, and what its making said. */
let once: ReturnType<typeof place>;
let made: BroughtUp;

beforeAll(async () => {
  python = await pythonWithTraining();
  once = place(mkdtempSync(join(tmpdir(), 'plimsoll-batch-')));
  made = await once.up();
}, 300_000);

afterAll(() => rmSync(once.directory, { recursive: true, force: true }));

function place(directory = temporaryDirectory()) {
  const objects = new EmbeddedObjectStore(join(directory, 'objects'));
  const up = (changes: Partial<BringUp> = {}) =>
    bringUp({ directory, objects, batch, bars: whole, python: async () => python, ...changes });
  return { directory, objects, up, rows: () => tableOf(objects, batch).all() };
}

describe('the table of a batch', () => {
  test('has a row for each bar whose features are whole, with what its fit looked at', async () => {
    const { up } = once;
    const { warmUp } = featureSet(FEATURES);
    const all = await once.rows();
    expect(made).toMatchObject({ added: 300 - warmUp + 1, last: whole.timestamp[299], notes: [] });
    expect(all.map(({ time }) => time)).toEqual([...whole.timestamp.subarray(warmUp - 1)]);
    expect(all.map(({ close }) => close)).toEqual(Array.from(whole.close.subarray(warmUp - 1), (close) => close / 100));
    const said = all.filter(({ value }) => value !== null);
    expect(said.length).toBe(all.length - made.missing);
    expect(said.length).toBeGreaterThan(100);
    expect(said.every(({ time, fitted }) => fitted !== null && fitted <= time && time - fitted < 24 * HOUR_MS)).toBe(
      true,
    );
    expect(new Set(all.map(({ missing }) => missing))).toEqual(new Set(['too-few-rows', undefined]));
    expect(await up()).toEqual({ added: 0, missing: 0, last: whole.timestamp[299], notes: [] });
  });

  test('is the same to the last bit in several pieces, continued, and over bars that end earlier', async () => {
    const all = await once.rows();
    const { up, rows } = place();
    await up({ bars: sliceBars(whole, 0, 217), rowsOfJob: 150 });
    const cut = await rows();
    expect(cut).toEqual(all.slice(0, cut.length));
    await up();
    expect(await rows()).toEqual(all);
  }, 120_000);

  test('begins where it is told to, and is made again when asked', async () => {
    const { up, rows } = place();
    await up({ from: whole.timestamp[250] });
    expect((await rows())[0]).toMatchObject({ time: whole.timestamp[250], value: expect.any(Number) });
    await up({ anew: true, from: whole.timestamp[240] });
    expect((await rows())[0].time).toBe(whole.timestamp[240]);
  }, 120_000);
});

describe('bad input:', () => {
  test('fewer bars than its window, or than its features need, are told of', async () => {
    const { up } = place();
    await expect(up({ bars: sliceBars(whole, 0, 100) })).rejects.toThrow(
      /has 86 bars with whole features, and its window is 120/,
    );
    await expect(up({ bars: sliceBars(whole, 0, 10) })).rejects.toThrow(/its features are whole from the 15th on/);
  });

  test('other bars than its latest row was made from are refused, and the table stays as it is', async () => {
    const { up, rows } = once;
    const all = await rows();
    const other = { ...whole, close: whole.close.map((close) => close + 1) };
    await expect(up({ bars: other })).rejects.toThrow(
      /was made from other bars: that of .* closed at .* there and closes at/,
    );
    const without = { ...whole, timestamp: whole.timestamp.map((time, k) => (k < 299 ? time : time + HOUR_MS)) };
    await expect(up({ bars: without })).rejects.toThrow(/closed at .* there and is none of these/);
    expect(await rows()).toEqual(all);
  });

  test('a part that was changed is found out when it is read, and nothing is put to it', async () => {
    const { directory, objects, up, rows } = once;
    const keys = await objects.list('batches/', { limit: 10 });
    const path = join(directory, 'objects', keys[keys.length - 1]);
    const text = readFileSync(path, 'utf8');
    for (const changed of [text.replace(/,-?\d+\.\d+,/, ',0.125,'), text.slice(0, -20), '{}']) {
      writeFileSync(path, changed);
      await expect(rows()).rejects.toThrow(/the table of the batch "unusual" was changed or damaged/);
      await expect(up()).rejects.toThrow(/was changed or damaged/);
    }
    writeFileSync(path, text);
    await up();
  });

  test('one that another process makes is left alone', async () => {
    const { directory, up } = once;
    const lock = lockFile(join(directory, 'batches', batch.name, 'lock'));
    await expect(up()).rejects.toThrow(/the batch "unusual" is made by another process now/);
    lock?.release();
    await up();
  });

  test('what the job says is wrong is said: a Python that lacks the library, or that is not there', async () => {
    const { up } = place();
    await expect(up({ batch: batchWith({ entry: 'garch', features: undefined }) })).rejects.toThrow(
      /garch is of arch, which this Python does not have/,
    );
    await expect(up({ python: async () => '/nowhere/python' })).rejects.toThrow(/could not be started/);
  }, 120_000);
});
