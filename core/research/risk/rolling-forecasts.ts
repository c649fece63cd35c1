/** Forecasts of the loss of the next period, each from the periods before it alone, as somebody would have made them at the time. */
import { PlimsollError } from '../../errors.ts';
import { assertSample } from '../../risk/portfolio/sample.ts';
import { checked, historicalOver, leastFor } from '../../risk/portfolio/tail-risk.ts';
import { standardised } from './filtered-simulation.ts';
import { conditionalVariance, FEWEST_RETURNS, fitGarch, type GarchFit } from './garch.ts';
import { type CoverageTests, coverageTests } from './var-backtest.ts';

export interface RollingOptions {
  readonly confidence: number;
  /** Returns that each forecast is made from, 250 or more. */
  readonly window: number;
  /** Periods from one fit of the volatility to the next, 1 or more. */
  readonly refitEvery: number;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface RollingForecasts {
  /** Place of the first return that was forecast. */
  readonly first: number;
  /** Of each return from there on, losses positive. */
  readonly filtered: Float64Array;
  readonly historical: Float64Array;
  readonly tests: { readonly filtered: CoverageTests; readonly historical: CoverageTests };
}

/** Forecasts that one call makes at most. */
const MOST_FORECASTS = 20_000;
const MOST_WINDOW = 10_000;

/**
 * By filtered and by plain historical simulation, and the tests of both. Throws as `fitGarch` and `coverageTests` do, and `USAGE` for a window
 * or a number of forecasts that is out of bounds.
 */
export function rollingForecasts(returns: Float64Array, options: RollingOptions): RollingForecasts {
  const { confidence, window, refitEvery, onProgress } = options;
  assertRolling(returns.length, options);
  assertSample(returns, window + 1, 'the series');
  const count = returns.length - window;
  const filtered = new Float64Array(count);
  const historical = new Float64Array(count);
  let fit: GarchFit | undefined;
  for (let k = 0; k < count; k++) {
    const known = returns.subarray(k, k + window);
    if (fit === undefined || k % refitEvery === 0) fit = fitGarch(known, fit);
    const next = Math.sqrt(conditionalVariance(known, fit)[window]);
    const { mean } = fit;
    const outcomes = standardised(known, fit).map((shock) => mean + next * shock);
    filtered[k] = historicalOver(outcomes, confidence, 1).valueAtRisk;
    historical[k] = historicalOver(known, confidence, 1).valueAtRisk;
    onProgress?.(k + 1, count);
  }
  const testsOf = (forecasts: Float64Array): CoverageTests =>
    coverageTests(
      Array.from(forecasts, (valueAtRisk, k) => -returns[window + k] > valueAtRisk),
      confidence,
    );
  return {
    first: window,
    filtered,
    historical,
    tests: { filtered: testsOf(filtered), historical: testsOf(historical) },
  };
}

function assertRolling(length: number, { confidence, window, refitEvery }: RollingOptions): void {
  const least = Math.max(FEWEST_RETURNS, leastFor(checked({ confidence }).tail));
  if (!(Number.isInteger(window) && window >= least && window <= MOST_WINDOW))
    throw new PlimsollError(
      'USAGE',
      `a window of ${window} returns was asked for`,
      `ask for ${least} to ${MOST_WINDOW} at this confidence`,
    );
  if (!(Number.isInteger(refitEvery) && refitEvery >= 1))
    throw new PlimsollError('USAGE', `a fit every ${refitEvery} periods was asked for`, 'ask for 1 or more');
  if (length - window > MOST_FORECASTS)
    throw new PlimsollError(
      'RESEARCH_TOO_MUCH',
      `${length - window} forecasts are more than ${MOST_FORECASTS}`,
      'take a longer timeframe, or a shorter span',
      { kept: 'nothing was run' },
    );
}
