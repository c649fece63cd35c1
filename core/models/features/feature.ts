/**
 * A feature is an indicator: what is trained on is computed by the code that computes it where the model decides, in blocks or bar by
 * bar with equal bits, and a checkpoint of a strategy holds it as it holds any other. Its values are rounded to float32, in which the
 * tables are kept and in which half of the libraries look at them.
 */
import { type Indicator, type IndicatorSpec, type IndicatorState, indicatorSpec } from '../../indicators/indicator.ts';
import { priceUnit } from '../../indicators/source.ts';
import type { BarColumns } from '../../market/bars.ts';

/** Bars that are computed at a time: what features hand on stays in the processor's nearest caches. */
const CHUNK_BARS = 1_024;

/** A stretch of bars, and what the indicators of a feature say to them. */
export interface Stretch {
  readonly bars: BarColumns;
  /** Its first bar, and how many there are. */
  readonly from: number;
  readonly count: number;
  /** What a scaled price is divided by to be in plain units. */
  readonly unit: number;
  /** The outputs of the indicators that the feature reads, one after the other as they were declared; the first bar in the first place. */
  readonly inputs: readonly Float64Array[];
}

/** Writes the feature's values of a stretch to `out`, from `at` on. */
export type Combine = (out: Float64Array, at: number, stretch: Stretch) => void;

/** A feature: an indicator that is known to be made of others, so that several features can share them. */
export interface FeatureSpec extends IndicatorSpec<'value'> {
  readonly reads: readonly IndicatorSpec[];
  readonly combine: Combine;
}

/**
 * @param name by which tables, models and cards know it; what it computes never changes under a name
 * @param reads the indicators that it is made of
 */
export function feature(name: string, reads: readonly IndicatorSpec[], combine: Combine): FeatureSpec {
  const warmUp = Math.max(1, ...reads.map((spec) => spec.warmUp));
  const create = (): Indicator => new Combined([{ reads, combine }]);
  return { ...indicatorSpec('feature', [name], ['value'], warmUp, create), reads, combine };
}

type Part = Pick<FeatureSpec, 'reads' | 'combine'>;

interface Line {
  readonly indicator: Indicator;
  outputs: Float64Array[];
}

/** Features at work, one output each. An indicator that several of them read is computed once. */
export class Combined implements Indicator {
  readonly #lines: readonly Line[];
  readonly #combines: readonly Combine[];
  /** By feature: which lines it reads. */
  readonly #reads: readonly (readonly number[])[];
  #inputs: readonly (readonly Float64Array[])[];
  #room = 1;

  constructor(features: readonly Part[]) {
    const known = new Map<string, number>();
    const lines: Line[] = [];
    this.#reads = features.map(({ reads }) =>
      reads.map((spec) => {
        const key = JSON.stringify([spec.name, spec.parameters]);
        const at = known.get(key) ?? lines.length;
        if (at === lines.length) {
          known.set(key, at);
          lines.push({ indicator: spec.create(), outputs: spec.outputs.map(() => new Float64Array(1)) });
        }
        return at;
      }),
    );
    this.#lines = lines;
    this.#combines = features.map(({ combine }) => combine);
    this.#inputs = this.#inputsOf();
  }

  #inputsOf(): readonly (readonly Float64Array[])[] {
    return this.#reads.map((lines) => lines.flatMap((line) => this.#lines[line].outputs));
  }

  /** A live bar needs one place; a longer block a chunk. */
  #makeRoom(): void {
    if (this.#room === CHUNK_BARS) return;
    this.#room = CHUNK_BARS;
    for (const line of this.#lines) line.outputs = line.outputs.map(() => new Float64Array(CHUNK_BARS));
    this.#inputs = this.#inputsOf();
  }

  advance(bars: BarColumns, from: number, to: number, out: readonly Float64Array[], at: number): void {
    const unit = priceUnit(bars);
    if (to - from > 1) this.#makeRoom();
    for (let start = from; start < to; start += CHUNK_BARS) {
      const count = Math.min(CHUNK_BARS, to - start);
      const place = at + start - from;
      for (const { indicator, outputs } of this.#lines) indicator.advance(bars, start, start + count, outputs, 0);
      for (let k = 0; k < this.#combines.length; k++) {
        this.#combines[k](out[k], place, { bars, from: start, count, unit, inputs: this.#inputs[k] });
        rounded(out[k], place, place + count);
      }
    }
  }

  snapshot(): IndicatorState {
    return Object.fromEntries(this.#lines.map(({ indicator }, k) => [`part${k}`, indicator.snapshot()]));
  }

  restore(state: IndicatorState): void {
    this.#lines.forEach(({ indicator }, k) => {
      indicator.restore(state[`part${k}`] as IndicatorState);
    });
  }
}

function rounded(out: Float64Array, from: number, to: number): void {
  for (let k = from; k < to; k++) out[k] = Math.fround(out[k]);
}
