import { PlimsollError } from '../errors.ts';

/** The longest window of any indicator, in bars. */
export const MAX_LENGTH_BARS = 100_000;

/** The largest multiplier (of a deviation or a range) of any indicator. */
export const MAX_MULTIPLIER = 1_000;

/** `value` if it is a whole number of bars from `least` to {@link MAX_LENGTH_BARS}; throws `INDICATOR_PARAMETER` otherwise. */
export function checkedLength(indicator: string, parameter: string, value: number, least = 1): number {
  if (Number.isInteger(value) && value >= least && value <= MAX_LENGTH_BARS) return value;
  throw refused(indicator, parameter, value, `use a whole number from ${least} to ${MAX_LENGTH_BARS}`);
}

/** `value` if it is above 0 and at most {@link MAX_MULTIPLIER}; throws `INDICATOR_PARAMETER` otherwise. */
export function checkedMultiplier(indicator: string, parameter: string, value: number): number {
  if (typeof value === 'number' && value > 0 && value <= MAX_MULTIPLIER) return value;
  throw refused(indicator, parameter, value, `use a number above 0, at most ${MAX_MULTIPLIER}`);
}

/** `value` if it is one of `choices`; throws `INDICATOR_PARAMETER` otherwise. */
export function checkedChoice<T extends string>(
  indicator: string,
  parameter: string,
  value: T,
  choices: readonly T[],
): T {
  if (choices.includes(value)) return value;
  throw refused(indicator, parameter, value, `use one of ${choices.join(', ')}`);
}

/** Throws `INDICATOR_PARAMETER` where `options` are not an object or have another key than the known ones. */
export function checkOptions(indicator: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw refused(indicator, 'options', options, `use an object with ${known.join(', ')}`);
  }
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) throw refused(indicator, 'option', unknown, `use ${known.join(', ')}`);
}

/** The error for a parameter out of its bounds. */
export function refused(indicator: string, parameter: string, value: unknown, remedy: string): PlimsollError {
  return new PlimsollError(
    'INDICATOR_PARAMETER',
    `${indicator} cannot have ${String(value)} as its ${parameter}`,
    remedy,
  );
}
