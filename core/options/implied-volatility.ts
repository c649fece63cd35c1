import { PlimsollError } from '../errors.ts';
import { type Discounted, discounted, intrinsicOf, timeValue, vegaAt } from './black-scholes.ts';
import { assertOption, type EuropeanOption, GREATEST_VOLATILITY, inputInvalid } from './option.ts';

/** Newton comes home in under ten of these; bisection, where it must, in about sixty. */
const MAX_STEPS = 100;
/** A step that moves the volatility by less than this part of it is the last. */
const LAST_STEP = 1e-15;
/** Rounding errors of float64 that a price in the money may lie below its bound. */
const ROUNDING = 4 * Number.EPSILON;

/**
 * The volatility (a year's, as a fraction) at which an option is worth `price`; 0 where it is worth no more than at volatility 0.
 * Newton's method on the logarithm of the time value, kept within a bracket, from the point of inflection: S. Manaster and
 * G. Koehler, "The Calculation of Implied Variances from the Black-Scholes Model", Journal of Finance 37 (1982) 227–230.
 * Throws `OPTION_PRICE_OUT_OF_BOUNDS` for a price that would be an arbitrage or takes more than 1,000 %, and
 * `OPTION_INPUT_INVALID`, also at expiry, where the price says nothing of volatility.
 */
export function impliedVolatility(option: EuropeanOption, price: number): number {
  assertOption(option);
  if (!Number.isFinite(price)) throw inputInvalid(`the price is ${price}`, 'give the price of one option');
  if (option.days === 0) {
    throw inputInvalid('the option expires now, and its price says nothing of volatility', 'give days above zero');
  }
  const terms = discounted(option);
  const wanted = wantedTimeValue(terms, option.type === 'call' ? 1 : -1, price);
  return wanted === 0 ? 0 : solve(terms, wanted);
}

/** The part of the price that volatility makes. Throws `OPTION_PRICE_OUT_OF_BOUNDS`. */
function wantedTimeValue(terms: Discounted, sign: number, price: number): number {
  const { spotNow, strikeNow } = terms;
  const least = intrinsicOf(terms, sign);
  const greatest = sign > 0 ? spotNow : strikeNow;
  const wanted = price - least;
  // In the money the bound is a difference of large figures; out of the money it is 0, and the smallest price has meaning.
  const rounding = least === 0 ? 0 : ROUNDING * (spotNow + strikeNow);
  if (price < greatest && Math.abs(wanted) <= rounding) return 0;
  if (wanted >= 0 && price < greatest && wanted <= timeValue(terms, GREATEST_VOLATILITY)) return wanted;
  throw outOfBounds(price, least, greatest);
}

function outOfBounds(price: number, least: number, greatest: number): PlimsollError {
  const within = price >= least && price < greatest;
  const why = within
    ? `no volatility up to ${GREATEST_VOLATILITY * 100} % gives it`
    : `without arbitrage it is at least ${least} and below ${greatest}`;
  return new PlimsollError(
    'OPTION_PRICE_OUT_OF_BOUNDS',
    `no volatility explains a price of ${price}: ${why}`,
    'check the price, the type and the days; the rate and the dividend move the bounds',
  );
}

function solve(terms: Discounted, wanted: number): number {
  let low = 0;
  let high = GREATEST_VOLATILITY;
  let volatility = firstGuess(terms, wanted);
  let best = volatility;
  let bestMiss = Number.POSITIVE_INFINITY;
  for (let step = 0; step < MAX_STEPS; step++) {
    const value = timeValue(terms, volatility);
    const miss = Math.log(value / wanted);
    if (Math.abs(miss) < bestMiss) {
      best = volatility;
      bestMiss = Math.abs(miss);
    }
    if (miss === 0) break;
    if (miss < 0) low = volatility;
    else high = volatility;
    const newton = volatility - (miss * value) / vegaAt(terms, volatility);
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(next - volatility) <= LAST_STEP * volatility) break;
    volatility = next;
  }
  return best;
}

/** Where the price bends from convex to concave; at the money, what the price would be were it linear in volatility. */
function firstGuess({ years, moneyness, spotNow }: Discounted, wanted: number): number {
  const inflection = Math.sqrt((2 * Math.abs(moneyness)) / years);
  const linear = (wanted / spotNow) * Math.sqrt((2 * Math.PI) / years);
  return Math.min(Math.max(inflection, linear), GREATEST_VOLATILITY);
}
