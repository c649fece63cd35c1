import { Remembering } from '../memory.ts';
import { skipLeadingNaN } from './leading-nan.ts';

/**
 * The sum over the last `length` numbers, each weighted `step` × position + `offset`, where the oldest has position 1 and the
 * newest `length`; 1 to `length` if not said otherwise. Made in laps as `RollingSum` is: exact on whole numbers while the sum
 * stays below 2^53, O(1) a number on average.
 */
export class WeightedSum extends Remembering<WeightedSumMemory> {
  readonly length: number;
  readonly step: number;
  readonly offset: number;

  constructor(length: number, step = 1, offset = 0) {
    super({ head: 0, weighted: 0, slot: 0, filled: 0, tails: new Float64Array(length + 1) });
    this.length = length;
    this.step = step;
    this.offset = offset;
  }

  /** Writes weighted sum ÷ `divisor`; NaN until `length` numbers were read. NaNs before the first number are passed over. */
  run(input: Float64Array, from: number, to: number, out: Float64Array, at: number, divisor: number): void {
    const { memory, length, step, offset } = this;
    const newest = step * length + offset;
    let i = memory.filled === 0 ? skipLeadingNaN(input, from, to, out, at) : from;
    const first = at + i - from;
    const { tails } = memory;
    let { head, weighted, slot } = memory;
    let o = first;
    while (i < to) {
      const stop = Math.min(to, i + length - slot);
      for (; i < stop; i++) {
        const x = input[i];
        tails[slot++] = x;
        weighted += newest * x - step * head;
        head += x;
        out[o++] = (weighted + tails[slot]) / divisor;
      }
      if (slot === length) {
        closeLap(tails, length, step, offset);
        slot = 0;
        head = 0;
        weighted = 0;
      }
    }
    memory.head = head;
    memory.weighted = weighted;
    memory.slot = slot;
    if (memory.filled < length) {
      out.fill(Number.NaN, first, Math.min(o, first + length - 1 - memory.filled));
      memory.filled = Math.min(length, memory.filled + o - first);
    }
  }
}

// The numbers of a tail have the positions 1, 2, 3, …: a longer tail moves all of a shorter one up by one.
function closeLap(tails: Float64Array, length: number, step: number, offset: number): void {
  let sum = 0;
  let weighted = 0;
  for (let j = length - 1; j >= 0; j--) {
    const x = tails[j];
    weighted += step * (sum + x) + offset * x;
    sum += x;
    tails[j] = weighted;
  }
}

type WeightedSumMemory = {
  /** Sum of this lap's numbers. */
  head: number;
  /** Their weighted sum, the newest at position `length`. */
  weighted: number;
  slot: number;
  filled: number;
  /** This lap's numbers up to `slot`; from there, the weighted sums of the last lap's tails. */
  tails: Float64Array;
};
