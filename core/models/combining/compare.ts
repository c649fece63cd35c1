/** Ways to combine the same members, each judged on rows whose outcomes it did not know. */
import { type MeanDifference, meanDifference } from '../../research/overfitting/mean-difference.ts';
import { assertPredictions, logLoss, logOdds, type MemberPredictions, predictionsInvalid } from './predictions.ts';
import { type Outcome, RecentLogLoss, type RecentOptions } from './recent-log-loss.ts';
import { RegimeGated, type RegimeGatedOptions } from './regime-gated.ts';
import { type Stacker, type StackingOptions, stackedUp, stackedWeights, stackLogOdds } from './stacking.ts';

export const WAYS = ['voting', 'recent log loss', 'stacking', 'stacked weights', 'regime-gated'] as const;
export type Way = (typeof WAYS)[number];

export interface CompareOptions extends RecentOptions, RegimeGatedOptions, StackingOptions {
  /** Outcomes that must be known before a row is judged. */
  readonly firstOutcomes: number;
  /** Outcomes after which the stacker is fitted again, on all that are known. */
  readonly refitRows: number;
  /** Of the tests. @default 1,000 */
  readonly draws?: number;
  /** @default 0 */
  readonly seed?: number;
}

export interface WayFigures {
  readonly way: Way;
  /** Mean, in nats. */
  readonly logLoss: number;
  readonly accuracy: number;
  /** Of the log loss against that of voting, below 0 where it is better; absent for voting itself, or where the two never differ. */
  readonly againstVoting?: MeanDifference;
  /** Of its log loss against that of saying how often prices rose so far. */
  readonly againstBaseline: MeanDifference;
  /** After the last outcome, as a manifest has them; those of the regime of the last row. */
  readonly weights: readonly number[];
}

export interface CombiningReport {
  /** Rows that are judged, and the times of the first and the last, ms UTC. */
  readonly rows: number;
  readonly from: number;
  readonly to: number;
  readonly baselineLogLoss: number;
  readonly members: readonly { readonly name: string; readonly logLoss: number }[];
  readonly ways: readonly WayFigures[];
  readonly stacker: Stacker;
}

/**
 * @param regime by row: the regime when it was predicted, NaN where none was known. A row is judged by what was learned from outcomes known
 * by then. Throws `PREDICTIONS_INVALID`, or as `meanDifference`.
 */
export function compareCombining(
  predictions: MemberPredictions,
  regime: Float64Array,
  options: CompareOptions,
): CombiningReport {
  assertPredictions(predictions);
  const { members, known, label, up } = predictions;
  if (regime.length !== known.length)
    throw predictionsInvalid(`${regime.length} regimes of ${known.length} rows`, 'pass one a row');
  for (const [name, rows] of Object.entries({ firstOutcomes: options.firstOutcomes, refitRows: options.refitRows }))
    if (!(Number.isInteger(rows) && rows >= 1))
      throw predictionsInvalid(`${name} is ${rows}`, 'pass a whole number of 1 or more');
  const walk = new Walk(predictions, regime, options);
  const said = new Map<Way | 'baseline', number[]>([...WAYS, 'baseline' as const].map((way) => [way, []]));
  const judged: number[] = [];
  for (let row = 0; row < known.length; row++) {
    if (walk.learnUntil(known[row]) < options.firstOutcomes) continue;
    judged.push(row);
    for (const [way, probability] of walk.said(row)) said.get(way)?.push(probability);
  }
  if (judged.length === 0)
    throw predictionsInvalid(
      `no row is left after ${options.firstOutcomes} outcomes`,
      'pass more rows, or wait for fewer',
    );
  const lossesOf = (of: ArrayLike<number>): Float64Array =>
    Float64Array.from(judged, (row, t) => logLoss(label[row], of[t]));
  const losses = (way: Way | 'baseline'): Float64Array => lossesOf(said.get(way) ?? []);
  const figures = (way: Way): WayFigures => {
    const own = losses(way);
    const test = { draws: options.draws ?? 1_000, seed: options.seed ?? 0 };
    const voting = losses('voting');
    return {
      way,
      logLoss: meanOf(own),
      accuracy: meanOf(
        Float64Array.from(judged, (row, t) => Number((said.get(way) ?? [])[t] > 0.5 === (label[row] === 1))),
      ),
      ...(own.every((loss, t) => loss === voting[t]) ? {} : { againstVoting: meanDifference(own, voting, test) }),
      againstBaseline: meanDifference(own, losses('baseline'), test),
      weights: walk.weights(way, regime[known.length - 1]),
    };
  };
  return {
    rows: judged.length,
    from: known[judged[0]],
    to: known[judged[judged.length - 1]],
    baselineLogLoss: meanOf(losses('baseline')),
    members: members.map((name, k) => ({ name, logLoss: meanOf(lossesOf(judged.map((row) => up[k][row]))) })),
    ways: WAYS.map(figures),
    stacker: walk.stacker,
  };
}

/** All ways as they learn from outcomes in the order in which these are known. */
class Walk {
  readonly #predictions: MemberPredictions;
  readonly #regime: Float64Array;
  readonly #options: CompareOptions;
  /** Rows in the order of their ends. */
  readonly #order: Uint32Array;
  /** Log odds and labels in that order. */
  readonly #odds: readonly Float64Array[];
  readonly #labels: Float64Array;
  readonly #recent: RecentLogLoss;
  readonly #gated: RegimeGated;
  #learned = 0;
  #rises = 0;
  #fittedAt = 0;
  stacker: Stacker;

  constructor(predictions: MemberPredictions, regime: Float64Array, options: CompareOptions) {
    const { members, end, label, up } = predictions;
    this.#predictions = predictions;
    this.#regime = regime;
    this.#options = options;
    this.#order = Uint32Array.from(end, (_, row) => row).sort((a, b) => end[a] - end[b] || a - b);
    this.#odds = up.map((column) => Float64Array.from(this.#order, (row) => logOdds(column[row])));
    this.#labels = Float64Array.from(this.#order, (row) => label[row]);
    this.#recent = new RecentLogLoss(members.length, options);
    this.#gated = new RegimeGated(members.length, options);
    this.stacker = {
      intercept: 0,
      coefficients: members.map(() => 1 / members.length),
      iterations: 0,
      converged: true,
    };
  }

  /** Learns from the outcomes that are known by then; how many were learned from in all. */
  learnUntil(now: number): number {
    const { end, label, up } = this.#predictions;
    while (this.#learned < this.#order.length && end[this.#order[this.#learned]] <= now) {
      const row = this.#order[this.#learned++];
      const outcome: Outcome = { end: end[row], label: label[row], up: up.map((column) => column[row]) };
      this.#recent.learn(outcome, now);
      this.#gated.learn(outcome, this.#regime[row], now);
      this.#rises += label[row];
    }
    const { firstOutcomes, refitRows } = this.#options;
    const due = this.#fittedAt === 0 ? firstOutcomes : this.#fittedAt + refitRows;
    if (this.#learned >= due) {
      this.stacker = stackLogOdds(this.#odds, this.#labels, this.#learned, this.#options, this.stacker);
      this.#fittedAt = this.#learned;
    }
    return this.#learned;
  }

  /** What each way says of a row by what it has learned. */
  said(row: number): [Way | 'baseline', number][] {
    const up = this.#predictions.up.map((column) => column[row]);
    const ways = WAYS.map((way): [Way, number] => [
      way,
      way === 'stacking' ? stackedUp(this.stacker, up) : weighted(this.weights(way, this.#regime[row]), up),
    ]);
    return [...ways, ['baseline', this.#rises / this.#learned]];
  }

  weights(way: Way, regime: number): number[] {
    if (way === 'voting') return this.#predictions.members.map((_, __, { length }) => 1 / length);
    if (way === 'recent log loss') return this.#recent.weights();
    return way === 'regime-gated' ? this.#gated.weights(regime) : stackedWeights(this.stacker, this.#options);
  }
}

const weighted = (weights: readonly number[], up: readonly number[]): number =>
  weights.reduce((sum, weight, k) => sum + weight * up[k], 0);

const meanOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
