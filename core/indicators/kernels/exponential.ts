import { Remembering } from '../memory.ts';
import { skipLeadingNaN } from './leading-nan.ts';

/**
 * Exponential smoothing: y += weight × (x − y), from a first y that is the mean of the first `seedLength` numbers.
 * The form is the one that gives a constant back unchanged.
 */
export class Exponential extends Remembering<ExponentialMemory> {
  readonly weight: number;
  readonly seedLength: number;

  constructor(weight: number, seedLength: number) {
    super({ value: 0, read: 0 });
    this.weight = weight;
    this.seedLength = seedLength;
  }

  /** Writes y ÷ `divisor`; NaN until the seed is there. NaNs before the first number are passed over. */
  run(input: Float64Array, from: number, to: number, out: Float64Array, at: number, divisor: number): void {
    const { memory, weight } = this;
    let i = memory.read < this.seedLength ? this.#seed(input, from, to, out, at, divisor) : from;
    let o = at + i - from;
    let value = memory.value;
    for (; i < to; i++) {
      value += weight * (input[i] - value);
      out[o++] = value / divisor;
    }
    memory.value = value;
  }

  #seed(input: Float64Array, from: number, to: number, out: Float64Array, at: number, divisor: number): number {
    const { memory, seedLength } = this;
    let i = memory.read === 0 ? skipLeadingNaN(input, from, to, out, at) : from;
    for (; i < to && memory.read < seedLength; i++) {
      memory.value += input[i];
      memory.read++;
      out[at + i - from] = Number.NaN;
    }
    if (memory.read === seedLength) {
      memory.value /= seedLength;
      out[at + i - 1 - from] = memory.value / divisor;
    }
    return i;
  }
}

/** The usual exponential average of `length`: weight 2 / (length + 1), seeded with the simple average. */
export const exponential = (length: number): Exponential => new Exponential(2 / (length + 1), length);

/** The average of J. Welles Wilder (New Concepts in Technical Trading Systems, 1978): weight 1 / length. */
export const wilder = (length: number): Exponential => new Exponential(1 / length, length);

type ExponentialMemory = {
  /** The sum of the numbers read until the seed is there; then y. */
  value: number;
  /** Numbers read, at most `seedLength`. */
  read: number;
};
