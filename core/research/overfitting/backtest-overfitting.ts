/**
 * The probability of backtest overfitting by combinatorially symmetric cross-validation. D. Bailey, J. Borwein, M. López de Prado and
 * Q. Zhu, The Probability of Backtest Overfitting, Journal of Computational Finance 20 (2017; first 2015).
 *
 * The history is cut into S blocks of equal length. For each choice of S/2 of them the trial with the best Sharpe ratio in those
 * is looked up in the others. Where choosing helps, it is above the median there too.
 */
import { PlimsollError } from '../../errors.ts';
import { assertTrials, indexOfLargest, invalid, isFlat, meanOf } from './sample.ts';

/** 12,870 splits; 18 blocks would make 48,620. */
const MAX_BLOCKS = 16;

export interface OverfittingOptions {
  /** Blocks S, even, 2 to 16. Default 16. */
  readonly blocks?: number;
}

export interface BacktestOverfitting {
  /** Share of splits in which the chosen trial is not above the median out of sample (logit of 0 or less). */
  readonly probability: number;
  /** Share of splits in which the chosen trial loses money out of sample. */
  readonly probabilityOfLoss: number;
  /**
   * The chosen trial's Sharpe ratio out of sample as a line over the one in sample, by least squares. A slope below 0 says that
   * the better it looks, the worse it does. Slope and R² are 0 where the ratio in sample, or for R² the other, is always the same.
   */
  readonly degradation: { readonly slope: number; readonly intercept: number; readonly rSquared: number };
  /** C(S, S/2). The arrays below have one value for each, the splits in lexicographic order of the blocks in sample. */
  readonly splits: number;
  /** ln(ω / (1 - ω)), with ω the chosen trial's rank out of sample, 1 for the worst, over N + 1. Equals share their mean rank. */
  readonly logits: Float64Array;
  /** Sharpe ratios of the chosen trials, per period. */
  readonly inSample: Float64Array;
  readonly outOfSample: Float64Array;
  /** Rows that were used, a multiple of S, and the oldest rows that were left out for that. */
  readonly observations: number;
  readonly droppedObservations: number;
}

/**
 * Of trials, one column of returns each over the same periods; all that were made, or the figure is too good. A trial that earns
 * exactly nothing in one half has a Sharpe ratio of 0 there; one that never varies there and earns something is refused.
 *
 * Trials without any skill come out near 1/2 or above it: what makes one of them best in one half is missing from the other.
 *
 * Throws `RESEARCH_TRIALS_TOO_FEW`, `RESEARCH_OBSERVATIONS_TOO_FEW` below two rows a block, `RESEARCH_INPUT_INVALID`,
 * `RESEARCH_VARIANCE_ZERO`.
 */
export function backtestOverfitting(
  trials: readonly Float64Array[],
  { blocks = MAX_BLOCKS }: OverfittingOptions = {},
): BacktestOverfitting {
  if (!Number.isInteger(blocks) || blocks < 2 || blocks > MAX_BLOCKS || blocks % 2 !== 0)
    throw invalid(`the number of blocks is ${blocks}`, `pass an even number from 2 to ${MAX_BLOCKS}`);
  assertTrials(trials, 2 * blocks);
  const rows = Math.floor(trials[0].length / blocks);
  const droppedObservations = trials[0].length - rows * blocks;
  const pieces = trials.map((trial) => piecesOf(trial.subarray(droppedObservations), blocks, rows));
  const choices = halves(blocks);
  const logits = new Float64Array(choices.length);
  const inSample = new Float64Array(choices.length);
  const outOfSample = new Float64Array(choices.length);
  choices.forEach((chosen, k) => {
    const others = complement(chosen, blocks);
    const within = sharpesOver(pieces, chosen, rows);
    const beyond = sharpesOver(pieces, others, rows);
    const best = indexOfLargest(within);
    inSample[k] = within[best];
    outOfSample[k] = beyond[best];
    const share = rankOf(best, beyond) / (trials.length + 1);
    logits[k] = Math.log(share / (1 - share));
  });
  return {
    probability: shareOf(logits, (logit) => logit <= 0),
    probabilityOfLoss: shareOf(outOfSample, (sharpe) => sharpe < 0),
    degradation: lineThrough(inSample, outOfSample),
    splits: choices.length,
    logits,
    inSample,
    outOfSample,
    observations: rows * blocks,
    droppedObservations,
  };
}

/** A trial's mean in each block, and its sum of squares about that: exactly 0 in a block of equal values. */
interface Pieces {
  readonly means: Float64Array;
  readonly squares: Float64Array;
}

function piecesOf(trial: Float64Array, blocks: number, rows: number): Pieces {
  const means = new Float64Array(blocks);
  const squares = new Float64Array(blocks);
  for (let b = 0; b < blocks; b++) {
    const block = trial.subarray(b * rows, (b + 1) * rows);
    if (isFlat(block)) {
      means[b] = block[0];
      continue;
    }
    means[b] = meanOf(block);
    for (const value of block) squares[b] += (value - means[b]) ** 2;
  }
  return { means, squares };
}

/** Every trial's Sharpe ratio over the rows of some blocks. */
function sharpesOver(pieces: readonly Pieces[], blocks: readonly number[], rows: number): Float64Array {
  const observations = blocks.length * rows;
  const sharpes = new Float64Array(pieces.length);
  for (let k = 0; k < pieces.length; k++) {
    const { means, squares } = pieces[k];
    // About the first block's mean, so that equal means leave exactly 0.
    const first = means[blocks[0]];
    let distance = 0;
    for (const b of blocks) distance += means[b] - first;
    const mean = first + distance / blocks.length;
    let sum = 0;
    for (const b of blocks) sum += squares[b] + rows * (means[b] - mean) ** 2;
    if (sum === 0 && mean !== 0) throw flatInHalf(k, mean, blocks);
    sharpes[k] = sum === 0 ? 0 : mean / Math.sqrt(sum / (observations - 1));
  }
  return sharpes;
}

const flatInHalf = (trial: number, value: number, blocks: readonly number[]): PlimsollError =>
  new PlimsollError(
    'RESEARCH_VARIANCE_ZERO',
    `every return of trial ${trial} in the blocks ${blocks.join(', ')} is ${value}`,
    'leave the trial out, or take fewer blocks',
  );

/** Rank from the lowest, 1, to the highest; equals share the mean of their ranks. */
function rankOf(index: number, values: Float64Array): number {
  let below = 0;
  let equal = 0;
  for (let k = 0; k < values.length; k++) {
    if (values[k] < values[index]) below++;
    else if (values[k] === values[index]) equal++;
  }
  return below + (equal + 1) / 2;
}

/** All choices of half of 0 … `blocks` - 1, each in order. */
function halves(blocks: number): number[][] {
  const found: number[][] = [];
  const extend = (chosen: readonly number[], from: number): void => {
    if (chosen.length === blocks / 2) {
      found.push([...chosen]);
      return;
    }
    for (let b = from; b < blocks; b++) extend([...chosen, b], b + 1);
  };
  extend([], 0);
  return found;
}

function complement(chosen: readonly number[], blocks: number): number[] {
  const others: number[] = [];
  for (let b = 0; b < blocks; b++) if (!chosen.includes(b)) others.push(b);
  return others;
}

function shareOf(values: Float64Array, holds: (value: number) => boolean): number {
  let count = 0;
  for (const value of values) if (holds(value)) count++;
  return count / values.length;
}

function lineThrough(x: Float64Array, y: Float64Array): BacktestOverfitting['degradation'] {
  const meanX = meanOf(x);
  const meanY = meanOf(y);
  let xx = 0;
  let xy = 0;
  let yy = 0;
  for (let k = 0; k < x.length; k++) {
    xx += (x[k] - meanX) ** 2;
    xy += (x[k] - meanX) * (y[k] - meanY);
    yy += (y[k] - meanY) ** 2;
  }
  if (isFlat(x)) return { slope: 0, intercept: meanY, rSquared: 0 };
  const slope = xy / xx;
  return { slope, intercept: meanY - slope * meanX, rSquared: isFlat(y) ? 0 : (xy * xy) / (xx * yy) };
}
