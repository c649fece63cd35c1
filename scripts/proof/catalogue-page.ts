/** The models that were fitted, by category, each with its score beside what anyone would guess: made from the proof's file. */
import { formatInstant } from '../../core/market/civil.ts';
import { type Catalogue, type CatalogueEntry, catalogueOf } from '../../core/models/catalogue/entry.ts';
import { searchModels } from '../../core/models/catalogue/search.ts';
import { commandOf, type Proof, readProof } from './files.ts';
import { number } from './reliability.ts';

const MARK = { beats: 'beats', undecided: 'undecided', loses: '**loses**' } as const;
const DIGITS = 4;

export function cataloguePage(read: (part: 'catalogue') => Proof | undefined = readProof): string {
  const proof = read('catalogue');
  return `# The catalogue of models

Made from \`proof/catalogue.json\` by \`npm run reference\`; renewed by \`${commandOf('catalogue')}\`.

${proof ? pageOf(catalogueOf(proof.figures)) + missing(notFittedIn(proof)) : 'Not run yet.'}
`;
}

/** Models that are declared and that the run had no time for. */
export const notFittedIn = ({ figures }: Proof): string[] =>
  Object.values(figures.groups as unknown as Record<string, { notFitted: string[] }>).flatMap(
    (group) => group.notFitted,
  );

const missing = (names: readonly string[]): string =>
  names.length === 0
    ? ''
    : `\n\n## not fitted yet\n\nDeclared, and no part of the catalogue until they are fitted: ${names.map((name) => `\`${name}\``).join(', ')}.`;

function pageOf({ data, entries }: Catalogue): string {
  const { trained, judged } = data;
  const span = ({ rows, period: [from, to] }: typeof trained): string =>
    `${number(rows)} rows from ${formatInstant(from)} to ${formatInstant(to)}`;
  const categories = [...new Set(entries.map(({ category }) => category))].sort();
  return `${number(entries.length)} models of ${libraries(entries)}, each fitted on recorded ${data.symbol} (${data.timeframe}): ${span(trained)} to
learn from, and judged on ${span(judged)}, which came later. Beside each score stands that of the naive guess that was best in hindsight: the same class or share always,
no return or the mean, the last price, a rolling variance, one normal distribution, one feature alone. What is gained comes with its 95 % interval (paired, over blocks of rows
that are drawn anew): a model *beats* its baseline where the whole interval is a gain, **loses** where it is a loss, and else it is *undecided*. Of ${number(entries.length)}
${number(count(entries, 'beats'))} beat it, ${number(count(entries, 'loses'))} lose, ${number(count(entries, 'undecided'))} are undecided. With so many trials some win by chance: about one in forty of those that know nothing.

A *forecast* is judged by what comes in the next day, a *variance* by QLIKE of the next return, *regimes* by how likely each next observation was, *online* learners by what they said of a row
before they learned it. Groups and pictures of rows that no other row can be put into (marked °) are judged on the rows that they were fitted on.${refusals(entries)}

${table(
  ['served', 'models', 'what that means'],
  Object.entries(SERVED_MEANS).map(([served, meaning]) => [
    `\`${served}\``,
    number(entries.filter((entry) => entry.served === served).length),
    meaning,
  ]),
)}

${categories
  .map((category) =>
    section(
      category,
      entries.filter((entry) => entry.category === category),
    ),
  )
  .join('\n\n')}`;
}

const SERVED_MEANS: Readonly<Record<CatalogueEntry['served'], string>> = {
  native: 'evaluated by the platform itself',
  onnx: 'a file for ONNX Runtime, held to its library row by row',
  endpoint: 'its own library behind a request',
  'batch-to-lake': 'a job that writes a table',
  'research-only': 'not served',
};

function refusals(entries: readonly CatalogueEntry[]): string {
  const refused = entries.flatMap(({ name, parity }) => (parity?.refused ? [`\`${name}\`, ${parity.refused}`] : []));
  return refused.length === 0
    ? ''
    : `\n\nThe gate refuses the file of these rows (marked †) of ${refused.join('; of ')}.`;
}

const count = (entries: readonly CatalogueEntry[], verdict: CatalogueEntry['verdict']): number =>
  entries.filter((entry) => entry.verdict === verdict).length;

function libraries(entries: readonly CatalogueEntry[]): string {
  const names = [...new Set(entries.map(({ of }) => of.split('.')[0]))].sort();
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function section(category: string, entries: readonly CatalogueEntry[]): string {
  const rows = searchModels(entries, {}).map((entry) => [
    `\`${entry.name}\`${entry.inSample ? '°' : ''}`,
    `${entry.of.split('.')[0]} \`${entry.of.split('.').at(-1)}\``,
    entry.task,
    `\`${entry.served}\`${entry.parity?.refused ? '†' : ''}`,
    `${entry.metric} of ${entry.target}`,
    shown(entry.score),
    shown(entry.baseline),
    entry.gained.map(shown).join(' to '),
    MARK[entry.verdict],
    Object.keys(entry.space)
      .map((name) => `\`${name}\``)
      .join(', '),
    entry.cost,
  ]);
  const head = [
    'model',
    'library',
    'task',
    'served',
    'metric',
    'score',
    'baseline',
    'gained (95 %)',
    '',
    'to be turned',
    'cost',
  ];
  return `## ${category}\n\n${table(head, rows)}`;
}

const shown = (value: number): string => String(Number(value.toPrecision(DIGITS)));

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
