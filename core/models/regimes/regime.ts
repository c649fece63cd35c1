/** The one vocabulary of all methods: how much a market moves, and which way. */
import { PlimsollError } from '../../errors.ts';

/** What a method may speak of. */
export type RegimeAxis = 'volatility' | 'trend';

/** The regimes of each axis in order; the first stands in a column as `first`, the next as one more. A method that does not know says NaN. */
export const REGIMES = {
  volatility: { first: 0, names: ['calm', 'normal', 'turbulent'] },
  trend: { first: -1, names: ['down', 'sideways', 'up'] },
} as const satisfies Record<RegimeAxis, { readonly first: number; readonly names: readonly string[] }>;

/** Regimes of an axis. */
export const REGIME_COUNT = 3;

/** The place of a column's value among the names of its axis; -1 where the method does not know. Throws `REGIME_INPUT_INVALID`. */
export function placeOf(axis: RegimeAxis, value: number): number {
  if (Number.isNaN(value)) return -1;
  const place = value - REGIMES[axis].first;
  if (place === 0 || place === 1 || place === 2) return place;
  throw regimeInvalid(`${value} is no regime of ${axis}`, `write ${REGIMES[axis].first} to ${REGIMES[axis].first + 2}`);
}

/** Which of the three a state is that has `rank` states below it, of `count` in order of their volatility. */
export const volatilityOfRank = (rank: number, count: number): number => Math.round((2 * rank) / (count - 1));

/** A `REGIME_INPUT_INVALID` error. */
export const regimeInvalid = (what: string, remedy: string): PlimsollError =>
  new PlimsollError('REGIME_INPUT_INVALID', what, remedy);

/** Throws `REGIME_INPUT_INVALID` unless `value` is whole, `least` to `most`. */
export function assertWhole(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw regimeInvalid(`${name} is ${value}`, `pass a whole number from ${least} to ${most}`);
}

/**
 * Throws unless there are 1 to 64 columns of equal length, of `least` to 1,000,000 finite numbers each, none of them the same all over:
 * `REGIME_INPUT_INVALID` or `REGIME_ROWS_TOO_FEW`.
 */
export function assertColumns(columns: readonly Float64Array[], least: number): void {
  if (columns.length < 1 || columns.length > MAX_COLUMNS)
    throw regimeInvalid(`there are ${columns.length} columns`, `pass 1 to ${MAX_COLUMNS}`);
  const rows = columns[0].length;
  if (rows < least)
    throw new PlimsollError(
      'REGIME_ROWS_TOO_FEW',
      `there are ${rows} rows to fit on where ${least} are needed`,
      'take a longer history, a later end of it, or fewer states',
    );
  if (rows > MAX_ROWS) throw regimeInvalid(`there are ${rows} rows, more than ${MAX_ROWS}`, 'take a shorter history');
  columns.forEach((column, k) => {
    if (column.length !== rows)
      throw regimeInvalid(`column ${k} has ${column.length} rows and column 0 has ${rows}`, 'pass one number a row');
    const bad = column.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw regimeInvalid(`row ${bad} of column ${k} is ${column[bad]}`, 'pass finite numbers');
    if (column.every((value) => value === column[0]))
      throw regimeInvalid(
        `column ${k} is ${column[0]} in every row`,
        'leave it out, or take a history in which it varies',
      );
  });
}

const MAX_COLUMNS = 64;
const MAX_ROWS = 1_000_000;
