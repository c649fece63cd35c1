/** A European option and the market that it is valued in, and the bounds within which it can be. */
import { PlimsollError } from '../errors.ts';

export type OptionType = 'call' | 'put';
export const OPTION_TYPES = ['call', 'put'] as const satisfies readonly OptionType[];

/** What an option gives a right to, and when. */
export interface OptionTerms {
  readonly type: OptionType;
  /** In the currency of the spot price. */
  readonly strike: number;
  /** Calendar days to expiry, parts of a day included; a year is 365 of them (Actual/365 Fixed). */
  readonly days: number;
}

/** What all options on one underlying share. */
export interface OptionMarket {
  /** Price of one unit of the underlying. */
  readonly spot: number;
  /** Risk-free rate a year, continuously compounded, as a fraction: 0.05 is 5 %. May be negative. */
  readonly rate: number;
  /** Dividend yield a year, continuously compounded, as a fraction; for a currency pair the rate of the base. */
  readonly dividend: number;
}

export interface EuropeanOption extends OptionTerms, OptionMarket {}

export const DAYS_A_YEAR = 365;
/** Of spot and strike. */
const LEAST_PRICE = 1e-12;
const GREATEST_PRICE = 1e12;
/** Of rate and dividend, either sign: beyond it is a percentage where a fraction belongs. */
const GREATEST_RATE = 2;
/** A hundred years. */
const GREATEST_DAYS = 36_525;
/** 1,000 % a year, as a fraction: beyond it is a percentage where a fraction belongs. */
export const GREATEST_VOLATILITY = 10;

/** Throws `OPTION_INPUT_INVALID` naming the first figure that is not a number within its bounds. */
export function assertOption(option: EuropeanOption): void {
  if (!OPTION_TYPES.includes(option.type)) {
    throw inputInvalid(`the type is ${String(option.type)}`, 'write call or put');
  }
  assertMarket(option);
  assertPrice('strike', option.strike);
  assertWithin('days', option.days, 0, GREATEST_DAYS, 'give calendar days to expiry');
}

/** As {@link assertOption}, of the market alone. */
export function assertMarket({ spot, rate, dividend }: OptionMarket): void {
  assertPrice('spot', spot);
  assertRate('rate', rate);
  assertRate('dividend', dividend);
}

/** A year's volatility as a fraction. Throws `OPTION_INPUT_INVALID`. */
export function assertVolatility(volatility: number): void {
  assertWithin('volatility', volatility, 0, GREATEST_VOLATILITY, 'write it as a fraction: 0.2 is 20 % a year');
}

/** Throws `OPTION_INPUT_INVALID` where `value` is not a number from `least` to `greatest`. */
export function assertWithin(name: string, value: number, least: number, greatest: number, remedy: string): void {
  if (value >= least && value <= greatest) return;
  throw inputInvalid(`the ${name} is ${value}, and it must be from ${least} to ${greatest}`, remedy);
}

export const inputInvalid = (what: string, remedy: string): PlimsollError =>
  new PlimsollError('OPTION_INPUT_INVALID', what, remedy);

function assertPrice(name: string, value: number): void {
  assertWithin(name, value, LEAST_PRICE, GREATEST_PRICE, 'give a price above zero in plain units');
}

function assertRate(name: string, value: number): void {
  assertWithin(name, value, -GREATEST_RATE, GREATEST_RATE, 'write it as a fraction: 0.05 is 5 % a year');
}
