/** Versions that the platform does not evaluate itself: trained, held to their libraries where they are served, and refused where they are not the same. */
import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { sageMakerEndpoint } from '../../../adapters/aws/sagemaker-endpoint.ts';
import { EmbeddedObjectStore } from '../../../adapters/embedded/objects.ts';
import { packedForSageMaker } from '../../../adapters/models/model-archive.ts';
import { ownOnnxSystem } from '../../../adapters/models/onnx-install.ts';
import { openOnnxVersion } from '../../../adapters/models/onnx-version.ts';
import { ModelRegistry, type ModelVersion } from '../../../adapters/models/registry.ts';
import { versionsForServer, writeServerVersions } from '../../../adapters/models/server-versions.ts';
import { startModelServer } from '../../../adapters/python/model-server.ts';
import { PINNED_ENVIRONMENT } from '../../../adapters/python/module-environment.ts';
import { ParityRows } from '../../../core/models/parity.ts';
import { startServerOf } from '../../../platform/models/model-server.ts';
import { registerVersion } from '../../../platform/models/registration.ts';
import { train } from '../../../platform/models/training.ts';
import { onnxRuntimeFolder } from '../../adapters/models/onnx-folder.ts';
import { Workplace } from '../../cli/plimsoll.ts';
import { installerEnvironment } from '../../python/environment.ts';
import { pythonWithTraining } from '../../python/training.ts';

const WITHIN_MS = 240_000;
const here = import.meta.dirname;
const models = resolve(here, '../../../models');
const DEED = { at: 1_700_000_000_000, by: 'a test', reason: 'to see it' };
/** One of neighbours, one with a step that no export says rightly, and one that the platform could evaluate itself. */
const ENDPOINT = 'nearest-neighbours-classifier,calibrated-boosting,lightgbm';
const ONNX = 'gaussian-bayes,histogram-boosting-classifier';
/** Scores alone, with a sigmoid, and what ONNX would say wrongly. */
const SCORES =
  'ridge-classifier,linear-support-vectors-classifier,support-vectors-classifier,linear-discriminant-analysis';

vi.setConfig({ testTimeout: WITHIN_MS });

let python: string;
let root: string;
let directory: string;
let registry: ModelRegistry;

beforeAll(async () => {
  python = await pythonWithTraining();
  root = mkdtempSync(join(tmpdir(), 'plimsoll-served-'));
  directory = join(root, 'data');
  mkdirSync(join(directory, 'python'), { recursive: true });
  symlinkSync(resolve(here, '../../../.cache/training-venv'), join(directory, 'python', 'training'));
  const write = `import pathlib, tables; tables.write_table(pathlib.Path(${JSON.stringify(join(root, 'table', 'train'))}), strength=0.3, rows=1400)`;
  await inPython([resolve(here, '../../models_search')], '-c', write);
  registry = new ModelRegistry(new EmbeddedObjectStore(join(directory, 'objects')));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

/** In the settings of a job of seed 0. */
const inPython = (sources: readonly string[], ...args: string[]) =>
  promisify(execFile)(python, ['-W', 'ignore', ...args], {
    cwd: here,
    timeout: WITHIN_MS,
    env: {
      ...installerEnvironment(),
      PYTHONPATH: [models, ...sources].join(delimiter),
      PYTHONDONTWRITEBYTECODE: '1',
      ...PINNED_ENVIRONMENT,
    },
  });

const trained = async (name: string, set: Record<string, string>): Promise<ModelVersion> => {
  const { version } = await train({
    ...{ directory, name, by: DEED.by, reason: DEED.reason },
    table: join(root, 'table'),
    hyperparameters: { folds: 2, embargo_hours: 2, block_rows: 40, ...set },
    withinMs: WITHIN_MS,
    environment: {},
    now: () => DEED.at,
  });
  return version;
};

/** What a job left, with some files exchanged; the manifest names the hashes of those that lie there then. */
async function leftBy(name: string, exchanged: Record<string, Uint8Array> = {}): Promise<Map<string, Uint8Array>> {
  const folder = join(directory, 'training', name, 'model');
  const files = new Map<string, Uint8Array>();
  for (const file of await readdir(folder)) files.set(file, exchanged[file] ?? (await readFile(join(folder, file))));
  const manifest = JSON.parse(new TextDecoder().decode(files.get('manifest.json')));
  for (const [file, bytes] of Object.entries(exchanged)) manifest.files[file] = hash('sha256', bytes);
  if (Object.keys(exchanged).length > 0) files.set('manifest.json', new TextEncoder().encode(JSON.stringify(manifest)));
  return files;
}

const registered = (files: ReadonlyMap<string, Uint8Array>, name = 'bad') =>
  registerVersion({ directory, registry, name, files, run: {}, deed: DEED });

test.each(['test_serve', 'test_members'])(
  'Python: %s',
  async (module) => {
    const { stderr } = await inPython([here], '-m', 'unittest', module);
    expect(stderr).toMatch(/Ran [1-9]\d* tests in [\d.]+s\s+OK\s*$/);
  },
  WITHIN_MS,
);

describe('a version that needs its library', () => {
  let version: ModelVersion;

  beforeAll(async () => {
    version = await trained('library', { members: ENDPOINT });
  });

  test('is registered once a server of its library said what was said in its training', async () => {
    const { manifest, about, card } = version;
    expect(manifest.served).toBe('endpoint');
    expect(manifest.members.map(({ file }) => file)).toEqual(ENDPOINT.split(',').map((name) => `${name}.pickle`));
    expect(card.libraries).toMatchObject({ sklearn: expect.any(String), lightgbm: expect.any(String) });
    expect(Object.keys(about.parity)).toEqual(ENDPOINT.split(','));
    for (const { rows, flipped, largestDifference } of Object.values(about.parity))
      expect({ rows, flipped, isNear: largestDifference < 1e-12 }).toEqual({ rows: 1_200, flipped: 0, isNear: true });
  });

  test('comes out the same again, to the last byte', async () => {
    const again = await trained('again', { members: ENDPOINT });
    expect(again.version).toBe(version.version);
    expect(Buffer.compare(await packed(again), await packed(version))).toBe(0);
  });

  const packed = async (of: ModelVersion) => packedForSageMaker([{ ...of, files: await registry.files(of) }]);

  test('is another one where a member’s hyperparameters are others, and its card says so', async () => {
    const hyperparameters = '{"lightgbm":{"num_leaves":6}}';
    const { card, version: other } = await trained('leaves', {
      members: 'lightgbm',
      served: 'endpoint',
      hyperparameters,
    });
    expect(card.parameters).toMatchObject({ hyperparameters: { lightgbm: { num_leaves: 6 } }, served: 'endpoint' });
    expect(other).not.toBe(version.version);
  });

  test('bad input: hyperparameters that are none are named, with the nearest', async () => {
    await expect(
      trained('refused', { members: 'lightgbm', hyperparameters: '{"lightgbm":{"num_leafs":6}}' }),
    ).rejects.toMatchObject({
      code: 'TRAINING_FAILED',
      message: expect.stringMatching(/MEMBER_SETTINGS: .*lightgbm\.num_leafs is not known; use num_leaves/),
    });
  });

  test('is not registered where nothing that answers is named', async () => {
    const files = await leftBy('library');
    await expect(registry.register('bad', files, {}, DEED)).rejects.toMatchObject({ code: 'MODEL_PARITY_UNASKED' });
  });

  test('is refused where its pickle is another model’s, and nothing of it is kept', async () => {
    const other = await readFile(join(directory, 'training', 'leaves', 'model', 'lightgbm.pickle'));
    await expect(registered(await leftBy('library', { 'lightgbm.pickle': other }))).rejects.toMatchObject({
      code: 'MODEL_PARITY_FAILED',
      message: expect.stringContaining('"lightgbm" is not the same here'),
    });
    const changed = new Map([...(await leftBy('library')), ['lightgbm.pickle', new Uint8Array(other)] as const]);
    await expect(registered(changed)).rejects.toMatchObject({ code: 'MODEL_FILE_CHANGED' });
    expect(await registry.names()).not.toContain('bad');
  });

  test('is refused where its pickle would run a program, which it does not', async () => {
    const mark = join(root, 'mark');
    const { stdout } = await inPython(
      [],
      '-c',
      `import os, pickle, sys
class Trap:
    def __reduce__(self): return os.mkdir, (${JSON.stringify(mark)},)
sys.stdout.write(pickle.dumps(Trap()).hex())`,
    );
    const files = await leftBy('library', { 'lightgbm.pickle': Buffer.from(stdout, 'hex') });
    await expect(registered(files)).rejects.toMatchObject({
      code: 'MODEL_VERSION_NOT_SERVED',
      message: expect.stringContaining('mkdir, which no model has'),
    });
    expect(existsSync(mark)).toBe(false);
  });

  test('is refused where it was trained with another version of a library', async () => {
    const text = new TextDecoder().decode((await leftBy('library')).get('card.json'));
    const card = new TextEncoder().encode(text.replace(/"sklearn":"[^"]+"/, '"sklearn":"0.9"'));
    await expect(registered(await leftBy('library', { 'card.json': card }))).rejects.toMatchObject({
      code: 'MODEL_VERSION_NOT_SERVED',
      message: expect.stringContaining('it was trained with sklearn 0.9, which is'),
    });
  });

  test('is refused where there is no Python that could serve it', async () => {
    vi.stubEnv('PATH', '/nowhere');
    await expect(registered(await leftBy('library'))).rejects.toMatchObject({ code: 'PYTHON_MISSING' });
  });

  describe('its server', () => {
    test('serves the champions that need one, and a version that is named', async () => {
      await registry.act('library', 'promoted', version.version, DEED);
      const leaves = await registry.version('leaves');
      expect((await versionsForServer(registry)).map(({ name }) => name)).toEqual(['library']);
      const named = await versionsForServer(registry, ['library', `leaves@${leaves.version}`, 'library']);
      expect(named.map(({ name }) => name)).toEqual(['library', 'leaves']);
      await expect(versionsForServer(registry, ['leaves'])).rejects.toMatchObject({ code: 'MODEL_NOT_PROMOTED' });
      await expect(versionsForServer(registry, ['libary'])).rejects.toMatchObject({
        code: 'MODEL_UNKNOWN',
        remedy: 'use library',
      });
    });

    test('answers what was recorded, is killed, and is no longer there', async () => {
      const server = (await startServerOf({ directory, registry }))!;
      expect(server.asked).toEqual([{ model: 'library', version: version.version }]);
      expect(server.refused).toEqual([]);
      const ask = sageMakerEndpoint({
        endpoints: { library: { endpoint: 'library' } },
        timeoutMs: 30_000,
        access: { url: server.url },
      });
      const files = await registry.files(version);
      const said = new ParityRows(files.get('parity.bin')!);
      const rows = said.questions(version.manifest.features.length).slice(0, 60);
      const question = { model: 'library', version: version.version, rows };
      const answers = await ask(question);
      expect(answers.map((row) => row.length)).toEqual(rows.map(() => 3));
      await expect(ask({ ...question, version: 'f'.repeat(16) })).rejects.toMatchObject({
        code: 'MODEL_SERVER_DOWN',
        message: expect.stringContaining(`there is no version ${'f'.repeat(16)}`),
      });
      await server.stop();
      expect(await server.ended).toBe('it ended with exit code 0');
      await expect(ask(question)).rejects.toMatchObject({ code: 'MODEL_SERVER_DOWN' });
      await server.stop();
    });

    const shelf = async (): Promise<string> => {
      const folder = mkdtempSync(join(root, 'shelf-'));
      await writeServerVersions(registry, [version], folder);
      return folder;
    };

    test('says how it ended where it was killed', async () => {
      const server = await startModelServer({ python, folder: await shelf() });
      process.kill(server.pid, 'SIGKILL');
      expect(await server.ended).toBe('it was killed by SIGKILL');
    });

    test.each([
      ['a Python that is not there', () => ({ python: '/nowhere/python' }), /could not be started: .*ENOENT/],
      ['a folder that is not there', () => ({ folder: join(root, 'nowhere') }), /exit code 2\s+there is no folder/],
      ['a time that is too short', () => ({ withinMs: 1 }), /could not be asked after 0 s/],
      ['being told to end while it starts', () => ({ signal: AbortSignal.timeout(50) }), /told to end/],
      ['being told to end before', () => ({ signal: AbortSignal.abort() }), /told to end before/],
    ])('bad input: it does not start with %s, and says so', async (_, given, words) => {
      const wanted = { python, folder: await shelf(), ...given() };
      await expect(startModelServer(wanted)).rejects.toMatchObject({
        code: 'MODEL_SERVER_NOT_STARTED',
        message: expect.stringMatching(words),
      });
    });

    test('is a command', async () => {
      const place = new Workplace();
      try {
        const running = place.start('models', 'serve', '--data', directory, '--port', '0');
        const [, url] = await running.printed(/library [0-9a-f]{16} is served at (http:\S+)\n/);
        await running.printed(/PLIMSOLL_MODEL_SERVER=http/);
        expect((await fetch(`${url}/ping`)).status).toBe(200);
        expect((await running.kill('SIGTERM')).code).toBe(0);
        await expect(fetch(`${url}/ping`)).rejects.toThrow();
        const wrong = await place.run('models', 'serve', 'leaves', '--data', directory);
        expect([wrong.code, wrong.err]).toEqual([
          1,
          expect.stringContaining('No version of the model "leaves" decides yet'),
        ]);
        const port = await place.run('models', 'serve', '--data', directory, '--port', '70000');
        expect([port.code, port.err]).toEqual([2, expect.stringContaining('--port is 70000')]);
        const none = await place.run('models', 'serve', '--data', join(root, 'empty'));
        expect([none.code, none.err]).toEqual([
          1,
          expect.stringContaining('No model that decides here needs a server'),
        ]);
      } finally {
        place.remove();
      }
    });
  });
});

test('members that say scores alone are evaluated by the platform itself, with their sigmoid', async () => {
  const { manifest, about } = await trained('scores', { members: SCORES });
  expect(manifest.served).toBeUndefined();
  for (const [member, { flipped, largestDifference }] of Object.entries(about.parity))
    expect({ member, flipped, isNear: largestDifference < 1e-12 }).toEqual({ member, flipped: 0, isNear: true });
  await expect(
    versionsForServer(registry, [`scores@${(await registry.version('scores')).version}`]),
  ).rejects.toMatchObject({ code: 'MODEL_NEEDS_NO_SERVER' });
});

describe.runIf(ownOnnxSystem())('a version of ONNX files', () => {
  let version: ModelVersion;
  let runtime: string;

  beforeAll(async () => {
    runtime = onnxRuntimeFolder();
    vi.stubEnv('PLIMSOLL_ONNXRUNTIME', runtime);
    version = await trained('onnx', { members: ONNX });
  });

  test('is registered once ONNX Runtime said here what its libraries said', () => {
    expect(version.manifest.served).toBe('onnx');
    for (const { rows, flipped, largestDifference } of Object.values(version.about.parity)) {
      expect({ rows, flipped }).toEqual({ rows: 1_200, flipped: 0 });
      expect(largestDifference).toBeLessThan(1e-5);
      // Float32 answers that were equal to the last bit would be the library's own, passed on.
      expect(largestDifference).toBeGreaterThan(0);
    }
  });

  test('answers a row alike alone and among others, within a bound of time', async () => {
    vi.stubEnv('PLIMSOLL_ONNXRUNTIME', runtime);
    const files = await registry.files(version);
    const rows = new ParityRows(files.get('parity.bin')!).questions(version.manifest.features.length).slice(0, 40);
    const question = { model: 'onnx', version: version.version, rows };
    const opened = await openOnnxVersion(version.manifest, files);
    const answers = await opened.ask(question);
    expect(await opened.ask({ ...question, rows: rows.slice(7, 8) })).toEqual([answers[7]]);
    await opened.close();
    let clock = 0;
    const slow = await openOnnxVersion(version.manifest, files, { withinMs: 5, now: () => clock++ });
    await expect(slow.ask(question)).rejects.toMatchObject({
      code: expect.stringMatching(/^(MODEL_SERVER|ONNX_TOO)_SLOW$/),
    });
    await slow.close();
  });

  test('is refused where ONNX Runtime is not installed, with the way out', async () => {
    vi.stubEnv('PLIMSOLL_ONNXRUNTIME', root);
    await expect(registered(await leftBy('onnx'))).rejects.toMatchObject({
      code: 'ONNX_RUNTIME_MISSING',
      remedy: expect.stringContaining('scripts/onnx-runtime.ts'),
    });
  });

  test('bad input: a signature of other features, a file cut short, and one that is missing are refused', async () => {
    vi.stubEnv('PLIMSOLL_ONNXRUNTIME', runtime);
    const files = await leftBy('onnx');
    const name = 'gaussian-bayes.signature.json';
    const signature = new TextDecoder().decode(files.get(name));
    const other = new TextEncoder().encode(signature.replace('"signal"', '"noise"'));
    await expect(registered(await leftBy('onnx', { [name]: other }))).rejects.toMatchObject({
      code: 'MODEL_MEMBER_MISMATCH',
    });
    const short = files.get('gaussian-bayes.onnx')!.slice(0, 200);
    await expect(registered(await leftBy('onnx', { 'gaussian-bayes.onnx': short }))).rejects.toMatchObject({
      code: 'ONNX_NOT_LOADED',
    });
    const manifest = JSON.parse(new TextDecoder().decode(files.get('manifest.json')));
    delete manifest.files[name];
    const without = new Map([...files].filter(([file]) => file !== name));
    without.set('manifest.json', new TextEncoder().encode(JSON.stringify(manifest)));
    await expect(registered(without)).rejects.toMatchObject({ code: 'MODEL_FILE_MISSING' });
  });
});
