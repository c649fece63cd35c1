import { firstNotPositive, noSize, percent, type Size, sizeOf } from './size.ts';

/** Both as standard deviations of returns over the same length of time: daily, or both annualised. */
export interface VolatilityTargetInputs {
  /** What the position may contribute: 0.01 is 1 % of equity. */
  readonly target: number | undefined;
  /** The instrument's, such as `ewmaVolatility` gives it. */
  readonly volatility: number | undefined;
}

/**
 * `target ÷ volatility`: the position whose profit and loss has the target's deviation. Source: A. Moreira and T. Muir,
 * Volatility-Managed Portfolios, Journal of Finance 72 (2017), scaled by volatility as CTAs do instead of by variance.
 */
export function volatilityTarget({ target, volatility }: VolatilityTargetInputs): Size {
  const problem = firstNotPositive({ target, volatility });
  if (problem) return noSize('volatility-target', problem);
  const because = `a target of ${percent(target!)} at a volatility of ${percent(volatility!)}`;
  return sizeOf('volatility-target', target! / volatility!, because);
}
