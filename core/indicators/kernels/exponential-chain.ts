import { Remembering } from '../memory.ts';

/**
 * An exponential average, the average of it, and the average of that, all with weight 2 / (length + 1). The first is seeded
 * with the simple average of `length` numbers, the other two with the same number.
 */
export class ExponentialChain extends Remembering<{ first: number; second: number; third: number; read: number }> {
  readonly length: number;
  readonly #coefficients: readonly [number, number, number];

  /** The output is the sum of the three averages, each times its coefficient. */
  constructor(length: number, coefficients: readonly [number, number, number]) {
    super({ first: 0, second: 0, third: 0, read: 0 });
    this.length = length;
    this.#coefficients = coefficients;
  }

  /** Writes the output ÷ `divisor`; NaN until `length` numbers were read. */
  run(input: Float64Array, from: number, to: number, out: Float64Array, at: number, divisor: number): void {
    const { memory, length } = this;
    const [a, b, c] = this.#coefficients;
    let { first, second, third, read } = memory;
    let i = from;
    let o = at;
    for (; i < to && read < length; i++) {
      first += input[i];
      read++;
      if (read === length) first = second = third = first / length;
      out[o++] = read === length ? ((a + b + c) * first) / divisor : Number.NaN;
    }
    const weight = 2 / (length + 1);
    for (; i < to; i++) {
      first += weight * (input[i] - first);
      second += weight * (first - second);
      third += weight * (second - third);
      out[o++] = (a * first + b * second + c * third) / divisor;
    }
    memory.first = first;
    memory.second = second;
    memory.third = third;
    memory.read = read;
  }
}
