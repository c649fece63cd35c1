/** Buying everything at the first chance and keeping it: what a strategy has to be better than. */
import type { BarColumns } from '../../market/bars.ts';
import { firstFrom } from '../recursive.ts';

/**
 * The value of one unit of money, spread evenly over the instruments at the last close by `times[0]` (the first close of one that begins
 * later) and kept, at each of `times` (ms UTC, when bars close). Without fees.
 */
export function heldValue(
  bars: ReadonlyMap<string, BarColumns>,
  times: Float64Array,
  intervalMs: number,
): Float64Array {
  const value = new Float64Array(times.length);
  for (const columns of bars.values()) addHeld(value, columns, times, intervalMs);
  return value.map((sum) => sum / bars.size);
}

function addHeld(
  value: Float64Array,
  { timestamp, close, length }: BarColumns,
  times: Float64Array,
  intervalMs: number,
) {
  let at = firstFrom(timestamp.subarray(0, length), times[0] - intervalMs + 1) - 1;
  const bought = close[Math.max(0, at)];
  for (let k = 0; k < times.length; k++) {
    while (at + 1 < length && timestamp[at + 1] + intervalMs <= times[k]) at++;
    value[k] += at < 0 ? 1 : close[at] / bought;
  }
}
