/** What the regimes of several methods were worth after the bars that they were fitted on: nothing in it is of a bar that was fitted on. */
import type { BarColumns } from '../../market/bars.ts';
import { type Consensus, consensusOf } from './consensus.ts';
import type { MethodColumn } from './methods.ts';
import { placeOf, REGIMES, type RegimeAxis, regimeInvalid } from './regime.ts';
import { type TransitionMatrix, transitionMatrix } from './transition-matrix.ts';

const YEAR_MS = 365 * 86_400_000;
/** Bars after those that were fitted on, below which no figure is worth printing. */
const LEAST_BARS = 100;

/** One regime of one method. Returns are of the bar AFTER the one at whose close the regime was told, in log terms. */
export interface RegimeFigures {
  readonly regime: string;
  readonly bars: number;
  /** Of the bars of which the method says something. */
  readonly share: number;
  /** Mean return a year, and its standard error as if returns did not depend on each other; NaN without bars. */
  readonly meanReturn: number;
  readonly meanReturnError: number;
  /** Sample standard deviation of returns, a year. */
  readonly volatility: number;
}

export interface MethodFigures {
  readonly method: string;
  readonly regimes: readonly RegimeFigures[];
  /** Share of the bars of which it says nothing. */
  readonly unknown: number;
  /** How often its regime changed from one bar to the next. */
  readonly changes: number;
  readonly transitions: TransitionMatrix;
}

/** The last regime of an axis (turbulent, up) against the first (calm, down), by what most methods say. */
export interface ToldApart {
  /** The volatility of the last over that of the first. */
  readonly volatilityRatio: number;
  /** Mean return a year of the last less that of the first, and in standard errors of that. */
  readonly returnDifference: number;
  readonly standardErrors: number;
}

export interface AxisReport {
  readonly axis: RegimeAxis;
  readonly toldApart: ToldApart;
  readonly methods: readonly MethodFigures[];
  readonly consensus: MethodFigures;
  /** Mean of the entropy of the votes over that of equal shares, 0 to 1. */
  readonly disagreement: number;
  /** Share of the bars with two votes or more on which all methods that voted say the same. */
  readonly unanimous: number;
  /** By method, by method: the share of the bars of which both say something on which they say the same. */
  readonly agreement: readonly (readonly number[])[];
}

export interface RegimeReport {
  /** Open of the first and of the last bar that figures are of, ms UTC. */
  readonly from: number;
  readonly to: number;
  readonly bars: number;
  /** Bars before them, on which the methods were fitted. */
  readonly fitBars: number;
  /** By which figures a year are made: bars of the whole series by its length. */
  readonly barsPerYear: number;
  readonly axes: readonly AxisReport[];
}

/** Throws `REGIME_INPUT_INVALID` where fewer than 100 bars follow those that were fitted on. */
export function regimeReport(bars: BarColumns, columns: readonly MethodColumn[], fitBars: number): RegimeReport {
  assertLaterBars(bars, fitBars);
  const { timestamp } = bars;
  const barsPerYear = ((bars.length - 1) * YEAR_MS) / (timestamp[bars.length - 1] - timestamp[0]);
  const later = columns.map((column) => ({ ...column, regime: column.regime.subarray(fitBars) }));
  const returns = nextReturns(bars, fitBars);
  const axes = (Object.keys(REGIMES) as RegimeAxis[])
    .map((axis) => ({ axis, methods: later.filter((column) => column.axis === axis) }))
    .filter(({ methods }) => methods.length > 0)
    .map(({ axis, methods }) => axisReport(axis, methods, returns, barsPerYear));
  return {
    from: timestamp[fitBars],
    to: timestamp[bars.length - 1],
    bars: bars.length - fitBars,
    fitBars,
    barsPerYear,
    axes,
  };
}

/** Throws `REGIME_INPUT_INVALID` where fewer than 100 bars follow those that are fitted on. */
export function assertLaterBars({ length }: BarColumns, fitBars: number): void {
  if (fitBars >= 1 && length - fitBars >= LEAST_BARS) return;
  throw regimeInvalid(
    `${Math.max(0, length - fitBars)} bars follow the ${fitBars} that are fitted on, where ${LEAST_BARS} are needed`,
    'end the fit at another time, or take more bars',
  );
}

/** By bar from `from` on: the log return of the bar after it; NaN for the last. */
function nextReturns({ close }: BarColumns, from: number): Float64Array {
  const out = new Float64Array(close.length - from).fill(Number.NaN);
  for (let k = 0; k < out.length - 1; k++) out[k] = Math.log(close[from + k + 1] / close[from + k]);
  return out;
}

function axisReport(
  axis: RegimeAxis,
  methods: readonly MethodColumn[],
  returns: Float64Array,
  barsPerYear: number,
): AxisReport {
  const columns = methods.map(({ regime }) => regime);
  const consensus = consensusOf(axis, columns);
  const figures = (method: string, regime: Float64Array): MethodFigures =>
    methodFigures(axis, method, regime, returns, barsPerYear);
  const together = figures('consensus', consensus.regime);
  return {
    axis,
    toldApart: toldApart(together),
    methods: methods.map(({ method, regime }) => figures(method, regime)),
    consensus: together,
    ...disagreementOf(consensus),
    agreement: columns.map((one) => columns.map((other) => agreementOf(one, other))),
  };
}

function toldApart({ regimes }: MethodFigures): ToldApart {
  const [first, , last] = regimes;
  const returnDifference = last.meanReturn - first.meanReturn;
  return {
    volatilityRatio: last.volatility / first.volatility,
    returnDifference,
    standardErrors: returnDifference / Math.hypot(last.meanReturnError, first.meanReturnError),
  };
}

function methodFigures(
  axis: RegimeAxis,
  method: string,
  regime: Float64Array,
  returns: Float64Array,
  barsPerYear: number,
): MethodFigures {
  const places = Int8Array.from(regime, (value) => placeOf(axis, value));
  const known = places.reduce((sum, place) => sum + Number(place >= 0), 0);
  const transitions = transitionMatrix(axis, regime);
  return {
    method,
    regimes: REGIMES[axis].names.map((name, place) => {
      const bars = places.reduce((sum, each) => sum + Number(each === place), 0);
      const moves = returns.filter((value, t) => places[t] === place && !Number.isNaN(value));
      return { regime: name, bars, share: bars / known, ...movesFigures(moves, barsPerYear) };
    }),
    unknown: 1 - known / places.length,
    changes: transitions.counts
      .flatMap((row, j) => row.filter((_, k) => j !== k))
      .reduce((sum, count) => sum + count, 0),
    transitions,
  };
}

function movesFigures(moves: Float64Array, barsPerYear: number) {
  const mean = moves.reduce((sum, value) => sum + value, 0) / moves.length;
  const squares = moves.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = moves.length > 1 ? Math.sqrt(squares / (moves.length - 1)) : Number.NaN;
  return {
    meanReturn: mean * barsPerYear,
    meanReturnError: (deviation / Math.sqrt(moves.length)) * barsPerYear,
    volatility: deviation * Math.sqrt(barsPerYear),
  };
}

function disagreementOf({ disagreement, votes }: Consensus): Pick<AxisReport, 'disagreement' | 'unanimous'> {
  const several = disagreement.filter((_, t) => votes[t] >= 2);
  const sum = several.reduce((all, value) => all + value, 0);
  return {
    disagreement: sum / several.length,
    unanimous: several.reduce((all, value) => all + Number(value === 0), 0) / several.length,
  };
}

function agreementOf(one: Float64Array, other: Float64Array): number {
  let both = 0;
  let same = 0;
  for (let t = 0; t < one.length; t++) {
    if (Number.isNaN(one[t]) || Number.isNaN(other[t])) continue;
    both++;
    if (one[t] === other[t]) same++;
  }
  return same / both;
}
