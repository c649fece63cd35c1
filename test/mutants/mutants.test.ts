/**
 * The proof counts every mutant of the risk line, the ledger and execution. Here those of sources that changed since are run, and those
 * of one other: which, depends on the tests as they are, so that tests that became weaker are noticed before the next proof.
 */
import { createHash } from 'node:crypto';
import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readProof } from '../../scripts/proof/files.ts';
import { type Count, countMutants, holds, LEAST_KILLED, mutatedFiles } from '../../scripts/proof/mutants.ts';
import { hashOf, ROOT } from '../../scripts/proof/sources.ts';

/** Of sources, in bytes: past it the proof itself is to be renewed. Some thousand mutants. */
const MOST_CHANGED_BYTES = 60_000;
const SAMPLE_BYTES = 6_000;
/** Of mutants that a busy machine may judge otherwise, since some run for ever. */
const TOLERANCE = 0.03;
const TIMEOUT_MS = 600_000;

const { files = {}, notMeasured = mutatedFiles() } = readProof('mutants')?.figures ?? {};
const counts = files as unknown as Readonly<Record<string, Count>>;
const bytesOf = (path: string): number => statSync(join(ROOT, path)).size;
const changed = mutatedFiles().filter((path) =>
  counts[path] ? !holds(path, counts[path]) : !(notMeasured as readonly string[]).includes(path),
);

/** One file: each folder has tests of its own that must be loaded first. */
function sample(): string[] {
  const tests = hashOf(globSync('test/core/**/*.ts', { cwd: ROOT }).sort());
  const place = (path: string): string => createHash('sha256').update(`${tests} ${path}`).digest('hex');
  const others = mutatedFiles().filter(
    (path) => !changed.includes(path) && (counts[path]?.mutants ?? 0) > 0 && bytesOf(path) <= SAMPLE_BYTES,
  );
  return others.sort((a, b) => (place(a) < place(b) ? -1 : 1)).slice(0, 1);
}

const shareOf = (
  found: Readonly<Record<string, Pick<Count, 'mutants' | 'killed'>>>,
  files: readonly string[],
): number => {
  const sum = (field: 'mutants' | 'killed'): number => files.reduce((total, path) => total + found[path][field], 0);
  return sum('mutants') === 0 ? 1 : sum('killed') / sum('mutants');
};

describe('the mutants', () => {
  const some = sample();

  test('of sources that changed since the proof are killed, and of others as many as the proof says', {
    timeout: TIMEOUT_MS,
  }, () => {
    const bytes = changed.reduce((total, path) => total + bytesOf(path), 0);
    expect(bytes, 'too much has changed: npm run proof -- mutants --changed').toBeLessThan(MOST_CHANGED_BYTES);
    const found = countMutants([...changed, ...some]);
    expect(shareOf(found, changed), changed.join(', ')).toBeGreaterThanOrEqual(LEAST_KILLED);
    expect(shareOf(found, some), some.join(', ')).toBeGreaterThanOrEqual(shareOf(counts, some) - TOLERANCE);
  });

  test('of every folder are killed to the share that is asked for, by the proof', () => {
    for (const folder of ['core/ledger', 'core/risk', 'core/execution']) {
      const files = Object.keys(counts).filter((path) => path.startsWith(`${folder}/`));
      expect([folder, shareOf(counts, files) >= LEAST_KILLED]).toEqual([folder, true]);
    }
  });
});
