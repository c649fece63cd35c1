/**
 * The example desks, from recorded bars to their figures: `npm run desks -- [--data FOLDER] [--only NAME] [--figures]`.
 *
 * For each: the table is written and its last period locked away and hashed; the six models are trained, proven equal here and promoted;
 * then the locked period is paper-traded through the live path. What comes of it goes to `desks/`, which comes with the platform.
 * `--figures` trains nothing: it trades the locked period again with the desks that are there, and says whether the figures are the same.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadStrategies } from '../adapters/files/strategy-sources.ts';
import { PlimsollError } from '../core/errors.ts';
import { canonicalJson, type Json } from '../core/json.ts';
import { EXAMPLES } from './desks/definitions.ts';
import { type Example, type PaperFigures, paperTrade, ship, trainExample, writeTable } from './desks/example.ts';

const root = resolve(import.meta.dirname, '..');
const DESKS = join(root, 'desks');
const WORK = join(root, '.cache/desks');
const FIGURES = join(DESKS, 'figures.json');

/** By name. */
type Figures = Readonly<Record<string, PaperFigures>>;

const { values: given } = parseArgs({
  options: { data: { type: 'string' }, only: { type: 'string' }, figures: { type: 'boolean', default: false } },
});
const data = resolve(given.data ?? process.env.PLIMSOLL_DATA ?? join(root, '../shared/data'));
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const chosen = EXAMPLES.filter(({ name }) => given.only === undefined || name === given.only);
  if (chosen.length === 0)
    throw new PlimsollError(
      'USAGE',
      `there is no example desk "${given.only}"`,
      `use ${EXAMPLES.map(({ name }) => name).join(', ')}`,
    );
  if (!existsSync(data))
    throw new PlimsollError('USAGE', 'there are no recorded bars', 'name their folder with --data or PLIMSOLL_DATA');
  const before: Figures = existsSync(FIGURES) ? JSON.parse(readFileSync(FIGURES, 'utf8')) : {};
  let figures = before;
  for (const example of chosen) {
    if (!given.figures) await make(example);
    const strategies = await loadStrategies(root);
    const paper = await paperTrade(example, data, { strategies, directory: join(WORK, 'shipped') });
    say(textOf(paper));
    const known = before[example.name];
    if (given.figures && known !== undefined) compare(known, paper);
    else figures = { ...figures, [example.name]: paper };
  }
  if (figures !== before) writeFileSync(FIGURES, textOfFigures(figures));
}

async function make(example: Example): Promise<void> {
  const table = join(WORK, 'tables', example.name);
  const locked = await writeTable(example, data, table);
  say(`${example.name}: ${locked.rows} rows are locked away, SHA-256 ${locked.sha256}`);
  const directory = join(WORK, 'data');
  const version = await trainExample(example, {
    directory,
    table,
    onProgress: (step, of) => say(`${example.name}: trained ${step} of ${of}`),
  });
  say(`${example.name}: ${version} is trained and promoted`);
  await ship(example, directory, DESKS);
}

function compare(before: PaperFigures, now: PaperFigures): void {
  const same = canonicalJson(before as unknown as Json) === canonicalJson(now as unknown as Json);
  say(same ? `${now.model}: the same figures as before` : `${now.model}: NOT the figures that desks/figures.json has`);
  if (!same) process.exitCode = 1;
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

const textOf = (paper: PaperFigures): string =>
  [
    `${paper.model} ${paper.version}, paper money from ${paper.bars.from} on, through the live path (${paper.parity ? 'the backtester wrote the same ledger' : 'NOT the ledger of the backtester'}, ${paper.events} events)`,
    `  ${paper.trades} trades, return ${percent(paper.totalReturn)} after fees of ${paper.fees.toFixed(2)}, buy and hold ${percent(paper.buyAndHoldReturn)}`,
    `  Sharpe ${paper.sharpe.toFixed(2)}; ${percent(paper.deflatedSharpe)} probability that it is above 0 in truth (deflated; one trial); drawdown ${percent(paper.maxDrawdown)}`,
  ].join('\n');

const textOfFigures = (figures: Figures): string =>
  `${JSON.stringify(JSON.parse(canonicalJson(figures as unknown as Json)), null, 2)}\n`;

try {
  await main();
} catch (error) {
  if (!(error instanceof PlimsollError)) throw error;
  process.stderr.write(`${error.sentence}\n`);
  process.exitCode = 1;
}
