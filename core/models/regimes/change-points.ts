/**
 * Bayesian online change point detection: R. Adams and D. MacKay, Bayesian Online Changepoint Detection (2007), algorithm 1, with a
 * constant hazard, for observations that are normal with unknown mean and variance within a run (K. Murphy, Conjugate Bayesian Analysis
 * of the Gaussian Distribution, 2007, section 3: the predictive density is Student's t). Of the lengths that the present run may have, a
 * bounded number is kept: the least likely one goes.
 */
import { type IndicatorSpec, indicatorSpec } from '../../indicators/indicator.ts';
import { indicatorOf, Remembering, scratchColumns } from '../../indicators/memory.ts';
import { checkedLength, refused } from '../../indicators/parameters.ts';
import { LogReturns } from './log-returns.ts';
import { checkRanking, PercentileRank, volatilityAt } from './percentile-rank.ts';

const MAX_RUNS = 1_000;
/** Of the prior, in units of the observations' scale: as much as one observation knows of the mean, two of the variance. */
const PRIOR = { kappa: 1, alpha: 1, beta: 1 };
/** Deviations that the mean of a run is from 0 where it is called a trend. */
const TREND_DEVIATIONS = 1;

export interface ChangePointOptions {
  /** Bars that a run lasts on average, before anything is seen. @default 500 */
  readonly expectedRun?: number;
  /** A change is recent within so many bars. @default 24 */
  readonly recent?: number;
  /** Run lengths that are kept. @default 200 */
  readonly runs?: number;
  /** First returns, whose size is the prior's scale; nothing is said before them. @default 100 */
  readonly scaleBars?: number;
  /** Bars of the past that the volatility of a run is ranked in. @default 1,000 */
  readonly history?: number;
  /** @default 0.35 */
  readonly calmBelow?: number;
  /** @default 0.8 */
  readonly turbulentAbove?: number;
}

/**
 * What the run that a market is in looks like. `changed` is the probability that it began within the last `recent` bars, `runLength` its
 * expected length in bars, `deviation` its expected standard deviation of log returns. `volatility` is 0 calm, 1 normal or 2 turbulent by
 * the rank of `deviation` in its own past; `trend` is 1 up or -1 down where the mean of the run is more than one deviation of its
 * uncertainty from 0, else 0.
 */
export function changePoints(
  options: ChangePointOptions = {},
): IndicatorSpec<'volatility' | 'trend' | 'changed' | 'runLength' | 'deviation'> {
  const { expectedRun = 500, recent = 24, runs = 200, scaleBars = 100, history = 1_000 } = options;
  const { calmBelow = 0.35, turbulentAbove = 0.8 } = options;
  const name = 'changePoints';
  checkedLength(name, 'expectedRun', expectedRun, 2);
  checkedLength(name, 'recent', recent);
  checkedLength(name, 'runs', runs, 10);
  if (runs > MAX_RUNS) throw refused(name, 'runs', runs, `use a whole number from 10 to ${MAX_RUNS}`);
  checkedLength(name, 'scaleBars', scaleBars, 10);
  const thresholds = { calmBelow, turbulentAbove };
  checkRanking(name, history, thresholds);
  const create = () =>
    indicatorOf(
      {
        returns: new LogReturns(),
        scale: new FirstScale(scaleBars),
        runs: new RunLengths(runs, 1 / expectedRun),
        rank: new PercentileRank(history),
      },
      (memory, bars, from, to, [volatility, trend, changed, runLength, deviation], at) => {
        const [returns] = scratchColumns;
        memory.returns.run(bars, from, to, returns, 0);
        for (let o = at; o < at + to - from; o++) {
          const scaled = memory.scale.next(returns[o - at]);
          const run = Number.isNaN(scaled) ? UNKNOWN : memory.runs.next(scaled, recent);
          changed[o] = run.changed;
          runLength[o] = run.length;
          deviation[o] = run.deviation * memory.scale.value();
          trend[o] = trendOf(run.drift);
          volatility[o] = Number.isNaN(scaled) ? Number.NaN : volatilityAt(memory.rank.next(deviation[o]), thresholds);
        }
      },
    );
  return indicatorSpec(
    name,
    [expectedRun, recent, runs, scaleBars, history, calmBelow, turbulentAbove],
    ['volatility', 'trend', 'changed', 'runLength', 'deviation'],
    2 + scaleBars + history,
    create,
  );
}

function trendOf(drift: number): number {
  if (Number.isNaN(drift)) return Number.NaN;
  return Math.abs(drift) > TREND_DEVIATIONS ? Math.sign(drift) : 0;
}

/** The root mean square of the first observations, and those after them in its units. */
class FirstScale extends Remembering<{ seen: number; squares: number }> {
  readonly #bars: number;

  constructor(bars: number) {
    super({ seen: 0, squares: 0 });
    this.#bars = bars;
  }

  /** NaN for the first observations, and for one that is none. */
  next(value: number): number {
    const { memory } = this;
    if (memory.seen === this.#bars) return value / this.value();
    if (Number.isNaN(value)) return value;
    memory.seen++;
    memory.squares += value * value;
    return Number.NaN;
  }

  /** Where nothing has moved yet, a basis point: a scale of 0 would make of any move an infinite one. */
  value(): number {
    return Math.sqrt(this.memory.squares / this.#bars) || 1e-4;
  }
}

/** What the posterior says of the run, in units of the scale. */
interface Run {
  readonly changed: number;
  readonly length: number;
  readonly deviation: number;
  /** Its mean in deviations of the mean's own uncertainty. */
  readonly drift: number;
}

const UNKNOWN: Run = { changed: Number.NaN, length: Number.NaN, deviation: Number.NaN, drift: Number.NaN };

type RunLengthsMemory = {
  count: number;
  /** By run that is held possible, the oldest first: its probability, the observations in it, and the posterior of its mean and variance. */
  mass: Float64Array;
  length: Float64Array;
  mean: Float64Array;
  beta: Float64Array;
};

/** The posterior of the run length. */
export class RunLengths extends Remembering<RunLengthsMemory> {
  readonly #hazard: number;
  readonly #terms: Float64Array;

  /** @param runs that are kept at most  @param hazard the probability of a change at any observation */
  constructor(runs: number, hazard: number) {
    const column = (): Float64Array => new Float64Array(runs + 1);
    const mass = column();
    const beta = column();
    mass[0] = 1;
    beta[0] = PRIOR.beta;
    super({ count: 1, mass, length: column(), mean: column(), beta });
    this.#hazard = hazard;
    this.#terms = column();
  }

  /** Takes an observation in. */
  next(value: number, recent: number): Run {
    const { memory } = this;
    const { mass, length } = memory;
    const terms = this.#terms;
    const { count } = memory;
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < count; k++) {
      terms[k] = Math.log(mass[k]) + this.#logPredictive(k, value);
      if (terms[k] > largest) largest = terms[k];
    }
    let sum = 0;
    for (let k = 0; k < count; k++) sum += terms[k] = Math.exp(terms[k] - largest);
    for (let k = 0; k < count; k++) {
      mass[k] = ((1 - this.#hazard) * terms[k]) / sum;
      this.#learn(k, value);
      length[k]++;
    }
    this.#begin(this.#hazard);
    if (memory.count === mass.length) this.#dropLeast();
    return this.#run(recent);
  }

  /** The probability of each run length that is kept, shortest first, as [length, probability]. */
  posterior(): [length: number, probability: number][] {
    const { count, length, mass } = this.memory;
    return Array.from({ length: count }, (_, k): [number, number] => [length[k], mass[k]]).reverse();
  }

  /** Student's t with 2α degrees of freedom, at μ, of scale² β (κ + 1) / (α κ). */
  #logPredictive(k: number, value: number): number {
    const { length, mean, beta } = this.memory;
    const kappa = PRIOR.kappa + length[k];
    const alpha = PRIOR.alpha + length[k] / 2;
    const spread = (2 * beta[k] * (kappa + 1)) / kappa;
    const distance = value - mean[k];
    return (
      logGammaHalfStep(alpha) -
      0.5 * Math.log(Math.PI * spread) -
      (alpha + 0.5) * Math.log1p((distance * distance) / spread)
    );
  }

  #learn(k: number, value: number): void {
    const { length, mean, beta } = this.memory;
    const kappa = PRIOR.kappa + length[k];
    const distance = value - mean[k];
    beta[k] += (kappa * distance * distance) / (2 * (kappa + 1));
    mean[k] += distance / (kappa + 1);
  }

  #begin(probability: number): void {
    const { memory } = this;
    const k = memory.count++;
    memory.mass[k] = probability;
    memory.length[k] = 0;
    memory.mean[k] = 0;
    memory.beta[k] = PRIOR.beta;
  }

  /** The run that begins now stays: it is as unlikely as the hazard every time, and the only one that can become a new one. */
  #dropLeast(): void {
    const { memory } = this;
    const last = memory.count - 1;
    let least = 0;
    for (let k = 1; k < last; k++) if (memory.mass[k] < memory.mass[least]) least = k;
    const kept = 1 - memory.mass[least];
    for (const column of [memory.mass, memory.length, memory.mean, memory.beta]) column.copyWithin(least, least + 1);
    memory.count = last;
    for (let k = 0; k < last; k++) memory.mass[k] /= kept;
  }

  #run(recent: number): Run {
    const { count, mass, length, mean, beta } = this.memory;
    let changed = 0;
    let expected = 0;
    let variance = 0;
    let drift = 0;
    let uncertainty = 0;
    for (let k = 0; k < count; k++) {
      const alpha = PRIOR.alpha + length[k] / 2;
      if (length[k] < recent) changed += mass[k];
      expected += mass[k] * length[k];
      variance += (mass[k] * beta[k]) / alpha;
      drift += mass[k] * mean[k];
      uncertainty += mass[k] * (beta[k] / (alpha * (PRIOR.kappa + length[k])) + mean[k] ** 2);
    }
    const spread = Math.sqrt(Math.max(0, uncertainty - drift * drift));
    return { changed, length: expected, deviation: Math.sqrt(variance), drift: spread > 0 ? drift / spread : 0 };
  }
}

/** ln Γ(x + ½) − ln Γ(x) for x of 1 or more: Stirling's series of the ratio from 16 on, and the recurrence of Γ below. */
function logGammaHalfStep(x: number): number {
  let ratio = 1;
  let at = x;
  while (at < 16) {
    ratio *= at / (at + 0.5);
    at++;
  }
  const inverse = 1 / at;
  const square = inverse * inverse;
  const series = inverse * (-1 / 8 + square * (1 / 192 + square * (-1 / 640 + (square * 17) / 14_336)));
  return Math.log(ratio) + 0.5 * Math.log(at) + series;
}
