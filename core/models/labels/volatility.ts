/** How far prices move a bar, for barriers that are as wide as the market is restless. */
import { Remembering } from '../../indicators/memory.ts';
import type { BarColumns } from '../../market/bars.ts';
import { checkedSpan, lastReached, type SpanOptions } from './labels.ts';

/**
 * Exponentially weighted standard deviation of numbers that come one by one: pandas' `ewm(span).std(bias=False)`, by D. West's update
 * of weighted moments (Communications of the ACM 22:9, 1979).
 */
export class ExponentialDeviation extends Remembering<{
  count: number;
  weight: number;
  weightOfSquares: number;
  mean: number;
  squares: number;
}> {
  readonly #span: number;
  readonly #decay: number;

  /** @param span weight 2 / (span + 1) for the newest number; 2 or more */
  constructor(span: number) {
    super({ count: 0, weight: 0, weightOfSquares: 0, mean: 0, squares: 0 });
    this.#span = span;
    this.#decay = 1 - 2 / (span + 1);
  }

  /** The deviation with this number; NaN before `span` of them. */
  next(value: number): number {
    const { memory } = this;
    const distance = value - memory.mean;
    const before = this.#decay * memory.weight;
    memory.weight = before + 1;
    memory.weightOfSquares = this.#decay * this.#decay * memory.weightOfSquares + 1;
    memory.mean += distance / memory.weight;
    memory.squares = this.#decay * memory.squares + (before / memory.weight) * distance * distance;
    if (++memory.count < this.#span) return Number.NaN;
    return Math.sqrt(memory.squares / (memory.weight - memory.weightOfSquares / memory.weight));
  }

  /** Forgets all. */
  restart(): void {
    const { memory } = this;
    memory.count = memory.weight = memory.weightOfSquares = memory.mean = memory.squares = 0;
  }
}

export interface VolatilityOptions extends SpanOptions {
  /** Weight 2 / (span + 1) for the newest return. */
  readonly spanBars: number;
}

/**
 * {@link ExponentialDeviation} of the returns from close to close, as a fraction of the price, known at the close of its row (Lopez de
 * Prado, Advances in Financial Machine Learning, 2018, snippet 3.1). NaN for the first `spanBars` rows; it starts again after a bar
 * without sound prices, or a gap longer than allowed. Throws `LABEL_PARAMETER` or `LABEL_INPUT_INVALID`.
 */
export function exponentialVolatility(bars: BarColumns, options: VolatilityOptions): Float64Array {
  const span = checkedSpan('spanBars', options.spanBars, 2);
  const last = lastReached(bars, options);
  const volatility = new Float64Array(bars.length).fill(Number.NaN);
  const deviation = new ExponentialDeviation(span);
  for (let i = 1; i < bars.length; i++) {
    if (last[i - 1] < i) deviation.restart();
    else volatility[i] = deviation.next(bars.close[i] / bars.close[i - 1] - 1);
  }
  return volatility;
}
