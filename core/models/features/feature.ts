/**
 * A feature is an indicator: what is trained on is computed by the code that computes it where the model decides, in blocks or bar by
 * bar with equal bits, and a checkpoint of a strategy holds it as it holds any other. Its values are rounded to float32, in which the
 * tables are kept and in which half of the libraries look at them.
 */
import { type Indicator, type IndicatorSpec, type IndicatorState, indicatorSpec } from '../../indicators/indicator.ts';
import { priceUnit } from '../../indicators/source.ts';
import { type BarColumns, emptyBars } from '../../market/bars.ts';

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
  /** Its closes in plain units, the first in the first place: divided once for all features that read them. */
  readonly closes: Float64Array;
  /** The outputs of the indicators that the feature reads, one after the other as they were declared; the first bar in the first place. */
  readonly inputs: readonly Float64Array[];
}

/** Where features are written to; what they write is exact in both. */
export type FeatureColumn = Float64Array | Float32Array;

/** Writes the feature's values of a stretch, each rounded to float32, to `out` from `at` on. */
export type Combine = (out: FeatureColumn, at: number, stretch: Stretch) => void;

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

/** A feature at work. */
interface Step {
  /** The indicators that it is the first to read. */
  readonly lines: readonly Line[];
  readonly combine: Combine;
  /** Of {@link Combined}'s columns, those that it reads. */
  readonly reads: readonly number[];
}

interface Line {
  readonly indicator: Indicator;
  /** Of {@link Combined}'s columns, those that it writes. */
  readonly writes: readonly number[];
}

/**
 * Features at work, one output each. An indicator that several of them read is computed once, right before the first of them; its
 * columns are used again after the last, so that few are written to and all stay in the processor's first cache.
 */
export class Combined implements Indicator {
  readonly #steps: readonly Step[];
  readonly #columnCount: number;
  #stretch: Reading;

  constructor(features: readonly Part[]) {
    const plan = planned(features);
    this.#steps = plan.steps;
    this.#columnCount = plan.columns;
    this.#stretch = this.#reading(1);
  }

  #reading(room: number): Reading {
    return new Reading(this.#steps, this.#columnCount, room);
  }

  advance(bars: BarColumns, from: number, to: number, out: readonly FeatureColumn[], at: number): void {
    // A live bar needs one place; a longer block a chunk.
    if (to - from > 1 && this.#stretch.room === 1) this.#stretch = this.#reading(CHUNK_BARS);
    const stretch = this.#stretch;
    for (let start = from; start < to; start += CHUNK_BARS) {
      const end = Math.min(to, start + CHUNK_BARS);
      stretch.move(bars, start, end - start);
      for (let k = 0; k < this.#steps.length; k++) {
        const { lines, combine } = this.#steps[k];
        for (let j = 0; j < lines.length; j++) lines[j].indicator.advance(bars, start, end, stretch.written[k][j], 0);
        stretch.inputs = stretch.read[k];
        combine(out[k], at + start - from, stretch);
      }
    }
  }

  get #lines(): readonly Line[] {
    return this.#steps.flatMap(({ lines }) => lines);
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

/** Who computes what, and in which of as few columns as there can be. */
function planned(features: readonly Part[]): { readonly steps: readonly Step[]; readonly columns: number } {
  const keysOf = features.map(({ reads }) => reads.map((spec) => JSON.stringify([spec.name, spec.parameters])));
  const lastReader = new Map(keysOf.flatMap((keys, k) => keys.map((key) => [key, k])));
  const known = new Map<string, readonly number[]>();
  const free: number[] = [];
  let columns = 0;
  const steps = features.map(({ reads, combine }, k): Step => {
    const lines: Line[] = [];
    reads.forEach((spec, j) => {
      if (known.has(keysOf[k][j])) return;
      const writes = spec.outputs.map(() => free.pop() ?? columns++);
      known.set(keysOf[k][j], writes);
      lines.push({ indicator: spec.create(), writes });
    });
    const step = { lines, combine, reads: keysOf[k].flatMap((key) => known.get(key) ?? []) };
    for (const key of new Set(keysOf[k])) if (lastReader.get(key) === k) free.push(...(known.get(key) ?? []));
    return step;
  });
  return { steps, columns };
}

/** The stretch that is worked on, with room for so many bars. */
class Reading implements Stretch {
  readonly room: number;
  bars: BarColumns = NO_BARS;
  from = 0;
  count = 0;
  unit = 1;
  inputs: readonly Float64Array[] = [];
  /** The columns that a step's lines write, by line, and those that it reads. */
  readonly written: readonly (readonly (readonly Float64Array[])[])[];
  readonly read: readonly (readonly Float64Array[])[];
  readonly #closes: Float64Array;
  #closesKnown = false;

  constructor(steps: readonly Step[], columnCount: number, room: number) {
    this.room = room;
    const columns = Array.from({ length: columnCount }, () => new Float64Array(room));
    this.written = steps.map(({ lines }) => lines.map(({ writes }) => writes.map((column) => columns[column])));
    this.read = steps.map(({ reads }) => reads.map((column) => columns[column]));
    this.#closes = new Float64Array(room);
  }

  move(bars: BarColumns, from: number, count: number): void {
    this.bars = bars;
    this.from = from;
    this.count = count;
    this.unit = priceUnit(bars);
    this.#closesKnown = false;
  }

  get closes(): Float64Array {
    const { bars, from, count, unit } = this;
    const closes = this.#closes;
    if (!this.#closesKnown) for (let k = 0; k < count; k++) closes[k] = bars.close[from + k] / unit;
    this.#closesKnown = true;
    return closes;
  }
}

const NO_BARS = emptyBars(0, 0);
