import { readFile, stat } from 'node:fs/promises';
import { metricsJson } from '../../../core/backtest/metrics.ts';
import { PlimsollError } from '../../../core/errors.ts';
import { formatInstant } from '../../../core/market/civil.ts';
import { scepticHtml } from '../../../core/research/report/html.ts';
import { type Examined, examine, type ScepticReport } from '../../../core/research/report/sceptic.ts';
import { stitchedDocumentIn } from '../../../core/research/report/stitched-document.ts';
import { stitchedHtml } from '../../../core/research/report/stitched-html.ts';
import { assertBootstrap } from '../../../core/research/sweep/doubts.ts';
import { barsHashOf, type MadeTrial, trialKeyOf } from '../../../core/research/trials.ts';
import manifest from '../../../package.json' with { type: 'json' };
import { prepareRun } from '../recorded-backtest.ts';
import type { RunArguments } from '../run-arguments.ts';
import { writePage } from '../written-file.ts';
import { commandText } from './command-text.ts';
import { guardedSweep } from './guarded-sweep.ts';
import { chance, line, percent, plain, printHead, printJson, provenanceOf, row, table } from './print.ts';
import { printDocument } from './stitched.ts';
import { type QuestionArguments, questionOf } from './trials-file.ts';

export interface ReportArguments extends Omit<RunArguments, 'bars' | 'strategy'>, QuestionArguments {
  readonly bars?: string;
  readonly strategy?: string[];
  /** ms UTC. */
  readonly split?: number;
  /** Path of what `walk-forward --json` printed: its test windows are reported in place of a run. */
  readonly walkForward?: string;
  readonly html?: string;
  readonly draws: number;
  readonly seed: number;
}

type SplitArguments = ReportArguments & RunArguments & { readonly split: number };

/** What somebody would ask who does not believe the backtest, answered on bars that nothing was chosen on. */
export async function report(given: ReportArguments): Promise<void> {
  assertBootstrap(given);
  if (given.walkForward !== undefined) return reportWalk(given, given.walkForward);
  return reportSplit(asSplit(given));
}

/** Throws `USAGE` where something of a run is missing. */
function asSplit(given: ReportArguments): SplitArguments {
  const { bars, strategy, split } = given;
  const missing = Object.entries({ bars, strategy, split }).find(([, value]) => value === undefined);
  if (missing || bars === undefined || strategy === undefined || split === undefined)
    throw new PlimsollError(
      'USAGE',
      `--${missing?.[0]} is missing`,
      'give --bars, --strategy and --split, or --walk-forward FILE',
    );
  return { ...given, bars, strategy, split };
}

/** A walk forward has all its figures; nothing is run, and no trial is counted that it did not count itself. */
async function reportWalk(given: ReportArguments, file: string): Promise<void> {
  const other = (['bars', 'strategy', 'split', 'question', 'trials'] as const).find(
    (name) => given[name] !== undefined,
  );
  if (other)
    throw new PlimsollError(
      'USAGE',
      `--${other} was given with --walk-forward`,
      'leave it out: the walk has its own, and was counted when it was made',
    );
  const walk = stitchedDocumentIn(await readText(file));
  if (given.html !== undefined) await writePage(given.html, stitchedHtml(walk));
  if (given.json) return void printJson(walk);
  printDocument(walk);
  if (given.html !== undefined) row('Written', given.html);
}

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size <= MOST_BYTES) return await readFile(file, 'utf8');
  } catch (cause) {
    throw new PlimsollError('FILE_NOT_READ', `the file ${file} cannot be read`, 'name a file that is there', { cause });
  }
  throw new PlimsollError(
    'FILE_NOT_READ',
    `the file ${file} is longer than ${MOST_BYTES} bytes`,
    'name the output of one walk',
  );
}

async function reportSplit(given: SplitArguments): Promise<void> {
  const question = await questionOf(given);
  const prepared = await prepareRun(given);
  const made = trialKeyOfReport(prepared, given.split);
  const earlier = question.earlier([made]);
  const { split, draws, seed } = given;
  const examined = examine(prepared.definition, prepared.bars, { split, earlier, draws, seed, run: guardedSweep });
  await question.keep([trialOf(made, examined.report)]);
  if (given.html !== undefined) await writePage(given.html, pageOf(given, prepared, examined));
  if (given.json)
    printJson({ question: given.question ?? null, ...jsonOf(examined.report), ...provenanceOf(prepared) });
  else printText(given, prepared, examined.report);
}

/** Of a walk of as many windows as there may be. */
const MOST_BYTES = 64 * 2 ** 20;

type Prepared = Awaited<ReturnType<typeof prepareRun>>;

/** The same strategies on the same bars, divided at the same time, are one trial. */
function trialKeyOfReport({ definition, bars }: Prepared, split: number): string {
  const { timeframe, strategies } = definition;
  const params = { split, strategies: strategies.map(({ id, params, codeHash }) => ({ id, params, codeHash })) };
  return trialKeyOf({ codeHash: strategies[0].codeHash, params, timeframe, barsHash: barsHashOf(bars) });
}

const trialOf = (key: string, { moments, periodsPerYear }: ScepticReport): MadeTrial => ({
  key,
  sharpe: moments ? moments.sharpe * Math.sqrt(periodsPerYear) : Number.NaN,
});

const jsonOf = ({ outOfSample, inSample, ...figures }: ScepticReport): object => ({
  outOfSample: { ...outOfSample, metrics: metricsJson(outOfSample.metrics) },
  inSample: { ...inSample, metrics: metricsJson(inSample.metrics) },
  ...figures,
});

const pageOf = ({ question }: ReportArguments, { source }: Prepared, examined: Examined): string =>
  scepticHtml({
    ...examined,
    sources: [{ file: source.file, sha256: source.sha256 }],
    version: manifest.version,
    command: commandText(),
    question,
  });

const day = (time: number): string => formatInstant(time).slice(0, 10);

function printText(given: ReportArguments, prepared: Prepared, report: ScepticReport): void {
  const { outOfSample, inSample, benchmark, costs, states, worstDays, doubts } = report;
  const { metrics } = outOfSample;
  printHead(prepared);
  row('Out of sample', `${formatInstant(outOfSample.from)} to ${formatInstant(outOfSample.to)}`);
  row('Return', `${percent(metrics.totalReturn)}, buy and hold ${percent(benchmark.totalReturn)}`);
  row('Sharpe', `${plain(metrics.sharpe)} a year, ${plain(benchmark.sharpe)} of buy and hold`);
  printLuck(report, given.question);
  row('Drawdown', `${percent(metrics.maxDrawdown)}, ${percent(benchmark.maxDrawdown)} of buy and hold`);
  row(
    'Exposure',
    `${percent(metrics.exposure)}, turnover ${plain(metrics.turnover)} × equity, beta ${plain(benchmark.beta)}`,
  );
  row(
    'Costs',
    `${costs.atMultiples.map(({ multiple, totalReturn }) => `${percent(totalReturn)} at ${multiple} ×`).join(', ')}`,
  );
  printCapacity(report);
  row('In sample', `return ${percent(inSample.metrics.totalReturn)}, Sharpe ${plain(inSample.metrics.sharpe)}`);
  line();
  table([
    ['Market when the day began', 'days', 'return', 'buy and hold', 'Sharpe', 'worst day'],
    ...states.map((each) => [
      each.state,
      `${each.days}`,
      percent(each.totalReturn),
      percent(each.benchmarkReturn),
      plain(each.sharpe),
      percent(each.worstDay),
    ]),
  ]);
  line();
  table([
    ['Worst days', 'return', 'buy and hold'],
    ...worstDays.map((each) => [day(each.day), percent(each.return), percent(each.benchmark)]),
  ]);
  line();
  row('Without', `its best ${report.bestDays.length} days the return would be ${percent(report.withoutBestDays)}`);
  for (const doubt of doubts) row('Doubt', doubt);
  if (doubts.length === 0) row('Doubt', 'none of these questions gives a reason, on these bars and with these trials');
  for (const { figure, why } of report.missing) row('Missing', `${figure}: ${why}`);
  if (given.html !== undefined) row('Written', given.html);
}

function printLuck({ probabilisticSharpe, deflation }: ScepticReport, question: string | undefined): void {
  if (probabilisticSharpe !== null)
    row('Above 0', `with ${chance(probabilisticSharpe)}, if it had been the only trial`);
  row(
    'Deflated',
    deflation
      ? `${chance(deflation.deflatedSharpe)} above the luck of ${deflation.counted} trials for "${question}"`
      : 'not known: no other trial is counted (--question)',
  );
}

function printCapacity({ capacity }: ScepticReport): void {
  if ('because' in capacity) return void row('Capacity', `not known: ${capacity.because}`);
  const { impactBps, noProfit, participation, participationLimit } = capacity;
  const most =
    noProfit === null ? 'there is no profit to take' : `all of the profit at a deposit of ${noProfit.toFixed(0)}`;
  row('Impact', `${plain(impactBps)} basis points an order (square root of its share of a day); ${most}`);
  row(
    'Volume',
    `95 % of the fills take ${percent(participation.percentile95)} of their bar or less; 5 % at a deposit of ${participationLimit.toFixed(0)}`,
  );
}
