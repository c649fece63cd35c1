/**
 * European options by Black, Scholes and Merton with a continuous dividend yield: F. Black and M. Scholes, "The Pricing of
 * Options and Corporate Liabilities", Journal of Political Economy 81 (1973), equation 13; R. C. Merton, "Theory of Rational
 * Option Pricing", Bell Journal of Economics 4 (1973), section 7. Greeks as in E. G. Haug, "The Complete Guide to Option Pricing
 * Formulas", 2nd edition (2007), chapter 2, with the cost of carry b = rate − dividend.
 */
import { normalDensity, normalDistribution } from '../statistics/normal-distribution.ts';
import { assertOption, assertVolatility, DAYS_A_YEAR, type EuropeanOption } from './option.ts';

/** Of one option on one unit of the underlying, in the units of a trader's screen. */
export interface OptionValue {
  /** In the currency of the spot price. */
  readonly price: number;
  /** Units of the underlying: change of the price for a spot higher by 1. */
  readonly delta: number;
  /** Change of delta for a spot higher by 1. */
  readonly gamma: number;
  /** Change of the price for a volatility higher by one point (0.20 → 0.21). */
  readonly vega: number;
  /** Change of the price over one calendar day that passes, all else equal. */
  readonly theta: number;
  /** Change of the price for a rate higher by one point (0.05 → 0.06). */
  readonly rho: number;
}

/** Points of a volatility or a rate in 1.00. */
const POINTS = 100;

/**
 * An option's price and Greeks at a volatility (a year's, as a fraction). At volatility 0 it is worth what the forward brings,
 * discounted; on the last day what it pays, with no theta. Exactly at the strike, where delta jumps there, it is half way and
 * gamma, which has no figure, is 0. Throws `OPTION_INPUT_INVALID`.
 */
export function valueOption(option: EuropeanOption, volatility: number): OptionValue {
  assertOption(option);
  assertVolatility(volatility);
  const sign = option.type === 'call' ? 1 : -1;
  const { spot, rate, dividend } = option;
  const terms = discounted(option);
  const { years, spotNow, strikeNow } = terms;
  const { deviation, d1, d2 } = standardised(terms, volatility);
  const density = normalDensity(d1);
  const exercisedSpot = sign * spotNow * normalDistribution(sign * d1);
  const exercisedStrike = sign * strikeNow * normalDistribution(sign * d2);
  const decay = deviation === 0 ? 0 : (spotNow * density * volatility) / (2 * Math.sqrt(years));
  const carry = dividend * exercisedSpot - rate * exercisedStrike;
  return {
    price: intrinsicOf(terms, sign) + timeValue(terms, volatility),
    delta: exercisedSpot / spot,
    gamma: deviation === 0 ? 0 : (spotNow * density) / (spot * spot * deviation),
    vega: vegaOf(terms, d1) / POINTS,
    theta: years === 0 ? 0 : (carry - decay) / DAYS_A_YEAR,
    rho: (years * exercisedStrike) / POINTS,
  };
}

/** An option's terms at today's value. */
export interface Discounted {
  readonly years: number;
  /** What the spot at expiry costs today: the spot less the dividends until then. */
  readonly spotNow: number;
  /** What the strike costs today. */
  readonly strikeNow: number;
  /** ln(forward / strike). */
  readonly moneyness: number;
}

export function discounted({ spot, strike, rate, dividend, days }: EuropeanOption): Discounted {
  const years = days / DAYS_A_YEAR;
  return {
    years,
    spotNow: spot * Math.exp(-dividend * years),
    strikeNow: strike * Math.exp(-rate * years),
    moneyness: Math.log(spot / strike) + (rate - dividend) * years,
  };
}

/** What an option is worth at volatility 0; `sign` is 1 for a call and −1 for a put. */
export const intrinsicOf = ({ spotNow, strikeNow }: Discounted, sign: number): number =>
  Math.max(0, sign * (spotNow - strikeNow));

/**
 * What volatility adds to an option's value: the same for call and put (their parity), and computed as the whole value of the
 * one that is out of the money, where nothing cancels.
 */
export function timeValue(terms: Discounted, volatility: number): number {
  const { spotNow, strikeNow, moneyness } = terms;
  const sign = moneyness <= 0 ? 1 : -1;
  const { d1, d2 } = standardised(terms, volatility);
  const value = sign * (spotNow * normalDistribution(sign * d1) - strikeNow * normalDistribution(sign * d2));
  return Math.max(0, value);
}

/** Change of the price for 1.00 of volatility. */
export const vegaAt = (terms: Discounted, volatility: number): number =>
  vegaOf(terms, standardised(terms, volatility).d1);

const vegaOf = ({ spotNow, years }: Discounted, d1: number): number => spotNow * normalDensity(d1) * Math.sqrt(years);

/** The deviation of the log price until expiry, and how many of them the forward is above the strike. */
function standardised({ years, moneyness }: Discounted, volatility: number) {
  const deviation = volatility * Math.sqrt(years);
  if (deviation === 0) {
    const certain = moneyness === 0 ? 0 : Math.sign(moneyness) * Number.POSITIVE_INFINITY;
    return { deviation, d1: certain, d2: certain };
  }
  return {
    deviation,
    d1: moneyness / deviation + deviation / 2,
    d2: moneyness / deviation - deviation / 2,
  };
}
