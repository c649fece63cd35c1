/**
 * The built-in simulated exchange: invented prices, said to be so by their provenance, at any time and in any timeframe.
 *
 * It needs no network and keeps no state. A bar is a function of (seed, symbol, time) alone, so that every process, machine
 * and day sees the same market, and the clock decides only which bars have closed.
 */
import { type Bar, type BarColumns, barAt, emptyBars } from '../../core/market/bars.ts';
import { type Instrument, instrument } from '../../core/market/instrument.ts';
import { barOpenAt, type Timeframe, timeframeMs, timeframeOriginMs } from '../../core/market/timeframe.ts';
import { pow10 } from '../../core/numbers.ts';
import type { MarketDataPort } from '../../core/ports/market-data.ts';
import { assertBarRange, symbolUnknown } from './ranges.ts';
import { wholeExp2 } from './simulated/noise.ts';
import { SimulatedPath } from './simulated/path.ts';

export interface SimulatedVenueOptions {
  /** Another seed is another market. Default `plimsoll`. */
  readonly seed?: string;
  /** The venue's name as configured. Default `simulated`. */
  readonly venue?: string;
  /** Milliseconds UTC; decides which bars have closed. */
  readonly now: () => number;
}

/** The symbols that the simulated exchange lists. */
export const SIMULATED_SYMBOLS: readonly string[] = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'];

interface Listing {
  /** In USDT. The price is within a factor of 16 of it, up and down. */
  readonly referencePrice: number;
  readonly annualVolatility: number;
  /** In units of the base, a day. */
  readonly dailyVolume: number;
  readonly quantityDecimals: number;
  /** In USDT. */
  readonly minNotional: number;
}

const PRICE_DECIMALS = 2;
const MONEY_DECIMALS = 8;

const LISTINGS: Readonly<Record<string, Listing>> = {
  'BTC/USDT': {
    referencePrice: 60_000,
    annualVolatility: 0.6,
    dailyVolume: 25_000,
    quantityDecimals: 5,
    minNotional: 5,
  },
  'ETH/USDT': {
    referencePrice: 3_000,
    annualVolatility: 0.65,
    dailyVolume: 350_000,
    quantityDecimals: 4,
    minNotional: 5,
  },
  'SOL/USDT': {
    referencePrice: 150,
    annualVolatility: 0.7,
    dailyVolume: 4_000_000,
    quantityDecimals: 3,
    minNotional: 5,
  },
};

export class SimulatedVenue implements MarketDataPort {
  readonly venue: string;
  readonly provenance = 'simulated';
  readonly #now: () => number;
  readonly #paths: ReadonlyMap<string, SimulatedPath>;

  constructor(options: SimulatedVenueOptions) {
    this.venue = options.venue ?? 'simulated';
    this.#now = options.now;
    const seed = options.seed ?? 'plimsoll';
    this.#paths = new Map(SIMULATED_SYMBOLS.map((symbol) => [symbol, pathOf(seed, symbol)]));
  }

  async instruments(symbols: readonly string[]): Promise<Instrument[]> {
    return symbols.map((symbol) => {
      this.#path(symbol);
      return listedInstrument(this.venue, symbol);
    });
  }

  async bars(of: Instrument, timeframe: Timeframe, from: number, to: number, limit: number): Promise<Bar[]> {
    const columns = this.columns(of.symbol, timeframe, from, to, limit);
    return Array.from({ length: columns.length }, (_, i) => barAt(columns, i));
  }

  /** As {@link bars}, in columns: the form for long histories. */
  columns(symbol: string, timeframe: Timeframe, from: number, to: number, limit: number): BarColumns {
    assertBarRange(from, to, limit);
    const path = this.#path(symbol);
    const length = timeframeMs(timeframe);
    const closed = barOpenAt(this.#now(), timeframe);
    const first = ceilOpen(Math.max(0, from), timeframe);
    const end = Math.min(closed, ceilOpen(to, timeframe), first + limit * length);
    return barsOfPath(path, first, Math.max(first, end), length, timeframeOriginMs(timeframe));
  }

  async close(): Promise<void> {}

  #path(symbol: string): SimulatedPath {
    const path = this.#paths.get(symbol);
    if (!path) throw symbolUnknown(this.venue, symbol, SIMULATED_SYMBOLS);
    return path;
  }
}

function listedInstrument(venue: string, symbol: string): Instrument {
  const listing = LISTINGS[symbol];
  const [base, quote] = symbol.split('/');
  return instrument({
    symbol,
    venue,
    type: 'spot',
    base,
    quote,
    settlement: quote,
    priceDecimals: PRICE_DECIMALS,
    quantityDecimals: listing.quantityDecimals,
    moneyDecimals: MONEY_DECIMALS,
    minQuantity: 1,
    minNotional: listing.minNotional * pow10(MONEY_DECIMALS),
    makerFeeBps: 10,
    takerFeeBps: 10,
  });
}

function pathOf(seed: string, symbol: string): SimulatedPath {
  const listing = LISTINGS[symbol];
  return new SimulatedPath({
    seed: `${seed}\n${symbol}`,
    referencePrice: listing.referencePrice * pow10(PRICE_DECIMALS),
    annualVolatility: listing.annualVolatility,
    dailyVolume: listing.dailyVolume * pow10(listing.quantityDecimals),
    quantityScale: pow10(listing.quantityDecimals),
  });
}

/** The first bar's open at or after `time`. */
function ceilOpen(time: number, timeframe: Timeframe): number {
  const open = barOpenAt(time, timeframe);
  return open < time ? open + timeframeMs(timeframe) : open;
}

/** Bars of [`from`, `to`), both on bounds of bars; milliseconds. */
function barsOfPath(path: SimulatedPath, from: number, to: number, length: number, origin: number): BarColumns {
  const count = (to - from) / length;
  const bars = emptyBars(count, PRICE_DECIMALS);
  const firstBucket = (from - origin) / length;
  // Folded while still in logarithms (never 0 here), so that each price is rounded to its tick once.
  path.walk(from / 1000, to / 1000, length / 1000, origin / 1000, (bucket, open, high, low, close, volume) => {
    const i = bucket - firstBucket;
    if (bars.close[i] === 0) {
      bars.timestamp[i] = from + i * length;
      bars.open[i] = open;
      bars.high[i] = high;
      bars.low[i] = low;
    } else {
      if (high > bars.high[i]) bars.high[i] = high;
      if (low < bars.low[i]) bars.low[i] = low;
    }
    bars.close[i] = close;
    bars.volume[i] += volume;
  });
  for (let i = 0; i < count; i++) {
    bars.open[i] = wholeExp2(bars.open[i]);
    bars.high[i] = wholeExp2(bars.high[i]);
    bars.low[i] = wholeExp2(bars.low[i]);
    bars.close[i] = wholeExp2(bars.close[i]);
    bars.volume[i] /= path.quantityScale;
  }
  return bars;
}
