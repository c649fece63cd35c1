import { metricsJson } from '../../../core/backtest/metrics.ts';
import { assertBootstrap, type Doubts } from '../../../core/research/sweep/doubts.ts';
import type { GridAxis, GridPoint } from '../../../core/research/sweep/grid.ts';
import { judgeSweep, type SweepReport, type Tried } from '../../../core/research/sweep/sweep.ts';
import { barsHashOf, type MadeTrial, trialKeyOf } from '../../../core/research/trials.ts';
import type { RecordedRun } from '../../../platform/recorded-run.ts';
import { dataText } from '../recorded-backtest.ts';
import type { RunArguments } from '../run-arguments.ts';
import { type GridCandidates, prepareGrid } from './candidates.ts';
import {
  chance,
  line,
  percent,
  periodsText,
  plain,
  pointText,
  printJson,
  row,
  small,
  sourceOf,
  table,
  threadsText,
} from './print.ts';
import { assertThreads, runAllOver } from './run-threads.ts';
import { type QuestionArguments, questionOf } from './trials-file.ts';

export interface SweepArguments extends RunArguments, QuestionArguments {
  readonly grid: readonly GridAxis[];
  readonly draws: number;
  readonly seed: number;
  readonly top: number;
  readonly threads: number;
}

/** Runs a strategy with every combination of a grid, and doubts the best. */
export async function sweep(given: SweepArguments): Promise<void> {
  assertBootstrap(given);
  assertThreads(given.threads);
  const question = await questionOf(given);
  const candidates = await prepareGrid(given, given.grid);
  const { prepared, definitions } = candidates;
  const all = await runAllOver(given.threads, definitions, prepared.bars, 'Sweeping');
  const made = trialsMade(prepared, all.tried, all.periodsPerYear);
  const earlier = question.earlier(made.map(({ key }) => key));
  const report = judgeSweep(all, { earlier, draws: given.draws, seed: given.seed });
  await question.keep(made);
  if (given.json) printJson(jsonOf(given, candidates, report));
  else printText(given, candidates, report);
}

/** Each of what was tried as a trial of its question. */
export function trialsMade({ bars }: RecordedRun, tried: readonly Tried[], perYear: number): MadeTrial[] {
  const barsHash = barsHashOf(bars);
  return tried.map(({ sharpe, definition: { timeframe, strategies } }) => {
    const [{ codeHash, params }] = strategies;
    return { key: trialKeyOf({ codeHash, params, timeframe, barsHash }), sharpe: sharpe * Math.sqrt(perYear) };
  });
}

function jsonOf(given: SweepArguments, candidates: GridCandidates, report: SweepReport): object {
  const { prepared, points, refused } = candidates;
  const { tried, ranked, idle, barsPerPeriod, periodsPerYear, doubts } = report;
  const shown = (each: Tried): object => triedJson(each, points[tried.indexOf(each)], periodsPerYear);
  return {
    strategy: given.strategy[0],
    set: given.set,
    grid: given.grid,
    question: given.question ?? null,
    runs: tried.length,
    refused,
    idle,
    barsPerPeriod,
    periodsPerYear,
    seed: given.seed,
    best: shown(ranked[0]),
    doubts,
    tried: tried.map(shown),
    ...sourceOf(prepared),
  };
}

/** What a run with these parameters came to, as JSON can hold it. */
export function triedJson({ metrics, sharpe }: Tried, params: GridPoint, periodsPerYear: number): object {
  const { totalReturn, maxDrawdown, trades, exposure, turnover, fees } = metricsJson(metrics);
  return {
    params,
    sharpePerPeriod: sharpe,
    sharpeAnnual: sharpe * Math.sqrt(periodsPerYear),
    totalReturn,
    maxDrawdown,
    trades,
    exposure,
    turnover,
    fees,
  };
}

function printText(given: SweepArguments, candidates: GridCandidates, report: SweepReport): void {
  const { points, refused, why, prepared } = candidates;
  const { tried, ranked, idle, periodsPerYear, barsPerPeriod } = report;
  row('Data', dataText(prepared));
  row('Strategy', `${given.strategy[0]} ${JSON.stringify(given.set)}`);
  row('Runs', `${tried.length}, of which ${idle} never traded; on ${threadsText(given.threads)}`);
  if (refused > 0) row('Left out', `${refused} combinations that the strategy refuses: ${why}`);
  row('Returns', periodsText(report.doubts.periods, barsPerPeriod, periodsPerYear));
  line();
  printBest(ranked.slice(0, given.top), (each) => points[tried.indexOf(each)], periodsPerYear);
  line();
  printDoubts(report.doubts, periodsPerYear);
  row('Counted', given.question === undefined ? 'this run alone (--question adds up)' : `for "${given.question}"`);
  row('Reading', readingOf(report.doubts));
}

/** The best of what was tried, each with its parameters. */
export function printBest(best: readonly Tried[], pointOf: (each: Tried) => GridPoint, periodsPerYear: number): void {
  table([
    ['Best by Sharpe ratio', 'a year', 'a period', 'return', 'drawdown', 'trades', 'exposure', 'turnover'],
    ...best.map((each) => [
      pointText(pointOf(each)),
      plain(each.sharpe * Math.sqrt(periodsPerYear)),
      small(each.sharpe),
      percent(each.metrics.totalReturn),
      percent(each.metrics.maxDrawdown),
      `${each.metrics.trades}`,
      percent(each.metrics.exposure),
      plain(each.metrics.turnover),
    ]),
  ]);
}

export function printDoubts(doubts: Doubts, periodsPerYear: number): void {
  const { deflation, overfitting, ability } = doubts;
  line('Reasons to doubt the best');
  row('Alone', `above 0 with ${chance(doubts.probabilisticSharpe)}, if it had been the only trial`);
  if (deflation) {
    const { counted, effective, luck } = deflation;
    row('Trials', `${counted}, worth ${effective.toFixed(1)} independent ones`);
    row(
      'Luck',
      `the best of as many without skill: ${small(luck)} a period, ${plain(luck * Math.sqrt(periodsPerYear))} a year`,
    );
    row('Deflated', `above that luck with ${chance(deflation.deflatedSharpe)} (0.95 is usual)`);
  }
  row('Track record', trackText(doubts, periodsPerYear));
  if (overfitting) {
    const { probability, probabilityOfLoss, splits, blocks } = overfitting;
    row(
      'Overfitting',
      `probability ${chance(probability)}, of a loss ${chance(probabilityOfLoss)} (${splits} splits of ${blocks} blocks)`,
    );
  }
  if (ability) {
    const { realityCheck, superiorAbility, superiorAbilityBounds, draws } = ability;
    const [lower, upper] = superiorAbilityBounds.map(chance);
    row(
      'Doing nothing',
      `p ${chance(superiorAbility)} (Hansen, ${lower} to ${upper}), ${chance(realityCheck)} (White), ${draws} draws`,
    );
  }
  for (const { figure, why } of doubts.missing) row('Missing', `${figure}: ${why}`);
}

function trackText({ periods, trackRecord, deflation }: Doubts, periodsPerYear: number): string {
  const shown = (length: number): string =>
    Number.isFinite(length) ? `${Math.ceil(length)} (${(length / periodsPerYear).toFixed(1)} years)` : 'for ever';
  const luck = deflation ? `, from luck's ${shown(deflation.trackRecord)}` : '';
  return `${periods} periods; to tell it from 0 takes ${shown(trackRecord)}${luck}`;
}

const USUAL = 0.95;

/** What the doubts come to, in a sentence. */
export function readingOf({ deflation, overfitting, ability }: Doubts): string {
  const doubts = [
    ...(deflation && deflation.deflatedSharpe < USUAL ? ['not told from the luck of as many trials'] : []),
    ...(overfitting && overfitting.probability > 0.5
      ? ['more often than not no better than the median elsewhere']
      : []),
    ...(ability && ability.superiorAbility > 1 - USUAL ? ['not told from doing nothing'] : []),
    ...(deflation && overfitting && ability ? [] : ['not tested by all that is missing here']),
  ];
  if (doubts.length > 0) return `The best is ${doubts.join('; ')}.`;
  return 'The best is more than luck with as many trials explains, on these bars. Trials that were not counted are not allowed for.';
}
