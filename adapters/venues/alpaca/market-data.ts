/** Instruments and closed bars of Alpaca: shares of the feed that the key may read, and crypto of its own exchange. */
import { PlimsollError } from '../../../core/errors.ts';
import type { Bar } from '../../../core/market/bars.ts';
import { DAY_MS, formatInstant } from '../../../core/market/civil.ts';
import type { Instrument } from '../../../core/market/instrument.ts';
import { barOpenAt, type Timeframe, timeframeMs } from '../../../core/market/timeframe.ts';
import type { MarketDataPort } from '../../../core/ports/market-data.ts';
import type { Probe } from '../ccxt/market-data.ts';
import { Said, Unheard, Unsent } from '../http/failures.ts';
import { fieldsOf, listOf, wordIn } from '../http/json.ts';
import { createTransport, type Transport } from '../http/transport.ts';
import { assertBarRange, symbolUnknown } from '../ranges.ts';
import { assetOf, instrumentOf } from './assets.ts';
import { pageOf, timeframeWord, underItsDate, withinSessions } from './bars.ts';
import { failureOf } from './failures.ts';
import { instantIn } from './fields.ts';
import { AlpacaLink } from './link.ts';
import {
  type AlpacaKeySource,
  type AlpacaOptions,
  type AlpacaOptionsInput,
  type AlpacaRuntime,
  keyReader,
  parseAlpacaOptions,
} from './options.ts';
import { type AlpacaSdk, type Answered, createSdk } from './sdk.ts';

/** Bars of one page: at most, and at least, since those outside the sessions are left out. */
const PAGE_SIZE_MAX = 10_000;
const PAGE_SIZE_MIN = 1_000;
const PAGES_MAX = 2_000;
/** How long the distance between the venue's clock and this machine's is taken to be what it was. */
const CLOCK_MAX_AGE_MS = 600_000;
/** The longest wait between two attempts, whoever asks for it. */
const WAIT_MAX_MS = 30_000;

/** Opens Alpaca for market data. Asks it for nothing until the first call. Throws `CONFIGURATION_INVALID`. */
export function openAlpacaVenue(
  input: AlpacaOptionsInput,
  credentials: AlpacaKeySource,
  runtime: AlpacaRuntime = {},
): AlpacaVenue {
  return new AlpacaVenue(parseAlpacaOptions(input), credentials, runtime);
}

/**
 * Bars are as they were traded, not adjusted for splits and dividends; of shares, those of the regular sessions. An hourly bar that a
 * session opens in holds what traded before the opening too, as Alpaca counts it; bars of up to 30 minutes do not.
 */
export class AlpacaVenue implements MarketDataPort {
  readonly venue: string;
  readonly provenance = 'live';
  readonly #options: AlpacaOptions;
  readonly #now: () => number;
  readonly #sleep: (milliseconds: number) => Promise<void>;
  readonly #transport: Transport;
  readonly #sdk: AlpacaSdk;
  /** The two hosts count their requests apart. */
  readonly #account: AlpacaLink;
  readonly #data: AlpacaLink;
  #clock: { readonly readAt: number; readonly offsetMs: number } | undefined;

  constructor(options: AlpacaOptions, credentials: AlpacaKeySource, runtime: AlpacaRuntime) {
    const secrets: string[] = [];
    const keyOf = keyReader(credentials, options.venue, secrets);
    this.venue = options.venue;
    this.#options = options;
    this.#now = runtime.now ?? Date.now;
    this.#sleep = runtime.sleep ?? ((ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)));
    this.#transport = createTransport(this.venue);
    this.#sdk = createSdk(options, keyOf, this.#transport.fetch);
    const settings = { now: this.#now, sleep: this.#sleep, secrets };
    this.#account = new AlpacaLink(settings);
    this.#data = new AlpacaLink(settings);
  }

  async instruments(symbols: readonly string[]): Promise<Instrument[]> {
    const found: Instrument[] = [];
    for (const symbol of symbols) found.push(await this.#instrument(symbol));
    return found;
  }

  async bars(of: Instrument, timeframe: Timeframe, from: number, to: number, limit: number): Promise<Bar[]> {
    assertBarRange(from, to, limit);
    const word = timeframeWord(timeframe);
    if (word === undefined) throw this.#unsupported(timeframe);
    const length = timeframeMs(timeframe);
    const end = Math.min(to, (await this.#venueNow()) - length + 1);
    const found: Bar[] = [];
    let pageToken: string | undefined;
    // An empty stretch of time gives an empty page; a day of New York begins after its date does.
    const reach = length < DAY_MS ? 0 : DAY_MS;
    for (let page = 0; from < end && page < PAGES_MAX; page++) {
      const pageSize = Math.min(PAGE_SIZE_MAX, Math.max(PAGE_SIZE_MIN, limit - found.length));
      const run = this.#request(of, word, Math.max(0, from), end + reach, pageSize, pageToken);
      const { bars, next } = await this.#ask(this.#data, `the bars of ${of.symbol}`, run, (body) => pageOf(body, of));
      const dated = bars.map((bar) => underItsDate(bar, of, timeframe));
      this.#assertAligned(dated, timeframe);
      const within = dated.filter(({ timestamp }) => timestamp >= from && timestamp < end);
      found.push(...withinSessions(within, of, timeframe, Math.max(0, from), end));
      if (next === undefined || found.length >= limit) return found.slice(0, limit);
      pageToken = next;
    }
    return found;
  }

  /** Whether Alpaca answers at all within `timeoutMs`: one request, not repeated. Never throws. */
  async probe(timeoutMs: number): Promise<Probe> {
    const started = this.#now();
    const late = new AbortController();
    const asked = this.#account
      .ask(() => this.#sdk.clock.legacyClockRaw({ signal: late.signal }))
      .then(
        (): Probe => ({ reachable: true, elapsedMs: this.#now() - started }),
        (error): Probe => ({ reachable: false, reason: this.#failure(this.#account, 'the time', error).message }),
      );
    let timer: NodeJS.Timeout | undefined;
    const timedOut = new Promise<Probe>((resolve) => {
      const reason = `${this.venue} did not answer within ${timeoutMs} ms`;
      timer = setTimeout(() => resolve({ reachable: false, reason }), timeoutMs);
    });
    const probe = await Promise.race([asked, timedOut]);
    clearTimeout(timer);
    late.abort();
    return probe;
  }

  async close(): Promise<void> {
    this.#transport.close();
  }

  async #instrument(symbol: string): Promise<Instrument> {
    const run = () => this.#sdk.assets.getV2AssetsSymbolOrAssetIdRaw({ symbolOrAssetId: symbol });
    try {
      return await this.#ask(this.#account, symbol, run, (body) =>
        instrumentOf(assetOf(body, symbol), this.venue, this.#options.fractional),
      );
    } catch (error) {
      if (error instanceof PlimsollError && error.cause instanceof Said && error.cause.complaint.status === 404) {
        throw symbolUnknown(this.venue, symbol, await this.#listed());
      }
      throw error;
    }
  }

  /** Every symbol that is active, to name the nearest to one that is not there. */
  async #listed(): Promise<string[]> {
    const run = () => this.#sdk.assets.getV2AssetsRaw({ status: 'active' });
    return this.#ask(this.#account, 'its assets', run, (body) =>
      listOf(body, 'the assets').map((row) => wordIn(fieldsOf(row, 'an asset'), 'symbol')),
    );
  }

  #request(
    of: Instrument,
    timeframe: string,
    from: number,
    end: number,
    limit: number,
    pageToken: string | undefined,
  ): () => Answered {
    // Both ends are inclusive.
    const asked = { symbols: of.symbol, timeframe, start: new Date(from), end: new Date(end - 1), limit, pageToken };
    const sort = 'asc' as const;
    if (of.type === 'spot') return () => this.#sdk.crypto.cryptoBarsRaw({ ...asked, loc: 'us', sort });
    const { feed } = this.#options;
    return () => this.#sdk.stocks.stockBarsRaw({ ...asked, adjustment: 'raw', feed, sort });
  }

  /** Tried again while the network or Alpaca fails it. */
  async #ask<T>(link: AlpacaLink, what: string, run: () => Answered, read: (body: unknown) => T): Promise<T> {
    const { attempts, backoffMs } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        return read(await link.ask(run));
      } catch (error) {
        if (attempt >= attempts || !isTransient(error)) throw this.#failure(link, what, error);
        const asked = error instanceof Unsent ? error.until - this.#now() : 0;
        if (asked > WAIT_MAX_MS) throw this.#failure(link, what, error);
        await this.#sleep(Math.min(WAIT_MAX_MS, Math.max(asked, backoffMs * 2 ** (attempt - 1))));
      }
    }
  }

  #failure(link: AlpacaLink, what: string, error: unknown): PlimsollError {
    return failureOf({ venue: this.venue, what, redact: (one) => link.redact(one) }, error);
  }

  /** Milliseconds UTC by the venue's clock, or a little before: never ahead of it, so that no bar is taken for closed early. */
  async #venueNow(): Promise<number> {
    const now = this.#now();
    if (this.#clock === undefined || now - this.#clock.readAt > CLOCK_MAX_AGE_MS || now < this.#clock.readAt) {
      const run = () => this.#sdk.clock.legacyClockRaw();
      const time = await this.#ask(this.#account, 'the time', run, (body) =>
        instantIn(fieldsOf(body, 'the time'), 'timestamp'),
      );
      this.#clock = { readAt: now, offsetMs: time - this.#now() };
    }
    return this.#now() + this.#clock.offsetMs;
  }

  /** Bars of some hours, and days of crypto, open by the clock of New York. */
  #assertAligned(bars: readonly Bar[], timeframe: Timeframe): void {
    const stray = bars.find(({ timestamp }) => barOpenAt(timestamp, timeframe) !== timestamp);
    if (stray === undefined) return;
    throw new PlimsollError(
      'TIMEFRAME_UNALIGNED',
      `${this.venue} opens a ${timeframe} bar at ${formatInstant(stray.timestamp)}, where no ${timeframe} bar opens here`,
      'use a shorter timeframe, from which longer bars are made',
    );
  }

  #unsupported(timeframe: Timeframe): PlimsollError {
    return new PlimsollError(
      'TIMEFRAME_UNSUPPORTED',
      `${this.venue} has no ${timeframe} bars`,
      'use one of 1m to 59m, 1h to 23h, 1d, 1w',
    );
  }
}

/** Whether another attempt may do better: the network, a limit on the rate, a 5xx, an answer that is not one. */
const isTransient = (error: unknown): boolean =>
  error instanceof Unheard || error instanceof Unsent || (error instanceof Said && error.complaint.status >= 500);
