/** What came of earlier bars, bar by bar: the labels that models are trained on, as they become known. */
import type { Indicator, IndicatorState } from '../../indicators/indicator.ts';
import { Remembering } from '../../indicators/memory.ts';
import type { BarColumns } from '../../market/bars.ts';
import { featureOf } from '../features/feature-set.ts';
import { isSound } from '../labels/labels.ts';
import { primarySide } from '../labels/primary.ts';
import { labelSides } from '../labels/sides.ts';
import { ExponentialDeviation } from '../labels/volatility.ts';
import type { LabelSpec } from '../table.ts';

/**
 * Tells at the close of each bar the label of the bar that lies as many bars back as the label looks ahead, by the code that labels
 * what is trained on. A label may be decided earlier, where a barrier is met; it is told when its time is over, so that all come in order.
 * A meta label is told as the way of the price too, since that is what opinions are about: down where a primary that pointed up was wrong.
 */
export class Outcomes extends Remembering<{
  seen: number;
  open: Float64Array;
  high: Float64Array;
  low: Float64Array;
  close: Float64Array;
  /** By bar of the window: the deviation of returns at its close, which sets how far its barriers are away. */
  deviations: Float64Array;
  /** By bar of the window: which way the primary of a meta label points. */
  primaries: Float64Array;
  deviation: ExponentialDeviation;
}> {
  readonly #label: LabelSpec;
  /** The last bars, as many as a label looks ahead and one more. They are counted: when they were does not matter. */
  readonly #window: BarColumns;
  /** The deviation of the window's first bar, which alone is labelled. */
  readonly #width: Float64Array;
  /** What the primary of a meta label points by. */
  readonly #primary: Indicator | undefined;
  readonly #pointed = new Float64Array(1);

  constructor(label: LabelSpec) {
    const length = label.bars + 1;
    const column = (): Float64Array => new Float64Array(length).fill(Number.NaN);
    const deviation = new ExponentialDeviation('volatilityBars' in label ? label.volatilityBars : 2);
    super({
      seen: 0,
      open: column(),
      high: column(),
      low: column(),
      close: column(),
      deviations: column(),
      primaries: label.kind === 'meta' ? column() : new Float64Array(),
      deviation,
    });
    const { open, high, low, close } = this.memory;
    const timestamp = Float64Array.from(open, (_, k) => k);
    this.#window = { length, priceDecimals: 0, timestamp, open, high, low, close, volume: timestamp };
    this.#width = column();
    this.#label = label;
    this.#primary = label.kind === 'meta' ? featureOf(label.primary).create() : undefined;
  }

  /** Reads bar `at`. 1 where the price rose after the bar that many before, 0 where it fell, NaN where the label says neither or is not known. */
  next(bars: BarColumns, at: number): number {
    const { memory } = this;
    const last = this.#window.length - 1;
    for (const column of ['open', 'high', 'low', 'close'] as const) {
      memory[column].copyWithin(0, 1);
      memory[column][last] = bars[column][at];
    }
    memory.deviations.copyWithin(0, 1);
    memory.deviations[last] = this.#deviation(last);
    if (this.#primary) {
      this.#primary.advance(bars, at, at + 1, [this.#pointed], 0);
      memory.primaries.copyWithin(0, 1);
      memory.primaries[last] = primarySide(this.#pointed[0]);
    }
    // The first bar of the window was read when there were none before the others.
    if (++memory.seen <= last) return Number.NaN;
    const side = this.#side();
    return side > 0 ? 1 : side < 0 ? 0 : Number.NaN;
  }

  #deviation(last: number): number {
    const { close, deviation } = this.memory;
    if (this.memory.seen > 0 && isSound(this.#window, last - 1) && isSound(this.#window, last))
      return deviation.next(close[last] / close[last - 1] - 1);
    deviation.restart();
    return Number.NaN;
  }

  #side(): number {
    const { deviations, primaries } = this.memory;
    this.#width[0] = deviations[0];
    const { label } = labelSides(this.#label, this.#window, {
      volatility: () => this.#width,
      primary: () => primaries,
    });
    return this.#primary ? label[0] * primaries[0] : label[0];
  }

  override snapshot(): IndicatorState {
    return this.#primary ? { ...super.snapshot(), primary: this.#primary.snapshot() } : super.snapshot();
  }

  override restore(state: IndicatorState): void {
    const { primary, ...own } = state;
    super.restore(this.#primary ? own : state);
    this.#primary?.restore(primary as IndicatorState);
  }
}
