import { Remembering } from '../memory.ts';

/** The number `length` bars ago; NaN for the first `length`. */
export class Delay extends Remembering<{ slot: number; ring: Float64Array }> {
  constructor(length: number) {
    super({ slot: 0, ring: new Float64Array(length).fill(Number.NaN) });
  }

  /** `out` may be `input` itself. */
  run(input: Float64Array, from: number, to: number, out: Float64Array, at: number): void {
    const { ring } = this.memory;
    const length = ring.length;
    let { slot } = this.memory;
    let i = from;
    let o = at;
    while (i < to) {
      const stop = Math.min(to, i + length - slot);
      for (; i < stop; i++, slot++) {
        const x = input[i];
        out[o++] = ring[slot];
        ring[slot] = x;
      }
      if (slot === length) slot = 0;
    }
    this.memory.slot = slot;
  }
}
