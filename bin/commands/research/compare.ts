import { metricsJson } from '../../../core/backtest/metrics.ts';
import { PlimsollError } from '../../../core/errors.ts';
import { assertCompared, compareTried, type PairedTests } from '../../../core/research/compare.ts';
import { assertBootstrap } from '../../../core/research/sweep/doubts.ts';
import type { GridPoint } from '../../../core/research/sweep/grid.ts';
import { runAll, type TriedAll } from '../../../core/research/sweep/sweep.ts';
import { withProgress } from '../progress.ts';
import { dataText } from '../recorded-backtest.ts';
import type { RunArguments } from '../run-arguments.ts';
import { type Candidate, type Candidates, prepareCandidates } from './candidates.ts';
import { guardedSweep } from './guarded-sweep.ts';
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
} from './print.ts';

export interface CompareArguments extends RunArguments {
  /** Parameters of one strategy, over `--set`. */
  readonly variant?: readonly GridPoint[];
  readonly draws: number;
  readonly seed: number;
}

/** Runs strategies on the same bars, each with the whole account, and tests each against the first. */
export async function compare(given: CompareArguments): Promise<void> {
  assertBootstrap(given);
  const candidates = candidatesOf(given);
  const { prepared, definitions } = await prepareCandidates(given, candidates);
  const all = withProgress('Running', (onProgress) =>
    runAll(definitions, prepared.bars, { run: guardedSweep, onProgress }),
  );
  const tests = compareTried(all, given);
  const names = candidates.map(({ strategy, params }) => `${strategy} ${pointText(params)}`.trim());
  if (given.json) printJson(jsonOf(given, prepared, names, all, tests));
  else printText(given, prepared, names, all, tests);
}

function candidatesOf({ strategy, set, variant }: CompareArguments): Candidate[] {
  if (variant !== undefined) {
    if (strategy.length > 1)
      throw new PlimsollError('USAGE', '--variant was given with several strategies', 'give it with one of them');
    assertCompared(variant.length);
    return variant.map((params) => ({ strategy: strategy[0], params: { ...set, ...params } }));
  }
  assertCompared(strategy.length);
  if (Object.keys(set).length > 0)
    throw new PlimsollError('USAGE', '--set was given with several strategies', 'compare them with their defaults');
  return strategy.map((name) => ({ strategy: name, params: {} }));
}

type Prepared = Candidates['prepared'];

function jsonOf(
  given: CompareArguments,
  prepared: Prepared,
  names: readonly string[],
  { tried, barsPerPeriod, periodsPerYear }: TriedAll,
  tests: readonly PairedTests[],
): object {
  return {
    barsPerPeriod,
    periodsPerYear,
    draws: given.draws,
    seed: given.seed,
    compared: tried.map(({ definition, metrics, sharpe }, k) => ({
      name: names[k],
      strategy: definition.strategies[0].id,
      params: definition.strategies[0].params,
      codeHash: definition.strategies[0].codeHash,
      sharpePerPeriod: sharpe,
      metrics: metricsJson(metrics),
    })),
    againstFirst: tests.map((test) => ({ name: names[test.other], ...test })),
    ...sourceOf(prepared),
  };
}

function printText(
  { draws, seed }: CompareArguments,
  prepared: Prepared,
  names: readonly string[],
  { tried, barsPerPeriod, periodsPerYear }: TriedAll,
  tests: readonly PairedTests[],
): void {
  row('Data', dataText(prepared));
  row('Returns', periodsText(tried[0].returns.length, barsPerPeriod, periodsPerYear));
  line();
  const root = Math.sqrt(periodsPerYear);
  table([
    ['', 'return', 'Sharpe', 'a period', 'volatility', 'drawdown', 'trades', 'exposure', 'turnover', 'fees'],
    ...tried.map(({ metrics, sharpe }, k) => [
      names[k],
      percent(metrics.totalReturn),
      plain(sharpe * root),
      small(sharpe),
      percent(metrics.volatility),
      percent(metrics.maxDrawdown),
      `${metrics.trades}`,
      percent(metrics.exposure),
      plain(metrics.turnover),
      metrics.fees.toFixed(2),
    ]),
  ]);
  line();
  table([
    [`Against ${names[0]}`, 'correlation', 'Sharpe a year', 'p', 'mean a year', 'p'],
    ...tests.map(({ other, correlation, sharpe, mean }) => [
      names[other],
      plain(correlation),
      sharpe ? plain(sharpe.difference * root) : '',
      sharpe ? chance(sharpe.pValue) : '',
      mean ? percent(mean.difference * periodsPerYear) : '',
      mean ? chance(mean.pValue) : '',
    ]),
  ]);
  for (const { other, missing } of tests)
    for (const { figure, why } of missing) row('Missing', `${figure}, ${names[other]}: ${why}`);
  row('Drawn', `${draws} times, seed ${seed}; each p-value (two-sided) is for itself, whatever else was tried`);
}
