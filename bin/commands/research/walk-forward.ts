import { formatInstant } from '../../../core/market/civil.ts';
import type { GridAxis } from '../../../core/research/sweep/grid.ts';
import { trialKeyOf } from '../../../core/research/trials.ts';
import { type Stability, stabilityOf } from '../../../core/research/walk-forward/stability.ts';
import {
  judgeWalk,
  type Outcome,
  type WalkForwardReport,
  type WalkWindow,
  walk,
} from '../../../core/research/walk-forward/walk-forward.ts';
import type { WindowOptions } from '../../../core/research/walk-forward/windows.ts';
import { withProgress } from '../progress.ts';
import { dataText } from '../recorded-backtest.ts';
import type { RunArguments } from '../run-arguments.ts';
import { type GridCandidates, prepareGrid } from './candidates.ts';
import { guardedSweep } from './guarded-sweep.ts';
import { chance, line, percent, plain, pointText, printJson, row, sourceOf, table } from './print.ts';
import { type QuestionArguments, questionOf } from './trials-file.ts';

export interface WalkForwardArguments extends RunArguments, QuestionArguments, WindowOptions {
  readonly grid: readonly GridAxis[];
}

/** Chooses parameters in each window and runs them on the next. */
export async function walkForward(given: WalkForwardArguments): Promise<void> {
  const question = await questionOf(given);
  const candidates = await prepareGrid(given, given.grid);
  const { trainBars, testBars, step = testBars, anchored = false } = given;
  const walked = withProgress('Walking', (onProgress) =>
    walk(candidates.definitions, candidates.prepared.bars, {
      trainBars,
      testBars,
      step,
      anchored,
      run: guardedSweep,
      onProgress,
    }),
  );
  const made = walked.windows.flatMap((window) => trialsOf(candidates, window, walked.barsPerYear));
  const report = judgeWalk(walked, question.earlier(made.map(({ key }) => key)).length);
  const stability = stabilityOf(
    report.windows.map(({ chosen }) => (chosen === null ? null : candidates.points[chosen])),
  );
  await question.keep(made);
  if (given.json) printJson(jsonOf(given, candidates, report, stability));
  else printText(given, candidates, report, stability);
}

/** The same parameters on the bars of another window are another trial. */
function trialsOf({ definitions }: GridCandidates, { sharpes, trainBarsHash }: WalkWindow, perYear: number) {
  return definitions.map(({ timeframe, strategies: [{ codeHash, params }] }, k) => ({
    key: trialKeyOf({ codeHash, params, timeframe, barsHash: trainBarsHash }),
    sharpe: sharpes[k] * Math.sqrt(perYear),
  }));
}

function jsonOf(
  given: WalkForwardArguments,
  { prepared, points, refused }: GridCandidates,
  report: WalkForwardReport,
  stability: Stability,
): object {
  const root = Math.sqrt(report.barsPerYear);
  const annual = (outcome: Outcome | null): object | null => {
    if (outcome === null) return null;
    const { sharpe, ...others } = outcome;
    return { sharpePerBar: sharpe, sharpeAnnual: sharpe * root, ...others };
  };
  return {
    strategy: given.strategy[0],
    set: given.set,
    grid: given.grid,
    question: given.question ?? null,
    objective: 'sharpe',
    trainBars: given.trainBars,
    testBars: given.testBars,
    step: given.step ?? given.testBars,
    anchored: given.anchored === true,
    warmUpBars: report.warmUpBars,
    leftOver: report.leftOver,
    refused,
    barsPerYear: report.barsPerYear,
    outOfSample: annual(report.outOfSample),
    inSample: { sharpePerBar: report.inSampleSharpe, sharpeAnnual: report.inSampleSharpe * root },
    probabilisticSharpe: report.probabilisticSharpe,
    moments: report.moments,
    deflation: report.deflation,
    missing: report.missing,
    stability,
    windows: report.windows.map(({ train, test, chosen, inSample, outOfSample, effective }) => ({
      train,
      test,
      effective,
      params: chosen === null ? null : points[chosen],
      inSample: annual(inSample),
      outOfSample: annual(outOfSample),
    })),
    ...sourceOf(prepared),
  };
}

const MOST_SHOWN = 40;

function printText(
  given: WalkForwardArguments,
  { prepared, points, refused, why }: GridCandidates,
  report: WalkForwardReport,
  stability: Stability,
): void {
  const { windows, outOfSample, inSampleSharpe, deflation, probabilisticSharpe, barsPerYear } = report;
  const root = Math.sqrt(barsPerYear);
  const kind = given.anchored ? 'anchored, from' : 'of';
  row('Data', dataText(prepared));
  row('Strategy', `${given.strategy[0]} ${JSON.stringify(given.set)}, ${points.length} combinations`);
  if (refused > 0) row('Left out', `${refused} combinations that the strategy refuses: ${why}`);
  row(
    'Windows',
    `${windows.length}: training ${kind} ${given.trainBars} bars, test of ${given.testBars}, warm-up of ${report.warmUpBars}; the last ${report.leftOver} bars left over`,
  );
  row('Chosen by', 'the Sharpe ratio in training, net of costs; below it is a year');
  line();
  table([
    ['Test window', 'chosen', 'in sample', 'out', 'return', 'drawdown', 'trades'],
    ...windows
      .slice(-MOST_SHOWN)
      .map(({ test, chosen, inSample, outOfSample: out }) => [
        `${formatInstant(test.from)} to ${formatInstant(test.to)}`,
        chosen === null ? 'none traded' : pointText(points[chosen]),
        inSample ? plain(inSample.sharpe * root) : '',
        Number.isNaN(out.sharpe) ? '' : plain(out.sharpe * root),
        percent(out.totalReturn),
        percent(out.maxDrawdown),
        `${out.trades}`,
      ]),
  ]);
  if (windows.length > MOST_SHOWN) line(`the last ${MOST_SHOWN} of ${windows.length}; --json has all`);
  line();
  row('In sample', `Sharpe ${plain(inSampleSharpe * root)}, the mean of the chosen`);
  row(
    'Out of sample',
    `Sharpe ${plain(outOfSample.sharpe * root)}, return ${percent(outOfSample.totalReturn)}, drawdown ${percent(outOfSample.maxDrawdown)}, ${outOfSample.trades} trades in ${outOfSample.bars} bars; ${outOfSample.windowsWithProfit} of ${windows.length} windows with a profit`,
  );
  if (probabilisticSharpe !== null) row('Above 0', `with ${chance(probabilisticSharpe)}`);
  if (deflation) {
    const { counted, effective, luck, deflatedSharpe } = deflation;
    const of = given.question === undefined ? 'of this run alone' : `for "${given.question}"`;
    row(
      'Deflated',
      `${chance(deflatedSharpe)} above the luck of ${counted} trials ${of} (worth ${effective.toFixed(1)}), ${plain(luck * root)} a year; strict, since none was chosen on these bars`,
    );
  }
  const [most] = stability.chosen;
  if (most)
    row(
      'Stability',
      `${stability.chosen.length} of ${points.length} combinations chosen, ${stability.changes} changes; ${pointText(most.params)} in ${most.windows} of ${windows.length} windows`,
    );
  for (const { figure, why: reason } of report.missing) row('Missing', `${figure}: ${reason}`);
}
