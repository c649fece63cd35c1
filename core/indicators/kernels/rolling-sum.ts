import { Remembering } from '../memory.ts';
import { skipLeadingNaN } from './leading-nan.ts';

/**
 * The sum over the last `length` numbers, at O(1) a number on average and without ever subtracting.
 *
 * The series is cut into laps of `length`. A window is the tail of the last lap and the head of this one: the sums of all
 * tails are made once a lap, backwards, and the head's sum grows. Whole numbers are therefore summed exactly (below 2^53),
 * and a sum of fractions carries no error from numbers that have left the window.
 */
export class RollingSum extends Remembering<RollingSumMemory> {
  readonly length: number;

  constructor(length: number) {
    super({ head: 0, slot: 0, filled: 0, tails: new Float64Array(length + 1) });
    this.length = length;
  }

  /** Writes sum ÷ `divisor`; NaN until `length` numbers were read. NaNs before the first number are passed over. */
  run(input: Float64Array, from: number, to: number, out: Float64Array, at: number, divisor: number): void {
    const { memory, length } = this;
    let i = memory.filled === 0 ? skipLeadingNaN(input, from, to, out, at) : from;
    const first = at + i - from;
    const { tails } = memory;
    let { head, slot } = memory;
    let o = first;
    while (i < to) {
      const stop = Math.min(to, i + length - slot);
      for (; i < stop; i++) {
        const x = input[i];
        tails[slot++] = x;
        head += x;
        out[o++] = (head + tails[slot]) / divisor;
      }
      if (slot === length) {
        closeLap(tails, length);
        slot = 0;
        head = 0;
      }
    }
    memory.head = head;
    memory.slot = slot;
    if (memory.filled < length) {
      out.fill(Number.NaN, first, Math.min(o, first + length - 1 - memory.filled));
      memory.filled = Math.min(length, memory.filled + o - first);
    }
  }
}

function closeLap(tails: Float64Array, length: number): void {
  let sum = 0;
  for (let j = length - 1; j >= 0; j--) {
    sum += tails[j];
    tails[j] = sum;
  }
}

type RollingSumMemory = {
  /** Sum of this lap's numbers. */
  head: number;
  /** Numbers of this lap read. */
  slot: number;
  /** Numbers read, at most `length`. */
  filled: number;
  /** This lap's numbers up to `slot`; from there, the last lap's sums to its end. One longer than a lap: the empty tail. */
  tails: Float64Array;
};
