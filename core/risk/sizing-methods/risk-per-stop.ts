import { firstNotPositive, noSize, percent, type Size, shown, sizeOf } from './size.ts';

export interface RiskPerStopInputs {
  /** Equity that a stop may cost: 0.01 is 1 %. */
  readonly risk: number | undefined;
  readonly side: 'long' | 'short';
  /** Prices in one unit, of any kind. */
  readonly entry: number | undefined;
  readonly stop: number | undefined;
  /** Lost on top of the distance for entry and exit, as a fraction of the value: fees and slippage. Default 0. */
  readonly cost?: number;
}

/**
 * `risk ÷ (|entry - stop| ÷ entry + cost)`: every trade that is stopped out where it should be costs the same share of equity.
 * Source: V. Tharp, Trade Your Way to Financial Freedom (1998), the percent risk model. A gap through the stop costs more.
 */
export function riskPerStop({ risk, side, entry, stop, cost = 0 }: RiskPerStopInputs): Size {
  const problem = firstNotPositive({ risk, entry, stop });
  if (problem) return noSize('risk-per-stop', problem);
  if (!(cost >= 0 && cost < 1)) return noSize('risk-per-stop', `the cost is ${cost}`);
  const distance = (side === 'long' ? entry! - stop! : stop! - entry!) / entry!;
  if (!(distance > 0))
    return noSize('risk-per-stop', `a stop at ${shown(stop!)} does not protect a ${side} entry at ${shown(entry!)}`);
  const because = `${percent(risk!)} of equity at a stop ${percent(distance)} away${cost > 0 ? ` and costs of ${percent(cost)}` : ''}`;
  return sizeOf('risk-per-stop', risk! / (distance + cost), because);
}
