/**
 * Resampling of series that remember, in blocks, so that what follows what is kept. The stationary bootstrap is of D. Politis and
 * J. Romano, The Stationary Bootstrap, Journal of the American Statistical Association 89 (1994): blocks start anywhere, run on past the
 * end at the beginning, and end after each observation with probability 1 / length.
 */
import { type Random, seededRandom } from '../random.ts';
import { centred, invalid, laggedProducts } from './sample.ts';

const MAX_DRAWS = 100_000;

/** Places of the observations of one resample; valid until the next is drawn. */
export type Resample = ArrayLike<number>;

export interface BootstrapOptions {
  /** Observations in a block (their mean for the stationary bootstrap), 1 to all of them. Default: the automatic choice. */
  readonly blockLength?: number;
  /** 1 to 100,000. Default 1,000. */
  readonly draws?: number;
  /** The same seed gives the same figures. Default 0. */
  readonly seed?: number;
  /** Resamples of another program, in place of drawn ones; `draws` and `seed` are then not looked at. */
  readonly resamples?: Iterable<Resample>;
}

/** The resamples that the options ask for, checked as they come. Throws `RESEARCH_INPUT_INVALID`. */
export function stationaryResamples(
  observations: number,
  blockLength: number,
  options: BootstrapOptions,
): Iterable<Resample> {
  assertBlockLength(blockLength, observations);
  return resamplesOf(options, observations, observations, (random, places) => {
    const end = 1 / blockLength;
    for (let t = 0; t < places.length; t++) {
      const goesOn = t > 0 && random.next() >= end;
      places[t] = goesOn ? (places[t - 1] + 1) % observations : random.below(observations);
    }
  });
}

/**
 * Resamples of the circular block bootstrap, of as many whole blocks as the series holds: D. Politis and J. Romano, A Circular
 * Block-Resampling Procedure for Stationary Data (1992). `blockLength` is whole. Throws `RESEARCH_INPUT_INVALID`.
 */
export function circularResamples(
  observations: number,
  blockLength: number,
  options: BootstrapOptions,
): Iterable<Resample> {
  assertBlockLength(blockLength, observations);
  if (!Number.isInteger(blockLength)) throw invalid(`the block length is ${blockLength}`, 'pass a whole number');
  const length = observations - (observations % blockLength);
  return resamplesOf(options, observations, length, (random, places) => {
    for (let t = 0; t < places.length; t++)
      places[t] = t % blockLength === 0 ? random.below(observations) : (places[t - 1] + 1) % observations;
  });
}

function assertBlockLength(blockLength: number, observations: number): void {
  if (!(blockLength >= 1 && blockLength <= observations))
    throw invalid(
      `the block length is ${blockLength} for ${observations} observations`,
      'pass a number from 1 to the number of observations',
    );
}

function* resamplesOf(
  { draws = 1_000, seed = 0, resamples }: BootstrapOptions,
  observations: number,
  length: number,
  draw: (random: Random, places: Uint32Array) => void,
): Generator<Resample> {
  if (resamples !== undefined) {
    let count = 0;
    for (const resample of resamples) {
      if (++count > MAX_DRAWS) throw tooManyDraws(count);
      assertResample(resample, observations, length);
      yield resample;
    }
    if (count === 0) throw invalid('there are no resamples', 'pass one or more');
    return;
  }
  if (!Number.isInteger(draws) || draws < 1 || draws > MAX_DRAWS) throw tooManyDraws(draws);
  const random = seededRandom(seed);
  const places = new Uint32Array(length);
  for (let k = 0; k < draws; k++) {
    draw(random, places);
    yield places;
  }
}

const tooManyDraws = (draws: number) =>
  invalid(`the number of draws is ${draws}`, `pass a whole number from 1 to ${MAX_DRAWS}`);

function assertResample(resample: Resample, observations: number, length: number): void {
  if (resample.length !== length)
    throw invalid(
      `a resample has ${resample.length} places where ${length} are needed`,
      'pass one place an observation',
    );
  for (let t = 0; t < length; t++)
    if (!Number.isInteger(resample[t]) || resample[t] < 0 || resample[t] >= observations)
      throw invalid(`place ${t} of a resample is ${resample[t]}`, `pass whole numbers from 0 to ${observations - 1}`);
}

/** How often each of `observations` is in the resample: sums over it are then sums of products. */
export function multiplicities(resample: Resample, counts: Float64Array): void {
  counts.fill(0);
  for (let t = 0; t < resample.length; t++) counts[resample[t]]++;
}

/**
 * The variance that the stationary bootstrap gives `√n x̄*`, exactly and without drawing: Politis and Romano's lemma 1,
 * `γ(0) + 2 Σ κ(k) γ(k)` with `κ(k) = (1 - k/n) (1 - 1/L)^k + (k/n) (1 - 1/L)^(n-k)`. Never below 0.
 */
export function stationaryVariance(values: Float64Array, blockLength: number): number {
  const n = values.length;
  const distances = centred(values);
  const goesOn = 1 - 1 / blockLength;
  let sum = laggedProducts(distances, 0);
  for (let lag = 1; lag < n; lag++) {
    const weight = (1 - lag / n) * goesOn ** lag + (lag / n) * goesOn ** (n - lag);
    // In the middle of a long series the weights are below what float64 can add.
    if (weight > 1e-20) sum += 2 * weight * laggedProducts(distances, lag);
  }
  return Math.max(0, sum / n);
}

/** The share of draws at least as extreme, the sample itself counted as one: never 0, which no number of draws could show. */
export const pValueOf = (extreme: number, draws: number): number => (extreme + 1) / (draws + 1);
