/**
 * `npm run proof -- [part] [--seeds N] [--threads N] [--files PATH] [--changed] [--minutes N]`: runs what the README's figures rest on, and writes them to
 * proof/. `--files` (more than once) names folders or files whose mutants are run; the counts of others are kept as they stand.
 * `--changed` names those that changed since they were counted. `--minutes` ends the catalogue's fits: the next run goes on with those left out.
 */
import { parseArgs } from 'node:util';
import { proveBugs } from './proof/bugs.ts';
import { type CatalogueFigures, proveCatalogue } from './proof/catalogue.ts';
import { faultOf, type Proof, proofPath, readProof, writeProof } from './proof/files.ts';
import { proveInputs } from './proof/inputs.ts';
import { changedFiles, type MutantRun, proveMutants } from './proof/mutants.ts';
import { PROOF_PARTS, type ProofPart } from './proof/parts.ts';
import { proveSessions } from './proof/sessions.ts';
import { DEFAULT_SEEDS, proveSimulation } from './proof/simulation.ts';

interface Options {
  readonly seeds: number;
  readonly threads: number | undefined;
  readonly files: readonly string[];
  readonly changed: boolean;
  readonly minutes: number | undefined;
}

const PROVE: Readonly<Record<ProofPart, (options: Options) => unknown>> = {
  simulation: ({ seeds, threads }) => proveSimulation(seeds, threads),
  bugs: ({ threads }) => proveBugs(threads),
  mutants: ({ threads, files, changed }) => {
    const before = countsThatHold();
    return proveMutants({ files: changed ? [...files, ...changedFiles(before)] : files, threads, before });
  },
  inputs: () => proveInputs(),
  sessions: () => proveSessions(),
  catalogue: ({ minutes }) => {
    const before = readProof('catalogue')?.figures as unknown as CatalogueFigures | undefined;
    return proveCatalogue({ before, minutes });
  },
};

/** Of mutants that were run before. */
function countsThatHold(): MutantRun['before'] {
  const proof = readProof('mutants');
  return proof && faultOf(proof) === undefined ? (proof.figures.files as unknown as MutantRun['before']) : undefined;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string' },
    threads: { type: 'string' },
    files: { type: 'string', multiple: true },
    changed: { type: 'boolean' },
    minutes: { type: 'string' },
  },
});
const unknown = positionals.find((name) => !(PROOF_PARTS as readonly string[]).includes(name));
const counts = [values.seeds, values.threads, values.minutes].map((text) =>
  text === undefined ? undefined : Number(text),
);
if (unknown !== undefined || counts.some((count) => count !== undefined && !(Number.isInteger(count) && count > 0))) {
  console.error(
    `usage: npm run proof -- [${PROOF_PARTS.join(' | ')}] [--seeds N] [--threads N] [--files PATH] [--changed] [--minutes N]`,
  );
  process.exit(2);
}
const [seeds = DEFAULT_SEEDS, threads, minutes] = counts;
for (const part of positionals.length > 0 ? (positionals as ProofPart[]) : PROOF_PARTS) {
  try {
    writeProof(
      part,
      (await PROVE[part]({
        seeds,
        threads,
        files: values.files ?? [],
        changed: values.changed ?? false,
        minutes,
      })) as Proof['figures'],
    );
    console.log(`${part}: ${proofPath(part)} is written. Now: npm run reference`);
  } catch (error) {
    console.error(`${part}: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
