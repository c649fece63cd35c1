import { Remembering } from '../memory.ts';

/**
 * The highest of the last `length` highs and the lowest of the last `length` lows, O(1) a bar on average whatever the prices:
 * the algorithm of van Herk and of Gil and Werman (Pattern Recognition Letters 13, 1992; IEEE PAMI 15, 1993), with the laps of
 * `RollingSum`.
 *
 * The larger of two is taken as (a + b + |a − b|) / 2, which is exact on whole numbers up to 2^52 and has no branch that
 * random prices would make the processor guess wrong.
 */
export class RollingRange extends Remembering<RollingRangeMemory> {
  readonly length: number;

  constructor(length: number) {
    super({
      top: 0,
      bottom: 0,
      slot: 0,
      filled: 0,
      tops: new Float64Array(length + 1).fill(-NO_PRICE),
      bottoms: new Float64Array(length + 1).fill(NO_PRICE),
    });
    this.length = length;
  }

  /**
   * Writes the highest and the lowest ÷ `divisor`; NaN until `length` bars were read. The division costs next to nothing here, for
   * the processor divides while it compares.
   */
  run(
    high: Float64Array,
    low: Float64Array,
    from: number,
    to: number,
    highest: Float64Array,
    lowest: Float64Array,
    at: number,
    divisor = 1,
  ): void {
    const { memory, length } = this;
    const { tops, bottoms } = memory;
    let { top, bottom, slot } = memory;
    const twice = 2 * divisor;
    let i = from;
    let o = at;
    while (i < to) {
      const stop = Math.min(to, i + length - slot);
      if (slot === 0) {
        top = high[i];
        bottom = low[i];
      }
      for (; i < stop; i++, o++) {
        const h = high[i];
        const l = low[i];
        tops[slot] = h;
        bottoms[slot] = l;
        slot++;
        top = (top + h + Math.abs(top - h)) * 0.5;
        bottom = (bottom + l - Math.abs(bottom - l)) * 0.5;
        const before = tops[slot];
        const below = bottoms[slot];
        highest[o] = (top + before + Math.abs(top - before)) / twice;
        lowest[o] = (bottom + below - Math.abs(bottom - below)) / twice;
      }
      if (slot === length) {
        closeLap(tops, bottoms, length);
        slot = 0;
      }
    }
    memory.top = top;
    memory.bottom = bottom;
    memory.slot = slot;
    if (memory.filled < length) {
      const numbers = Math.min(o, at + length - 1 - memory.filled);
      highest.fill(Number.NaN, at, numbers);
      lowest.fill(Number.NaN, at, numbers);
      memory.filled = Math.min(length, memory.filled + o - at);
    }
  }
}

/** The highest and the lowest, in scaled prices; NaN until `length` bars were read. */
export function rangeOf({ length, memory }: RollingRange): readonly [number, number] {
  const { top, bottom, slot, filled, tops, bottoms } = memory;
  return filled < length ? [Number.NaN, Number.NaN] : [Math.max(top, tops[slot]), Math.min(bottom, bottoms[slot])];
}

// Beyond every price, and small enough for the sum of two to be exact.
const NO_PRICE = 2 ** 52;

function closeLap(tops: Float64Array, bottoms: Float64Array, length: number): void {
  let top = tops[length - 1];
  let bottom = bottoms[length - 1];
  for (let j = length - 2; j >= 0; j--) {
    const h = tops[j];
    const l = bottoms[j];
    tops[j] = top = (top + h + Math.abs(top - h)) * 0.5;
    bottoms[j] = bottom = (bottom + l - Math.abs(bottom - l)) * 0.5;
  }
}

type RollingRangeMemory = {
  /** Highest and lowest of this lap. */
  top: number;
  bottom: number;
  /** Bars of this lap read. */
  slot: number;
  /** Bars read, at most `length`. */
  filled: number;
  /** This lap's highs and lows up to `slot`; from there, the highest and lowest of the last lap from there to its end. */
  tops: Float64Array;
  bottoms: Float64Array;
};
