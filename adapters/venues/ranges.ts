/** What every venue refuses in the same words. */
import { PlimsollError } from '../../core/errors.ts';
import { nearestRemedy } from '../../core/nearest.ts';

/** The most bars that one call may ask for. */
export const BARS_PER_CALL_MAX = 1_000_000;

/** Refuses a range that is not one: times that are not finite, or a limit outside 1 to {@link BARS_PER_CALL_MAX}. */
export function assertBarRange(from: number, to: number, limit: number): void {
  if (!Number.isFinite(from) || !Number.isFinite(to)) {
    throw new PlimsollError('RANGE_INVALID', `bars were asked for from ${from} to ${to}`, 'pass milliseconds UTC');
  }
  if (!Number.isInteger(limit) || limit < 1 || limit > BARS_PER_CALL_MAX) {
    throw new PlimsollError(
      'RANGE_INVALID',
      `bars were asked for with a limit of ${limit}`,
      `pass a whole limit from 1 to ${BARS_PER_CALL_MAX}`,
    );
  }
}

export function symbolUnknown(venue: string, symbol: string, known: Iterable<string>): PlimsollError {
  return new PlimsollError(
    'SYMBOL_UNKNOWN',
    `${venue} does not list ${symbol}`,
    nearestRemedy(symbol, known, `choose one that ${venue} lists, written as BASE/QUOTE`),
  );
}
