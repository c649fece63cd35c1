/**
 * What else could have come of the returns that a run had: they are drawn again, many times, and the distribution is looked at. Two series
 * are drawn from: the returns of the account's equity bar by bar, and those of its round trips, one after another.
 *
 * It says how uncertain figures of this run are if the future is like it. It does not say whether the strategy has an edge: parameters that
 * were chosen on these bars give good returns to draw from (see the tests for overfitting).
 */
import { barsPerYear } from '../../backtest/metrics.ts';
import { type BacktestResult, type Trade, tradesOf } from '../../backtest/trades.ts';
import { PlimsollError } from '../../errors.ts';
import { DAY_MS } from '../../market/civil.ts';
import { timeframeMs } from '../../market/timeframe.ts';
import { seededRandom } from '../random.ts';
import { blocksOf, iid, permutation, type Resampling, type Sampler } from './resampling.ts';

export interface MonteCarloOptions {
  readonly runs: number;
  readonly seed: number;
  /** A drawdown whose probability is asked for, as a fraction. */
  readonly drawdown: number;
  /** Mean length of a block; by default the cube root of the number of returns. */
  readonly block?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/** What is looked at in a path. */
export const FIGURES = ['finalEquity', 'maxDrawdown', 'sharpe'] as const;
export type Figure = (typeof FIGURES)[number];
type Figures = Readonly<Record<Figure, number>>;

export const PERCENTILES = [1, 5, 25, 50, 75, 95, 99] as const;

export interface Distribution {
  /** By percentile; NaN where it is not defined. The share of paths in which it is defined is `defined`. */
  readonly percentiles: readonly number[];
  readonly mean: number;
  readonly defined: number;
  /** Share of paths whose figure is below the run's, those equal to it counting half: 0.5 is the middle. */
  readonly below: number;
}

export interface Resampled {
  readonly resampling: Resampling;
  /** Mean length of its blocks; 1 where there are none. */
  readonly block: number;
  readonly distributions: Readonly<Record<Figure, Distribution>>;
  /** Share of the paths that end below where they began. */
  readonly lossProbability: number;
  /** Share of the paths with at least the drawdown that was asked for. */
  readonly drawdownProbability: number;
  /** Of a permutation: (1 + paths with a drawdown at least as deep as the run's) ÷ (1 + paths). */
  readonly deeperDrawdown: number | null;
}

export interface MonteCarloOf {
  readonly of: 'returns' | 'trades';
  /** Returns that were drawn from. */
  readonly count: number;
  /** The run itself, by the same sums as the paths. */
  readonly actual: Figures;
  /** Trades that began before the one before them ended: one after another, they are no longer what the account did. */
  readonly overlapping: number;
  readonly resampled: readonly Resampled[];
}

export interface MonteCarloReport {
  readonly runs: number;
  readonly seed: number;
  readonly initialEquity: number;
  readonly drawdown: number;
  readonly series: readonly MonteCarloOf[];
  /** Why a series is not there. */
  readonly leftOut: readonly { readonly of: 'returns' | 'trades'; readonly why: string }[];
}

export const MOST_RUNS = 100_000;
/** Draws of one series and way: some minutes for all. */
const MOST_DRAWS = 2_000_000_000;
/** Fewer have no distribution. */
const FEWEST_RETURNS = 2;
const YEAR_MS = 365 * DAY_MS;

export function monteCarlo(result: BacktestResult, options: MonteCarloOptions): MonteCarloReport {
  assertOptions(options);
  const initial = result.definition.cash / result.run.engine.moneyScale;
  const sources = [returnsOf(result), tradeReturnsOf(result)];
  const usable = sources.filter(({ returns }) => returns.length >= FEWEST_RETURNS);
  for (const { of, returns } of usable) assertDraws(of, returns.length, options.runs);
  return {
    runs: options.runs,
    seed: options.seed,
    initialEquity: initial,
    drawdown: options.drawdown,
    series: usable.map((source) => ofSource(source, initial, options)),
    leftOut: sources
      .filter((source) => !usable.includes(source))
      .map(({ of, returns }) => ({
        of,
        why: `the run has ${returns.length} ${of}, and a distribution takes at least ${FEWEST_RETURNS}`,
      })),
  };
}

function assertOptions({ runs, seed, drawdown, block }: MonteCarloOptions): void {
  if (!(Number.isInteger(runs) && runs >= 1 && runs <= MOST_RUNS))
    throw new PlimsollError('USAGE', `${runs} runs were asked for`, `ask for 1 to ${MOST_RUNS}`);
  if (!(Number.isSafeInteger(seed) && seed >= 0))
    throw new PlimsollError('USAGE', `the seed is ${seed}`, 'give a whole number of zero or more, below 2^53');
  if (!(drawdown > 0 && drawdown <= 1))
    throw new PlimsollError('USAGE', `the drawdown is ${drawdown}`, 'give a fraction above 0 and up to 1: 0.2 is 20 %');
  if (block !== undefined && !(block >= 1 && Number.isFinite(block)))
    throw new PlimsollError('USAGE', `a block has ${block} returns`, 'give a mean length of 1 or more');
}

function assertDraws(of: string, count: number, runs: number): void {
  if (count * runs <= MOST_DRAWS) return;
  throw new PlimsollError(
    'RESEARCH_TOO_MUCH',
    `${runs} runs of ${count} ${of} are more than ${MOST_DRAWS} draws`,
    `ask for at most ${Math.floor(MOST_DRAWS / count)} runs, or choose a longer timeframe`,
    { kept: 'nothing was written' },
  );
}

interface Source {
  readonly of: 'returns' | 'trades';
  readonly returns: Float64Array;
  /** Returns in a year, by which the Sharpe ratio is annualised. */
  readonly perYear: number;
  readonly overlapping: number;
}

/** From the first bar's equity, which is the deposit: what is decided at its close fills later. */
function returnsOf({ run: { equity }, definition }: BacktestResult): Source {
  const returns = equity.subarray(1).map((now, k) => (equity[k] > 0 ? now / equity[k] - 1 : 0));
  return { of: 'returns', returns, perYear: barsPerYear(definition), overlapping: 0 };
}

/** Each profit as a share of the account's equity in the cycle before the trade began; those still held are marked at the last close. */
function tradeReturnsOf(result: BacktestResult): Source {
  const { run, definition } = result;
  const trades = [...tradesOf(result)];
  const scale = run.engine.moneyScale;
  const returns = Float64Array.from(
    trades,
    ({ profit, entryTime }) => profit / (equityBefore(result, entryTime) / scale),
  );
  const { times } = run;
  const lasted = times.length === 0 ? 0 : times[times.length - 1] - times[0] + timeframeMs(definition.timeframe);
  return { of: 'trades', returns, perYear: (trades.length * YEAR_MS) / lasted, overlapping: overlappingOf(trades) };
}

function equityBefore({ run: { times, equity }, definition }: BacktestResult, time: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle] < time) low = middle + 1;
    else high = middle;
  }
  const before = low === 0 ? definition.cash : equity[low - 1];
  // Where all was lost, nothing is a share of it.
  return before > 0 ? before : Number.POSITIVE_INFINITY;
}

function overlappingOf(trades: readonly Trade[]): number {
  let count = 0;
  let ended = Number.NEGATIVE_INFINITY;
  for (const { entryTime, exitTime } of trades) {
    // One that ends and one that begins in the same bar may be the two halves of one fill.
    if (entryTime < ended) count++;
    ended = Math.max(ended, exitTime ?? Number.POSITIVE_INFINITY);
  }
  return count;
}

function ofSource(source: Source, initial: number, options: MonteCarloOptions): MonteCarloOf {
  const { of, returns, overlapping } = source;
  const actual = figuresOf(returns, initial, source.perYear);
  const block = options.block ?? Math.max(1, Math.round(Math.cbrt(returns.length)));
  const ways: readonly (readonly [Resampling, number, Sampler])[] = [
    ['iid', 1, iid],
    ['block', block, blocksOf(block)],
    ['permutation', 1, permutation],
  ];
  return {
    of,
    count: returns.length,
    actual,
    overlapping,
    resampled: ways.map(([resampling, length, sampler]) =>
      resampled(resampling, length, sampler, source, actual, initial, options),
    ),
  };
}

function resampled(
  resampling: Resampling,
  block: number,
  draw: Sampler,
  { returns, perYear }: Source,
  actual: Figures,
  initial: number,
  { runs, seed, drawdown, onProgress }: MonteCarloOptions,
): Resampled {
  const random = seededRandom(seed);
  const sample = new Float64Array(returns.length);
  const columns = {
    finalEquity: new Float64Array(runs),
    maxDrawdown: new Float64Array(runs),
    sharpe: new Float64Array(runs),
  };
  for (let k = 0; k < runs; k++) {
    draw(returns, sample, random);
    const figures = figuresOf(sample, initial, perYear);
    for (const figure of FIGURES) columns[figure][k] = figures[figure];
    onProgress?.(k + 1, runs);
  }
  // Sums in another order differ in their last digits: what no order changes is what it was.
  if (resampling === 'permutation') {
    columns.finalEquity.fill(actual.finalEquity);
    columns.sharpe.fill(actual.sharpe);
  }
  const share = (values: Float64Array, holds: (value: number) => boolean): number => count(values, holds) / runs;
  const deeper = count(columns.maxDrawdown, (depth) => depth >= actual.maxDrawdown);
  return {
    resampling,
    block,
    lossProbability: share(columns.finalEquity, (equity) => equity < initial),
    drawdownProbability: share(columns.maxDrawdown, (depth) => depth >= drawdown),
    deeperDrawdown: resampling === 'permutation' ? (1 + deeper) / (1 + runs) : null,
    distributions: {
      finalEquity: distributionOf(columns.finalEquity, actual.finalEquity),
      maxDrawdown: distributionOf(columns.maxDrawdown, actual.maxDrawdown),
      sharpe: distributionOf(columns.sharpe, actual.sharpe),
    },
  };
}

/** One pass over the path, which is made as it goes. An account that lost all stays where it is. */
function figuresOf(returns: Float64Array, initial: number, perYear: number): Figures {
  const { length } = returns;
  let equity = initial;
  let peak = initial;
  let depth = 0;
  let [mean, squares, lowest, highest] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let k = 0; k < length; k++) {
    const value = returns[k];
    equity = Math.max(0, equity * (1 + value));
    if (equity > peak) peak = equity;
    else if (1 - equity / peak > depth) depth = 1 - equity / peak;
    // B. Welford's sums: the squares about the mean in the same pass, without losing digits.
    const off = value - mean;
    mean += off / (k + 1);
    squares += off * (value - mean);
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  const deviation = lowest === highest ? Number.NaN : Math.sqrt(squares / (length - 1));
  return { finalEquity: equity, maxDrawdown: depth, sharpe: (mean / deviation) * Math.sqrt(perYear) };
}

function distributionOf(values: Float64Array, actual: number): Distribution {
  const defined = values.filter((value) => !Number.isNaN(value)).sort();
  const below = count(defined, (value) => value < actual) + count(defined, (value) => value === actual) / 2;
  return {
    percentiles: PERCENTILES.map((percentile) => quantileOf(defined, percentile / 100)),
    mean: defined.reduce((sum, value) => sum + value, 0) / defined.length,
    defined: defined.length / values.length,
    below: Number.isNaN(actual) ? Number.NaN : below / defined.length,
  };
}

/** Between the two nearest of the sorted values, linearly. */
function quantileOf(sorted: Float64Array, share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const place = share * (sorted.length - 1);
  const low = Math.floor(place);
  const high = Math.min(sorted.length - 1, low + 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (place - low);
}

function count(values: Float64Array, holds: (value: number) => boolean): number {
  let found = 0;
  for (const value of values) if (holds(value)) found++;
  return found;
}
