/**
 * How large an account may be before its own orders eat what it earns. The square-root law of market impact: an order of Q base units moves
 * the price by `Y σ √(Q / V)` of itself, σ being the deviation of daily returns and V the volume of a day (B. Tóth and others, Anomalous Price
 * Impact and the Critical Nature of Liquidity in Financial Markets, Physical Review X 1, 2011; Y is of order one, here 1). The whole of it is
 * taken to be paid, which is strict: an order that is worked pays about two thirds. σ and V are those of the 30 days before the fill's.
 *
 * An account m times as large earns m times as much and pays m^1.5 times the impact; that money lost to impact compounds is left out.
 */
import type { BacktestResult } from '../../backtest/trades.ts';
import type { BarColumns } from '../../market/bars.ts';
import { DAY_MS } from '../../market/civil.ts';
import { timeframeMs } from '../../market/timeframe.ts';
import { varianceOf } from '../overfitting/sample.ts';
import { firstFrom } from '../recursive.ts';
import { dayOf } from './days.ts';
import { fillsOf } from './fills.ts';

const IMPACT_FACTOR = 1;
const LOOK_BACK_DAYS = 30;
const FEWEST_DAYS = 5;
/** Share of a bar's volume that an order may take, for the size that keeps 95 % of the fills below it. */
export const PARTICIPATION_LIMIT = 0.05;

export interface Capacity {
  /** Fills that are counted; those without volume or days before them are not. */
  readonly fills: number;
  readonly leftOut: number;
  /** Impact of all fills at the run's own size, in money and as a share of the deposit. */
  readonly impact: number;
  readonly impactShare: number;
  /** Mean over fills, in basis points of their notional. */
  readonly impactBps: number;
  /** Deposit at which impact takes half of the profit, and all of it; null where there is no profit to take. */
  readonly halfProfit: number | null;
  readonly noProfit: number | null;
  /** Share of the volume of its bar that a fill takes. */
  readonly participation: { readonly median: number; readonly percentile95: number; readonly largest: number };
  /** Deposit at which 95 % of the fills take {@link PARTICIPATION_LIMIT} of their bar or less. */
  readonly participationLimit: number;
}

/**
 * @param bars all that there are, since what came before the run tells volume and volatility at its start
 * @param profit of the run, in money, net of the costs that it was charged
 * @returns why not, where no fill has volume
 */
export function capacityOf(
  result: BacktestResult,
  bars: ReadonlyMap<string, BarColumns>,
  profit: number,
): Capacity | { readonly because: string } {
  const { instruments, timeframe, cash } = result.definition;
  const deposit = cash / result.run.engine.moneyScale;
  const liquidity = instruments.map(({ symbol }) => new Liquidity(bars.get(symbol)!, timeframeMs(timeframe)));
  const shares: number[] = [];
  let [impact, notional, leftOut] = [0, 0, 0];
  for (const fill of fillsOf(result)) {
    const market = liquidity[fill.instrument];
    const daily = market.before(fill.time);
    const volume = market.volumeAt(fill.time);
    if (!daily || !(volume > 0)) {
      leftOut++;
      continue;
    }
    shares.push(fill.quantity / volume);
    impact += IMPACT_FACTOR * daily.deviation * Math.sqrt(fill.quantity / daily.volume) * fill.notional;
    notional += fill.notional;
  }
  if (shares.length === 0)
    return { because: leftOut === 0 ? 'nothing was traded' : 'no fill has recorded volume and days before it' };
  shares.sort((a, b) => a - b);
  const percentile95 = shares[Math.ceil(0.95 * shares.length) - 1];
  const sizeWhereItTakes = (share: number): number | null =>
    profit > 0 ? deposit * ((share * profit) / impact) ** 2 : null;
  return {
    fills: shares.length,
    leftOut,
    impact,
    impactShare: impact / deposit,
    impactBps: (impact / notional) * 10_000,
    halfProfit: sizeWhereItTakes(0.5),
    noProfit: sizeWhereItTakes(1),
    participation: { median: shares[shares.length >> 1], percentile95, largest: shares[shares.length - 1] },
    participationLimit: deposit * (PARTICIPATION_LIMIT / percentile95),
  };
}

interface DailyLiquidity {
  /** Base units a day. */
  readonly volume: number;
  /** Of daily returns. */
  readonly deviation: number;
}

/** Volume and volatility of one instrument by day. */
class Liquidity {
  readonly #bars: BarColumns;
  readonly #intervalMs: number;
  readonly #days: { day: number; volume: number; close: number }[] = [];
  readonly #known = new Map<number, DailyLiquidity | undefined>();

  constructor(bars: BarColumns, intervalMs: number) {
    this.#bars = bars;
    this.#intervalMs = intervalMs;
    const days = this.#days;
    for (let k = 0; k < bars.length; k++) {
      const day = dayOf(bars.timestamp[k] + intervalMs);
      if (days[days.length - 1]?.day !== day) days.push({ day, volume: 0, close: 0 });
      days[days.length - 1].volume += bars.volume[k];
      days[days.length - 1].close = bars.close[k];
    }
  }

  /** Of the days before the one that `time` belongs to; undefined where they are too few, or without volume or movement. */
  before(time: number): DailyLiquidity | undefined {
    const day = dayOf(time);
    if (!this.#known.has(day)) this.#known.set(day, this.#measured(day));
    return this.#known.get(day);
  }

  #measured(day: number): DailyLiquidity | undefined {
    const days = this.#days.filter((each) => each.day < day && each.day >= day - LOOK_BACK_DAYS * DAY_MS);
    if (days.length < FEWEST_DAYS) return undefined;
    const returns = Float64Array.from(days.slice(1), ({ close }, k) => close / days[k].close - 1);
    const volume = days.reduce((sum, each) => sum + each.volume, 0) / days.length;
    const deviation = Math.sqrt(varianceOf(returns));
    return volume > 0 && deviation > 0 ? { volume, deviation } : undefined;
  }

  /** Of the bar that closed at `time`; 0 where there is none. */
  volumeAt(time: number): number {
    const { timestamp, volume, length } = this.#bars;
    const at = firstFrom(timestamp.subarray(0, length), time - this.#intervalMs);
    return timestamp[at] === time - this.#intervalMs && at < length ? volume[at] : 0;
  }
}
