/** Reasons to doubt the best of many trials, each from the tests in `../overfitting`. All Sharpe ratios here are per period. */
import { PlimsollError } from '../../errors.ts';
import { backtestOverfitting } from '../overfitting/backtest-overfitting.ts';
import { effectiveTrials, expectedMaximumSharpe } from '../overfitting/deflated-sharpe.ts';
import {
  minimumTrackRecordLength,
  probabilisticSharpeRatio,
  type SharpeMoments,
  sharpeMoments,
} from '../overfitting/probabilistic-sharpe.ts';
import { varianceOf } from '../overfitting/sample.ts';
import { realityCheck, superiorAbility } from '../overfitting/superior-ability.ts';

export interface DoubtOptions {
  /** By which a ratio per period is annualised. */
  readonly periodsPerYear: number;
  /** Runs of this sweep that never traded: they count as trials, and have no ratio. */
  readonly idle: number;
  /** Annualised ratios of other trials on the same question, NaN where one never traded. */
  readonly earlier: readonly number[];
  /**
   * Ratios per period of those trials that were made whatever the others came to, where some were chosen by it: those gather where the ratios
   * are high, and vary less for it. The larger variance counts. All of them where left out.
   */
  readonly even?: readonly number[];
  /** Of the bootstrap. */
  readonly draws: number;
  readonly seed: number;
}

export interface Deflation {
  /** Distinct trials that are counted: of this run, and the earlier ones of the question. */
  readonly counted: number;
  /** Independent trials that those are worth, the earlier ones taken to be as alike as those of this run. */
  readonly effective: number;
  /** Variance of the trials' ratios. */
  readonly sharpeVariance: number;
  /** Largest ratio that as many trials without skill show, on average. */
  readonly luck: number;
  /** The deflated Sharpe ratio: a probability. */
  readonly deflatedSharpe: number;
  /** Periods it takes to tell the ratio from luck's with 95 %; infinite where it is not above it. */
  readonly trackRecord: number;
}

export interface Doubts {
  readonly periods: number;
  /** Of the best trial, and the probability that its true ratio is above 0 if it had been the only one. */
  readonly moments: SharpeMoments;
  readonly probabilisticSharpe: number;
  /** Periods it takes to tell the ratio of an only trial from 0 with 95 %. */
  readonly trackRecord: number;
  readonly deflation: Deflation | null;
  readonly overfitting: {
    readonly probability: number;
    readonly probabilityOfLoss: number;
    readonly slope: number;
    readonly blocks: number;
    readonly splits: number;
  } | null;
  /** Against doing nothing: p-values of White's reality check and Hansen's test. */
  readonly ability: {
    readonly realityCheck: number;
    readonly superiorAbility: number;
    readonly superiorAbilityBounds: readonly [number, number];
    readonly blockLength: number;
    readonly draws: number;
  } | null;
  readonly missing: readonly { readonly figure: string; readonly why: string }[];
}

const MOST_DRAWS = 100_000;

/** Throws `USAGE`. Asked before anything is run. */
export function assertBootstrap({ draws, seed }: Pick<DoubtOptions, 'draws' | 'seed'>): void {
  if (!(Number.isInteger(draws) && draws >= 1 && draws <= MOST_DRAWS))
    throw new PlimsollError('USAGE', `${draws} draws were asked for`, `ask for 1 to ${MOST_DRAWS}`);
  if (!(Number.isSafeInteger(seed) && seed >= 0))
    throw new PlimsollError('USAGE', `the seed is ${seed}`, 'give a whole number of zero or more, below 2^53');
}

const MOST_BLOCKS = 16;
/** Rows that a block is to have. */
const BLOCK_ROWS = 4;

/**
 * @param trials returns of every run that traded, over the same periods
 * @param best which of them is doubted
 * Throws what {@link sharpeMoments} does; a figure that cannot be had is `null`, and `missing` says why.
 */
export function doubtsOf(trials: readonly Float64Array[], best: number, options: DoubtOptions): Doubts {
  const moments = sharpeMoments(trials[best]);
  const missing: { figure: string; why: string }[] = [];
  const had = <T>(figure: string, work: () => T): T | null => figureOr(work, (why) => missing.push({ figure, why }));
  const { length } = trials[best];
  return {
    periods: length,
    moments,
    probabilisticSharpe: probabilisticSharpeRatio(moments),
    trackRecord: minimumTrackRecordLength(moments),
    deflation: had('the deflated Sharpe ratio', () => deflationOf(trials, moments, options)),
    overfitting: had('the probability of backtest overfitting', () => overfittingOf(trials, length)),
    ability: had('the tests against doing nothing', () => abilityOf(trials, options)),
    missing,
  };
}

/** What `work` gives, or null where the tests say why not. Other errors pass. */
export function figureOr<T>(work: () => T, tell: (why: string) => void): T | null {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof PlimsollError && error.code.startsWith('RESEARCH_'))) throw error;
    tell(error.message);
    return null;
  }
}

function deflationOf(trials: readonly Float64Array[], moments: SharpeMoments, options: DoubtOptions): Deflation {
  const { idle, earlier, even = [], periodsPerYear } = options;
  const counted = trials.length + idle + earlier.length;
  const sharpes = trials.map((trial) => sharpeMoments(trial).sharpe);
  const others = earlier.filter(Number.isFinite).map((sharpe) => sharpe / Math.sqrt(periodsPerYear));
  return deflated(moments, {
    counted,
    effective: effectiveTrials(trials) * (counted / trials.length),
    sharpeVariance: Math.max(
      varianceOf(Float64Array.from([...sharpes, ...others])),
      even.length < 2 ? 0 : varianceOf(Float64Array.from(even)),
    ),
  });
}

/** The deflation of a ratio by what was tried. Throws as {@link expectedMaximumSharpe}. */
export function deflated(
  moments: SharpeMoments,
  tried: Pick<Deflation, 'counted' | 'effective' | 'sharpeVariance'>,
): Deflation {
  const luck = expectedMaximumSharpe({ effectiveTrials: tried.effective, sharpeVariance: tried.sharpeVariance });
  return {
    ...tried,
    luck,
    deflatedSharpe: probabilisticSharpeRatio(moments, luck),
    trackRecord: minimumTrackRecordLength(moments, { benchmark: luck }),
  };
}

function overfittingOf(trials: readonly Float64Array[], periods: number): Doubts['overfitting'] {
  const fitting = 2 * Math.floor(periods / BLOCK_ROWS / 2);
  const blocks = Math.max(2, Math.min(MOST_BLOCKS, fitting));
  const { probability, probabilityOfLoss, degradation, splits } = backtestOverfitting(trials, { blocks });
  return { probability, probabilityOfLoss, slope: degradation.slope, blocks, splits };
}

function abilityOf(trials: readonly Float64Array[], { draws, seed }: DoubtOptions): Doubts['ability'] {
  const superior = superiorAbility(trials, { draws, seed });
  const { blockLength } = superior;
  return {
    realityCheck: realityCheck(trials, { draws, seed, blockLength }).pValue,
    superiorAbility: superior.consistent,
    superiorAbilityBounds: [superior.lower, superior.upper],
    blockLength,
    draws,
  };
}
