import { PlimsollError } from '../../../core/errors.ts';
import { formatInstant } from '../../../core/market/civil.ts';
import { type StitchedDocument, stitchedDocument } from '../../../core/research/report/stitched-document.ts';
import { stitchedReport } from '../../../core/research/report/stitched-report.ts';
import { assertBootstrap } from '../../../core/research/sweep/doubts.ts';
import type { GridAxis } from '../../../core/research/sweep/grid.ts';
import { trialKeyOf } from '../../../core/research/trials.ts';
import { type Stability, stabilityOf } from '../../../core/research/walk-forward/stability.ts';
import type { Outcome } from '../../../core/research/walk-forward/stretches.ts';
import {
  judgeWalk,
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
import { line, percent, plain, pointText, printJson, row, sourceOf, table } from './print.ts';
import type { RetrainArguments } from './retrain.ts';
import { aboutRun, MOST_SHOWN, printDoubts, printStitched } from './stitched.ts';
import { type QuestionArguments, questionOf } from './trials-file.ts';

export interface WalkForwardArguments extends RunArguments, QuestionArguments, WindowOptions, RetrainArguments {
  readonly grid?: readonly GridAxis[];
  /** Train a model in each window in place of choosing parameters. */
  readonly retrain?: boolean;
  /** Of the bootstraps. */
  readonly draws: number;
  readonly seed: number;
}

/** Chooses parameters, or trains a model, in each window and runs what came of it on the next. */
export async function walkForward(given: WalkForwardArguments): Promise<void> {
  assertBootstrap(given);
  const { grid, retrain } = given;
  if (grid !== undefined && retrain === true)
    throw new PlimsollError(
      'USAGE',
      '--grid was given with --retrain',
      'choose parameters, or train: parameters that are chosen on bars that the model has learned are no choice',
    );
  if (retrain === true) return (await import('./retrain.ts')).retrainForward(given);
  if (grid === undefined)
    throw new PlimsollError(
      'USAGE',
      'there is nothing to decide in a window',
      'give --grid name=value,…, or --retrain',
    );
  return reoptimised({ ...given, grid });
}

type GridWalk = WalkForwardArguments & { readonly grid: readonly GridAxis[] };

async function reoptimised(given: GridWalk): Promise<void> {
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
  const whole = documentOf(given, candidates, report);
  if (given.json) printJson({ ...jsonOf(given, candidates, report, stability), stitched: whole });
  else printText(given, candidates, report, stability, whole);
}

/** The walk as `research report` reads it. */
function documentOf(
  given: GridWalk,
  { prepared, definitions, points }: GridCandidates,
  report: WalkForwardReport,
): StitchedDocument {
  const { draws, seed, trainBars, testBars, step = testBars, anchored = false } = given;
  const windows = report.windows.map((window) => ({
    ...window,
    definition: window.chosen === null ? null : definitions[window.chosen],
    decidedBy: window.chosen === null ? 'none traded' : pointText(points[window.chosen]),
    foretold: null,
  }));
  const root = Math.sqrt(report.barsPerYear);
  return stitchedDocument(
    {
      ...aboutRun(prepared),
      way: 're-optimised',
      params: JSON.parse(JSON.stringify(given.set)),
      question: given.question ?? null,
      training: { bars: trainBars, anchored, embargo: 0 },
      test: { bars: testBars, step, warmUp: report.warmUpBars, leftOver: report.leftOver },
      windows,
      foresight: null,
      notes: [
        `Chosen among ${points.length} combinations was the highest Sharpe ratio in training, net of costs.`,
        'Deflated is strict: it counts each combination in each window as a trial, and the returns out of sample were not chosen from.',
      ],
      inSample: {
        meanSharpe: report.inSampleSharpe * root,
        sharpes: report.windows.map(({ inSample }) => (inSample?.sharpe ?? Number.NaN) * root),
      },
    },
    stitchedReport(definitions[0], windows, prepared.bars, report, {
      ...{ warmUpBars: report.warmUpBars, draws, seed },
      run: guardedSweep,
    }),
  );
}

/** The same parameters on the bars of another window are another trial. */
function trialsOf({ definitions }: GridCandidates, { sharpes, trainBarsHash }: WalkWindow, perYear: number) {
  return definitions.map(({ timeframe, strategies: [{ codeHash, params }] }, k) => ({
    key: trialKeyOf({ codeHash, params, timeframe, barsHash: trainBarsHash }),
    sharpe: sharpes[k] * Math.sqrt(perYear),
  }));
}

function jsonOf(
  given: GridWalk,
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

function printText(
  given: GridWalk,
  { prepared, points, refused, why }: GridCandidates,
  report: WalkForwardReport,
  stability: Stability,
  whole: StitchedDocument,
): void {
  const { windows, inSampleSharpe, barsPerYear } = report;
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
  printStitched(whole);
  const [most] = stability.chosen;
  if (most)
    row(
      'Stability',
      `${stability.chosen.length} of ${points.length} combinations chosen, ${stability.changes} changes; ${pointText(most.params)} in ${most.windows} of ${windows.length} windows`,
    );
  printDoubts(whole);
}
