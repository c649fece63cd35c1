/**
 * What a backtest costs at the least: each strategy as one loop over columns, written for it alone. No orders, no limits, no
 * ledger, no account but two numbers; the same trades at the same prices as the engine's.
 */
import type { BarColumns } from '../../core/market/bars.ts';

export interface PlainResult {
  readonly fills: number;
  /** Plain units; what is held is marked at the last close. */
  readonly finalEquity: number;
}

export interface PlainOptions {
  readonly cash: number;
  readonly feeBps: number;
}

/** Averages of `fast` and `slow` closes: all in where they cross upwards, out where they cross back, at the next open. */
export function plainSmaCross(
  bars: BarColumns,
  { cash: first, feeBps }: PlainOptions,
  fast = 10,
  slow = 30,
): PlainResult {
  const { open, close, length } = bars;
  const fee = feeBps / 10_000;
  const unit = 10 ** bars.priceDecimals;
  let cash = first;
  let held = 0;
  let fills = 0;
  let fastSum = 0;
  let slowSum = 0;
  let before = 0;
  let order = 0;
  for (let i = 0; i < length; i++) {
    if (order > 0) {
      held = cash / ((open[i] / unit) * (1 + fee));
      cash = 0;
      fills++;
      order = 0;
    } else if (order < 0) {
      cash = (held * open[i] * (1 - fee)) / unit;
      held = 0;
      fills++;
      order = 0;
    }
    const price = close[i];
    fastSum += price;
    slowSum += price;
    if (i >= fast) fastSum -= close[i - fast];
    if (i >= slow) slowSum -= close[i - slow];
    if (i < slow - 1) continue;
    // Sums of whole numbers: averages are compared without rounding.
    const difference = fastSum * slow - slowSum * fast;
    if (i >= slow) {
      if (difference > 0 && before <= 0 && held === 0) order = 1;
      else if (difference < 0 && before >= 0 && held > 0) order = -1;
    }
    before = difference;
  }
  return { fills, finalEquity: cash + (held * close[length - 1]) / unit };
}

/** Buys where Wilder's RSI falls below 30, with a stop and a target; sells where it rises above 70. */
export function plainRsiReversion(bars: BarColumns, { cash: first, feeBps }: PlainOptions, period = 14): PlainResult {
  const { open, high, low, close, length } = bars;
  const fee = feeBps / 10_000;
  const unit = 10 ** bars.priceDecimals;
  const weight = 1 / period;
  let cash = first;
  let held = 0;
  let fills = 0;
  let gain = 0;
  let loss = 0;
  let before = 0;
  let order = 0;
  let stop = 0;
  let target = 0;
  for (let i = 0; i < length; i++) {
    if (order > 0) {
      held = cash / ((open[i] / unit) * (1 + fee));
      cash = 0;
      fills++;
      order = 0;
      stop = Math.ceil(open[i] * (1 - 0.02) - 1e-9);
      target = Math.ceil(open[i] * (1 + 0.04) - 1e-9);
    }
    if (held > 0) {
      let exit = 0;
      if (open[i] <= stop) exit = open[i];
      else if (open[i] >= target) exit = target;
      else if (order < 0) exit = open[i];
      else if (low[i] <= stop) exit = stop;
      else if (high[i] >= target) exit = target;
      if (exit > 0) {
        cash = (held * exit * (1 - fee)) / unit;
        held = 0;
        fills++;
      }
    }
    order = 0;
    if (i === 0) continue;
    const change = close[i] - close[i - 1];
    const rise = Math.max(0, change);
    const fall = Math.max(0, -change);
    if (i <= period) {
      gain += rise;
      loss += fall;
      if (i < period) continue;
      gain /= period;
      loss /= period;
    } else {
      gain += weight * (rise - gain);
      loss += weight * (fall - loss);
    }
    const strength = gain + loss > 0 ? (100 * gain) / (gain + loss) : 50;
    if (i > period) {
      if (held === 0) {
        if (strength < 30 && before >= 30) order = 1;
      } else if (strength > 70 && before <= 70) order = -1;
    }
    before = strength;
  }
  return { fills, finalEquity: cash + (held * close[length - 1]) / unit };
}
