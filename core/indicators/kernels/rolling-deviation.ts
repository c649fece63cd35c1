import { Remembering } from '../memory.ts';

/**
 * Sum and population standard deviation of the last `length` numbers, in laps as {@link RollingSum}.
 *
 * Squares of scaled prices do not fit below 2^53, those of their distances from a price nearby do: all sums are of x − r and
 * (x − r)², where r is the last number of the lap before. The variance is exact while `length`² × (x − r)² stays below 2^53;
 * beyond, its rounding is relative to that and not to the square of the price.
 */
export class RollingDeviation extends Remembering<RollingDeviationMemory> {
  readonly length: number;

  constructor(length: number) {
    super({
      reference: 0,
      head: 0,
      headSquares: 0,
      slot: 0,
      filled: 0,
      tails: new Float64Array(length + 1),
      tailSquares: new Float64Array(length + 1),
    });
    this.length = length;
  }

  /**
   * Writes the sum of the last `length` numbers to `sums`, from its beginning on, and their deviation ÷ `unit` to `deviation`, from `at`
   * on; NaN until `length` numbers were read. Not every reader wants the mean, and a division for it would take as long as the root.
   */
  run(
    input: Float64Array,
    from: number,
    to: number,
    sums: Float64Array,
    deviation: Float64Array,
    at: number,
    unit: number,
  ): void {
    const { memory, length } = this;
    const { tails, tailSquares } = memory;
    if (memory.filled === 0 && from < to) memory.reference = input[from];
    let { reference, head, headSquares, slot } = memory;
    const inverse = 1 / (length * unit);
    let i = from;
    let k = 0;
    while (i < to) {
      const stop = Math.min(to, i + length - slot);
      const base = length * reference;
      for (; i < stop; i++, k++) {
        const x = input[i];
        const distance = x - reference;
        tails[slot++] = x;
        head += distance;
        headSquares += distance * distance;
        const sum = head + tails[slot];
        const spread = length * (headSquares + tailSquares[slot]) - sum * sum;
        sums[k] = base + sum;
        deviation[at + k] = spread > 0 ? Math.sqrt(spread) * inverse : 0;
      }
      if (slot === length) {
        reference = tails[length - 1];
        closeLap(memory, length, reference);
        slot = 0;
        head = 0;
        headSquares = 0;
      }
    }
    memory.reference = reference;
    memory.head = head;
    memory.headSquares = headSquares;
    memory.slot = slot;
    if (memory.filled < length) {
      const missing = Math.min(k, length - 1 - memory.filled);
      sums.fill(Number.NaN, 0, missing);
      deviation.fill(Number.NaN, at, at + missing);
      memory.filled = Math.min(length, memory.filled + k);
    }
  }
}

function closeLap(memory: RollingDeviationMemory, length: number, reference: number): void {
  const { tails, tailSquares } = memory;
  let sum = 0;
  let squares = 0;
  for (let j = length - 1; j >= 0; j--) {
    const distance = tails[j] - reference;
    sum += distance;
    squares += distance * distance;
    tails[j] = sum;
    tailSquares[j] = squares;
  }
}

type RollingDeviationMemory = {
  /** r of this lap. */
  reference: number;
  /** Sums of this lap's distances and of their squares. */
  head: number;
  headSquares: number;
  slot: number;
  filled: number;
  /** This lap's numbers up to `slot`; from there, the sums of the last lap's tails. */
  tails: Float64Array;
  /** From `slot` on, the sums of squares of the last lap's tails. */
  tailSquares: Float64Array;
};
