/** Instruments and closed bars of an exchange that ccxt speaks to. */
import { PlimsollError } from '../../../core/errors.ts';
import type { Bar } from '../../../core/market/bars.ts';
import { formatInstant } from '../../../core/market/civil.ts';
import type { Instrument } from '../../../core/market/instrument.ts';
import { barOpenAt, type Timeframe, timeframeMs } from '../../../core/market/timeframe.ts';
import type { MarketDataPort } from '../../../core/ports/market-data.ts';
import { barsOfCandles, type CandleOrder, type RawCandle } from '../http/candles.ts';
import { assertBarRange, symbolUnknown } from '../ranges.ts';
import type { Exchange, MarketInterface, OpenExchange } from './exchange.ts';
import { type RetryPolicy, venueError, withRetries } from './failures.ts';
import { instrumentOfMarket } from './instruments.ts';
import type { CcxtOptions, CcxtRuntime } from './options.ts';

/** How long the venue's markets are taken to be what they were. */
const MARKETS_MAX_AGE_MS = 3_600_000;
/** How long the distance between the venue's clock and this machine's is taken to be what it was. */
const CLOCK_MAX_AGE_MS = 600_000;
/** Pages that one call may fetch. */
const PAGES_MAX = 2_000;
/** Candles asked for at once, where the exchange's own limit is not known, and at most. */
const PAGE_SIZE_DEFAULT = 500;
const PAGE_SIZE_MAX = 1_500;

/** Whether a venue can be reached, and if not, why, in a few words. */
export type Probe =
  | { readonly reachable: true; readonly elapsedMs: number }
  | { readonly reachable: false; readonly reason: string };

export interface CcxtVenueSettings {
  readonly options: CcxtOptions;
  readonly runtime: CcxtRuntime;
  readonly candleOrder: CandleOrder;
}

export class CcxtVenue implements MarketDataPort {
  readonly venue: string;
  readonly provenance = 'live';
  readonly #exchange: Exchange;
  readonly #candleOrder: CandleOrder;
  readonly #retry: RetryPolicy;
  readonly #close: () => void;
  readonly #now: () => number;
  readonly #sleep: (milliseconds: number) => Promise<void>;
  #markets: { readonly loadedAt: number; readonly loaded: Promise<unknown> } | undefined;
  #clock: { readonly readAt: number; readonly offset: Promise<number> } | undefined;

  constructor(open: OpenExchange, settings: CcxtVenueSettings) {
    const { exchange, transport } = open;
    const { options, runtime } = settings;
    this.venue = options.venue ?? exchange.id;
    this.#exchange = exchange;
    this.#candleOrder = settings.candleOrder;
    this.#close = transport.close;
    this.#now = runtime.now ?? Date.now;
    this.#sleep = runtime.sleep ?? sleepFor;
    this.#retry = {
      venue: this.venue,
      attempts: options.attempts,
      backoffMs: options.backoffMs,
      sleep: this.#sleep,
      retryAfterMs: transport.takeRetryAfterMs,
    };
  }

  /** Every symbol that the venue lists, ascending. */
  async symbols(): Promise<string[]> {
    await this.#loadMarkets(MARKETS_MAX_AGE_MS);
    return this.#listed().sort();
  }

  async instruments(symbols: readonly string[]): Promise<Instrument[]> {
    await this.#loadMarkets(MARKETS_MAX_AGE_MS);
    const precisionMode = this.#exchange.precisionMode as number;
    return symbols.map((symbol) => instrumentOfMarket(this.#market(symbol), precisionMode, this.venue));
  }

  async bars(of: Instrument, timeframe: Timeframe, from: number, to: number, limit: number): Promise<Bar[]> {
    assertBarRange(from, to, limit);
    this.#assertTimeframe(timeframe);
    await this.#loadMarkets(Number.POSITIVE_INFINITY);
    const pageSize = this.#pageSize(this.#market(of.symbol));
    const length = timeframeMs(timeframe);
    const closedBefore = (await this.#venueNow()) - length;
    const end = Math.min(to, closedBefore + 1);
    const bars: Bar[] = [];
    let since = Math.max(0, from);
    for (let page = 0; since < end && bars.length < limit && page < PAGES_MAX; page++) {
      const wanted = Math.min(pageSize, limit - bars.length);
      const candles = await this.#page(of, timeframe, since, wanted);
      for (const bar of candles) {
        if (bar.timestamp >= since && bar.timestamp < end && bars.length < limit) bars.push(bar);
      }
      const last = candles.length > 0 ? candles[candles.length - 1].timestamp : since - 1;
      // A page without anything new is a stretch without candles: step over it.
      since = last >= since ? last + length : since + wanted * length;
    }
    return bars;
  }

  /**
   * Whether the venue answers at all within `timeoutMs`: one request, not repeated. Never throws. A request that has not
   * ended by then goes on until its own time-out or {@link close}.
   */
  async probe(timeoutMs: number): Promise<Probe> {
    const started = this.#now();
    const late = new AbortController();
    const asked = this.#askAnything().then(
      (): Probe => ({ reachable: true, elapsedMs: this.#now() - started }),
      (error): Probe => ({ reachable: false, reason: venueError(this.venue, error, 1).message }),
    );
    const timedOut = deadline(timeoutMs, late.signal).then(
      (): Probe => ({ reachable: false, reason: `${this.venue} did not answer within ${timeoutMs} ms` }),
    );
    const probe = await Promise.race([asked, timedOut]);
    late.abort();
    return probe;
  }

  async close(): Promise<void> {
    this.#close();
  }

  async #page(of: Instrument, timeframe: Timeframe, since: number, wanted: number): Promise<Bar[]> {
    const candles = await withRetries(this.#retry, () =>
      this.#exchange.fetchOHLCV(of.symbol, timeframe, since, wanted),
    );
    const bars = barsOfCandles(candles as readonly RawCandle[], of, this.#candleOrder);
    const stray = bars.find((bar) => barOpenAt(bar.timestamp, timeframe) !== bar.timestamp);
    if (stray !== undefined) throw this.#unaligned(timeframe, stray.timestamp);
    return bars;
  }

  async #askAnything(): Promise<unknown> {
    if (this.#exchange.has.fetchTime) return this.#exchange.fetchTime();
    return this.#exchange.loadMarkets(true);
  }

  /** ccxt keeps a load that failed and hands it out for ever, so each of ours is a new one. */
  async #loadMarkets(maxAgeMs: number): Promise<void> {
    const now = this.#now();
    if (this.#markets === undefined || now - this.#markets.loadedAt > maxAgeMs) {
      const loaded = withRetries(this.#retry, () => this.#exchange.loadMarkets(true));
      this.#markets = { loadedAt: now, loaded };
    }
    const markets = this.#markets;
    try {
      await markets.loaded;
    } catch (error) {
      if (this.#markets === markets) this.#markets = undefined;
      throw error;
    }
  }

  /** Milliseconds UTC by the venue's clock, or a little before: never ahead of it, so that no bar is taken for closed early. */
  async #venueNow(): Promise<number> {
    if (!this.#exchange.has.fetchTime) return this.#now();
    const now = this.#now();
    if (this.#clock === undefined || now - this.#clock.readAt > CLOCK_MAX_AGE_MS) {
      this.#clock = { readAt: now, offset: this.#readClock() };
    }
    const clock = this.#clock;
    try {
      return this.#now() + (await clock.offset);
    } catch (error) {
      if (this.#clock === clock) this.#clock = undefined;
      throw error;
    }
  }

  async #readClock(): Promise<number> {
    const time = await withRetries(this.#retry, () => this.#exchange.fetchTime());
    if (typeof time !== 'number' || !Number.isSafeInteger(time) || time <= 0) {
      throw new PlimsollError('VENUE_UNAVAILABLE', `${this.venue} did not say what time it is`, 'try again later');
    }
    return time - this.#now();
  }

  #listed(): string[] {
    return Object.keys(this.#exchange.markets ?? {});
  }

  #market(symbol: string): MarketInterface {
    const market: MarketInterface | undefined = this.#exchange.markets?.[symbol];
    if (market === undefined) throw symbolUnknown(this.venue, symbol, this.#listed());
    if (market.active === false) {
      throw new PlimsollError('SYMBOL_INACTIVE', `${this.venue} does not trade ${symbol} now`, 'choose another symbol');
    }
    return market;
  }

  #assertTimeframe(timeframe: Timeframe): void {
    // A month (1M) is not a length of time, so it is no timeframe here.
    const offered = Object.keys(this.#exchange.timeframes ?? {}).filter((name) => /^\d+[smhdw]$/.test(name));
    if (offered.includes(timeframe)) return;
    throw new PlimsollError(
      'TIMEFRAME_UNSUPPORTED',
      `${this.venue} has no ${timeframe} bars`,
      `use one of ${offered.join(', ')}`,
    );
  }

  /** Some venues open their weeks on Thursdays, or their days at their own midnight. */
  #unaligned(timeframe: Timeframe, open: number): PlimsollError {
    return new PlimsollError(
      'TIMEFRAME_UNALIGNED',
      `${this.venue} opens a ${timeframe} bar at ${formatInstant(open)}, where no ${timeframe} bar opens here`,
      'use a shorter timeframe, from which longer bars are made',
    );
  }

  #pageSize(market: MarketInterface): number {
    const features = this.#exchange.features?.[market.type ?? 'spot'];
    const scope = market.subType === undefined ? features : (features?.[market.subType] ?? features);
    const stated = Number(scope?.fetchOHLCV?.limit ?? PAGE_SIZE_DEFAULT);
    return stated >= 1 ? Math.min(PAGE_SIZE_MAX, Math.floor(stated)) : PAGE_SIZE_DEFAULT;
  }
}

function sleepFor(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Resolves after the time; an abort only ends the wait, so that nothing keeps the process. */
function deadline(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });
}
