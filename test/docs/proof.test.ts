/** The figures that are claimed are those of these sources: a proof that is stale, or was edited, fails here. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { faultOf, type Proof, readProof } from '../../scripts/proof/files.ts';
import { PROOF_PARTS } from '../../scripts/proof/parts.ts';
import { reliabilityBlock, withReliability } from '../../scripts/proof/reliability.ts';
import { LEAST_FAULTS, SIMULATION_ENTRIES } from '../../scripts/proof/simulation.ts';
import { closureOf, hashOf, ROOT } from '../../scripts/proof/sources.ts';

test.each(PROOF_PARTS)('the proof of %s is as it was written and of these sources, where there is one', (part) => {
  const proof = readProof(part);
  expect(proof && faultOf(proof)).toBeUndefined();
});

test('a committed simulation has met each kind of fault often enough', () => {
  const { faults = {}, violations = 0 } = readProof('simulation')?.figures ?? {};
  expect(violations).toBe(0);
  for (const [kind, count] of Object.entries(faults as Record<string, number>))
    expect([kind, count >= LEAST_FAULTS]).toEqual([kind, true]);
});

describe('the sources of a proof', () => {
  const files: Record<string, string> = {
    'a/one.ts':
      "import { two } from './two.ts';\nimport type { Three } from './three.ts';\nconst late = import('../b/four.ts');",
    'a/two.ts': "export * from '../b/five.ts';\nimport x from 'elsewhere';",
    'a/three.ts': '',
    'b/four.ts': "import {\n  type A,\n  b,\n} from '../a/two.ts';",
    'b/five.ts': "new Worker(new URL('./six.ts', import.meta.url))",
    'b/six.ts': '',
  };
  const read = (path: string): string => files[path];

  test('are what is run, and not what is only a type', () => {
    expect(closureOf(['a/one.ts'], read)).toEqual(['a/one.ts', 'a/two.ts', 'b/five.ts', 'b/four.ts', 'b/six.ts']);
  });

  test('differ by name and content, and not by line ends', () => {
    const hash = hashOf(['a/one.ts'], read);
    expect(hashOf(['a/one.ts'], (path) => read(path).replaceAll('\n', '\r\n'))).toBe(hash);
    expect(hashOf(['a/one.ts'], () => 'other')).not.toBe(hash);
    expect(hashOf(['a/two.ts'], () => read('a/one.ts'))).not.toBe(hash);
  });

  test('of the simulation are the platform’s own steps, and neither its pages nor its connections', () => {
    const covered = closureOf(SIMULATION_ENTRIES);
    for (const path of ['core/cycle.ts', 'core/risk/gate.ts', 'functions/steps/step.ts', 'simulation/simulate.ts'])
      expect(covered).toContain(path);
    expect(covered.filter((path) => /^(dashboard|docs|test|lib|adapters\/venues)\//.test(path))).toEqual([]);
  });
});

describe('a proof', () => {
  const proof = { part: 'simulation', figures: {}, covers: { files: 0, sha256: '' }, checksum: '' } as const;

  test('that was edited by hand is told, with the way to write it anew', () => {
    expect(faultOf(proof)).toMatch(/edited by hand; npm run proof -- simulation/);
  });
});

describe('the table of reliability', () => {
  const figures: Proof['figures'] = {
    seeds: 100_000,
    steps: 5_000_000,
    faults: { restart: 1_000, gap: 2_000 },
    violations: 0,
  };

  test('says what was run, and what was not', () => {
    const block = reliabilityBlock((part) =>
      part === 'simulation' ? { part, figures, covers: { files: 1, sha256: '' }, checksum: '' } : undefined,
    );
    expect(block).toContain('| simulation | 100,000 seeds, 5,000,000 steps, 3,000 faults of 2 kinds, 0 violations |');
    expect(block).toContain('| mutants | not run yet | `npm run proof -- mutants` |');
  });

  test('stands in the README as the files of the proof have it: npm run reference writes it', () => {
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    expect(readme).toBe(withReliability(readme));
    expect(() => withReliability('# Nothing')).toThrow('no place');
  });
});
