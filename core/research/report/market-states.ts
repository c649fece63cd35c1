/**
 * Days by what the market was like before they began: rising or falling (the last close against the mean of `TREND_DAYS`), and calm or
 * restless (the deviation of the last `VOLATILITY_DAYS` returns against the median of that figure over all days before). Both are known when
 * the day begins, so that nobody needs to know the future to be in one of them.
 */
import { varianceOf } from '../overfitting/sample.ts';
import type { Day } from './days.ts';
import { compounded } from './days.ts';

const TREND_DAYS = 50;
const VOLATILITY_DAYS = 20;

export const MARKET_STATES = [
  'rising, calm',
  'rising, restless',
  'falling, calm',
  'falling, restless',
  'not known',
] as const;
export type MarketState = (typeof MARKET_STATES)[number];

/** The state that each day began in, by its 00:00 UTC (ms), from returns of the market. The first days are not known. */
export function statesOf(market: readonly Day[]): Map<number, MarketState> {
  const states = new Map<number, MarketState>();
  const prices = pricesOf(market);
  const seen: number[] = [];
  market.forEach(({ day }, k) => {
    const deviation = k < VOLATILITY_DAYS ? Number.NaN : deviationOf(market.slice(k - VOLATILITY_DAYS, k));
    const isKnown = k >= TREND_DAYS && seen.length >= VOLATILITY_DAYS;
    states.set(day, isKnown ? stateOf(prices.slice(k - TREND_DAYS + 1, k + 1), deviation, seen) : 'not known');
    if (!Number.isNaN(deviation)) insert(seen, deviation);
  });
  return states;
}

/** Before each day, and after the last, from 1 on. */
function pricesOf(market: readonly Day[]): number[] {
  const prices = [1];
  for (const { return: change } of market) prices.push(prices[prices.length - 1] * (1 + change));
  return prices;
}

function stateOf(closes: readonly number[], deviation: number, sorted: readonly number[]): MarketState {
  const mean = closes.reduce((sum, close) => sum + close, 0) / closes.length;
  const isRising = closes[closes.length - 1] >= mean;
  const isRestless = deviation > sorted[sorted.length >> 1];
  return `${isRising ? 'rising' : 'falling'}, ${isRestless ? 'restless' : 'calm'}`;
}

const deviationOf = (days: readonly Day[]): number =>
  Math.sqrt(varianceOf(Float64Array.from(days, ({ return: value }) => value)));

/** Into its place among ascending values. */
function insert(sorted: number[], value: number): void {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  sorted.splice(low, 0, value);
}

export interface StateFigures {
  readonly state: MarketState;
  readonly days: number;
  /** Compounded over those days, and that of buying and holding. */
  readonly totalReturn: number;
  readonly benchmarkReturn: number;
  /** Mean ÷ deviation of daily returns × √(days a year); NaN where they never vary. */
  readonly sharpe: number;
  readonly worstDay: number;
}

/** @param own days of the strategy, `market` those of the benchmark, by the same dates */
export function byState(
  own: readonly Day[],
  market: readonly Day[],
  states: ReadonlyMap<number, MarketState>,
  daysPerYear: number,
): StateFigures[] {
  return MARKET_STATES.flatMap((state) => {
    const isIn = ({ day }: Day): boolean => (states.get(day) ?? 'not known') === state;
    const days = own.filter(isIn);
    if (days.length === 0) return [];
    const returns = days.map(({ return: value }) => value);
    const deviation = deviationOf(days);
    const mean = returns.reduce((sum, value) => sum + value, 0) / returns.length;
    return [
      {
        state,
        days: days.length,
        totalReturn: compounded(days),
        benchmarkReturn: compounded(market.filter(isIn)),
        sharpe: deviation > 0 ? (mean / deviation) * Math.sqrt(daysPerYear) : Number.NaN,
        worstDay: Math.min(...returns),
      },
    ];
  });
}
