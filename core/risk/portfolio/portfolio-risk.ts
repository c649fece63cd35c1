/**
 * Value at risk and expected shortfall of positions, and what each position adds to them.
 *
 * Both are homogeneous of degree one in the values of the positions, so by Euler's theorem they are the sum of value × derivative:
 * the **marginal** figure is the change per unit of money added to a position, the **component** is value × marginal, and the
 * components add up to the whole. A component below zero is a hedge. Source: D. Tasche, Risk Contributions and Performance
 * Measurement (1999).
 */
import { PlimsollError } from '../../errors.ts';
import { normalQuantile } from '../../statistics/normal-quantile.ts';
import { expansionOf, expansionSlopes, meanPowersBelow, type Powers, powersOf } from './cornish-fisher.ts';
import { assertCovariance, centred, covarianceOf, dot, type SquareMatrix, timesVector } from './covariance.ts';
import { assertTable, type ReturnTable } from './returns.ts';
import { assertSample, invalid, momentsOf } from './sample.ts';
import {
  type CheckedOptions,
  checked,
  compounded,
  cornishFisherTail,
  historicalOver,
  leastFor,
  type NoTailRisk,
  orReason,
  TAIL_METHODS,
  type TailMethod,
  type TailOptions,
  type TailRisk,
  tailOrder,
  varianceCovarianceTail,
} from './tail-risk.ts';

/** A position at its market value. */
export interface ValuedPosition {
  readonly instrument: string;
  /** Money, signed: negative when short. For a derivative, the value of what it moves like. */
  readonly value: number;
}

/** Figures in money, losses positive. */
export interface PositionRisk extends ValuedPosition {
  /** Per unit of money. */
  readonly marginalValueAtRisk: number;
  readonly componentValueAtRisk: number;
  readonly marginalExpectedShortfall: number;
  readonly componentExpectedShortfall: number;
}

export interface PortfolioRisk extends TailRisk {
  /** In the order in which they were given. */
  readonly positions: readonly PositionRisk[];
}

/**
 * The risk of positions over `horizon` periods of the table's returns, by one method; as `tailRisk` on the profits `Σ value × return`
 * that today's positions would have had. Historical windows compound each instrument's returns, without trading in between.
 *
 * Throws `RISK_INSTRUMENT_MISSING` naming the positions without returns (they are never taken as without risk),
 * `RISK_INPUT_INVALID`, `RISK_OBSERVATIONS_TOO_FEW`, and `CORNISH_FISHER_OUT_OF_DOMAIN`.
 */
export function portfolioRisk(
  method: TailMethod,
  table: ReturnTable,
  positions: readonly ValuedPosition[],
  options: TailOptions = {},
): PortfolioRisk {
  const settings = checked(options);
  const held = columnsOf(table, positions);
  if (method === 'historical') return historical(held, settings);
  if (method === 'variance-covariance') return varianceCovariance(held, settings);
  return cornishFisher(held, settings);
}

/** All methods side by side; one that refuses says why in its place. Throws `RISK_INSTRUMENT_MISSING` and `RISK_INPUT_INVALID`. */
export function portfolioRisks(
  table: ReturnTable,
  positions: readonly ValuedPosition[],
  options: TailOptions = {},
): (PortfolioRisk | NoTailRisk)[] {
  columnsOf(table, positions);
  return TAIL_METHODS.map((method) => orReason(method, () => portfolioRisk(method, table, positions, options)));
}

/** What variance–covariance needs where covariance is not the sample's: shrunk, or weighted by age. */
export interface NormalModel {
  readonly covariance: SquareMatrix;
  /** Mean return per period, one an instrument. Without it, zero. */
  readonly means?: Float64Array;
  /** Returns that it was made of. */
  readonly observations: number;
}

/**
 * Variance–covariance with a covariance of one's own, its rows in the order of `instruments`. Throws `RISK_INSTRUMENT_MISSING` and
 * `RISK_INPUT_INVALID`.
 */
export function normalRisk(
  model: NormalModel,
  instruments: readonly string[],
  positions: readonly ValuedPosition[],
  options: TailOptions = {},
): PortfolioRisk {
  const { confidence, horizon, tail } = checked(options);
  const { covariance, means = new Float64Array(instruments.length), observations } = model;
  assertCovariance(covariance, instruments.length);
  const values = valuesOf(instruments, positions);
  if (means.length !== instruments.length || !means.every(Number.isFinite))
    throw invalid('the means are not one finite number an instrument', 'pass one an instrument, or none');
  const slopes = timesVector(covariance, values);
  const deviation = Math.sqrt(Math.max(0, dot(values, slopes)));
  const z = normalQuantile(tail);
  const marginal = (factor: number) => (instrument: string) => {
    const at = instruments.indexOf(instrument);
    const risk = deviation > 0 ? (slopes[at] / deviation) * Math.sqrt(horizon) : 0;
    return -(means[at] * horizon + risk * factor);
  };
  const whole = (factor: number) => -(dot(means, values) * horizon + deviation * Math.sqrt(horizon) * factor);
  const shortfall = meanPowersBelow(z, tail).first;
  return {
    method: 'variance-covariance',
    confidence,
    horizon,
    observations,
    valueAtRisk: whole(z),
    expectedShortfall: whole(shortfall),
    positions: positionRisks(positions, marginal(z), marginal(shortfall)),
  };
}

/** Positions with the returns of each, and the profits of all. */
interface Held {
  readonly positions: readonly ValuedPosition[];
  readonly columns: readonly Float64Array[];
}

function columnsOf(table: ReturnTable, positions: readonly ValuedPosition[]): Held {
  assertTable(table);
  valuesOf(table.instruments, positions);
  const columns = positions.map(({ instrument }) => table.columns[table.instruments.indexOf(instrument)]);
  columns.forEach((column, i) => {
    assertSample(column, 2, positions[i].instrument);
  });
  return { positions, columns };
}

/** The positions' values by instrument, those of one instrument added up. */
function valuesOf(instruments: readonly string[], positions: readonly ValuedPosition[]): Float64Array {
  const missing = positions.filter(({ instrument }) => !instruments.includes(instrument));
  if (missing.length > 0) {
    throw new PlimsollError(
      'RISK_INSTRUMENT_MISSING',
      `there are no returns of ${missing.map(({ instrument }) => instrument).join(', ')}`,
      'record their bars, or close the positions',
    );
  }
  if (positions.length === 0) throw invalid('there are no positions', 'pass at least one');
  const bad = positions.find(({ value }) => !Number.isFinite(value));
  if (bad) throw invalid(`the position in ${bad.instrument} is worth ${bad.value}`, 'price it first');
  const values = new Float64Array(instruments.length);
  for (const { instrument, value } of positions) values[instruments.indexOf(instrument)] += value;
  return values;
}

function profitsOf({ positions, columns }: Held): Float64Array {
  const profits = new Float64Array(columns[0].length);
  positions.forEach(({ value }, i) => {
    const column = columns[i];
    for (let k = 0; k < profits.length; k++) profits[k] += value * column[k];
  });
  return profits;
}

function positionRisks(
  positions: readonly ValuedPosition[],
  valueAtRisk: (instrument: string, at: number) => number,
  expectedShortfall: (instrument: string, at: number) => number,
): PositionRisk[] {
  return positions.map(({ instrument, value }, at) => {
    const marginalValueAtRisk = valueAtRisk(instrument, at);
    const marginalExpectedShortfall = expectedShortfall(instrument, at);
    return {
      instrument,
      value,
      marginalValueAtRisk,
      componentValueAtRisk: value * marginalValueAtRisk + 0,
      marginalExpectedShortfall,
      componentExpectedShortfall: value * marginalExpectedShortfall + 0,
    };
  });
}

/**
 * The derivative of a quantile is the mean return of the position where the portfolio is at that quantile (Tasche 1999): here, its
 * returns in the one or two periods between which the quantile lies, which is exact and as noisy as they are. That of the shortfall is
 * its mean return over the tail.
 */
function historical(held: Held, { confidence, horizon, tail }: CheckedOptions): PortfolioRisk {
  assertSample(held.columns[0], leastFor(tail) + horizon - 1, held.positions[0].instrument);
  const columns = held.columns.map((column) => compounded(column, horizon));
  const profits = profitsOf({ positions: held.positions, columns });
  const { order, place, weight } = tailOrder(profits, tail);
  const next = order[Math.min(place + 1, profits.length - 1)];
  const atQuantile = (_: string, i: number) =>
    -(columns[i][order[place]] + weight * (columns[i][next] - columns[i][order[place]]));
  const inTail = (_: string, i: number) => {
    let sum = 0;
    for (let k = 0; k <= place; k++) sum += columns[i][order[k]];
    return -(sum / (place + 1));
  };
  return {
    ...historicalOver(profits, confidence, horizon),
    positions: positionRisks(held.positions, atQuantile, inTail),
  };
}

function varianceCovariance(held: Held, { confidence, horizon }: CheckedOptions): PortfolioRisk {
  const { positions } = normalRisk(modelOf(held), namesOf(held), renamed(held), { confidence, horizon });
  const whole = varianceCovarianceTail(profitsOf(held), { confidence, horizon });
  return { ...whole, positions: positions.map((risk, i) => ({ ...risk, ...held.positions[i] })) };
}

/** Two positions in one instrument are two columns. */
const namesOf = ({ positions }: Held): string[] => positions.map((_, i) => String(i));
const renamed = ({ positions }: Held): ValuedPosition[] =>
  positions.map(({ value }, i) => ({ instrument: String(i), value }));

function modelOf(held: Held): NormalModel {
  const { columns } = held;
  return {
    covariance: covarianceOf({ instruments: namesOf(held), columns }),
    means: Float64Array.from(columns, (column) => momentsOf(column).mean),
    observations: columns[0].length,
  };
}

/**
 * By the derivatives of the profits' central moments, `∂m_p/∂v = p mean(c d^(p-1))` with c the position's returns and d the
 * profits, both less their means. Source: P. Boudt, B. Peterson and C. Croux, Estimation and Decomposition of Downside Risk for
 * Portfolios with Non-Normal Returns, Journal of Risk 11 (2008), which writes them with co-skewness and co-kurtosis matrices.
 */
function cornishFisher(held: Held, { confidence, horizon, tail }: CheckedOptions): PortfolioRisk {
  const profits = profitsOf(held);
  const whole = cornishFisherTail(profits, { confidence, horizon });
  const { mean, variance, skewness, excessKurtosis } = momentsOf(profits);
  const shape = { skewness: skewness / Math.sqrt(horizon), excessKurtosis: excessKurtosis / horizon };
  const deviation = Math.sqrt(variance * horizon);
  const second = (variance * (profits.length - 1)) / profits.length;
  const distances = profits.map((profit) => profit - mean);
  const returns = centred({ instruments: namesOf(held), columns: held.columns }, 4);
  const slopes = returns.map((column) => momentSlopes(column, distances, second));
  const marginal = (powers: Powers) => {
    const level = expansionOf(powers, shape);
    const by = expansionSlopes(powers, shape);
    return (_: string, i: number) => {
      const { spread, cubic, quartic } = slopes[i];
      const dSkewness = (cubic - 1.5 * skewness * spread) / Math.sqrt(horizon);
      const dKurtosis = (quartic - 2 * (excessKurtosis + 3) * spread) / horizon;
      const drift = momentsOf(held.columns[i]).mean * horizon;
      const change = (spread / 2) * level + by.skewness * dSkewness + by.excessKurtosis * dKurtosis;
      return -(drift + (second > 0 ? deviation * change : 0));
    };
  };
  const z = normalQuantile(tail);
  return {
    ...whole,
    positions: positionRisks(held.positions, marginal(powersOf(z)), marginal(meanPowersBelow(z, tail))),
  };
}

/** Derivatives of m2, m3 and m4 by a position's value, over m2, m2^1.5 and m2². */
function momentSlopes(column: Float64Array, distances: Float64Array, second: number) {
  let spread = 0;
  let cubic = 0;
  let quartic = 0;
  for (let k = 0; k < column.length; k++) {
    const product = column[k] * distances[k];
    spread += product;
    cubic += product * distances[k];
    quartic += product * distances[k] * distances[k];
  }
  const count = column.length;
  return {
    spread: (2 * spread) / count / second,
    cubic: (3 * cubic) / count / second ** 1.5,
    quartic: (4 * quartic) / count / (second * second),
  };
}
