import { DAY_MS } from '../../../core/market/civil.ts';
import { type KellyWeights, kellyWeights } from '../../../core/research/risk/kelly.ts';
import { type AlignedReturns, alignedReturns } from '../../../core/risk/portfolio/returns.ts';
import { line, percent, plain, printJson, row, table } from './print.ts';
import { type BarArguments, barsSource, barsText, type RecordedBars, recordedBars } from './recorded-bars.ts';

export interface KellyArguments extends BarArguments {
  readonly fraction: number;
  readonly leverage: number;
  readonly short?: boolean;
  /** False where means and covariance are taken as the sample has them. */
  readonly shrink: boolean;
}

/** How much of each instrument to hold so that wealth grows fastest, and a share of that. */
export async function kelly(given: KellyArguments): Promise<void> {
  const recorded = await recordedBars(given);
  const returns = alignedReturns(recorded.bars);
  const { fraction, leverage, short = false, shrink } = given;
  const weights = kellyWeights(returns, { fraction, leverage, allowShort: short, shrink });
  const perYear = periodsPerYear(returns);
  if (given.json) printJson(jsonOf(given, recorded, weights, perYear));
  else printText(given, recorded, weights, { count: returns.times.length, perYear });
}

/** As many as the bars had on average, whatever their calendar. */
const periodsPerYear = ({ times }: AlignedReturns): number =>
  ((times.length - 1) * 365 * DAY_MS) / (times[times.length - 1] - times[0]);

function jsonOf(
  { fraction, leverage, short, shrink }: KellyArguments,
  recorded: RecordedBars,
  { instruments, means, covariance, full, held, ...figures }: KellyWeights,
  perYear: number,
): object {
  return {
    fraction,
    leverage,
    short: short === true,
    shrink,
    periodsPerYear: perYear,
    weights: instruments.map((instrument, k) => ({
      instrument,
      mean: means[k],
      deviation: Math.sqrt(covariance.values[k * (covariance.size + 1)]),
      full: full[k],
      held: held[k],
    })),
    ...figures,
    ...barsSource(recorded),
  };
}

function printText(
  { fraction, leverage, short, shrink }: KellyArguments,
  recorded: RecordedBars,
  weights: KellyWeights,
  { count, perYear }: { count: number; perYear: number },
): void {
  const { instruments, means, covariance, full, held, growth, deviation } = weights;
  const root = Math.sqrt(perYear);
  row('Data', barsText(recorded));
  row('Returns', `${count}, ${Math.round(perYear)} a year`);
  row(
    'Bounds',
    `${short ? 'long and short' : 'long alone'}, sizes up to ${leverage} × wealth; ${plain(fraction)} of it held`,
  );
  row(
    'Shrunk',
    shrink
      ? `means ${percent(weights.meanShrinkage)} towards a common one, covariance ${percent(weights.covarianceShrinkage)}`
      : 'nothing: the sample is taken for the truth',
  );
  line();
  table([
    ['', 'mean a year', 'volatility', 'growth-optimal', 'held'],
    ...instruments.map((instrument, k) => [
      instrument,
      percent(means[k] * perYear),
      percent(Math.sqrt(covariance.values[k * (covariance.size + 1)]) * root),
      percent(full[k]),
      percent(held[k]),
    ]),
  ]);
  line();
  row('Growth', `${percent(growth.held * perYear)} a year expected, ${percent(growth.full * perYear)} of all of it`);
  row('Volatility', `${percent(deviation.held * root)} a year, ${percent(deviation.full * root)} of all of it`);
  row(
    'In sample',
    `${percent(weights.growthInSample * perYear)} a year of logarithmic growth, worst period ${percent(weights.worstPeriod)}`,
  );
  line('\nIt is as right as the means are, which a history of years hardly tells. It is no order, and no advice.');
}
