/** How far prices move a bar, for barriers that are as wide as the market is restless. */
import type { BarColumns } from '../../market/bars.ts';
import { checkedSpan, lastReached, type SpanOptions } from './labels.ts';

export interface VolatilityOptions extends SpanOptions {
  /** Weight 2 / (span + 1) for the newest return. */
  readonly spanBars: number;
}

/**
 * Exponentially weighted standard deviation of the returns from close to close, as a fraction of the price, known at the close of its
 * row: pandas' `ewm(span).std(bias=False)` (Lopez de Prado, Advances in Financial Machine Learning, 2018, snippet 3.1), by
 * D. West's update of weighted moments (Communications of the ACM 22:9, 1979). NaN for the first `spanBars` rows; it starts
 * again after a bar without sound prices, or a gap longer than allowed. Throws `LABEL_PARAMETER` or `LABEL_INPUT_INVALID`.
 */
export function exponentialVolatility(bars: BarColumns, options: VolatilityOptions): Float64Array {
  const span = checkedSpan('spanBars', options.spanBars, 2);
  const last = lastReached(bars, options);
  const decay = 1 - 2 / (span + 1);
  const deviation = new Float64Array(bars.length).fill(Number.NaN);
  let count = 0;
  let weight = 0;
  let weightOfSquares = 0;
  let mean = 0;
  let squares = 0;
  for (let i = 1; i < bars.length; i++) {
    if (last[i - 1] < i) {
      count = weight = weightOfSquares = mean = squares = 0;
      continue;
    }
    const distance = bars.close[i] / bars.close[i - 1] - 1 - mean;
    const before = decay * weight;
    weight = before + 1;
    weightOfSquares = decay * decay * weightOfSquares + 1;
    mean += distance / weight;
    squares = decay * squares + (before / weight) * distance * distance;
    if (++count >= span) deviation[i] = Math.sqrt(squares / (weight - weightOfSquares / weight));
  }
  return deviation;
}
