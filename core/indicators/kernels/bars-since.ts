import { Remembering } from '../memory.ts';

/**
 * How many bars ago the highest of the last `length` numbers was read; the earliest of equal ones. It rescans the window only
 * when the highest leaves it: at most `length` comparisons a number.
 */
export class BarsSinceHighest extends Remembering<BarsSinceMemory> {
  constructor(length: number) {
    super({ highest: 0, since: 0, slot: 0, filled: 0, ring: new Float64Array(length) });
  }

  /** Writes the bars since the highest of `sign` × input; NaN until `length` numbers were read. */
  run(input: Float64Array, from: number, to: number, out: Float64Array, at: number, sign: 1 | -1): void {
    const { memory } = this;
    const { ring } = memory;
    const length = ring.length;
    let { highest, since, slot, filled } = memory;
    for (let i = from, o = at; i < to; i++, o++) {
      const x = sign * input[i];
      ring[slot] = x;
      since++;
      if (x > highest || filled === 0) {
        highest = x;
        since = 0;
      } else if (since === length) {
        since = sinceHighest(ring, slot);
        highest = ring[slot >= since ? slot - since : slot - since + length];
      }
      if (filled < length) filled++;
      out[o] = filled === length ? since : Number.NaN;
      slot++;
      if (slot === length) slot = 0;
    }
    memory.highest = highest;
    memory.since = since;
    memory.slot = slot;
    memory.filled = filled;
  }
}

// From the oldest of a full window, which follows the newest, to the newest.
function sinceHighest(ring: Float64Array, newest: number): number {
  const length = ring.length;
  let at = newest + 1 === length ? 0 : newest + 1;
  let highest = ring[at];
  for (let j = newest + 2; j < length; j++) {
    if (ring[j] > highest) highest = ring[(at = j)];
  }
  for (let j = 0; j <= newest; j++) {
    if (ring[j] > highest) highest = ring[(at = j)];
  }
  return at <= newest ? newest - at : newest - at + length;
}

type BarsSinceMemory = {
  highest: number;
  since: number;
  /** Where the next number goes. */
  slot: number;
  /** Numbers read, at most `length`. */
  filled: number;
  ring: Float64Array;
};
