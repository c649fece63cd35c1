/** Strategies on the same bars, each against the first: what differs, and whether it is told from nothing. */
import { PlimsollError } from '../errors.ts';
import { type MeanDifference, meanDifference } from './overfitting/mean-difference.ts';
import { centred, productOf } from './overfitting/sample.ts';
import { type LedoitWolfBootstrap, ledoitWolfBootstrap } from './overfitting/sharpe-difference.ts';
import { figureOr } from './sweep/doubts.ts';
import type { Tried, TriedAll } from './sweep/sweep.ts';

const MOST_COMPARED = 10;

export interface CompareOptions {
  /** Of the bootstraps, 1 to 100,000. */
  readonly draws: number;
  readonly seed: number;
}

/** One of them against the first, by returns of the same periods. Each p-value is for itself, whatever else is compared. */
export interface PairedTests {
  /** Place of the other among those that were compared. */
  readonly other: number;
  /** Of the two series of returns; NaN where one never varies. */
  readonly correlation: number;
  /** Ratio of the other less that of the first, per period (Ledoit and Wolf's bootstrap). */
  readonly sharpe: LedoitWolfBootstrap | null;
  /** Mean return of the other less that of the first, per period. */
  readonly mean: MeanDifference | null;
  readonly missing: readonly { readonly figure: string; readonly why: string }[];
}

/** Throws `USAGE` unless there are 2 to 10. Asked before anything is run. */
export function assertCompared(count: number): void {
  if (count >= 2 && count <= MOST_COMPARED) return;
  throw new PlimsollError(
    'USAGE',
    `${count} strategies were to be compared`,
    `name 2 to ${MOST_COMPARED}: strategies, or one with as many --variant`,
  );
}

export function compareTried({ tried }: TriedAll, options: CompareOptions): PairedTests[] {
  assertCompared(tried.length);
  const [first, ...others] = tried;
  return others.map((other, k) => ({ other: k + 1, ...pairedTests(first, other, options) }));
}

function pairedTests(first: Tried, other: Tried, { draws, seed }: CompareOptions): Omit<PairedTests, 'other'> {
  const missing: { figure: string; why: string }[] = [];
  const had = <T>(figure: string, work: () => T): T | null => figureOr(work, (why) => missing.push({ figure, why }));
  return {
    correlation: correlationOf(first.returns, other.returns),
    sharpe: had('the difference of the Sharpe ratios', () =>
      ledoitWolfBootstrap(other.returns, first.returns, { draws, seed }),
    ),
    mean: had('the difference of the means', () => meanDifference(other.returns, first.returns, { draws, seed })),
    missing,
  };
}

function correlationOf(a: Float64Array, b: Float64Array): number {
  const [x, y] = [centred(a), centred(b)];
  const scale = Math.sqrt(productOf(x, x) * productOf(y, y));
  return scale > 0 ? productOf(x, y) / scale : Number.NaN;
}
