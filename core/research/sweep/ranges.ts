/** Pieces of a sweep that are run and kept as one: places `from` (inclusive) to `to` (exclusive) of its grid. */

export interface PlaceRange {
  readonly from: number;
  readonly to: number;
}

/** What of `wanted` is not in `had`, in order, in pieces of at most `size` places. Ranges may overlap; each place comes once. */
export function missingRanges(
  wanted: readonly PlaceRange[],
  had: readonly PlaceRange[],
  size = Number.POSITIVE_INFINITY,
): PlaceRange[] {
  const kept = joined(had);
  return joined(wanted)
    .flatMap((range) => without(range, kept))
    .flatMap((range) => piecesOf(range, size));
}

/** How many places they hold together; they do not overlap. */
export const placesIn = (ranges: readonly PlaceRange[]): number =>
  ranges.reduce((sum, { from, to }) => sum + to - from, 0);

/** In order, without overlaps. */
function joined(ranges: readonly PlaceRange[]): PlaceRange[] {
  const result: { from: number; to: number }[] = [];
  for (const { from, to } of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = result[result.length - 1];
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else if (to > from) result.push({ from, to });
  }
  return result;
}

function without({ from, to }: PlaceRange, kept: readonly PlaceRange[]): PlaceRange[] {
  const left: PlaceRange[] = [];
  let at = from;
  for (const each of kept) {
    if (each.to <= at) continue;
    if (each.from >= to) break;
    if (each.from > at) left.push({ from: at, to: each.from });
    at = each.to;
  }
  if (at < to) left.push({ from: at, to });
  return left;
}

function piecesOf({ from, to }: PlaceRange, size: number): PlaceRange[] {
  const pieces: PlaceRange[] = [];
  for (let at = from; at < to; at += size) pieces.push({ from: at, to: Math.min(to, at + size) });
  return pieces;
}
