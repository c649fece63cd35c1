import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BUGS } from '../../simulation/bugs/index.ts';
import { KIND_NAMES } from '../../simulation/faults.ts';
import { parseSeeds, simulateSeeds } from '../../simulation/run.ts';
import { scenarioOf } from '../../simulation/scenario.ts';
import { shrink } from '../../simulation/shrink.ts';
import { SIMULATION_BOUNDS, simulateSeed } from '../../simulation/simulate.ts';

const root = join(import.meta.dirname, '..', '..');
const SOME = Array.from({ length: 12 }, (_, k) => 5_000 + k);

describe('a seed', () => {
  test('does the same in every replay, to the last byte of its ledgers', async () => {
    for (const seed of SOME) {
      const [one, other] = [await simulateSeed({ seed }), await simulateSeed({ seed })];
      expect(other).toEqual(one);
      expect(one.heads.every((head) => /^[0-9a-f]{64}$/.test(head))).toBe(true);
    }
  });

  test('does the same with a trace, and under the script of its own faults', async () => {
    for (const seed of SOME.slice(0, 4)) {
      const plain = await simulateSeed({ seed });
      const traced = await simulateSeed({ seed, traced: true });
      expect({ ...traced, trace: [] }).toEqual(plain);
      expect(traced.trace.length).toBeGreaterThan(300);
      const scripted = await simulateSeed({ seed, only: plain.script });
      expect(scripted.heads).toEqual(plain.heads);
    }
  });

  test('differs from others', async () => {
    const heads = new Set<string>();
    for (const seed of SOME) for (const head of (await simulateSeed({ seed })).heads) heads.add(head);
    expect(heads.size).toBeGreaterThanOrEqual(SOME.length);
  });

  test('runs at least 300 steps and meets at least three kinds of fault', async () => {
    for (const seed of SOME) {
      const { steps, faults } = await simulateSeed({ seed });
      expect(steps).toBeGreaterThanOrEqual(300);
      expect(faults.size).toBeGreaterThanOrEqual(SIMULATION_BOUNDS.kinds);
    }
  });
});

describe('many seeds', () => {
  test('reach every kind of fault, and count it', async () => {
    const { faults } = await simulateSeeds({ first: 6_000, last: 6_059 });
    expect(Object.keys(faults)).toEqual(KIND_NAMES);
    const missed = new Set(KIND_NAMES.filter((kind) => faults[kind] === 0));
    // What only an exchange does needs more of the seeds that have one.
    for (let seed = 6_060; missed.size > 0 && seed < 7_500; seed++) {
      if (!scenarioOf(seed).exchange) continue;
      for (const kind of (await simulateSeed({ seed })).faults.keys()) missed.delete(kind);
    }
    expect([...missed]).toEqual([]);
  }, 300_000);

  test.each([
    ['1..1500', { first: 1, last: 1_500 }],
    ['7-9', { first: 7, last: 9 }],
    ['20', { first: 3, last: 22 }],
  ])('are named as %s', (text, range) => expect(parseSeeds(text, 3)).toEqual(range));

  test.each(['', 'x', '9..3', '-4', '0'])('are not named as "%s"', (text) => {
    expect(() => parseSeeds(text, 1)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});

describe('a seed that fails', () => {
  test('is told with fewer faults, under which it still fails in the same way', async () => {
    const bug = BUGS.find(({ name }) => name === 'next-step-not-sent-again')!;
    const failed = await firstFailure(bug);
    const small = await shrink(failed, { seed: failed.seed, bug });

    expect(small.violations[0].invariant).toBe(failed.violations[0].invariant);
    expect(small.script.length).toBeLessThanOrEqual(3);
    expect(small.script.length).toBeLessThan(failed.script.length);
    expect(small.trace.length).toBeGreaterThan(0);
  });

  async function firstFailure(bug: (typeof BUGS)[number]) {
    for (let seed = 3; ; seed++) {
      const result = await simulateSeed({ seed, bug });
      if (result.violations.length > 0 && result.script.length > 3) return result;
    }
  }
});

describe('plimsoll simulate', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['bin/plimsoll.ts', 'simulate', ...args], { cwd: root, encoding: 'utf8' });

  test('prints seeds, steps, faults and violations as JSON', () => {
    const { status, stdout } = run('--seeds', '1..5', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ seeds: 5, steps: expect.any(Number), faults: {}, violations: [] });
  });

  test('replays one seed', () => {
    const { status, stdout } = run('--seed', '7', '--json');
    expect([status, JSON.parse(stdout).seeds]).toEqual([0, 1]);
  });

  test('prints the table of the bug bank, and fails where a bug was not caught', () => {
    const { status, stdout } = run('--bugs', '--seeds', '1', '--json');
    const table = JSON.parse(stdout) as { seed: number | null }[];
    expect(table).toHaveLength(BUGS.length);
    expect(status).toBe(table.some(({ seed }) => seed === null) ? 1 : 0);
    expect(table.some(({ seed }) => seed === 1)).toBe(true);
  });

  test('says how seeds are named', () => {
    const { status, stderr } = run('--seeds', 'many');
    expect(status).toBe(2);
    expect(stderr).toContain('1..1500');
  });
});
