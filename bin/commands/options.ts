import { PlimsollError } from '../../core/errors.ts';
import { OPTION_TYPES, type OptionType } from '../../core/options/option.ts';
import { type OptionQuote, quoteOption } from '../../core/options/quote.ts';

/** As typed. */
export interface OptionArguments {
  readonly spot: string;
  readonly strike: string;
  readonly rate: string;
  readonly dividend: string;
  readonly volatility?: string;
  readonly price?: string;
  readonly days: string;
  readonly type: string;
  readonly json?: boolean;
}

const UNITS: { readonly [figure in keyof OptionQuote]-?: string } = {
  price: 'of one option on one unit of the underlying',
  delta: 'units of the underlying',
  gamma: 'delta for a spot higher by 1',
  vega: 'for one point of volatility (0.20 to 0.21)',
  theta: 'a calendar day',
  rho: 'for one point of the rate (0.05 to 0.06)',
  impliedVolatility: 'a year, as a fraction',
};

/** Significant digits of the text; the JSON has all. */
const SHOWN_DIGITS = 8;

/** Prints price and Greeks of a European option, from its volatility or from its price. */
export function optionsPrice(given: OptionArguments): void {
  const quote = quoteOption(
    {
      spot: figure('spot', given.spot),
      strike: figure('strike', given.strike),
      rate: figure('rate', given.rate),
      dividend: figure('dividend', given.dividend),
      days: figure('days', given.days),
      type: typeNamed(given.type),
    },
    {
      volatility: given.volatility === undefined ? undefined : figure('volatility', given.volatility),
      price: given.price === undefined ? undefined : figure('price', given.price),
    },
  );
  process.stdout.write(given.json ? `${JSON.stringify(quote)}\n` : textOf(quote));
}

function textOf(quote: OptionQuote): string {
  const named = Object.entries(quote) as [keyof OptionQuote, number][];
  const rows = named.map(([name, value]) => [name, String(Number(value.toPrecision(SHOWN_DIGITS))), UNITS[name]]);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map(([name, value, unit]) => `${name.padEnd(widths[0])}  ${value.padStart(widths[1])}  ${unit}\n`)
    .join('');
}

/** A number of either sign: rates may be negative. Throws `USAGE`. */
function figure(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new PlimsollError('USAGE', `--${name} is "${text}", which is not a number`, 'write it like 0.05');
}

function typeNamed(text: string): OptionType {
  const found = OPTION_TYPES.find((type) => type === text);
  if (found) return found;
  throw new PlimsollError('USAGE', `--type is "${text}"`, `write ${OPTION_TYPES.join(' or ')}`);
}
