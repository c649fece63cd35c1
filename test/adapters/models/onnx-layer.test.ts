/** ONNX Runtime as it is installed apart from the platform's packages, and as a Lambda layer. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { installedOnnxRuntime, type OnnxSystem, ownOnnxSystem } from '../../../adapters/models/onnx-install.ts';
import { onnxRuntime } from '../../../adapters/models/onnx-runtime.ts';
import { OnnxLayer } from '../../../lib/constructs/onnx-layer.ts';
import { LAYER_SYSTEMS, layerFolders } from './onnx-folder.ts';

const MB = 2 ** 20;
/** Where other work has the machine: alone, a synthesis and npm take some seconds. */
const SLOW_MS = 180_000;
const systems: readonly OnnxSystem[] = LAYER_SYSTEMS;
const root = resolve(import.meta.dirname, '../../..');
const work = mkdtempSync(join(tmpdir(), 'plimsoll-onnx-layer-'));
let folders: string[];

beforeAll(() => {
  folders = layerFolders();
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(work, { recursive: true, force: true }));

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

describe('a layer', () => {
  test.each([
    ['linux-arm64', 27],
    ['linux-x64', 47],
  ] as const)('for %s has the library of the CPU and the JavaScript around it, in at most %i MB', (system, mostMb) => {
    const folder = folders[systems.indexOf(system)];
    const files = filesIn(folder);
    const library = `nodejs/node_modules/onnxruntime-node/bin/napi-v6/${system.replace('-', '/')}`;
    expect(files.filter((file) => file.includes('/bin/'))).toEqual([
      `${library}/libonnxruntime.so.1`,
      `${library}/onnxruntime_binding.node`,
    ]);
    expect(new Set(files.map((file) => file.split('/')[2]))).toEqual(
      new Set(['onnxruntime-common', 'onnxruntime-node']),
    );
    expect(files.filter((file) => !/\.(js|json|node|so\.1)$/.test(file))).toEqual([]);
    const bytes = files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
    expect(bytes).toBeLessThan(mostMb * MB);
    expect(bytes).toBeGreaterThan(20 * MB);
  });

  test(
    'is taken by the CDK, for functions of its Node',
    () => {
      // What is staged would be a copy of it.
      const context = { 'aws:cdk:disable-asset-staging': true, 'aws:cdk:enable-asset-metadata': true };
      const stack = new Stack(new App({ outdir: join(work, 'cdk.out'), context }), 'Scratch');
      const layers = [new OnnxLayer(stack, 'Arm')];
      new OnnxLayer(stack, 'X86', { architecture: Architecture.X86_64 });
      const common = { handler: 'index.handler', code: Code.fromInline('exports.handler = async () => {}'), layers };
      new LambdaFunction(stack, 'Fits', { ...common, runtime: Runtime.NODEJS_24_X, architecture: Architecture.ARM_64 });
      expect(() => new LambdaFunction(stack, 'Older', { ...common, runtime: Runtime.NODEJS_22_X })).toThrow(
        'incompatible',
      );
      const made = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::LayerVersion'));
      expect(made.map(({ Properties, Metadata }) => [Properties, Metadata['aws:asset:path']])).toMatchObject(
        (['arm64', 'x86_64'] as const).map((name, k) => [
          { CompatibleArchitectures: [name], CompatibleRuntimes: ['nodejs24.x'], LicenseInfo: 'MIT' },
          folders[k],
        ]),
      );
    },
    SLOW_MS,
  );

  test.runIf(ownOnnxSystem()?.startsWith('linux'))(
    'is found by a bundled function as Lambda lays it out, with nothing named',
    async () => {
      const { build } = await import('esbuild');
      const entry = join(work, 'entry.ts');
      writeFileSync(
        entry,
        `import { onnxRuntime } from ${JSON.stringify(join(root, 'adapters/models/onnx-runtime.ts'))};
         console.log(onnxRuntime().env.versions.node);`,
      );
      const outfile = join(work, 'index.mjs');
      await build({ entryPoints: [entry], outfile, bundle: true, format: 'esm', platform: 'node', logLevel: 'silent' });
      const { PLIMSOLL_ONNXRUNTIME: _named, ...inherited } = process.env;
      const modules = join(folders[systems.indexOf(ownOnnxSystem()!)], 'nodejs', 'node_modules');
      const run = (env: NodeJS.ProcessEnv) => execFileSync(process.execPath, [outfile], { env, encoding: 'utf8' });
      const pinned = JSON.parse(readFileSync(join(root, 'layers/onnxruntime/package.json'), 'utf8'));
      expect(run({ ...inherited, NODE_PATH: modules }).trim()).toBe(pinned.dependencies['onnxruntime-node']);
      expect(statSync(outfile).size).toBeLessThan(20_000);
    },
  );

  test('of another architecture is said not to load here', () => {
    const other = systems.findIndex((system) => system !== ownOnnxSystem());
    expect(() => onnxRuntime(folders[other])).toThrow(
      expect.objectContaining({
        code: 'ONNX_RUNTIME_UNUSABLE',
        message: expect.stringContaining(`${process.platform} ${process.arch}`),
      }),
    );
  });
});

describe('what is installed', () => {
  test('is no package of the platform, and its list names no registry', () => {
    const own = readFileSync(join(root, 'package-lock.json'), 'utf8');
    expect(own).not.toContain('node_modules/onnxruntime-node');
    const { packages } = JSON.parse(readFileSync(join(root, 'layers/onnxruntime/package-lock.json'), 'utf8'));
    for (const [path, { resolved, integrity }] of Object.entries<Record<string, string>>(packages))
      expect({ path, resolved, isPinned: path === '' || integrity.startsWith('sha512-') }).toEqual({
        path,
        resolved: undefined,
        isPinned: true,
      });
  });

  test(
    'is not there by half where npm fails, and that is said with the way out',
    () => {
      const folder = join(work, 'nothing');
      // npm may go nowhere, and has nothing at hand.
      vi.stubEnv('npm_config_offline', 'true');
      vi.stubEnv('npm_config_cache', join(work, 'empty'));
      expect(() => installedOnnxRuntime({ systems: ['linux-arm64'], folder, withinMs: 60_000 })).toThrow(
        expect.objectContaining({
          code: 'ONNX_RUNTIME_INSTALL_FAILED',
          kept: 'nothing half installed was kept',
          remedy: expect.stringContaining('reaches its registry'),
        }),
      );
      expect(readdirSync(folder)).toEqual([]);
    },
    SLOW_MS,
  );

  test('is not made again while what is pinned is the same', () => {
    const changed = () => folders.map((folder) => statSync(folder).ctimeMs);
    const before = changed();
    vi.stubEnv('PATH', '');
    expect(layerFolders()).toEqual(folders);
    expect(changed()).toEqual(before);
  });
});
