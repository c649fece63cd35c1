// `npm test`: installs what is missing, checks and tests everything, and ends with the line "N passed, N failed".
// What had to be left out is said in a line each; with --strict that is a failure.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ensureInstalled, fastEnvironment, node, root } from './installed.mjs';

/** Characters of what a check says that are kept, the last ones. */
const OUTPUT_LIMIT = 2 ** 20;
const strict = process.argv.includes('--strict');
const only = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const leftOut = [];

ensureInstalled();
const env = { ...fastEnvironment(), PLIMSOLL_DATA: process.env.PLIMSOLL_DATA ?? join(root, '..', 'shared', 'data') };

provideChromium();
providePython();
if (!existsSync(env.PLIMSOLL_DATA))
  leftOut.push(`recorded market data are not at PLIMSOLL_DATA (${env.PLIMSOLL_DATA}): the tests that need them`);

let failed = only.length > 0 ? 0 : await prepare();
const tests = runTests();
failed += tests.failed;
for (const what of leftOut) console.log(`Left out: ${what}.`);
if (tests.skipped > 0) console.log(`Left out: ${tests.skipped} tests were skipped.`);
console.log(`${tests.passed} passed, ${failed} failed`);
process.exit(failed > 0 || (strict && (leftOut.length > 0 || tests.skipped > 0)) ? 1 : 0);

/** What goes before all tests, side by side: several of these wait for a disk, a network, or one thread of their own. Returns how many checks failed. */
async function prepare() {
  const pythons = env.PLIMSOLL_WITHOUT_CLOUD === '1' ? undefined : run(['scripts/test-pythons.ts']);
  const failures = await runChecks();
  await pythons;
  return failures;
}

/** Formatter, linter, both type checks, the arrows between folders, and unused code; each counts as one. */
async function runChecks() {
  const checks = [
    ['format and lint', ['node_modules/@biomejs/biome/bin/biome', 'check', '.', '--error-on-warnings']],
    ['types', ['node_modules/typescript7/bin/tsc', '--noEmit', '-p', '.']],
    ['types of the dashboard', ['node_modules/typescript7/bin/tsc', '--noEmit', '-p', 'dashboard']],
    ['unused code', ['node_modules/knip/bin/knip.js', '--no-progress']],
    ['dashboard build', ['scripts/dashboard.ts']],
  ];
  const results = await Promise.all(checks.map(([, command]) => run(command)));
  const failures = results.flatMap(({ status, output }, k) => (status === 0 ? [] : [[checks[k][0], output]]));
  for (const [name, output] of failures) console.log(`Check failed: ${name}\n${tail(output)}`);
  return failures.length;
}

/** Runs a script of the project's Node to its end. Never rejects: one that cannot be started has no status. */
function run(command) {
  const child = spawn(node, command, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output = (output + text).slice(-OUTPUT_LIMIT);
    });
  }
  return new Promise((resolve) => {
    child.on('error', ({ message }) => resolve({ status: null, output: message }));
    child.on('close', (status) => resolve({ status, output }));
  });
}

function runTests() {
  const report = join(root, '.cache', 'vitest.json');
  mkdirSync(join(root, '.cache'), { recursive: true });
  rmSync(report, { force: true });
  const result = spawnSync(
    node,
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...only,
    ],
    { cwd: root, env, stdio: 'inherit' },
  );
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
  const { numPassedTests, numFailedTests, numPendingTests, numTotalTestSuites, numFailedTestSuites, success } =
    JSON.parse(readFileSync(report, 'utf8'));
  const broken =
    numFailedTests === 0 && (!success || result.status !== 0 || numTotalTestSuites === 0)
      ? Math.max(1, numFailedTestSuites)
      : 0;
  return { passed: numPassedTests, failed: numFailedTests + broken, skipped: numPendingTests };
}

/** A Chromium for the browser tests: one that is there, or Debian's where it may be installed. */
function provideChromium() {
  const found = findBrowser();
  if (found) {
    env.PLIMSOLL_CHROMIUM = found;
    return;
  }
  const mayInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  if (mayInstall) {
    console.log('Installing Chromium for the browser tests (apt-get)…');
    const quiet = { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
    spawnSync('apt-get', ['update', '-q'], quiet);
    spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium'], quiet);
  }
  env.PLIMSOLL_CHROMIUM = findBrowser() ?? '';
  if (!env.PLIMSOLL_CHROMIUM)
    leftOut.push('no Chrome, Chromium or Edge was found (name one in PLIMSOLL_CHROMIUM): the browser tests');
}

function findBrowser() {
  const candidates = [
    process.env.PLIMSOLL_CHROMIUM,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/usr/bin/microsoft-edge',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
  ];
  return candidates.find((path) => path && existsSync(path));
}

/** The local cloud and training run on Python. */
function providePython() {
  const python = process.env.PLIMSOLL_PYTHON ?? 'python3';
  const result = spawnSync(python, ['-c', 'import sys; print(sys.version_info >= (3, 11))'], { encoding: 'utf8' });
  if (result.stdout?.trim() === 'True') return provideUv(python);
  env.PLIMSOLL_WITHOUT_CLOUD = '1';
  leftOut.push(
    'Python 3.11 or newer was not found (name one in PLIMSOLL_PYTHON): the tests on the local cloud, of training models, and the comparison of figures with other libraries',
  );
}

/** Environments of Python are made by uv in seconds, and by pip in minutes: one on the PATH, or one of the tests' own. Without it pip does. */
function provideUv(python) {
  if (process.platform === 'win32' || spawnSync('uv', ['--version']).status === 0) return;
  const own = join(root, '.cache', 'uv');
  const place = join(own, 'alone');
  if (!existsSync(join(place, 'uv'))) {
    rmSync(own, { recursive: true, force: true });
    const quiet = ['--quiet', '--disable-pip-version-check', '--require-hashes', '--only-binary', ':all:'];
    const pip = ['-m', 'pip', 'install', ...quiet, '--requirement', join(root, 'test/python/uv.txt')];
    const isMade =
      spawnSync(python, ['-m', 'venv', own]).status === 0 && spawnSync(join(own, 'bin/python'), pip).status === 0;
    if (!isMade) return;
    mkdirSync(place);
    // By itself: its Python is not to be taken for the machine's.
    symlinkSync(join(own, 'bin/uv'), join(place, 'uv'));
  }
  env.PATH = `${place}${delimiter}${env.PATH ?? process.env.PATH}`;
}

function tail(text) {
  const lines = text.trimEnd().split('\n');
  return lines.slice(-60).join('\n');
}
