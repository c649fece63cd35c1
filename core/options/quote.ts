import { type OptionValue, valueOption } from './black-scholes.ts';
import { impliedVolatility } from './implied-volatility.ts';
import { type EuropeanOption, inputInvalid } from './option.ts';

/** What is known of an option beside its terms: its volatility, or its price. */
export interface QuotedBy {
  /** A year's, as a fraction. */
  readonly volatility?: number | undefined;
  readonly price?: number | undefined;
}

export interface OptionQuote extends OptionValue {
  /** A year's, as a fraction; where the price was given. */
  readonly impliedVolatility?: number;
}

/**
 * Price and Greeks of an option, from its volatility or from its price. Throws `OPTION_INPUT_INVALID` (also for both or neither)
 * and `OPTION_PRICE_OUT_OF_BOUNDS`.
 */
export function quoteOption(option: EuropeanOption, { volatility, price }: QuotedBy): OptionQuote {
  if ((volatility === undefined) === (price === undefined)) {
    const what =
      volatility === undefined ? 'neither volatility nor price is given' : 'volatility and price are both given';
    throw inputInvalid(what, 'give one of the two');
  }
  if (price === undefined) return valueOption(option, volatility as number);
  const implied = impliedVolatility(option, price);
  return { ...valueOption(option, implied), impliedVolatility: implied };
}
