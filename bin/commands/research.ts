import { formatInstant } from '../../core/market/civil.ts';
import {
  findLookahead,
  type LookaheadCheck,
  type LookaheadFinding,
  type LookaheadReport,
} from '../../core/research/lookahead.ts';
import {
  FIGURES,
  type Figure,
  type MonteCarloOf,
  type MonteCarloReport,
  monteCarlo as monteCarloOf,
  PERCENTILES,
  type Resampled,
} from '../../core/research/monte-carlo/monte-carlo.ts';
import { CAVEATS } from '../../core/research/monte-carlo/resampling.ts';
import { findRecursion, type HistoryLength, type RecursiveReport } from '../../core/research/recursive.ts';
import type { RecordedRun } from '../../platform/recorded-run.ts';
import { freshRunsOf } from './fresh-runs.ts';
import { progressLine, withProgress } from './progress.ts';
import { prepareRun, runPrepared } from './recorded-backtest.ts';
import { line, percent, plain, printHead, printJson, provenanceOf, row, table } from './research/print.ts';
import type { RunArguments } from './run-arguments.ts';

export interface LookaheadArguments extends RunArguments {
  readonly points: number;
  readonly allowDates?: boolean;
}

/** Looks for decisions that know the future; exit code 1 where there is one. */
export async function lookahead(given: LookaheadArguments): Promise<void> {
  const prepared = await prepareRun(given);
  const { definition, bars } = prepared;
  const progress = progressLine('Looking');
  const report = await findLookahead(definition, bars, freshRunsOf(definition, process.cwd()), {
    points: given.points,
    allowDates: given.allowDates === true,
    onProgress: progress,
  }).finally(() => progress.end());
  if (given.json) printJson({ found: report.findings.length > 0, ...report, ...provenanceOf(prepared) });
  else printLookahead(prepared, report);
  if (report.findings.length > 0) process.exitCode = 1;
}

export interface RecursiveArguments extends RunArguments {
  readonly at?: number;
  readonly spanBars: number;
  readonly tolerance: number;
}

/** Looks at what depends on the length of the history; exit code 1 where decisions do. */
export async function recursive(given: RecursiveArguments): Promise<void> {
  const prepared = await prepareRun(given);
  const { definition, bars } = prepared;
  const { at, spanBars, tolerance } = given;
  const report = await findRecursion(definition, bars, freshRunsOf(definition, process.cwd()), {
    ...(at === undefined ? {} : { at }),
    spanBars,
    tolerance,
  });
  const differs = report.decisions.some(({ differing }) => differing > 0);
  if (given.json) printJson({ decisionsDiffer: differs, ...report, ...provenanceOf(prepared) });
  else printRecursive(prepared, report);
  if (differs) process.exitCode = 1;
}

export interface MonteCarloArguments extends RunArguments {
  readonly runs: number;
  readonly seed: number;
  readonly drawdown: number;
  readonly block?: number;
}

/** Draws the returns and trades of a backtest again, many times. */
export async function monteCarlo(given: MonteCarloArguments): Promise<void> {
  const prepared = await prepareRun(given);
  const { definition, bars } = prepared;
  const { runs, seed, drawdown, block } = given;
  const run = runPrepared(prepared);
  const report = withProgress('Drawing', (onProgress) =>
    monteCarloOf(
      { run, definition, bars },
      { runs, seed, drawdown, onProgress, ...(block === undefined ? {} : { block }) },
    ),
  );
  if (given.json) printJson({ ...monteCarloJson(report), ...provenanceOf(prepared) });
  else printMonteCarlo(prepared, report);
}

const SHOWN_LENGTH = 160;
const short = (text: string): string => (text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text);

/** What the other run was, in the order in which they are listed. */
const RUNS: Readonly<Record<LookaheadCheck, string>> = {
  cut: 'without the bars that followed',
  tail: 'with other bars after it',
  'bar by bar': 'each bar shown only as it closes',
  again: 'in a second run',
  dates: 'with all dates 28 years later',
};

const ADVICE: Readonly<Record<LookaheadCheck, string>> = {
  cut: 'It reads bars that had not closed.',
  tail: 'It reads bars that had not closed.',
  'bar by bar': 'It reads bars that had not closed, or other bars than those that its indicator is given.',
  again: 'It remembers an earlier run, outside of its `state`: keep nothing at the top level of its file.',
  dates: 'It knows dates: a table of what happened then, if it is not a calendar. --allow-dates leaves this look out.',
};

function printLookahead(prepared: RecordedRun, report: LookaheadReport): void {
  const { cycles, decisions, indicators, points, pointsWithProposal, datesChecked, findings } = report;
  printHead(prepared);
  row('Run', `${cycles} cycles, ${decisions} proposals, ${indicators} indicators`);
  row('Looked at', `${points.length} points (${pointsWithProposal} with a proposal), and every bar as it closes`);
  if (!datesChecked) row('Left out', 'the same bars on other dates');
  if (report.brokenOff) row('Broken off', `after ${formatInstant(report.brokenOff.at)}: ${report.brokenOff.why}`);
  if (findings.length === 0) {
    row('Found', 'nothing: no value, proposal or event changed with what came after it');
    return;
  }
  printFinding(findings[0]);
  line();
  table([
    ['Compared', 'differs', 'first at'],
    ...(Object.keys(RUNS) as LookaheadCheck[]).map((check) => {
      const of = findings.filter((finding) => finding.check === check);
      const looked = check === 'cut' || check === 'tail' ? `${of.length} of ${points.length}` : `${of.length} of 1`;
      const skipped = check === 'dates' && !datesChecked;
      return [RUNS[check], skipped ? 'left out' : looked, of[0] ? formatInstant(of[0].time) : ''];
    }),
  ]);
}

function printFinding({ check, time, strategy, symbol, what, full, other }: LookaheadFinding): void {
  row('Found', `${strategy === '' ? 'the account' : `${strategy} in ${symbol}`}, ${what}`);
  row('First bar', `the one that closed at ${formatInstant(time)}`);
  row('Over all', short(full));
  row('Compared', `${short(other)}  (${RUNS[check]})`);
  row('Reading', ADVICE[check]);
}

const lengthText = ({ multiple, bars }: HistoryLength): string =>
  `${multiple === null ? 'longest' : `${multiple}×`} (${bars})`;

function printRecursive(prepared: RecordedRun, report: RecursiveReport): void {
  const { histories, indicators, decisions, tolerance, firstBars } = report;
  const shorter = histories.slice(0, -1);
  printHead(prepared);
  row('Span', `${report.spanBars} bars, ${formatInstant(report.from)} to ${formatInstant(report.to)}`);
  row(
    'Compared',
    `with a history of ${histories[histories.length - 1].bars} bars, over the first ${firstBars} of the span`,
  );
  row('Tolerance', `${tolerance}, relative`);
  line();
  table([
    ['Indicator', ...shorter.map(lengthText), 'settled'],
    ...indicators.map((each) => [
      `${prepared.definition.strategies.length > 1 ? `${each.strategy} ` : ''}${each.symbol} ${each.indicator}.${each.output} ${each.call}`,
      ...each.differences.map((difference) => (difference === null ? 'no number' : difference.toExponential(1))),
      { settled: 'yes', late: `with ${each.settledWith}`, open: 'no', 'first bar': 'never' }[each.settling],
    ]),
    [
      'Decisions that differ',
      ...decisions.map(({ differing }) => `${differing}`),
      decisions.some(({ differing }) => differing > 0) ? 'NO' : 'yes',
    ],
  ]);
  const first = decisions.find((each) => each.first !== null);
  if (!first?.first) return;
  line();
  row('First', `${first.first.strategy} in ${first.first.symbol} at ${formatInstant(first.first.time)}`);
  row(lengthText(first.history), short(first.first.here));
  row('longest', short(first.first.longest));
}

function monteCarloJson({ series, ...report }: MonteCarloReport): object {
  const named = (percentiles: readonly number[]): object =>
    Object.fromEntries(percentiles.map((value, k) => [PERCENTILES[k], value]));
  return {
    ...report,
    series: series.map(({ resampled, ...of }) => ({
      ...of,
      resampled: resampled.map(({ distributions, ...each }) => ({
        ...each,
        ...CAVEATS[each.resampling],
        distributions: Object.fromEntries(
          FIGURES.map((figure) => [
            figure,
            { ...distributions[figure], percentiles: named(distributions[figure].percentiles) },
          ]),
        ),
      })),
    })),
  };
}

const SHOWN: Readonly<Record<Figure, readonly [string, (value: number) => string]>> = {
  finalEquity: ['final equity', plain],
  maxDrawdown: ['drawdown', percent],
  sharpe: ['Sharpe', plain],
};

function printMonteCarlo(prepared: RecordedRun, report: MonteCarloReport): void {
  printHead(prepared);
  row('Drawn', `${report.runs} times each, seed ${report.seed}, from ${plain(report.initialEquity)}`);
  for (const series of report.series) printSeries(series, report);
  for (const { of, why } of report.leftOut) line(`\nNo ${of}: ${why}.`);
  line(
    '\nThis is the uncertainty of a run if the future is like it. It says nothing about parameters that were chosen on these bars.',
  );
}

function printSeries(series: MonteCarloOf, report: MonteCarloReport): void {
  const { of, count, overlapping, resampled } = series;
  line(`\n${count} ${of === 'returns' ? 'returns, bar by bar' : 'trades, one after another'}`);
  table([
    ['', ...PERCENTILES.map((each) => `${each} %`), 'the run', 'below it'],
    ...resampled.flatMap((each) => figuresOf(each).map((figure) => figureRow(each, figure, series))),
  ]);
  for (const each of resampled) line(chancesText(each, report.drawdown));
  if (overlapping > 0)
    line(
      `${overlapping} trades began before an earlier one ended: one after another, they are not what the account did.`,
    );
}

/** No order changes the final equity or the Sharpe ratio. */
const figuresOf = ({ resampling }: Resampled): readonly Figure[] =>
  resampling === 'permutation' ? ['maxDrawdown'] : FIGURES;

function figureRow(
  { resampling, block, distributions }: Resampled,
  figure: Figure,
  { actual }: MonteCarloOf,
): string[] {
  const [name, shown] = SHOWN[figure];
  const { percentiles, below } = distributions[figure];
  const way = resampling === 'block' ? `block of ${block}` : resampling;
  return [`${way}, ${name}`, ...percentiles.map(shown), shown(actual[figure]), percent(below)];
}

function chancesText(each: Resampled, drawdown: number): string {
  const { keeps, destroys } = CAVEATS[each.resampling];
  const rank = each.deeperDrawdown === null ? '' : `, one as deep as the run's ${percent(each.deeperDrawdown)}`;
  const loss = each.resampling === 'permutation' ? '' : `a loss ${percent(each.lossProbability)}, `;
  return `${each.resampling}: ${loss}a drawdown of ${percent(drawdown)} or more ${percent(each.drawdownProbability)}${rank}. It keeps ${keeps}; it destroys ${destroys}.`;
}
