/** What positions in options come to: net Greeks, and the exposure to the underlying that is left once they hedge it. */
import { type OptionValue, valueOption } from './black-scholes.ts';
import { assertMarket, assertWithin, inputInvalid, type OptionMarket, type OptionTerms } from './option.ts';

/** A position in one option. */
export interface OptionLeg extends OptionTerms {
  /** A year's, as a fraction. */
  readonly volatility: number;
  /** Positive is long, negative is short. */
  readonly contracts: number;
  /** Units of the underlying in one contract. */
  readonly multiplier: number;
}

/** Everything that is held on one underlying. */
export interface OptionBook {
  readonly market: OptionMarket;
  /** Units of the underlying itself; negative is short. */
  readonly held: number;
  readonly legs: readonly OptionLeg[];
}

/** Of all contracts together. `price` is their value in money, `delta` and `gamma` are in units of the underlying. */
export type NetGreeks = OptionValue;

export interface HedgedExposure {
  /** Units of the underlying that the options stand for. */
  readonly optionDelta: number;
  /** With what is held: units of the underlying, long or short, that are not hedged. */
  readonly quantity: number;
  /** `quantity` at the spot price; negative is short. */
  readonly notional: number;
  /** Every position at its size in deltas, nothing set against anything. */
  readonly grossNotional: number;
  /** What to trade of the underlying so that nothing is left: positive is to buy. */
  readonly hedge: number;
}

/** Over several underlyings, in money. */
export interface PortfolioGreeks {
  /** Of the options and of what is held. */
  readonly value: number;
  /** Value of the units that all deltas stand for. */
  readonly deltaNotional: number;
  /** Change of `deltaNotional` from gamma when every spot rises by 1 %. */
  readonly gammaNotionalPerPercent: number;
  /** For one point of volatility. */
  readonly vega: number;
  /** A calendar day. */
  readonly theta: number;
  /** For one point of the rate. */
  readonly rho: number;
}

const MAX_BOOKS = 10_000;
const MAX_LEGS = 10_000;
/** Of contracts, of a multiplier and of units held, either sign. */
const GREATEST_QUANTITY = 1e12;
const NOTHING: NetGreeks = { price: 0, delta: 0, gamma: 0, vega: 0, theta: 0, rho: 0 };

/** The Greeks of all legs together. Throws `OPTION_INPUT_INVALID`. */
export function netGreeks(market: OptionMarket, legs: readonly OptionLeg[]): NetGreeks {
  assertMarket(market);
  assertWithin('number of legs', legs.length, 0, MAX_LEGS, 'value them in parts');
  return legs.map((leg) => legGreeks(market, leg)).reduce(plus, NOTHING);
}

/** What is left of the exposure to one underlying. Throws `OPTION_INPUT_INVALID`. */
export function hedgedExposure({ market, held, legs }: OptionBook): HedgedExposure {
  assertQuantity('quantity held', held);
  const { delta: optionDelta } = netGreeks(market, legs);
  const quantity = held + optionDelta;
  const gross = legs.reduce((sum, leg) => sum + Math.abs(legGreeks(market, leg).delta), Math.abs(held));
  return {
    optionDelta,
    quantity,
    notional: quantity * market.spot,
    grossNotional: gross * market.spot,
    // 0 − q, for a hedge of nothing is 0 and not −0.
    hedge: 0 - quantity,
  };
}

/** The Greeks of a portfolio over its underlyings, all in one currency. Throws `OPTION_INPUT_INVALID`. */
export function portfolioGreeks(books: readonly OptionBook[]): PortfolioGreeks {
  assertWithin('number of underlyings', books.length, 0, MAX_BOOKS, 'value them in parts');
  const sum = { value: 0, deltaNotional: 0, gammaNotionalPerPercent: 0, vega: 0, theta: 0, rho: 0 };
  for (const { market, held, legs } of books) {
    assertQuantity('quantity held', held);
    const net = netGreeks(market, legs);
    const { spot } = market;
    sum.value += net.price + held * spot;
    sum.deltaNotional += (net.delta + held) * spot;
    sum.gammaNotionalPerPercent += (net.gamma * spot * spot) / 100;
    sum.vega += net.vega;
    sum.theta += net.theta;
    sum.rho += net.rho;
  }
  return sum;
}

function legGreeks(market: OptionMarket, leg: OptionLeg): NetGreeks {
  const { type, strike, days, volatility, contracts, multiplier } = leg;
  assertQuantity('number of contracts', contracts);
  assertQuantity('multiplier', multiplier);
  if (multiplier <= 0) throw inputInvalid(`the multiplier is ${multiplier}`, 'give the units in one contract');
  const { spot, rate, dividend } = market;
  const each = valueOption({ type, strike, days, spot, rate, dividend }, volatility);
  const units = contracts * multiplier;
  return {
    price: units * each.price,
    delta: units * each.delta,
    gamma: units * each.gamma,
    vega: units * each.vega,
    theta: units * each.theta,
    rho: units * each.rho,
  };
}

const plus = (a: NetGreeks, b: NetGreeks): NetGreeks => ({
  price: a.price + b.price,
  delta: a.delta + b.delta,
  gamma: a.gamma + b.gamma,
  vega: a.vega + b.vega,
  theta: a.theta + b.theta,
  rho: a.rho + b.rho,
});

function assertQuantity(name: string, value: number): void {
  assertWithin(name, value, -GREATEST_QUANTITY, GREATEST_QUANTITY, 'give a finite number');
}
