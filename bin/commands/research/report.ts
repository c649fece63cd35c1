import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { metricsJson } from '../../../core/backtest/metrics.ts';
import { PlimsollError } from '../../../core/errors.ts';
import { formatInstant } from '../../../core/market/civil.ts';
import { scepticHtml } from '../../../core/research/report/html.ts';
import { type Examined, examine, type ScepticReport } from '../../../core/research/report/sceptic.ts';
import { assertBootstrap } from '../../../core/research/sweep/doubts.ts';
import { barsHashOf, type MadeTrial, trialKeyOf } from '../../../core/research/trials.ts';
import manifest from '../../../package.json' with { type: 'json' };
import { prepareRun } from '../recorded-backtest.ts';
import type { RunArguments } from '../run-arguments.ts';
import { guardedSweep } from './guarded-sweep.ts';
import { chance, line, percent, plain, printHead, printJson, provenanceOf, row, table } from './print.ts';
import { type QuestionArguments, questionOf } from './trials-file.ts';

export interface ReportArguments extends RunArguments, QuestionArguments {
  /** ms UTC. */
  readonly split: number;
  readonly html?: string;
  readonly draws: number;
  readonly seed: number;
}

/** What somebody would ask who does not believe the backtest, answered on bars that nothing was chosen on. */
export async function report(given: ReportArguments): Promise<void> {
  assertBootstrap(given);
  const question = await questionOf(given);
  const prepared = await prepareRun(given);
  const made = trialKeyOfReport(prepared, given.split);
  const earlier = question.earlier([made]);
  const { split, draws, seed } = given;
  const examined = examine(prepared.definition, prepared.bars, { split, earlier, draws, seed, run: guardedSweep });
  await question.keep([trialOf(made, examined.report)]);
  if (given.html !== undefined) await writePage(given.html, given, prepared, examined);
  if (given.json)
    printJson({ question: given.question ?? null, ...jsonOf(examined.report), ...provenanceOf(prepared) });
  else printText(given, prepared, examined.report);
}

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

async function writePage(
  path: string,
  { question }: ReportArguments,
  { source }: Prepared,
  examined: Examined,
): Promise<void> {
  const page = scepticHtml({
    ...examined,
    sources: [{ file: source.file, sha256: source.sha256 }],
    version: manifest.version,
    command: ['plimsoll', ...process.argv.slice(2)].map(quoted).join(' '),
    question,
  });
  try {
    await writeFile(path, page);
  } catch (cause) {
    throw new PlimsollError(
      'FILE_NOT_WRITTEN',
      `${path} could not be written (${(cause as NodeJS.ErrnoException).code ?? cause})`,
      'name a file in a folder that exists and has room',
      { cause },
    );
  }
}

/** Paths without their folders: a report is shown to others. */
function quoted(argument: string): string {
  const shown = argument.includes('/') && /\.\w+$/.test(argument) ? basename(argument) : argument;
  return /^[\w./:=@-]+$/.test(shown) ? shown : JSON.stringify(shown);
}

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
