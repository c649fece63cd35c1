/**
 * Whether one forecaster is better than another, tested after every outcome without paying for the looks.
 *
 * The score is Brier's, `d = (p₀ - y)² - (p₁ - y)²`: above 0 where the second did better. What is tested is the weak null of Y. J. Choe
 * and A. Ramdas, Comparing Sequential Forecasters, Operations Research 72 (2024): that the mean of the expected differences so far is
 * at most m. By the inequality of X. Fan, I. Grama and Q. Liu (2015, lemma 4.1), `exp(λξ - (-ln(1-λ) - λ) ξ²) ≤ 1 + λξ` for ξ ≥ -1 and
 * λ from 0 to below 1, the product of `exp(λ(d - m) - ψ(λ) d²)` is no more than 1 on average under the null, whatever was known before
 * and whenever one stops; so is its mean over a grid of λ. That it ever reaches 1/α has probability α at most (Ville). How far a
 * difference can go is known before the outcome, as both probabilities are, and so the bound of ψ is that of the row itself.
 *
 * The rows must follow one another: the outcome of each is known before the next is predicted (`spacedRows` of the prediction log).
 */
import { assertRate, invalid } from './input.ts';

/** Of one row: differences that may go further count for as much less, so that no row decides alone. Known before the outcome. */
const MOST_AT_STAKE = 0.5;
/** A calibrated forecaster's best λ is near 1 whatever its edge; those below are for one that is better by less than it thinks. */
const GRID: readonly number[] = [0.06, 0.12, 0.25, 0.5, 0.8, 1.1, 1.5, 1.9];
const MAX_BISECTIONS = 60;

/** An interval for the mean expected difference so far, valid at all times together. */
export interface ConfidenceSequence {
  readonly low: number;
  readonly high: number;
}

/** The differences so far, and the evidence in them. */
export class ScoreEvidence {
  #rows = 0;
  #weight = 0;
  #sum = 0;
  /** Of each λ: `Σ ψ(λ) d²`. */
  readonly #spent = new Float64Array(GRID.length);

  /** Outcomes that were taken. */
  get rows(): number {
    return this.#rows;
  }

  /** Mean of Brier's differences, above 0 where the challenger did better; 0 before the first. */
  get mean(): number {
    return this.#weight > 0 ? this.#sum / this.#weight : 0;
  }

  /** ln of the e-value against "the challenger is not better": its exponential bets multiplied. `ln(1/α)` is evidence at α. */
  get better(): number {
    return this.#logValue(1, 0);
  }

  /** ln of the e-value against "the challenger is not worse". */
  get worse(): number {
    return this.#logValue(-1, 0);
  }

  /**
   * Takes an outcome. Throws `MONITORING_INPUT_INVALID` for what is no probability or no outcome.
   * @param champion the probability of a rise that the one said, and `challenger` that of the other
   * @param outcome 1 for a rise, else 0
   */
  add(champion: number, challenger: number, outcome: number): void {
    assertProbability(champion);
    assertProbability(challenger);
    if (outcome !== 0 && outcome !== 1) throw invalid(`an outcome is ${outcome}`, 'pass 1 or 0');
    const of = (y: number): number => (champion - y) ** 2 - (challenger - y) ** 2;
    const furthest = Math.max(Math.abs(of(0)), Math.abs(of(1)));
    const weight = Math.min(1, MOST_AT_STAKE / furthest);
    const difference = weight * of(outcome);
    this.#rows++;
    this.#weight += weight;
    this.#sum += difference;
    if (furthest === 0) return;
    for (let k = 0; k < GRID.length; k++) this.#spent[k] += price(GRID[k], weight * furthest) * difference * difference;
  }

  /** Holds for all rows at once with probability 1 - `errorRate`. Before there is evidence it is all that can be: -1 to 1. */
  interval(errorRate: number): ConfidenceSequence {
    assertRate('the rate of errors', errorRate);
    const limit = Math.log(2 / errorRate);
    return { low: this.#bound(1, limit), high: -this.#bound(-1, limit) };
  }

  /** ln of the mean over the grid, of the evidence that the mean is above (sign 1) or below (sign -1) `mean`. */
  #logValue(sign: number, mean: number): number {
    const beyond = sign * (this.#sum - this.#weight * mean);
    return logMeanOfExponentials(GRID, (lambda, k) => lambda * beyond - this.#spent[k]);
  }

  /** The largest mean, in the sense of the sign, that is refuted; -1 where none is. The evidence falls as the mean grows. */
  #bound(sign: number, limit: number): number {
    let low = -1;
    let high = 1;
    if (this.#logValue(sign, sign * low) < limit) return low;
    for (let k = 0; k < MAX_BISECTIONS; k++) {
      const middle = (low + high) / 2;
      if (this.#logValue(sign, sign * middle) < limit) high = middle;
      else low = middle;
    }
    return low;
  }
}

/** ψ of a λ where differences lie within ±`bound`: `(-ln(1 - λb) - λb) / b²`. */
const price = (lambda: number, bound: number): number =>
  (-Math.log1p(-lambda * bound) - lambda * bound) / (bound * bound);

function logMeanOfExponentials(grid: readonly number[], exponent: (lambda: number, k: number) => number): number {
  const exponents = grid.map(exponent);
  const largest = Math.max(...exponents);
  const sum = exponents.reduce((total, value) => total + Math.exp(value - largest), 0);
  return largest + Math.log(sum / grid.length);
}

function assertProbability(value: number): void {
  if (!(value >= 0 && value <= 1)) throw invalid(`a probability is ${value}`, 'pass numbers from 0 to 1');
}

/**
 * ln of the e-value that the `count`-th challenger of one champion has to reach, so that all of its challengers together are wrongly
 * found better with probability `errorRate` at most: the parts α / (k (k + 1)) sum up to α.
 */
export function neededEvidence(errorRate: number, count: number): number {
  assertRate('the rate of errors', errorRate);
  return Math.log((count * (count + 1)) / errorRate);
}
