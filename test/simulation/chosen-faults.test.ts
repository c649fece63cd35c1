/** Faults that somebody chose: by kind, or as a script. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type ChosenFaults, parseFaults, simulateUnder } from '../../simulation/chosen-faults.ts';
import type { FaultKind } from '../../simulation/faults.ts';
import { simulateSeed } from '../../simulation/simulate.ts';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-faults-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const none = (): string => {
  throw new Error('no such file');
};
const kinds = (...names: FaultKind[]): ChosenFaults => ({ kinds: new Set(names) });
/** What happened, and not what followed from it alone. */
const met = (faults: Readonly<Record<string, number>>, ...names: string[]): number[] =>
  names.map((name) => faults[name]);

test('are kinds, or a script in a file', () => {
  expect(parseFaults('restart, command-halt', none)).toEqual(kinds('restart', 'command-halt'));
  const script = [{ at: 'restart at turn 3 #1', kind: 'restart' }];
  expect(parseFaults('./one.json', () => JSON.stringify(script))).toEqual({ script });
});

test.each<[string, () => string, RegExp]>([
  ['restrat', none, /"restrat" is no kind of fault.*use "?restart/s],
  ['restart,comand-halt', none, /"comand-halt" is no kind/],
  ['./missing.json', none, /missing\.json is not read/],
  ['./one.json', () => '{"at": 1}', /one\.json is not read/],
  ['./one.json', () => '[{"at": "x", "kind": "rain"}]', /one\.json is not read/],
])('%s is refused with the way out', (text, read, said) => {
  expect(() => parseFaults(text, read)).toThrow(
    expect.objectContaining({ code: 'USAGE', message: expect.anything(), remedy: expect.anything() }),
  );
  try {
    parseFaults(text, read);
  } catch (error) {
    const { message, remedy } = error as { message: string; remedy: string };
    expect(`${message} ${remedy}`).toMatch(said);
  }
});

describe('a seed', () => {
  test('under some kinds meets those, and no other that is done to it', async () => {
    const chosen = kinds('restart', 'command-halt', 'command-resume');
    const { seeds, faults, violations } = await simulateUnder(chosen, { first: 1, last: 6 });
    expect([seeds, violations]).toEqual([6, []]);
    expect(Math.min(...met(faults, 'restart', 'command-halt', 'command-resume'))).toBeGreaterThan(0);
    expect(met(faults, 'commit-failed', 'message-doubled', 'clock-jump', 'read-failed')).toEqual([0, 0, 0, 0]);
  });

  test('under the script of its own faults does what it did', async () => {
    const { script, faults, steps } = await simulateSeed({ seed: 5_003 });
    const again = await simulateUnder({ script }, { first: 5_003, last: 5_003 });
    expect(again.steps).toBe(steps);
    for (const [kind, count] of faults) expect([kind, again.faults[kind]]).toEqual([kind, count]);
  });

  test('has a script by itself: several have none', async () => {
    await expect(simulateUnder({ script: [] }, { first: 1, last: 2 })).rejects.toMatchObject({ code: 'USAGE' });
  });
});

test('plimsoll simulate --faults prints what was met, and says what is wrong with what was typed', async () => {
  const cli = (...args: string[]) =>
    spawnSync(process.execPath, ['bin/plimsoll.ts', 'simulate', '--json', ...args], { cwd: root, encoding: 'utf8' });
  const some = JSON.parse(cli('--seeds', '1-2', '--faults', 'restart,clock-jump').stdout);
  expect(some).toMatchObject({ seeds: 2, violations: [] });
  expect(some.faults.restart + some.faults['clock-jump']).toBeGreaterThan(0);
  const file = join(folder, 'script.json');
  const [first] = (await simulateSeed({ seed: 5_003 })).script;
  writeFileSync(file, JSON.stringify([first]));
  const { faults } = JSON.parse(cli('--seed', '5003', '--faults', file).stdout);
  expect([faults[first.kind], first.kind === 'clock-jump' || faults['clock-jump'] === 0]).toEqual([1, true]);
  const { status, stderr } = cli('--seed', '7', '--faults', 'rain');
  expect([status, stderr]).toEqual([2, expect.stringMatching(/"rain" is no kind of fault/)]);
});
