/** Environments are made from a package that the test makes, so that no index is asked. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import {
  findPython,
  installerEnvironment,
  pythonEnvironment,
  type WantedPython,
} from '../../../adapters/python/environment.ts';

const WHEEL = `
import sys, zipfile
about = "tiny-1.0.dist-info/"
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    wheel.writestr("tiny.py", "DRAFT = 3\\n")
    wheel.writestr(about + "METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n")
    wheel.writestr(about + "WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(about + "RECORD", "tiny.py,,\\n")
`;
/** Making one with pip takes a minute on a busy machine. */
const PIP_MS = 240_000;
const QUESTION = 'import tiny; print(tiny.DRAFT)';

let packages: string;
let place: string;
let python: string;
let wheel: string;

beforeAll(async () => {
  ({ python } = await findPython({ what: 'the test' }));
  packages = mkdtempSync(join(tmpdir(), 'plimsoll-wheel-'));
  wheel = join(packages, 'tiny-1.0-py3-none-any.whl');
  execFileSync(python, ['-c', WHEEL, wheel]);
});

afterAll(() => rmSync(packages, { recursive: true, force: true }));

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'plimsoll-python-'));
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(place, { recursive: true, force: true });
});

const wanted = (changes: Partial<WantedPython> = {}): WantedPython => ({
  what: 'the test',
  requirements: join(place, 'requirements.txt'),
  folder: join(place, 'environments'),
  ...changes,
});

const made = (): string[] => readdirSync(join(place, 'environments'));

function listPackages(digest = createHash('sha256').update(readFileSync(wheel)).digest('hex'), remark = ''): void {
  const line = `tiny @ ${pathToFileURL(wheel).href} --hash=sha256:${digest}\n`;
  writeFileSync(join(place, 'requirements.txt'), line + remark);
}

/** A program of that name comes first on the path. Of the real uv there is not one on every machine. */
function onPath(name: string, script: string): void {
  const bin = join(place, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, name), 0o755);
  vi.stubEnv('PATH', bin + delimiter + process.env.PATH);
}

const withoutUv = (): void => onPath('uv', 'exit 1');

/** Makes environments without packages, and writes down what it was asked for. */
const withUv = (): void =>
  onPath(
    'uv',
    `echo "$@" >> "${place}/asked"
for last; do :; done
if [ "$1" = venv ]; then exec "${python}" -m venv --without-pip "$last"; fi`,
  );

it(
  'makes an environment with pip, once',
  async () => {
    withoutUv();
    listPackages();
    const path = await pythonEnvironment(wanted());
    expect(execFileSync(path, ['-c', QUESTION], { encoding: 'utf8' })).toBe('3\n');
    expect(made()).toHaveLength(1);
    writeFileSync(join(place, 'environments', made()[0], 'mark'), '');
    expect(await pythonEnvironment(wanted())).toBe(path);
    expect(readdirSync(join(place, 'environments', made()[0]))).toContain('mark');
  },
  PIP_MS,
);

it(
  'takes no package whose hash is another, and keeps nothing',
  async () => {
    withoutUv();
    listPackages('0'.repeat(64));
    await expect(pythonEnvironment(wanted())).rejects.toMatchObject({
      code: 'PYTHON_INSTALL_FAILED',
      message: expect.stringMatching(/hash/i),
      kept: 'nothing half installed was kept',
    });
    expect(made()).toEqual([]);
  },
  PIP_MS,
);

it('makes it with uv where there is one, under the same conditions', async () => {
  withUv();
  listPackages();
  await pythonEnvironment(wanted({ isComplete: true }));
  const [version, venv, install] = readFileSync(join(place, 'asked'), 'utf8').split('\n');
  expect(version).toBe('--version');
  expect(venv).toContain(`--no-python-downloads --python ${python} `);
  expect(install).toMatch(/^pip install .*--no-deps --require-hashes --only-binary :all: --requirement /);
  expect(install).not.toContain('--compile-bytecode');
});

it('lets uv compile what programs are started in again and again', async () => {
  withUv();
  listPackages();
  await pythonEnvironment(wanted({ isCompiled: true }));
  const install = readFileSync(join(place, 'asked'), 'utf8').split('\n')[2];
  expect(install).toMatch(/^pip install --quiet --compile-bytecode --python .*--require-hashes /);
});

it('says what uv said where it fails', async () => {
  onPath('uv', '[ "$1" = --version ] || { echo "no room on the disk" >&2; exit 2; }');
  listPackages();
  await expect(pythonEnvironment(wanted())).rejects.toMatchObject({
    code: 'PYTHON_INSTALL_FAILED',
    message: expect.stringContaining('no room on the disk'),
  });
});

it('gives an install no more than its time', async () => {
  onPath('uv', '[ "$1" = --version ] || exec sleep 60');
  listPackages();
  await expect(pythonEnvironment(wanted({ withinMs: 300 }))).rejects.toMatchObject({
    code: 'PYTHON_INSTALL_FAILED',
    message: expect.stringContaining('it was not over'),
  });
});

it('makes another when the file changes, and keeps only the one before', async () => {
  withUv();
  const paths: string[] = [];
  for (const [index, remark] of ['# one', '# two', '# three'].entries()) {
    listPackages(undefined, remark);
    paths.push(await pythonEnvironment(wanted()));
    const last = join(paths.at(-1)!, '../..');
    utimesSync(last, index, index);
  }
  expect(new Set(paths).size).toBe(3);
  expect(made().sort()).toEqual([1, 2].map((index) => paths[index].split('/').at(-3)!).sort());
});

it('removes what an install that was killed left, and nothing that is not its own', async () => {
  withUv();
  listPackages();
  const old = `${'0'.repeat(16)}.00000000-0000-0000-0000-000000000000`;
  const young = old.replace('.0', '.1');
  for (const name of [old, young, 'notes']) mkdirSync(join(place, 'environments', name), { recursive: true });
  for (const name of [old, 'notes']) utimesSync(join(place, 'environments', name), 0, 0);
  await pythonEnvironment(wanted());
  expect(made()).toEqual(expect.arrayContaining([young, 'notes']));
  expect(made()).not.toContain(old);
});

it('is made by many at once, and found by each', async () => {
  withUv();
  listPackages();
  const paths = await Promise.all([1, 2, 3].map(() => pythonEnvironment(wanted())));
  expect(new Set(paths).size).toBe(1);
  expect(made()).toHaveLength(1);
});

it('says that there is no Python, or none that is new enough', async () => {
  await expect(findPython({ what: 'the test', oldest: [9, 0] })).rejects.toMatchObject({
    code: 'PYTHON_MISSING',
    message: 'the test needs Python 9.0 or newer, and there is none on the PATH',
  });
  vi.stubEnv('PATH', place);
  vi.stubEnv('PLIMSOLL_PYTHON', undefined);
  await expect(findPython({ what: 'the test' })).rejects.toMatchObject({ code: 'PYTHON_MISSING' });
});

it('tells a Python that does not answer from one that is not there', async () => {
  vi.stubEnv('PLIMSOLL_PYTHON', undefined);
  for (const name of ['python3', 'python']) onPath(name, 'exec sleep 60');
  await expect(findPython({ what: 'the test', answersWithinMs: 1_000 })).rejects.toMatchObject({
    code: 'PYTHON_NO_ANSWER',
    message: 'the test needs Python 3.10 or newer, and python3 and python did not answer within 1 s',
    remedy: expect.stringContaining('less to do'),
  });
});

it('finds the Python behind one that does not answer', async () => {
  vi.stubEnv('PLIMSOLL_PYTHON', undefined);
  onPath('python3', 'exec sleep 60');
  onPath('python', 'echo 3.11');
  expect(await findPython({ what: 'the test', answersWithinMs: 3_000 })).toEqual({ python: 'python', version: '3.11' });
});

it('says that there is no list of packages', async () => {
  await expect(pythonEnvironment(wanted())).rejects.toMatchObject({ code: 'PYTHON_INSTALL_FAILED' });
});

it('hands on what installers are set up with, and no way to the packages of another Python', () => {
  vi.stubEnv('PYTHONPATH', place);
  vi.stubEnv('HTTPS_PROXY', 'http://proxy.example');
  expect(installerEnvironment()).toMatchObject({ HTTPS_PROXY: 'http://proxy.example' });
  expect(installerEnvironment()).not.toHaveProperty('PYTHONPATH');
});
