/** The last so many numbers of a series, NaN where there was none. */
import { Remembering } from '../../indicators/memory.ts';

export class Recent extends Remembering<{ values: Float64Array }> {
  /** @param length how many are kept; NaN before */
  constructor(length: number) {
    super({ values: new Float64Array(length).fill(Number.NaN) });
  }

  push(value: number): void {
    const { values } = this.memory;
    values.copyWithin(0, 1);
    values[values.length - 1] = value;
  }

  /** The oldest that is kept. */
  get oldest(): number {
    return this.memory.values[0];
  }

  /** Oldest first. */
  get values(): Float64Array {
    return this.memory.values;
  }

  /** How many of them are numbers. */
  get count(): number {
    let count = 0;
    for (const value of this.memory.values) if (!Number.isNaN(value)) count++;
    return count;
  }

  /** Of those that are numbers, added oldest first; NaN where none is. */
  get mean(): number {
    let sum = 0;
    let count = 0;
    for (const value of this.memory.values) {
      if (Number.isNaN(value)) continue;
      sum += value;
      count++;
    }
    return count === 0 ? Number.NaN : sum / count;
  }
}
