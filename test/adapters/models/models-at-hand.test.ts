/** Which versions of models are at hand, and whose files are read for it. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { EmbeddedObjectStore } from '../../../adapters/embedded/objects.ts';
import { championsOf, standingsOf, type TrialOf } from '../../../adapters/models/models-at-hand.ts';
import { ModelRegistry } from '../../../adapters/models/registry.ts';
import { Ensemble } from '../../../core/models/ensemble.ts';
import { FROM, versionFiles } from '../../operations/model-version.ts';
import { temporaryDirectory } from '../embedded/temporary.ts';

const DEED = { at: FROM, by: 'a test', reason: 'to be looked at' };

let directory: string;
let registry: ModelRegistry;
let champion: string;
let other: string;

/** Two models, each with a champion and the same candidate. */
beforeEach(async () => {
  directory = temporaryDirectory();
  registry = new ModelRegistry(new EmbeddedObjectStore(directory));
  for (const name of ['asked', 'other']) {
    ({ version: champion } = await registry.register(name, versionFiles(0.6, [0.05, 0.15]), {}, DEED));
    ({ version: other } = await registry.register(name, versionFiles(0.5, [0.05, 0.15]), {}, DEED));
    await registry.act(name, 'promoted', champion, DEED);
  }
});

const onTrial =
  (version: string, share = 0.2): TrialOf =>
  async () => ({ version, share });

test('of those that nobody asks the version is at hand, and no file is read', async () => {
  for (const version of [champion, other])
    appendFileSync(join(directory, 'models/other', version, 'line.model'), 'of another length');
  const trialOf = onTrial(other);
  const at = await championsOf(registry, { trialOf, asked: new Set(['asked']) });
  expect(at('asked').ensemble()).toBeInstanceOf(Ensemble);
  expect(at('asked').trial?.served.ensemble()).toBeInstanceOf(Ensemble);
  expect(at('other')).toMatchObject({ version: champion, manifest: { members: [{ name: 'line' }] } });
  for (const served of [at('other'), at('other').trial!.served])
    expect(() => served.ensemble()).toThrow(expect.objectContaining({ code: 'MODEL_NOT_READ' }));
});

test('bad input: where all are read, one whose file was changed says so when it is asked, and leaves the other', async () => {
  appendFileSync(join(directory, 'models/other', champion, 'line.model'), 'of another length');
  const at = await championsOf(registry);
  expect(at('asked').ensemble()).toBeInstanceOf(Ensemble);
  expect(() => at('other').ensemble()).toThrow(expect.objectContaining({ code: 'MODEL_FILE_CHANGED' }));
  expect(() => at('another')).toThrow(expect.objectContaining({ code: 'MODEL_UNKNOWN' }));
});

test('what decides is another once another is promoted, is on trial, or has another share', async () => {
  const seen = [
    await standingsOf(registry),
    await standingsOf(registry, onTrial(other)),
    await standingsOf(registry, onTrial(other, 0.3)),
    await standingsOf(registry, onTrial(champion)),
  ];
  expect(await standingsOf(registry, onTrial(other))).toBe(seen[1]);
  await registry.act('asked', 'promoted', other, DEED);
  seen.push(await standingsOf(registry));
  expect(new Set(seen).size).toBe(seen.length);
});
