/**
 * Passes over the NaNs that the stage before writes during its warm-up: copies them to `out` and returns the index of the
 * first number in `input`, or `to`.
 */
export function skipLeadingNaN(input: Float64Array, from: number, to: number, out: Float64Array, at: number): number {
  let i = from;
  while (i < to && Number.isNaN(input[i])) i++;
  out.fill(Number.NaN, at, at + i - from);
  return i;
}
