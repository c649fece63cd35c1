import { type IndicatorSpec, indicatorSpec } from '../../indicators/indicator.ts';
import { indicatorOf, scratchColumns } from '../../indicators/memory.ts';
import type { BarColumns } from '../../market/bars.ts';
import { type FittedHmm, fitGaussianHmm, type GaussianHmm, HmmFilter, type HmmOptions } from './gaussian-hmm.ts';
import { LogReturns, logReturns } from './log-returns.ts';
import { regimeInvalid, volatilityOfRank } from './regime.ts';

/** The most bars that a model is fitted on, the last of those given. */
export const MAX_FIT_BARS = 20_000;

/** Percent, so that variances are of the order of 1. */
const PERCENT = 100;

/** A model of the log returns of these bars, in percent: of the last 20,000 where there are more. Throws as {@link fitGaussianHmm}. */
export function fitHmmRegime(bars: BarColumns, options: HmmOptions = {}): FittedHmm {
  const returns = logReturns(bars).map((value) => PERCENT * value);
  return fitGaussianHmm([returns.subarray(Math.max(0, returns.length - MAX_FIT_BARS))], options);
}

/**
 * Calm (0), normal (1) or turbulent (2): the state with the largest filtered probability under a model that is frozen. `calm`, `normal` and
 * `turbulent` are the probabilities; a model of two states has no normal one. Throws `REGIME_INPUT_INVALID` unless the model is of one
 * column, its states in order of variance.
 */
export function hmmRegime(model: GaussianHmm): IndicatorSpec<'regime' | 'calm' | 'normal' | 'turbulent'> {
  const { start, transition, means, variances } = model;
  new HmmFilter(model);
  if (means[0].length !== 1 || variances.some(([variance], k) => k > 0 && variance < variances[k - 1][0]))
    throw regimeInvalid('the model is not of returns alone, calmest state first', 'fit it with fitHmmRegime');
  const names = variances.map((_, k) => volatilityOfRank(k, variances.length));
  const create = () => {
    const filter = new HmmFilter(model);
    return indicatorOf(
      { returns: new LogReturns(), alpha: filter.begin() },
      ({ returns, alpha }, bars, from, to, out, at) => {
        const [column] = scratchColumns;
        returns.run(bars, from, to, column, 0);
        for (let k = 0; k < to - from; k++) step(filter, alpha, PERCENT * column[k], names, out, at + k);
      },
    );
  };
  const parameters = [start, ...transition, ...means, ...variances].flat();
  return indicatorSpec('hmmRegime', parameters, ['regime', 'calm', 'normal', 'turbulent'], 2, create);
}

function step(
  filter: HmmFilter,
  alpha: Float64Array,
  percent: number,
  names: readonly number[],
  out: readonly Float64Array[],
  at: number,
): void {
  const [regime, ...shares] = out;
  if (Number.isNaN(percent)) {
    for (const column of out) column[at] = Number.NaN;
    return;
  }
  filter.step(alpha, [percent]);
  for (const column of shares) column[at] = 0;
  let likeliest = 0;
  for (let k = 0; k < names.length; k++) {
    shares[names[k]][at] += Math.exp(alpha[k]);
    if (alpha[k] > alpha[likeliest]) likeliest = k;
  }
  regime[at] = names[likeliest];
}
