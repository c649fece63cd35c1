/** Labels decided a fixed number of bars later, from close to close. */
import type { BarColumns } from '../../market/bars.ts';
import { checkedFraction, checkedSpan, type Labels, lastReached, type SpanOptions, unknownLabels } from './labels.ts';

export interface FixedHorizonOptions extends SpanOptions {
  readonly horizonBars: number;
}

export interface HorizonSideOptions extends FixedHorizonOptions {
  /** What a move must exceed to count, as a fraction of the price: the cost of going in and out. 0 where absent. */
  readonly costFraction?: number;
}

/** `close[i + h] / close[i] - 1`, for regression. Throws `LABEL_PARAMETER` or `LABEL_INPUT_INVALID`. */
export function fixedHorizonReturns(bars: BarColumns, options: FixedHorizonOptions): Labels {
  return overHorizon(bars, options, (entry, exit) => exit / entry - 1);
}

/**
 * 1 where the close is more than the cost above that of h bars before, -1 where it is more than the cost below, else 0; a move of
 * just the cost is 0. The difference of prices is compared, not a quotient, so that equal prices are 0 and whole numbers stay exact.
 * Throws `LABEL_PARAMETER` or `LABEL_INPUT_INVALID`.
 */
export function fixedHorizonSides(bars: BarColumns, { costFraction = 0, ...options }: HorizonSideOptions): Labels {
  const cost = checkedFraction('costFraction', costFraction);
  return overHorizon(bars, options, (entry, exit) => {
    const move = exit - entry;
    return Math.abs(move) > cost * entry ? Math.sign(move) : 0;
  });
}

function overHorizon(
  bars: BarColumns,
  options: FixedHorizonOptions,
  labelOf: (entry: number, exit: number) => number,
): Labels {
  const horizon = checkedSpan('horizonBars', options.horizonBars);
  const last = lastReached(bars, options);
  const { label, end } = unknownLabels(bars.length);
  for (let i = 0; i + horizon < bars.length; i++) {
    if (last[i] < i + horizon) continue;
    label[i] = labelOf(bars.close[i], bars.close[i + horizon]);
    end[i] = i + horizon;
  }
  return { label, end };
}
