/** Parity can fail: each of five defects, planted in a copy of the sources, makes it false. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const FOLDERS = ['core', 'adapters', 'functions', 'platform', 'strategies'];

const CHILD = join('test', 'parity', 'parity-child.ts');

interface Patch {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const DEFECTS: Record<string, readonly Patch[]> = {
  'a clock is read where the cycle says the time': [
    {
      file: 'functions/steps/engines.ts',
      find: 'openCycle(engine, cycle.asOf);',
      replace: 'openCycle(engine, Date.now());',
    },
  ],
  'instruments are taken in the order of an unordered map': [
    {
      file: 'functions/steps/engines.ts',
      find: 'of engine.markets) {',
      replace: 'of [...engine.markets].reverse()) {',
    },
  ],
  'a checkpoint is lost': [
    {
      file: 'functions/steps/signal.ts',
      find: '  runner.restore(fromCheckpointJson(checkpoint) as StrategyCheckpoint);\n',
      replace:
        '  if (document.version % 100 !== 0) runner.restore(fromCheckpointJson(checkpoint) as StrategyCheckpoint);\n',
    },
  ],
  'money passes through a float': [
    {
      file: 'core/engine/engine.ts',
      find: 'this.cash = snapshot.cash;',
      replace: 'this.cash = Math.fround(snapshot.cash);',
    },
  ],
  'two steps are swapped': [
    { file: 'functions/steps/reconcile.ts', find: '    reconcile(engine);\n', replace: '    void reconcile;\n' },
    {
      file: 'functions/steps/signal.ts',
      find: '    const checkpoints = await Promise.all(\n',
      replace:
        "    (await import('../../core/cycle.ts')).reconcile(engine);\n    const checkpoints = await Promise.all(\n",
    },
  ],
};

describe('parity is false', () => {
  mkdirSync(join(root, '.cache'), { recursive: true });
  const copy = mkdtempSync(join(root, '.cache', 'defects-'));
  beforeAll(() => {
    for (const folder of FOLDERS) cpSync(join(root, folder), join(copy, folder), { recursive: true });
    cpSync(join(root, 'package.json'), join(copy, 'package.json'));
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    cpSync(join(import.meta.dirname, 'parity-child.ts'), join(copy, CHILD));
  });
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  function parity(): { identical: boolean } {
    const child = spawnSync(process.execPath, [CHILD], { cwd: copy, encoding: 'utf8' });
    if (child.status !== 0) throw new Error(child.stderr);
    return JSON.parse(child.stdout);
  }

  test('never without a defect', () => {
    expect(parity()).toMatchObject({ identical: true });
  });

  test.each(Object.entries(DEFECTS))('when %s', (_, patches) => {
    const originals = patches.map(({ file }) => readFileSync(join(copy, file), 'utf8'));
    try {
      patches.forEach(({ file, find, replace }, k) => {
        expect(originals[k].split(find).length, `${file} has the line to change, once`).toBe(2);
        writeFileSync(join(copy, file), originals[k].replace(find, replace));
      });
      expect(parity()).toMatchObject({ identical: false });
    } finally {
      patches.forEach(({ file }, k) => {
        writeFileSync(join(copy, file), originals[k]);
      });
    }
  });
});
