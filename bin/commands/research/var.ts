import { PlimsollError } from '../../../core/errors.ts';
import { type FilteredRisk, filteredRisk } from '../../../core/research/risk/filtered-simulation.ts';
import { type RollingForecasts, rollingForecasts } from '../../../core/research/risk/rolling-forecasts.ts';
import type { CoverageTests } from '../../../core/research/risk/var-backtest.ts';
import { type AlignedReturns, alignedReturns } from '../../../core/risk/portfolio/returns.ts';
import { historicalTail, type TailRisk } from '../../../core/risk/portfolio/tail-risk.ts';
import { withProgress } from '../progress.ts';
import { chance, line, percent, printJson, row, table } from './print.ts';
import { type BarArguments, barsSource, barsText, type RecordedBars, recordedBars } from './recorded-bars.ts';

export interface VarArguments extends BarArguments {
  /** Shares of the value held in each symbol, by its name; evenly where left out. */
  readonly weight: Record<string, number>;
  readonly confidence: number;
  readonly horizon: number;
  readonly draws: number;
  readonly seed: number;
  readonly window: number;
  readonly refitEvery: number;
}

/** Value at risk of holding instruments, by filtered historical simulation, and whether such forecasts were right. */
export async function researchVar(given: VarArguments): Promise<void> {
  const recorded = await recordedBars(given);
  const weights = weightsOf(given.weight, [...recorded.bars.keys()]);
  const returns = heldReturns(alignedReturns(recorded.bars), weights);
  const { confidence, horizon, draws, seed, window, refitEvery } = given;
  const risk = filteredRisk(returns, { confidence, horizon, draws, seed });
  const plain = historicalTail(returns, { confidence, horizon });
  const rolling = withProgress('Forecasting', (onProgress) =>
    rollingForecasts(returns, { confidence, window, refitEvery, onProgress }),
  );
  if (given.json)
    printJson({
      weights,
      returns: returns.length,
      filtered: risk,
      historical: plain,
      backtest: { window, refitEvery, first: rolling.first, ...rolling.tests },
      ...barsSource(recorded),
    });
  else printText(given, recorded, weights, { returns, risk, plain, rolling });
}

/** Throws `USAGE` for a weight of what is not among the symbols. */
function weightsOf(given: Record<string, number>, symbols: readonly string[]): Record<string, number> {
  const names = Object.keys(given);
  if (names.length === 0) return Object.fromEntries(symbols.map((symbol) => [symbol, 1 / symbols.length]));
  const unknown = names.find((name) => !symbols.includes(name));
  if (unknown !== undefined)
    throw new PlimsollError('USAGE', `a weight was given for ${unknown}`, `name one of ${symbols.join(', ')}`);
  return Object.fromEntries(symbols.map((symbol) => [symbol, given[symbol] ?? 0]));
}

/** Of the value, with the weights restored after each period. */
const heldReturns = ({ instruments, columns }: AlignedReturns, weights: Record<string, number>): Float64Array =>
  Float64Array.from(columns[0], (_, t) =>
    columns.reduce((sum, column, k) => sum + weights[instruments[k]] * column[t], 0),
  );

interface Shown {
  readonly returns: Float64Array;
  readonly risk: FilteredRisk;
  readonly plain: TailRisk;
  readonly rolling: RollingForecasts;
}

function printText(
  { confidence, horizon, window, refitEvery }: VarArguments,
  recorded: RecordedBars,
  weights: Record<string, number>,
  { returns, risk, plain, rolling }: Shown,
): void {
  const { fit } = risk;
  row('Data', barsText(recorded));
  row(
    'Held',
    Object.entries(weights)
      .map(([symbol, weight]) => `${symbol} ${percent(weight)}`)
      .join(', '),
  );
  row(
    'GARCH(1,1)',
    `α ${fit.alpha.toFixed(4)}, β ${fit.beta.toFixed(4)}, persistence ${fit.persistence.toFixed(4)}, of ${returns.length} returns`,
  );
  row(
    'Volatility',
    `${percent(fit.nextVolatility)} expected for the next period, ${percent(fit.longRunVolatility)} in the long run`,
  );
  line();
  table([
    [`Loss over ${horizon} × ${recorded.timeframe}, ${percent(confidence)}`, 'VaR', 'ES'],
    ['filtered historical simulation', percent(risk.valueAtRisk), percent(risk.expectedShortfall)],
    ['historical simulation', percent(plain.valueAtRisk), percent(plain.expectedShortfall)],
  ]);
  line();
  const tested = (name: string, tests: CoverageTests): string[] => [
    name,
    `${tests.exceedances} of ${tests.expected.toFixed(1)}`,
    chance(tests.kupiec.pValue),
    chance(tests.independence.pValue),
    chance(tests.christoffersen.pValue),
  ];
  table([
    [
      `Losses beyond, ${rolling.filtered.length} forecasts`,
      'of expected',
      'p Kupiec',
      'p independence',
      'p Christoffersen',
    ],
    tested('filtered historical simulation', rolling.tests.filtered),
    tested('historical simulation', rolling.tests.historical),
  ]);
  line(
    `Each forecast is of one period, from the ${window} before it, the volatility fitted every ${refitEvery}. A low p says that the forecast was wrong.`,
  );
}
