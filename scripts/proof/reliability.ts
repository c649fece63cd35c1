/** The table of the README that says what was tried, made from the proof's files. */
import { commandOf, type Proof, readProof } from './files.ts';
import { RELIABILITY_PARTS, type ReliabilityPart } from './parts.ts';

export const BEGIN = '<!-- reliability: made by npm run reference -->';
export const END = '<!-- /reliability -->';

/** As the README and its page show it. */
export const number = (value: unknown): string => Number(value).toLocaleString('en-US');
export const percent = (part: unknown, whole: unknown): string =>
  `${((100 * Number(part)) / Number(whole)).toFixed(1)} %`;

const ROWS: Readonly<Record<ReliabilityPart, (figures: Proof['figures']) => string>> = {
  simulation: ({ seeds, steps, faults, violations }) =>
    `${number(seeds)} seeds, ${number(steps)} steps, ${number(sum(faults))} faults of ${Object.keys(faults as object).length} kinds, ${number(violations)} violations`,
  bugs: ({ bugs, latest, found }) =>
    `${number(bugs)} of ${number(bugs)} planted bugs found, the last by seed ${number(latest)}; ${number(cited(found))} are taken from reports of other systems`,
  mutants: ({ mutants, killed, notMeasured }) =>
    `${percent(killed, mutants)} of ${number(mutants)} mutants of the risk line, the ledger and execution killed${unmeasured(notMeasured)}`,
  inputs: ({ inputs, files }) =>
    `${number(inputs)} bad inputs refused, in ${Object.keys(files as object).length} test files`,
  sessions: ({ sessions, venues }) => `${number(sessions)} sessions under faults with ${number(venues)} venues`,
};

const unmeasured = (files: unknown): string => {
  const { length } = files as readonly string[];
  return length > 0 ? `; ${number(length)} files not measured yet` : '';
};

const sum = (counts: unknown): number => Object.values(counts as Record<string, number>).reduce((a, b) => a + b, 0);

const cited = (found: unknown): number =>
  Object.values(found as Record<string, { source: string | null }>).filter(({ source }) => source !== null).length;

/** The block between the markers, both included. */
export function reliabilityBlock(read: (part: ReliabilityPart) => Proof | undefined = readProof): string {
  const rows = RELIABILITY_PARTS.map((part) => {
    const proof = read(part);
    return `| ${part} | ${proof ? ROWS[part](proof.figures) : 'not run yet'} | \`${commandOf(part)}\` |`;
  });
  return [BEGIN, '| part | figures | renewed by |', '|---|---|---|', ...rows, END].join('\n');
}

/** A README with the block as the proof's files have it. Throws where it has no markers. */
export function withReliability(readme: string, block = reliabilityBlock()): string {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error('README.md has no place for the table of reliability');
  return readme.slice(0, begin) + block + readme.slice(end + END.length);
}
