/**
 * Whether the edge of a model is going: how much better it does than what one says who knows how often prices rose, and nothing else,
 * watched by Page's cumulative sum (E. S. Page, Continuous Inspection Schemes, Biometrika 41, 1954).
 *
 * What it is compared with is the edge that it had when it began, in outcomes that it was not trained on. That a few hundred outcomes
 * leave the level itself unsure is in the limit: it is drawn by taking both the level and what is watched from resamples.
 */
import { circularResamples } from '../../research/overfitting/bootstrap.ts';
import { seededRandom } from '../../research/random.ts';
import { assertRate, assertSample, assertWhole, invalid, quantileOf } from './input.ts';
import type { PredictionLog } from './prediction-log.ts';

/** Probabilities are taken to be no surer than this, so that one outcome cannot cost more than ln 1000. */
const SUREST = 1e-3;
const LEAST_OUTCOMES = 30;

export interface DecayOptions {
  /** Outcomes over which a false alarm has the probability below. @default 500 */
  readonly outcomes?: number;
  /** @default 0.01 */
  readonly falseAlarm?: number;
  /**
   * What an outcome may fall short of the level without adding to the sum, in deviations: half of the fall that is looked for. @default
   * 0.2
   */
  readonly allowance?: number;
  /** Outcomes of a block of the resamples. @default 5 */
  readonly blockLength?: number;
  /** @default 1,000 */
  readonly draws?: number;
  /** @default 0 */
  readonly seed?: number;
}

/** The level that a model's edge is held to. */
export interface EdgeLevel {
  /** Mean gain in log loss, nats an outcome, and its deviation. */
  readonly mean: number;
  readonly deviation: number;
  readonly allowance: number;
  /** What the sum exceeds in a horizon with the rate of false alarms. */
  readonly limit: number;
}

export interface Decay {
  /** The sum so far, in deviations; it is an alarm beyond `limit`. */
  readonly sum: number;
  readonly limit: number;
  /** Place of the outcome with which the limit was passed first. */
  readonly alarm?: number;
  /** Place of the first outcome since which the sum at the alarm grew: where the fall began. */
  readonly since?: number;
  readonly mean: number;
}

/**
 * What the model gained over the baseline with each outcome, in nats: `ln p(model) - ln p(baseline)` of what happened.
 * @param places of the log's rows, such as those of `spacedRows`
 * @param baseline the share of rises among the rows that it was trained on
 */
export function gainsOf({ up, outcome }: PredictionLog, places: readonly number[], baseline: number): Float64Array {
  assertRate('the baseline', baseline);
  const loss = (p: number, y: number): number => -Math.log(y === 1 ? bounded(p) : 1 - bounded(p));
  return Float64Array.from(places, (k) => loss(baseline, outcome[k]) - loss(up[k], outcome[k]));
}

const bounded = (p: number): number => Math.min(1 - SUREST, Math.max(SUREST, p));

/**
 * The level of the first outcomes. The same for the same seed. Throws `MONITORING_INPUT_INVALID` below 30 outcomes, or where they never
 * vary.
 */
export function edgeLevel(gains: Float64Array, options: DecayOptions = {}): EdgeLevel {
  const { outcomes = 500, falseAlarm = 0.01, allowance = 0.2, blockLength = 5, draws = 1_000, seed = 0 } = options;
  assertSample(gains, LEAST_OUTCOMES, 'the edge');
  assertWhole('the horizon', outcomes, 1, 100_000);
  assertWhole('the block', blockLength, 1, gains.length);
  assertWhole('the number of draws', draws, 20, 10_000);
  assertRate('the rate of false alarms', falseAlarm);
  if (!(allowance >= 0)) throw invalid(`the allowance is ${allowance}`, 'pass 0 or more');
  const { mean, deviation } = levelOf(gains);
  if (!(deviation > 0)) throw invalid('the edge never varies', 'take more outcomes');
  const random = seededRandom(seed);
  const largest: number[] = [];
  for (const resample of circularResamples(gains.length, blockLength, { draws, seed })) {
    const level = levelOf(Float64Array.from(resample, (place) => gains[place]));
    largest.push(level.deviation > 0 ? largestSum(gains, random, { ...level, allowance, outcomes, blockLength }) : 0);
  }
  return { mean, deviation, allowance, limit: quantileOf(Float64Array.from(largest).sort(), 1 - falseAlarm) };
}

interface Watched {
  readonly mean: number;
  readonly deviation: number;
  readonly allowance: number;
  readonly outcomes: number;
  readonly blockLength: number;
}

function largestSum(gains: Float64Array, { below }: { below(bound: number): number }, watched: Watched): number {
  const { outcomes, blockLength } = watched;
  let place = 0;
  let sum = 0;
  let largest = 0;
  for (let t = 0; t < outcomes; t++) {
    place = t % blockLength === 0 ? below(gains.length) : (place + 1) % gains.length;
    sum = nextSum(sum, gains[place], watched);
    largest = Math.max(largest, sum);
  }
  return largest;
}

const nextSum = (
  sum: number,
  gain: number,
  { mean, deviation, allowance }: { mean: number; deviation: number; allowance: number },
): number => Math.max(0, sum + (mean - gain) / deviation - allowance);

function levelOf(gains: Float64Array): { mean: number; deviation: number } {
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
  const squares = gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (gains.length - 1)) };
}

/** The sum over all outcomes since the level was taken. */
export function decayOf(level: EdgeLevel, gains: Float64Array): Decay {
  let sum = 0;
  let began = 0;
  let alarm: number | undefined;
  let since: number | undefined;
  gains.forEach((gain, k) => {
    sum = nextSum(sum, gain, level);
    if (sum === 0) began = k + 1;
    if (alarm === undefined && sum > level.limit) {
      alarm = k;
      since = began;
    }
  });
  const mean = gains.length > 0 ? gains.reduce((total, gain) => total + gain, 0) / gains.length : Number.NaN;
  return { sum, limit: level.limit, mean, ...(alarm === undefined ? {} : { alarm, since }) };
}
