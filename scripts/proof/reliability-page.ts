/** What was tried, one by one: the page behind the README's table of reliability, made from the proof's files. */
import { BUGS } from '../../simulation/bugs/index.ts';
import { FAULT_KINDS, KIND_NAMES } from '../../simulation/faults.ts';
import { INVARIANTS } from '../../simulation/invariants/watch.ts';
import { commandOf, type Proof, readProof } from './files.ts';
import type { Count } from './mutants.ts';
import { RELIABILITY_PARTS, type ReliabilityPart } from './parts.ts';
import { number, percent } from './reliability.ts';

type Figures = Proof['figures'];

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const SECTIONS: Readonly<
  Record<ReliabilityPart, { readonly title: string; readonly body: (figures: Figures) => string }>
> = {
  simulation: { title: 'Simulation', body: simulationOf },
  bugs: { title: 'Planted bugs', body: bugsOf },
  mutants: { title: 'Mutants', body: mutantsOf },
  inputs: { title: 'Bad inputs', body: ({ files }) => byFile('Tests that give a bad input, by file.', files) },
  sessions: {
    title: 'Sessions with venues',
    body: ({ each, files }) => byFile(`Accounts, by file; ${number(each)} sessions with each.`, files),
  },
};

function simulationOf({ seeds, steps, faults, violations }: Figures): string {
  const counts = faults as Readonly<Record<string, number>>;
  return `${number(seeds)} seeds, ${number(steps)} steps, ${number(violations)} violations of what is looked at after every step:

${Object.values(INVARIANTS)
  .map((sentence) => `- ${sentence}`)
  .join('\n')}

${table(
  ['fault', 'what happens', 'times'],
  KIND_NAMES.map((kind) => [`\`${kind}\``, FAULT_KINDS[kind], number(counts[kind])]),
)}`;
}

function bugsOf({ found, within }: Figures): string {
  const rows = found as unknown as Readonly<Record<string, { seed: number; invariant: string; source: string | null }>>;
  return `Each is a defect that is switched on by itself, and is to be found within ${number(within)} seeds.

${table(
  ['bug', 'what is wrong', 'found by seed', 'by', 'taken from'],
  BUGS.map(({ name, title }) => {
    const { seed, invariant, source } = rows[name];
    return [`\`${name}\``, title, number(seed), `\`${invariant}\``, source ? `<${source}>` : ''];
  }),
)}`;
}

function mutantsOf({ files, notMeasured }: Figures): string {
  const counts = Object.entries(files as unknown as Readonly<Record<string, Count>>);
  const rest = (notMeasured as readonly string[]).map((path) => [`\`${path}\``, 'not measured', '', '']);
  const rows = counts
    .filter(([, { mutants }]) => mutants > 0)
    .map(([path, { mutants, killed }]) => ({ path, mutants, killed, share: killed / mutants }))
    .sort((a, b) => a.share - b.share)
    .map(({ path, mutants, killed }) => [`\`${path}\``, number(mutants), number(killed), percent(killed, mutants)]);
  return `The least first.

${table(['file', 'mutants', 'killed', 'share'], [...rest, ...rows])}`;
}

function byFile(sentence: string, files: unknown): string {
  const counts = Object.entries(files as Readonly<Record<string, number>>).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${sentence}

${table(
  ['file', 'tests'],
  counts.map(([path, count]) => [`\`${path}\``, number(count)]),
)}`;
}

export function reliabilityPage(read: (part: ReliabilityPart) => Proof | undefined = readProof): string {
  const sections = RELIABILITY_PARTS.map((part) => {
    const { title, body } = SECTIONS[part];
    const proof = read(part);
    return `## ${title}

Renewed by \`${commandOf(part)}\`. ${proof ? body(proof.figures) : 'Not run yet.'}
`;
  });
  return `# What was tried

Made from \`proof/*.json\` by \`npm run reference\`. CI fails where a figure is of other sources than these.

${sections.join('\n')}`;
}
