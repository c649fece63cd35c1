import { metricsJson } from '../../../core/backtest/metrics.ts';
import type { EngineDefinition } from '../../../core/engine/engine.ts';
import { PlimsollError } from '../../../core/errors.ts';
import { assertBootstrap, type Doubts } from '../../../core/research/sweep/doubts.ts';
import { type GridAxis, type GridPoint, MOST_RUNS, MOST_SPREAD_RUNS } from '../../../core/research/sweep/grid.ts';
import { judgeSweep, type SweepReport, type Tried, type TriedAll } from '../../../core/research/sweep/sweep.ts';
import { barsHashOf, type MadeTrial, trialKeyOf } from '../../../core/research/trials.ts';
import type { RecordedRun } from '../../../platform/recorded-run.ts';
import { dataText } from '../recorded-backtest.ts';
import type { RunArguments } from '../run-arguments.ts';
import type { AwsArguments } from './aws/sweep-aws.ts';
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

export interface SweepArguments extends RunArguments, QuestionArguments, AwsArguments {
  readonly grid: readonly GridAxis[];
  readonly draws: number;
  readonly seed: number;
  readonly top: number;
  readonly threads: number;
  /** Where it is run. */
  readonly on: 'here' | 'aws';
}

/** Runs a strategy with every combination of a grid, and doubts the best. */
export async function sweep(given: SweepArguments): Promise<void> {
  assertBootstrap(given);
  assertThreads(given.threads);
  assertPlace(given.on);
  const question = await questionOf(given);
  const candidates = await prepareGrid(given, given.grid, given.on === 'aws' ? MOST_SPREAD_RUNS : MOST_RUNS);
  const { prepared, definitions } = candidates;
  question.assertRoom(trialKeys(prepared, definitions));
  const all = await ranAll(given, candidates);
  const made = trialsMade(prepared, all.tried, all.periodsPerYear);
  const earlier = question.earlier(made.map(({ key }) => key));
  const report = judgeSweep(all, { earlier, draws: given.draws, seed: given.seed });
  await question.keep(made);
  if (given.json) printJson(jsonOf(given, candidates, report));
  else printText(given, candidates, report);
}

function assertPlace(on: string): void {
  if (on === 'here' || on === 'aws') return;
  throw new PlimsollError('USAGE', `--on is "${on}"`, 'write here or aws');
}

/** The same, wherever it is run. */
async function ranAll(given: SweepArguments, candidates: GridCandidates): Promise<TriedAll> {
  const { prepared, definitions } = candidates;
  if (given.on === 'here') return runAllOver(given.threads, definitions, prepared.bars, 'Sweeping');
  // The SDK takes longer to load than a small sweep to run.
  const { assertAws, runAllOnAws } = await import('./aws/sweep-aws.ts');
  assertAws(given);
  return runAllOnAws(given, candidates, given);
}

/** Each of what was tried as a trial of its question. */
export function trialsMade(prepared: RecordedRun, tried: readonly Tried[], perYear: number): MadeTrial[] {
  const keys = trialKeys(
    prepared,
    tried.map(({ definition }) => definition),
  );
  return tried.map(({ sharpe }, k) => ({ key: keys[k], sharpe: sharpe * Math.sqrt(perYear) }));
}

function trialKeys({ bars }: RecordedRun, definitions: readonly EngineDefinition[]): string[] {
  const barsHash = barsHashOf(bars);
  return definitions.map(({ timeframe, strategies: [{ codeHash, params }] }) =>
    trialKeyOf({ codeHash, params, timeframe, barsHash }),
  );
}

function jsonOf(given: SweepArguments, candidates: GridCandidates, report: SweepReport): object {
  const { prepared, refused } = candidates;
  const { tried, ranked, idle, barsPerPeriod, periodsPerYear, doubts } = report;
  const pointOf = pointsOf(candidates, report);
  const shown = (each: Tried): object => triedJson(each, pointOf(each), periodsPerYear);
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

/** The combination that a run was of. */
function pointsOf({ points }: GridCandidates, { tried }: SweepReport): (each: Tried) => GridPoint {
  const places = new Map(tried.map((each, k) => [each, k]));
  return (each) => points[places.get(each)!];
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
  const { refused, why, prepared } = candidates;
  const { tried, ranked, idle, periodsPerYear, barsPerPeriod } = report;
  row('Data', dataText(prepared));
  row('Strategy', `${given.strategy[0]} ${JSON.stringify(given.set)}`);
  row(
    'Runs',
    `${tried.length}, of which ${idle} never traded; on ${given.on === 'aws' ? 'AWS' : threadsText(given.threads)}`,
  );
  if (refused > 0) row('Left out', `${refused} combinations that the strategy refuses: ${why}`);
  row('Returns', periodsText(report.doubts.periods, barsPerPeriod, periodsPerYear));
  line();
  printBest(ranked.slice(0, given.top), pointsOf(candidates, report), periodsPerYear);
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
