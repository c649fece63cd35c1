/**
 * What every sizing method answers: a position's value as a fraction of equity, or no size and the reason. A method never throws and
 * never guesses: whatever is missing, not finite or implausible is no size.
 */

export const SIZING_METHODS = ['fixed-fraction', 'volatility-target', 'kelly', 'risk-parity', 'risk-per-stop'] as const;
export type SizingMethod = (typeof SIZING_METHODS)[number];

/** A size above this many times the equity is taken for a mistake in the inputs. */
export const MAX_FRACTION = 100;

export interface Size {
  readonly method: SizingMethod;
  /** Of equity, above 0 (0.2 is 20 %; 2 is a leverage of two); 0 is no size. */
  readonly fraction: number;
  /** How it came about, as a sentence with the numbers; for no size, why. */
  readonly because: string;
}

export const noSize = (method: SizingMethod, because: string): Size => ({ method, fraction: 0, because });

/** A size, or none where the fraction is not a plausible number above zero. */
export function sizeOf(method: SizingMethod, fraction: number, because: string): Size {
  if (!Number.isFinite(fraction)) return noSize(method, `the fraction came out as ${fraction}: ${because}`);
  if (!(fraction > 0)) return noSize(method, because);
  if (fraction > MAX_FRACTION)
    return noSize(method, `${shown(fraction)} times the equity is above the plausible ${MAX_FRACTION}: ${because}`);
  return { method, fraction, because };
}

/** The name of the first input that is no finite number above zero, with its value; undefined where all are. */
export function firstNotPositive(inputs: Readonly<Record<string, number | undefined>>): string | undefined {
  for (const [name, value] of Object.entries(inputs)) {
    if (value === undefined) return `the ${name} is missing`;
    if (!(value > 0 && value < Number.POSITIVE_INFINITY)) return `the ${name} is ${value}`;
  }
  return undefined;
}

/** Four significant digits. */
export const shown = (value: number): string => String(Number(value.toPrecision(4)));

/** A fraction as a percentage. */
export const percent = (value: number): string => `${shown(value * 100)} %`;
