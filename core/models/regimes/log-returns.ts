import { Remembering } from '../../indicators/memory.ts';
import type { BarColumns } from '../../market/bars.ts';

/** ln(close / the close before), bar by bar. */
export class LogReturns extends Remembering<{ previousClose: number }> {
  constructor() {
    super({ previousClose: Number.NaN });
  }

  /** Writes the returns of bars `from` to `to` to `out`, from `at` on; NaN for the first bar of all. */
  run({ close }: BarColumns, from: number, to: number, out: Float64Array, at: number): void {
    let { previousClose } = this.memory;
    for (let i = from; i < to; i++) {
      out[at + i - from] = Math.log(close[i] / previousClose);
      previousClose = close[i];
    }
    this.memory.previousClose = previousClose;
  }
}

/** The returns of a whole series, one shorter than it. */
export function logReturns(bars: BarColumns): Float64Array {
  const out = new Float64Array(bars.length);
  new LogReturns().run(bars, 0, bars.length, out, 0);
  return out.subarray(1);
}
