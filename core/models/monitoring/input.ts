/** What the figures of this folder ask of their numbers. */
import { PlimsollError } from '../../errors.ts';

/** The most rows of a log, a reference or a window. */
export const MAX_ROWS = 1_000_000;

/** A `MONITORING_INPUT_INVALID` error. */
export const invalid = (what: string, remedy: string): PlimsollError =>
  new PlimsollError('MONITORING_INPUT_INVALID', what, remedy);

/** Throws `MONITORING_INPUT_INVALID` where there are too few or too many values, or one is not finite. */
export function assertSample(values: Float64Array, least: number, what: string): void {
  if (values.length < least || values.length > MAX_ROWS)
    throw invalid(`${what} has ${values.length} values`, `pass ${least} to ${MAX_ROWS}`);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw invalid(`value ${bad} of ${what} is ${values[bad]}`, 'pass finite numbers');
}

/** Throws as {@link assertSample} where a column is not one a name, of the same length as the others. */
export function assertColumns(names: readonly string[], columns: readonly Float64Array[], least: number): void {
  if (names.length === 0 || names.length !== columns.length)
    throw invalid(`there are ${columns.length} columns for ${names.length} features`, 'pass one column a feature');
  columns.forEach((column, k) => {
    assertSample(column, least, `the feature "${names[k]}"`);
    if (column.length !== columns[0].length)
      throw invalid(
        `"${names[k]}" has ${column.length} values and "${names[0]}" has ${columns[0].length}`,
        'pass the features of the same rows',
      );
  });
}

/** Throws `MONITORING_INPUT_INVALID` unless `value` is whole and from `least` to `most`. */
export function assertWhole(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw invalid(`${name} is ${value}`, `pass a whole number from ${least} to ${most}`);
}

/** Throws `MONITORING_INPUT_INVALID` unless `value` lies strictly between 0 and 1. */
export function assertRate(name: string, value: number): void {
  if (value > 0 && value < 1) return;
  throw invalid(`${name} is ${value}`, 'pass a number between 0 and 1');
}

/** The linear interpolation of R. Hyndman and Y. Fan, Sample Quantiles in Statistical Packages (1996), type 7: numpy's default. */
export function quantileOf(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}
