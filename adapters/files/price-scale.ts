/** From plain prices to scaled integers, without rounding. */
import { PlimsollError } from '../../core/errors.ts';
import { pow10 } from '../../core/numbers.ts';
import { PRICE_FIELDS, type RawSeries } from './raw-bars.ts';

/** Scaled prices stay below 2^49, so that scaling in float64 is exact and sums of prices are too. */
const SCALED_LIMIT = 2 ** 49;
const MOST_DECIMALS = 18;

/**
 * A double within two units in the last place of a shorter decimal is that decimal: files computed by other programs hold
 * 0.00021999999999999998 where the exchange said 0.00022. Below 2^49 no two decimals are so near each other.
 */
const REPRESENTATION_NOISE = 2 ** -51;

/**
 * The decimals that a series needs, or those asked for where they suffice. Throws `PRICE_DECIMALS_EXCEEDED` naming the first
 * row that needs more, `PRICE_RANGE_EXCEEDED` where no number of decimals holds all prices exactly.
 */
export function priceDecimalsOf(file: string, series: RawSeries, asked: number | undefined): number {
  const limit = asked ?? MOST_DECIMALS;
  let decimals = asked ?? 0;
  let power = pow10(decimals);
  let largest = 0;
  for (let i = 0; i < series.length; i++) {
    for (const field of PRICE_FIELDS) {
      const price = series[field][i];
      while (!holds(price, power)) {
        if (decimals >= limit || price * power >= SCALED_LIMIT) throw tooFine(file, series, i, field, asked);
        power = pow10(++decimals);
      }
      if (price > largest) largest = price;
    }
  }
  if (largest * power >= SCALED_LIMIT) throw outOfRange(file, series, largest, decimals);
  return decimals;
}

/** Scales prices in place. */
export function scalePrices(series: RawSeries, decimals: number): void {
  const power = pow10(decimals);
  for (const field of PRICE_FIELDS) {
    const column = series[field];
    for (let i = 0; i < series.length; i++) column[i] = Math.round(column[i] * power);
  }
}

function holds(price: number, power: number): boolean {
  const back = Math.round(price * power) / power;
  return back === price || (price * power < SCALED_LIMIT && Math.abs(back - price) <= price * REPRESENTATION_NOISE);
}

function tooFine(
  file: string,
  series: RawSeries,
  i: number,
  field: (typeof PRICE_FIELDS)[number],
  asked: number | undefined,
): PlimsollError {
  const price = series[field][i];
  if (asked === undefined) {
    return new PlimsollError(
      'PRICE_RANGE_EXCEEDED',
      `in ${file}, ${series.place(i)}: the ${field} ${price} has more digits than a scaled price can hold (15)`,
      'write prices in the decimals of the exchange',
    );
  }
  return new PlimsollError(
    'PRICE_DECIMALS_EXCEEDED',
    `in ${file}, ${series.place(i)}: the ${field} ${price} does not fit in ${asked} decimals, and prices are never rounded`,
    'give a larger --price-decimals, or leave it out to take what the file uses',
  );
}

function outOfRange(file: string, series: RawSeries, largest: number, decimals: number): PlimsollError {
  return new PlimsollError(
    'PRICE_RANGE_EXCEEDED',
    `in ${file}, prices of ${series.symbol} reach ${largest} at ${decimals} decimals, too large to be counted exactly (2^49)`,
    'write prices in fewer decimals, or split the series where its scale changes',
  );
}
