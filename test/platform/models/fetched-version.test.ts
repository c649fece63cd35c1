/** `models fetch`: the command, against S3 on this machine, with what a training of a deployment left there. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { S3Objects } from '../../../adapters/aws/s3-objects.ts';
import { ModelRegistry } from '../../../adapters/models/registry.ts';
import { authorOf } from '../../../core/models/monitoring/training-queue.ts';
import { modelsIn } from '../../../platform/models/strategies-at-hand.ts';
import { type Ended, Workplace } from '../../cli/plimsoll.ts';
import { SageMakerDouble } from '../../sagemaker/double.ts';

/** Of several processes one after the other, on a machine that has other work. */
const WITHIN_MS = 240_000;
const BUCKET = 'of-a-test';
const AUTHOR = authorOf('0123456789abcdef-drift-1');

const cloud = new SageMakerDouble(async () => ({ reason: 'no job is begun here' }));
const place = new Workplace();
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-fetched-'));
const outputs = join(folder, 'outputs.json');
let there: ModelRegistry;

beforeAll(async () => {
  await cloud.start();
  for (const [name, value] of Object.entries(cloud.environment)) vi.stubEnv(name, value);
  writeFileSync(outputs, JSON.stringify({ 'harbour-data': { LakeBucket: BUCKET, LedgerTable: 'ledger' } }));
});
beforeEach(() => {
  cloud.s3.objects.clear();
  there = new ModelRegistry(new S3Objects(cloud.clients().s3, { bucket: BUCKET }));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await cloud.close();
  place.remove();
  rmSync(folder, { recursive: true, force: true });
});

const fetch = (data: string, ...more: string[]): Promise<Ended> =>
  place.run('models', 'fetch', 'gold', ...more, '--outputs', outputs, '--data', join(folder, data));

/** What a real training left, the desk that was shipped, as one of a deployment's; with another threshold it is another version. */
async function leaves(by: string, disagreement = 0.2): Promise<string> {
  const desks = modelsIn(join(folder, 'none'), { readOnly: true });
  const version = await desks.version('gold-hourly');
  const files = new Map(await desks.files(version));
  const manifest = { ...version.manifest, disagreement: { limit: disagreement } };
  files.set('manifest.json', new TextEncoder().encode(JSON.stringify(manifest)));
  const deed = { at: 5, by, reason: 'the market changed' };
  return (await there.register('gold', files, version.about.run, deed)).version;
}

it(
  'takes the latest version over as a candidate, by the training that left it, and one that is named',
  async () => {
    const first = await leaves(authorOf('0123456789abcdef-decay-1'));
    const second = await leaves(AUTHOR, 0.1);
    const { out, err, code } = await fetch('latest', '--json');
    expect([code, err]).toEqual([0, '']);
    expect(JSON.parse(out)).toMatchObject({ version: second, status: 'candidate' });
    const here = modelsIn(join(folder, 'latest'));
    expect(await here.history('gold')).toMatchObject([{ action: 'registered', version: second, by: AUTHOR }]);
    // Each with the hash that the manifest names.
    const [files, own] = [await there.files(await there.version('gold', second)), await here.version('gold', second)];
    expect([...(await here.files(own)).keys()].sort()).toEqual([...files.keys()].sort());
    // Once more it changes nothing, and an earlier one can be had too.
    await fetch('latest');
    expect((await fetch('latest', first)).out).toContain(`gold ${first} is here, as a candidate.`);
    expect((await here.history('gold')).map(({ version }) => version)).toEqual([second, first]);
  },
  WITHIN_MS,
);

/** What is there of the model, and what is then asked for. */
interface Unfetched {
  readonly what: string;
  readonly given: () => Promise<unknown>;
  readonly more: readonly string[];
  readonly said: RegExp;
}
const CASES: readonly Unfetched[] = [
  {
    what: 'a model of which no training has left anything',
    given: async () => undefined,
    more: [],
    said: /No training of the deployment has left a version of "gold" yet/,
  },
  {
    what: 'a version that is not there',
    given: () => leaves(AUTHOR),
    more: ['0000000000000000'],
    said: /The model "gold" has no version 0000000000000000/,
  },
  {
    what: 'a version of which a file was changed on its way',
    given: async () => {
      const { name, version, manifest } = await there.version('gold', await leaves(AUTHOR));
      cloud.s3.keep(`${BUCKET}/models/${name}/${version}/${manifest.members[0].file}`, new Uint8Array(9));
    },
    more: [],
    said: /The model’s file \S+ is not the one that was registered/,
  },
];

it.each(CASES)(
  'bad input: $what',
  async ({ what, given, more, said }) => {
    await given();
    const { code, err } = await fetch(what.replaceAll(' ', '-'), ...more);
    expect(err).toMatch(said);
    expect(code).toBe(1);
  },
  WITHIN_MS,
);

it(
  'bad input: outputs that name no bucket',
  async () => {
    writeFileSync(join(folder, 'others.json'), JSON.stringify({ 'harbour-data': {} }));
    const { code, err } = await place.run('models', 'fetch', 'gold', '--outputs', join(folder, 'others.json'));
    expect(err).toMatch(/others\.json names no LakeBucket\. Write it with `npx cdk deploy/);
    expect(code).toBe(1);
  },
  WITHIN_MS,
);
