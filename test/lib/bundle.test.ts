/** How bundles are made, on small ones. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { EmbeddedObjectStore } from '../../adapters/embedded/objects.ts';
import { championsOf } from '../../adapters/models/models-at-hand.ts';
import { lifecycleList } from '../../adapters/models/monitoring/lifecycle-list.ts';
import { ownOnnxSystem } from '../../adapters/models/onnx-install.ts';
import { configurationSchema } from '../../core/configuration/schema.ts';
import type { OpinionSpec } from '../../core/models/opinion.ts';
import type { TrialSpec } from '../../core/models/trial.ts';
import type { AskModel } from '../../core/ports/model-server.ts';
import { findStrategy, type StrategyRegistry } from '../../core/strategies/registry.ts';
import { writeBundle } from '../../lib/constructs/bundle.ts';
import { prepareDeployment } from '../../lib/deployment.ts';
import { modelsIn } from '../../platform/models/strategies-at-hand.ts';
import { registerCareful, trialOf } from '../adapters/models/careful.ts';
import { onnxRuntimeFolder } from '../adapters/models/onnx-folder.ts';
import { putOnnxChampion } from '../adapters/models/onnx-version-files.ts';

const root = resolve(import.meta.dirname, '../..');
mkdirSync(join(root, '.cache'), { recursive: true });
/** Below the repository, so that packages are found from it. */
const folder = mkdtempSync(join(root, '.cache/bundle-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('a module that was left out says so, by its name, when it is used', async () => {
  const file = join(root, 'node_modules/ccxt/js/src/base/functions/crypto.js');
  const { use } = await bundled(
    'left-out',
    `import { eddsa } from ${JSON.stringify(file)}; export const use = () => eddsa();`,
  );
  expect(use).toThrow('this bundle was made without ccxt/js/src/base/functions/crypto.js');
});

it('a package that is left out for ccxt is there for others', async () => {
  const { use } = await bundled(
    'own',
    "import { gzipSync, gunzipSync } from 'fflate'; export const use = (b) => gunzipSync(gzipSync(b));",
  );
  expect(use(Uint8Array.of(1, 2, 3))).toEqual(Uint8Array.of(1, 2, 3));
});

it("Node's own modules work as they do elsewhere: members, defaults, namespaces, classes that load late, required ones", async () => {
  const { use } = await bundled(
    'built-in',
    `import path, { join } from 'node:path';
     import * as os from 'node:os';
     import { createReadStream, ReadStream, WriteStream } from 'fs';
     import { readFile } from 'node:fs/promises';
     import { gunzipSync, gzipSync, constants } from 'node:zlib';
     import { Transform } from 'node:stream';
     class Own extends Transform {}
     export async function use(file) {
       const stream = createReadStream(file);
       const made = new ReadStream(file);
       const both = [stream, made].map((each) => [each instanceof ReadStream, each instanceof WriteStream]);
       for (const each of [stream, made]) each.destroy();
       return [
         path.join('a', 'b') === join('a', 'b'),
         os.EOL,
         both,
         await readFile(file, 'utf8'),
         gunzipSync(gzipSync('twice')).toString(),
         constants.Z_BEST_SPEED,
         new Own() instanceof Transform,
         require('events').name,
       ];
     }`,
  );
  const file = join(folder, 'text');
  writeFileSync(file, 'content');
  const streams = [
    [true, false],
    [true, false],
  ];
  expect(await use(file)).toEqual([true, '\n', streams, 'content', 'twice', 1, true, 'EventEmitter']);
});

it('a strategy is loaded when it is asked for, one that waits at its top level with the rest', async () => {
  const strategies = join(folder, 'strategies');
  mkdirSync(strategies);
  const source = (name: string, first: string): string =>
    `import { strategy } from ${JSON.stringify(join(root, 'core/strategies/index.ts'))};
     import * as z from 'zod';
     ${first}
     globalThis.loadedStrategies = [...(globalThis.loadedStrategies ?? []), '${name}'];
     export default strategy({ name: '${name}', params: z.object({}), indicators: () => ({}), onBar() {} });`;
  writeFileSync(join(strategies, 'patient.ts'), source('patient', 'await Promise.resolve();'));
  writeFileSync(join(strategies, 'quick.ts'), source('quick', ''));
  const { deploymentModule } = await prepareDeployment(CONFIGURATION, folder);
  onTestFinished(() => rmSync(deploymentModule));
  const scope = globalThis as { loadedStrategies?: string[] };
  scope.loadedStrategies = undefined;
  const { registry } = (await bundled('deployment', undefined, deploymentModule)) as { registry: StrategyRegistry };
  expect(scope.loadedStrategies).toEqual(['patient']);
  expect([...registry.keys()]).toEqual(expect.arrayContaining(['sma-cross', 'patient', 'quick']));
  for (const [name, { definition, codeHash }] of registry) {
    expect(definition.name).toBe(name);
    expect(codeHash).toMatch(/^[0-9a-f]{64}$/);
  }
  expect(scope.loadedStrategies).toEqual(['patient', 'quick']);
});

describe('a model that a configured strategy asks', () => {
  const asking = configurationSchema.parse({
    venues: { drift: { kind: 'simulated' } },
    universes: { main: { venue: 'drift', symbols: ['XAU/USD'], timeframe: '1h' } },
    accounts: [
      { id: 'paper', universe: 'main', strategies: [{ strategy: 'model-opinion', params: { model: 'gold-hourly' } }] },
    ],
  });
  const here = championsOf(modelsIn(folder, { readOnly: true }));
  const deployed = async (name: string, damage?: (models: string) => void) => {
    const { deploymentModule } = await prepareDeployment(asking, folder);
    onTestFinished(() => rmSync(deploymentModule, { force: true }));
    const place = join(folder, name);
    writeBundle({ entry: deploymentModule, modules: {} }, join(place, 'index.mjs'));
    damage?.(join(place, 'models'));
    const { registry } = (await import(/* @vite-ignore */ pathToFileURL(join(place, 'index.mjs')).href)) as {
      registry: StrategyRegistry;
    };
    const { definition } = findStrategy(registry, 'model-opinion');
    return definition.indicators({ model: 'gold-hourly' }) as { readonly desk: OpinionSpec; readonly trial: TrialSpec };
  };

  it('goes along with the functions, and says there what it says here', async () => {
    const { served, warmUp } = (await deployed('models-along')).desk;
    const own = (await here)('gold-hourly');
    expect([served?.version, warmUp]).toEqual([own.version, 200]);
    const row = Float64Array.from(own.manifest!.features, (_, k) => Math.sin(k));
    expect(served?.ensemble().opinion(row)).toEqual(own.ensemble().opinion(row));
  });

  it('takes the version on trial along, with its share', async () => {
    const directory = join(folder, asking.dataDirectory);
    const models = modelsIn(directory);
    const careful = await registerCareful(models, 'gold-hourly');
    const list = lifecycleList(new EmbeddedObjectStore(join(directory, 'objects')), 'gold-hourly');
    for (const step of trialOf((await here)('gold-hourly').version, careful, 0.2)) await list.append(() => step);
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const { trial } = (await deployed('models-on-trial')).trial;
    expect([trial?.served.version, trial?.share]).toEqual([careful, 0.2]);
    const row = Float64Array.from(trial!.served.manifest!.features, (_, k) => Math.sin(k));
    expect(trial!.served.ensemble().opinion(row).up).toBe((await here)('gold-hourly').ensemble().opinion(row).up);
  });

  describe.runIf(ownOnnxSystem())('of ONNX files', () => {
    const directory = join(folder, asking.dataDirectory);
    const onnxAsking = structuredClone(asking);
    onnxAsking.accounts[0].strategies[0].params = { model: 'soft' };
    const row = Float64Array.of(0.25, 1.5);
    const bundledOnnx = async (name: string, damage?: (models: string) => void) => {
      const version = putOnnxChampion(directory, 'soft');
      onTestFinished(() => rmSync(directory, { recursive: true }));
      const { deploymentModule, needsOnnx } = await prepareDeployment(onnxAsking, folder);
      onTestFinished(() => rmSync(deploymentModule, { force: true }));
      const place = join(folder, name);
      writeBundle({ entry: deploymentModule, modules: {} }, join(place, 'index.mjs'));
      damage?.(join(place, 'models'));
      vi.stubEnv('PLIMSOLL_ONNXRUNTIME', onnxRuntimeFolder());
      const { onnx } = (await import(/* @vite-ignore */ pathToFileURL(join(place, 'index.mjs')).href)) as {
        onnx: { versions: string[]; ask: AskModel };
      };
      expect([needsOnnx, onnx.versions]).toEqual([true, [version]]);
      return onnx.ask({ model: 'soft', version, rows: [row] });
    };
    afterEach(() => vi.unstubAllEnvs());

    it('goes along with what reads it, and says there what it says here', async () => {
      const [[up]] = await bundledOnnx('models-onnx');
      expect(up).toBeCloseTo(1 / (1 + Math.exp(row[0] - row[1])), 6);
    });

    it('bad input: a file that was changed is not read', async () => {
      const damage = (models: string): void => {
        const file = readdirSync(models).find((name) => name.startsWith('soft.onnx'))!;
        writeFileSync(join(models, file), readFileSync(join(models, file)).subarray(1));
      };
      await expect(bundledOnnx('models-onnx-damaged', damage)).rejects.toMatchObject({ code: 'MODEL_FILE_CHANGED' });
    });
  });

  it('bad input: a file of it that was changed is not loaded', async () => {
    const { desk } = await deployed('models-damaged', (models) => {
      const file = readdirSync(models).find((name) => name.startsWith('lightgbm'))!;
      writeFileSync(join(models, file), readFileSync(join(models, file)).subarray(1));
    });
    expect(() => desk.served?.ensemble()).toThrow(expect.objectContaining({ code: 'MODEL_FILE_CHANGED' }));
  });

  it('bad input: one that is not there is refused before anything is deployed', async () => {
    const unknown = structuredClone(asking);
    unknown.accounts[0].strategies[0].params = { model: 'gold-hourley' };
    await expect(prepareDeployment(unknown, folder)).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN',
      remedy: expect.stringContaining('gold-hourly'),
    });
  });
});

it('code that cannot be bundled ends in a sentence with its file', () => {
  const entry = join(folder, 'broken.js');
  writeFileSync(entry, 'export const handler = ;');
  expect(() => writeBundle({ entry, modules: {} }, join(folder, 'never.mjs'))).toThrow(
    /broken\.js could not be bundled/,
  );
});

const CONFIGURATION = configurationSchema.parse({
  venues: { drift: { kind: 'simulated' } },
  universes: { main: { venue: 'drift', symbols: ['BTC/USDT'], timeframe: '1m' } },
  accounts: [{ id: 'paper', universe: 'main', strategies: [{ strategy: 'sma-cross' }] }],
});

async function bundled(name: string, source: string | undefined, entry = join(folder, `${name}.js`)) {
  if (source !== undefined) writeFileSync(entry, source);
  const file = join(folder, `${name}.mjs`);
  writeBundle({ entry, modules: {} }, file);
  return await import(/* @vite-ignore */ pathToFileURL(file).href);
}
