/** The bars that are measured on: a seeded random walk, and recorded bars where they are at hand. */
import { type BarColumns, emptyBars } from '../core/market/bars.ts';

export const PRICE_DECIMALS = 2;
const FIRST_PRICE = 3_000_000;
const FIRST_TIME = 1_600_000_000_000;
const MINUTE_MS = 60_000;

export interface WalkOptions {
  readonly seed?: number;
  /** Size of a bar's own move, and of the trend that changes every `trendBars` bars or so: fractions of the price. */
  readonly noise?: number;
  readonly trend?: number;
  readonly trendBars?: number;
  /** Share of its distance from its own slow average that the price goes back in a bar. */
  readonly reversion?: number;
}

/**
 * Minute bars of a random walk with trends, the same for the same seed. Each bar opens at the last close, so that engines
 * which treat gaps in different ways have the same fills. Without trends every strategy would pay its whole account in fees
 * long before a million bars, and what stops trading is no measure of an engine.
 */
export function randomWalk(
  length: number,
  { seed = 1, noise = 0.0015, trend = 0, trendBars = 120, reversion = 0 }: WalkOptions = {},
): BarColumns {
  const random = mulberry32(seed);
  const bars = emptyBars(length, PRICE_DECIMALS);
  let price = FIRST_PRICE;
  let drift = 0;
  let average = price;
  for (let i = 0; i < length; i++) {
    if (random() < 1 / trendBars) drift = (random() - 0.5) * 2 * trend;
    // What pulls the price home keeps it far from its bounds over millions of bars.
    const home = 1e-5 * Math.log(FIRST_PRICE / price);
    average += 0.02 * (price - average);
    const back = (reversion * (average - price)) / price;
    const move = drift + home + back + (random() + random() + random() - 1.5) * noise;
    const open = price;
    price = Math.max(1_000, Math.round(open * (1 + move)));
    bars.timestamp[i] = FIRST_TIME + i * MINUTE_MS;
    bars.open[i] = open;
    bars.close[i] = price;
    bars.high[i] = Math.max(open, price) + Math.round(random() * open * noise * 0.3);
    bars.low[i] = Math.min(open, price) - Math.round(random() * open * noise * 0.3);
    bars.volume[i] = 10 + random() * 5;
  }
  return bars;
}

/** A small generator of random numbers from 0 to 1 (mulberry32). */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Random walks on which each strategy trades to the end: the crossing of averages lives from trends, the other from returns. */
export const WALKS = {
  'sma-cross': { noise: 0.001, trend: 0.000165 },
  'rsi-reversion': { noise: 0.001, reversion: 0.01 },
} as const satisfies Record<string, WalkOptions>;

export type BenchStrategy = keyof typeof WALKS;

/** Timestamp, open, high, low, close and volume as float64, one after another, prices in plain units: what the peers read. */
export function rawColumns(bars: BarColumns): Buffer {
  const { length } = bars;
  const all = new Float64Array(6 * length);
  const unit = 10 ** bars.priceDecimals;
  all.set(bars.timestamp, 0);
  for (const [k, column] of [bars.open, bars.high, bars.low, bars.close].entries()) {
    for (let i = 0; i < length; i++) all[(k + 1) * length + i] = column[i] / unit;
  }
  all.set(bars.volume, 5 * length);
  return Buffer.from(all.buffer);
}
