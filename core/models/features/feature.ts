/**
 * A feature is an indicator: what is trained on is computed by the code that computes it where the model decides, in blocks or bar by
 * bar with equal bits, and a checkpoint of a strategy holds it as it holds any other. Its values are rounded to float32, in which the
 * tables are kept and in which half of the libraries look at them.
 */
import type { Indicator, IndicatorSpec, IndicatorState } from '../../indicators/indicator.ts';
import { indicatorSpec } from '../../indicators/indicator.ts';
import { priceUnit } from '../../indicators/source.ts';
import type { BarColumns } from '../../market/bars.ts';

/** Bars that are computed at a time. */
const CHUNK_BARS = 1_024;

/**
 * The values of `count` bars from bar `from` on, written to `out` from its first place on. `inputs` are the outputs of the indicators that it
 * reads, one after the other as they were declared, each with the first bar in its first place; `unit` is what a scaled price is divided by.
 */
export type Combine = (
  out: Float64Array,
  inputs: readonly Float64Array[],
  bars: BarColumns,
  from: number,
  count: number,
  unit: number,
) => void;

/**
 * @param name by which tables, models and cards know it; what it computes never changes under a name
 * @param reads the indicators that it is made of
 */
export function feature(name: string, reads: readonly IndicatorSpec[], combine: Combine): IndicatorSpec<'value'> {
  const warmUp = Math.max(1, ...reads.map((spec) => spec.warmUp));
  return indicatorSpec('feature', [name], ['value'], warmUp, () => new Combined(reads, combine));
}

class Combined implements Indicator {
  readonly #parts: readonly Indicator[];
  readonly #widths: readonly number[];
  readonly #combine: Combine;
  /** Room for the outputs of the parts and for the values; longer once a longer block comes. */
  #inputs: Float64Array[];
  #values = new Float64Array(1);

  constructor(reads: readonly IndicatorSpec[], combine: Combine) {
    this.#parts = reads.map((spec) => spec.create());
    this.#widths = reads.map(({ outputs }) => outputs.length);
    this.#combine = combine;
    this.#inputs = this.#room(1);
  }

  #room(length: number): Float64Array[] {
    return this.#widths.flatMap((width) => Array.from({ length: width }, () => new Float64Array(length)));
  }

  advance(bars: BarColumns, from: number, to: number, [value]: readonly Float64Array[], at: number): void {
    const unit = priceUnit(bars);
    for (let start = from; start < to; start += CHUNK_BARS) {
      const count = Math.min(CHUNK_BARS, to - start);
      if (this.#values.length < count) {
        this.#inputs = this.#room(CHUNK_BARS);
        this.#values = new Float64Array(CHUNK_BARS);
      }
      let first = 0;
      this.#parts.forEach((part, k) => {
        part.advance(bars, start, start + count, this.#inputs.slice(first, first + this.#widths[k]), 0);
        first += this.#widths[k];
      });
      this.#combine(this.#values, this.#inputs, bars, start, count, unit);
      const place = at + start - from;
      for (let k = 0; k < count; k++) value[place + k] = Math.fround(this.#values[k]);
    }
  }

  snapshot(): IndicatorState {
    return Object.fromEntries(this.#parts.map((part, k) => [`part${k}`, part.snapshot()]));
  }

  restore(state: IndicatorState): void {
    this.#parts.forEach((part, k) => {
      part.restore(state[`part${k}`] as IndicatorState);
    });
  }
}

/** a / b, and 0 where b is: a market that does not move is in the middle of its range. NaN stays NaN. */
export const ratio = (a: number, b: number): number => (b === 0 ? 0 * a : a / b);
