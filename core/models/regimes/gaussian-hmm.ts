/**
 * Hidden Markov models whose states are Gaussian with diagonal covariance: L. Rabiner, A Tutorial on Hidden Markov Models and Selected
 * Applications in Speech Recognition, Proceedings of the IEEE 77 (1989), sections III and IV, with all probabilities as logarithms.
 */
import { type Random, seededRandom } from '../../research/random.ts';
import { assertColumns, assertWhole, regimeInvalid } from './regime.ts';

const MAX_STATES = 8;
const MAX_STARTS = 100;
const MAX_ITERATIONS = 10_000;
/** Rows for each state, below which a state is a few outliers. */
const LEAST_ROWS_PER_STATE = 50;
/** A state may not shrink onto one row: its variance is at least this share of that of all rows. */
const LEAST_VARIANCE_SHARE = 1e-6;
const LOG_TWO_PI = Math.log(2 * Math.PI);

export interface GaussianHmm {
  /** By state: the probability of beginning in it. */
  readonly start: readonly number[];
  /** By state that is left, by state that is entered. */
  readonly transition: readonly (readonly number[])[];
  /** By state, by column of observations. */
  readonly means: readonly (readonly number[])[];
  readonly variances: readonly (readonly number[])[];
}

export interface FittedHmm extends GaussianHmm {
  /** Of the rows that it was fitted on, in nats. */
  readonly logLikelihood: number;
  readonly iterations: number;
  /** Whether the last iteration gained less than the tolerance; false where the iterations ran out. */
  readonly converged: boolean;
}

export interface BaumWelchOptions {
  /** @default 200 */
  readonly maxIterations?: number;
  /** Gain of the log likelihood, in nats, below which it stops. @default 0.01 */
  readonly tolerance?: number;
}

export interface HmmOptions extends BaumWelchOptions {
  /** 2 to 8. @default 3 */
  readonly states?: number;
  /** Beginnings, of which the one that ends at the highest likelihood is taken. @default 5 */
  readonly starts?: number;
  /** The same seed gives the same model. @default 0 */
  readonly seed?: number;
}

/**
 * The most likely model of several starts, its states in ascending order of the variance of the first column, so that state 0 is the
 * calmest whatever the seed. `columns` are observations in order of time, a column each. Throws `REGIME_INPUT_INVALID` or
 * `REGIME_ROWS_TOO_FEW` (below 50 rows a state).
 */
export function fitGaussianHmm(columns: readonly Float64Array[], options: HmmOptions = {}): FittedHmm {
  const { states = 3, starts = 5, seed = 0 } = options;
  assertWhole('the number of states', states, 2, MAX_STATES);
  assertWhole('the number of starts', starts, 1, MAX_STARTS);
  assertColumns(columns, states * LEAST_ROWS_PER_STATE);
  const random = seededRandom(seed);
  let best: FittedHmm | undefined;
  for (let start = 0; start < starts; start++) {
    const fitted = baumWelch(columns, startingModel(columns, states, start === 0 ? undefined : random), options);
    if (best === undefined || fitted.logLikelihood > best.logLikelihood) best = fitted;
  }
  return byVariance(best as FittedHmm);
}

/** Baum and Welch's iterations from a given model, whose order of states is kept. Throws as {@link fitGaussianHmm}. */
export function baumWelch(
  columns: readonly Float64Array[],
  from: GaussianHmm,
  { maxIterations = 200, tolerance = 0.01 }: BaumWelchOptions = {},
): FittedHmm {
  assertWhole('the number of iterations', maxIterations, 1, MAX_ITERATIONS);
  if (!(tolerance >= 0)) throw regimeInvalid(`the tolerance is ${tolerance}`, 'pass 0 or more');
  assertModel(from, columns.length);
  assertColumns(columns, from.start.length);
  const floors = columns.map((column) => LEAST_VARIANCE_SHARE * momentsOf(column).variance);
  const room = new Room(columns[0].length, from.start.length);
  let model = from;
  let before = Number.NEGATIVE_INFINITY;
  let iterations = 0;
  let converged = false;
  while (iterations < maxIterations && !converged) {
    const logLikelihood = expect(model, columns, room);
    model = maximise(model, columns, room, floors);
    iterations++;
    converged = logLikelihood - before < tolerance;
    before = logLikelihood;
  }
  return { ...model, logLikelihood: logLikelihoodOf(model, columns), iterations, converged };
}

/** The log likelihood of the rows, in nats. Throws `REGIME_INPUT_INVALID`. */
export function logLikelihoodOf(model: GaussianHmm, columns: readonly Float64Array[]): number {
  const filter = new HmmFilter(model);
  const alpha = filter.begin();
  const row = new Float64Array(columns.length);
  let sum = 0;
  for (let t = 0; t < columns[0].length; t++) sum += filter.step(alpha, rowAt(columns, t, row));
  return sum;
}

/**
 * Filtered probabilities, a column a state: of being in it at each row, given that row and those before it alone. The one form of
 * probability that may be decided on. Throws `REGIME_INPUT_INVALID`.
 */
export function filteredProbabilities(model: GaussianHmm, columns: readonly Float64Array[]): Float64Array[] {
  const filter = new HmmFilter(model);
  const alpha = filter.begin();
  const row = new Float64Array(columns.length);
  const out = model.start.map(() => new Float64Array(columns[0].length));
  for (let t = 0; t < columns[0].length; t++) {
    filter.step(alpha, rowAt(columns, t, row));
    for (let k = 0; k < alpha.length; k++) out[k][t] = Math.exp(alpha[k]);
  }
  return out;
}

/** Probabilities given ALL rows, later ones too: for looking back in a report, never for a decision. Throws `REGIME_INPUT_INVALID`. */
export function smoothedProbabilitiesWithHindsight(
  model: GaussianHmm,
  columns: readonly Float64Array[],
): Float64Array[] {
  assertModel(model, columns.length);
  const room = new Room(columns[0].length, model.start.length);
  expect(model, columns, room);
  return room.posterior.map((column) => column.slice());
}

/** Viterbi's single most likely path of states given ALL rows: for looking back in a report, never for a decision. */
export function viterbiPathWithHindsight(model: GaussianHmm, columns: readonly Float64Array[]): Int32Array {
  assertModel(model, columns.length);
  const states = model.start.length;
  const rows = columns[0].length;
  const { emission } = new Room(rows, states);
  emissions(model, columns, emission);
  const transition = logarithms(model.transition);
  const came = Array.from({ length: states }, () => new Int8Array(rows));
  let score = Float64Array.from(model.start, (share, k) => Math.log(share) + emission[k][0]);
  for (let t = 1; t < rows; t++) {
    const next = new Float64Array(states);
    for (let k = 0; k < states; k++) {
      let best = 0;
      for (let j = 1; j < states; j++) if (score[j] + transition[j][k] > score[best] + transition[best][k]) best = j;
      came[k][t] = best;
      next[k] = score[best] + transition[best][k] + emission[k][t];
    }
    score = next;
  }
  const path = new Int32Array(rows);
  path[rows - 1] = score.indexOf(Math.max(...score));
  for (let t = rows - 1; t > 0; t--) path[t - 1] = came[path[t]][t];
  return path;
}

/** The forward pass one row at a time. */
export class HmmFilter {
  readonly #states: number;
  readonly #start: Float64Array;
  readonly #transition: readonly Float64Array[];
  readonly #model: GaussianHmm;
  readonly #constants: Float64Array;
  readonly #next: Float64Array;
  readonly #terms: Float64Array;

  /** Throws `REGIME_INPUT_INVALID` where the model is none. */
  constructor(model: GaussianHmm) {
    assertModel(model, model.means[0]?.length ?? 0);
    this.#states = model.start.length;
    this.#model = model;
    this.#start = Float64Array.from(model.start, Math.log);
    this.#transition = logarithms(model.transition);
    this.#constants = constantsOf(model);
    this.#next = new Float64Array(this.#states);
    this.#terms = new Float64Array(this.#states);
  }

  /** The memory before the first row: NaN. */
  begin(): Float64Array {
    return new Float64Array(this.#states).fill(Number.NaN);
  }

  /** Moves the logarithms of the filtered probabilities on by one row; the row's log likelihood given those before it. */
  step(alpha: Float64Array, row: ArrayLike<number>): number {
    const next = this.#next;
    for (let k = 0; k < this.#states; k++)
      next[k] = this.#arriving(alpha, k) + emissionOf(this.#model, this.#constants, k, row);
    const sum = logSum(next);
    for (let k = 0; k < this.#states; k++) alpha[k] = next[k] - sum;
    return sum;
  }

  #arriving(alpha: Float64Array, state: number): number {
    if (Number.isNaN(alpha[0])) return this.#start[state];
    for (let j = 0; j < this.#states; j++) this.#terms[j] = alpha[j] + this.#transition[j][state];
    return logSum(this.#terms);
  }
}

/** What the passes write, a column a state. */
class Room {
  readonly emission: readonly Float64Array[];
  readonly forward: readonly Float64Array[];
  readonly posterior: readonly Float64Array[];
  /** By state that is left, by state that is entered: how often, as expected. */
  readonly moves: readonly Float64Array[];

  constructor(rows: number, states: number) {
    const columns = (): Float64Array[] => Array.from({ length: states }, () => new Float64Array(rows));
    this.emission = columns();
    this.forward = columns();
    this.posterior = columns();
    this.moves = Array.from({ length: states }, () => new Float64Array(states));
  }
}

/** The expectation step: posterior and moves of the room; the log likelihood. */
function expect(model: GaussianHmm, columns: readonly Float64Array[], room: Room): number {
  const { emission, forward, posterior, moves } = room;
  const rows = columns[0].length;
  const states = model.start.length;
  const transition = logarithms(model.transition);
  emissions(model, columns, emission);
  const terms = new Float64Array(states);
  for (let k = 0; k < states; k++) forward[k][0] = Math.log(model.start[k]) + emission[k][0];
  for (let t = 1; t < rows; t++)
    for (let k = 0; k < states; k++) {
      for (let j = 0; j < states; j++) terms[j] = forward[j][t - 1] + transition[j][k];
      forward[k][t] = logSum(terms) + emission[k][t];
    }
  for (let k = 0; k < states; k++) terms[k] = forward[k][rows - 1];
  const logLikelihood = logSum(terms);
  for (const row of moves) row.fill(0);
  const later = new Float64Array(states);
  const ahead = new Float64Array(states);
  for (let t = rows - 1; t >= 0; t--) {
    for (let k = 0; k < states; k++) posterior[k][t] = Math.exp(forward[k][t] + later[k] - logLikelihood);
    if (t === 0) break;
    for (let k = 0; k < states; k++) ahead[k] = emission[k][t] + later[k];
    for (let j = 0; j < states; j++) {
      const left = forward[j][t - 1] - logLikelihood;
      for (let k = 0; k < states; k++) {
        terms[k] = transition[j][k] + ahead[k];
        moves[j][k] += Math.exp(left + terms[k]);
      }
      later[j] = logSum(terms);
    }
  }
  return logLikelihood;
}

/** The maximisation step. A state that is never left, or never met, keeps what it had. */
function maximise(
  before: GaussianHmm,
  columns: readonly Float64Array[],
  { posterior, moves }: Room,
  floors: readonly number[],
): GaussianHmm {
  const totals = posterior.map((column) => column.reduce((sum, share) => sum + share, 0));
  const first = posterior.reduce((sum, column) => sum + column[0], 0);
  const means = posterior.map((column, k) =>
    columns.map((values, d) => (totals[k] > 0 ? weightedSum(column, values, 0, 1) / totals[k] : before.means[k][d])),
  );
  return {
    start: posterior.map((column) => column[0] / first),
    transition: moves.map((row, j) => {
      const sum = row.reduce((all, count) => all + count, 0);
      return sum > 0 ? Array.from(row, (count) => count / sum) : before.transition[j];
    }),
    means,
    variances: posterior.map((column, k) =>
      columns.map((values, d) =>
        totals[k] > 0
          ? Math.max(floors[d], weightedSum(column, values, means[k][d], 2) / totals[k])
          : before.variances[k][d],
      ),
    ),
  };
}

/** Σ weight (value − centre)^power. */
function weightedSum(weights: Float64Array, values: Float64Array, centre: number, power: 1 | 2): number {
  let sum = 0;
  for (let t = 0; t < values.length; t++) {
    const distance = values[t] - centre;
    sum += weights[t] * (power === 1 ? distance : distance * distance);
  }
  return sum;
}

/**
 * States that differ fourfold in variance from one to the next around that of all rows, and tend to stay. With a generator, means,
 * variances and the tendency are moved at random.
 */
function startingModel(columns: readonly Float64Array[], states: number, random: Random | undefined): GaussianHmm {
  const moments = columns.map(momentsOf);
  const centred = (): number => (random === undefined ? 0 : 2 * random.next() - 1);
  const stay = 0.9 + 0.08 * centred();
  const places = Array.from({ length: states }, (_, k) => k);
  return {
    start: places.map(() => 1 / states),
    transition: places.map((j) => places.map((k) => (j === k ? stay : (1 - stay) / (states - 1)))),
    means: places.map(() => moments.map(({ mean, variance }) => mean + centred() * 0.5 * Math.sqrt(variance))),
    variances: places.map((k) => moments.map(({ variance }) => variance * 4 ** (k - (states - 1) / 2 + centred()))),
  };
}

function byVariance(fitted: FittedHmm): FittedHmm {
  const order = fitted.variances
    .map(([variance], state) => ({ variance, state }))
    .sort((a, b) => a.variance - b.variance || a.state - b.state)
    .map(({ state }) => state);
  return {
    ...fitted,
    start: order.map((k) => fitted.start[k]),
    transition: order.map((j) => order.map((k) => fitted.transition[j][k])),
    means: order.map((k) => fitted.means[k]),
    variances: order.map((k) => fitted.variances[k]),
  };
}

function emissions(model: GaussianHmm, columns: readonly Float64Array[], out: readonly Float64Array[]): void {
  const constants = constantsOf(model);
  const row = new Float64Array(columns.length);
  for (let t = 0; t < columns[0].length; t++) {
    rowAt(columns, t, row);
    for (let k = 0; k < out.length; k++) out[k][t] = emissionOf(model, constants, k, row);
  }
}

/** By state: what the logarithm of its density has that no row changes. */
const constantsOf = ({ variances }: GaussianHmm): Float64Array =>
  Float64Array.from(variances, (of) => -0.5 * of.reduce((sum, variance) => sum + LOG_TWO_PI + Math.log(variance), 0));

function emissionOf(
  { means, variances }: GaussianHmm,
  constants: Float64Array,
  state: number,
  row: ArrayLike<number>,
): number {
  const mean = means[state];
  const variance = variances[state];
  let squares = 0;
  for (let d = 0; d < mean.length; d++) squares += (row[d] - mean[d]) ** 2 / variance[d];
  return constants[state] - 0.5 * squares;
}

const logarithms = (rows: readonly (readonly number[])[]): Float64Array[] =>
  rows.map((row) => Float64Array.from(row, Math.log));

/** ln Σ exp, without overflow; −∞ where every term is. */
function logSum(terms: Float64Array): number {
  let largest = terms[0];
  for (let k = 1; k < terms.length; k++) if (terms[k] > largest) largest = terms[k];
  if (largest === Number.NEGATIVE_INFINITY) return largest;
  let sum = 0;
  for (let k = 0; k < terms.length; k++) sum += Math.exp(terms[k] - largest);
  return largest + Math.log(sum);
}

function rowAt(columns: readonly Float64Array[], t: number, row: Float64Array): Float64Array {
  for (let d = 0; d < columns.length; d++) row[d] = columns[d][t];
  return row;
}

/** Variance over n. */
function momentsOf(values: Float64Array): { readonly mean: number; readonly variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
}

/** Throws `REGIME_INPUT_INVALID` unless the model is one: shares that sum to 1, finite means, variances above 0, all of one size. */
export function assertModel({ start, transition, means, variances }: GaussianHmm, columns: number): void {
  const states = start.length;
  assertWhole('the number of states', states, 2, MAX_STATES);
  assertWhole('the number of columns', columns, 1, MAX_STATES * MAX_STATES);
  const square = transition.length === states && transition.every((row) => row.length === states);
  const fits = [means, variances].every(
    (rows) => rows.length === states && rows.every((row) => row.length === columns),
  );
  if (!square || !fits)
    throw regimeInvalid('the hidden Markov model has parts of different sizes', 'take a model as it was fitted');
  const isShares = (shares: readonly number[]): boolean =>
    shares.every((share) => share >= 0) && Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-6;
  if (![start, ...transition].every(isShares))
    throw regimeInvalid('probabilities of the hidden Markov model do not sum to 1', 'take a model as it was fitted');
  if (
    !means.flat().every(Number.isFinite) ||
    !variances.flat().every((variance) => variance > 0 && variance < Infinity)
  )
    throw regimeInvalid('a mean or variance of the hidden Markov model is none', 'take a model as it was fitted');
}
