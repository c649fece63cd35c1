/** Instruments, closed bars and prices of OANDA. Bars are of the middle between bid and ask; their volume counts changes of the price. */
import { PlimsollError } from '../../../core/errors.ts';
import type { Bar } from '../../../core/market/bars.ts';
import { formatInstant } from '../../../core/market/civil.ts';
import type { Instrument } from '../../../core/market/instrument.ts';
import { barOpenAt, type Timeframe, timeframeMs } from '../../../core/market/timeframe.ts';
import type { MarketDataPort } from '../../../core/ports/market-data.ts';
import type { Probe } from '../ccxt/market-data.ts';
import { barsOfCandles, type RawCandle } from '../http/candles.ts';
import { problemOf } from '../http/failures.ts';
import { booleanIn, type Fields, fieldsOf, Numeral, positiveIn, wordIn, wrong } from '../http/json.ts';
import { assertBarRange } from '../ranges.ts';
import { get, type OandaAsk, OandaClient } from './client.ts';
import { instantIn, rowsIn } from './fields.ts';
import { nameOf, OandaListings } from './instruments.ts';
import { type OandaCredentialsInput, type OandaOptionsInput, type OandaRuntime, parseOandaOptions } from './options.ts';

/** instrument-df, CandlestickGranularity, as far as a bar here can be one. A month is not a length of time. */
const GRANULARITIES: Readonly<Record<string, string>> = {
  '5s': 'S5',
  '10s': 'S10',
  '15s': 'S15',
  '30s': 'S30',
  '1m': 'M1',
  '2m': 'M2',
  '4m': 'M4',
  '5m': 'M5',
  '10m': 'M10',
  '15m': 'M15',
  '30m': 'M30',
  '1h': 'H1',
  '2h': 'H2',
  '3h': 'H3',
  '4h': 'H4',
  '6h': 'H6',
  '8h': 'H8',
  '12h': 'H12',
  '1d': 'D',
  '1w': 'W',
};

/** instrument-ep: the most candles that one request gives. */
const PAGE_SIZE = 5_000;
/** Pages that one call may fetch. */
const PAGES_MAX = 2_000;

/** What can be had for how much now, scaled by the instrument's decimals; whether it may be dealt at. */
export interface OandaQuote {
  readonly symbol: string;
  readonly bid: number;
  readonly ask: number;
  readonly tradeable: boolean;
  /** ms UTC. */
  readonly time: number;
}

/** Market data of OANDA, which gives it to accounts alone. Asks it for nothing until the first call. Throws `CONFIGURATION_INVALID`. */
export function openOandaVenue(
  input: OandaOptionsInput,
  credentials: OandaCredentialsInput,
  runtime: OandaRuntime = {},
): OandaVenue {
  return new OandaVenue(new OandaClient(parseOandaOptions(input), credentials, runtime));
}

export class OandaVenue implements MarketDataPort {
  readonly venue: string;
  readonly provenance = 'live';
  readonly #client: OandaClient;
  readonly #listings: OandaListings;

  constructor(client: OandaClient) {
    this.venue = client.venue;
    this.#client = client;
    this.#listings = new OandaListings(client);
  }

  /** Every symbol that the account may trade, ascending. */
  async symbols(): Promise<string[]> {
    return this.#read('its symbols', (ask) => this.#listings.symbols(ask));
  }

  async instruments(symbols: readonly string[]): Promise<Instrument[]> {
    return this.#read('its instruments', (ask) => this.#listings.instruments(ask, symbols));
  }

  async bars(of: Instrument, timeframe: Timeframe, from: number, to: number, limit: number): Promise<Bar[]> {
    assertBarRange(from, to, limit);
    const granularity = this.#granularity(timeframe);
    const length = timeframeMs(timeframe);
    const end = Math.min(to, this.#client.now() - length + 1);
    const bars: Bar[] = [];
    let since = Math.max(0, from);
    for (let page = 0; since < end && bars.length < limit && page < PAGES_MAX; page++) {
      // One more, for the candle that is forming.
      const count = Math.min(PAGE_SIZE, limit - bars.length + 1);
      const candles = await this.#candles(of, granularity, since, count);
      const closed = candles.filter(({ complete }) => complete).map(({ raw }) => raw);
      const read = barsOfCandles(closed, of, 'ascending');
      this.#assertAligned(read, timeframe);
      bars.push(...read.filter(({ timestamp }) => timestamp >= since && timestamp < end));
      // A stretch without candles is passed over there: a page that is not full is the last.
      if (candles.length < count || read.length === 0) break;
      since = Math.max(since, read[read.length - 1].timestamp) + length;
    }
    return bars.slice(0, limit);
  }

  /** What the named instruments can be had for now: the spread is what lies between. */
  async quotes(instruments: readonly Instrument[]): Promise<OandaQuote[]> {
    if (instruments.length === 0) return [];
    return this.#read('prices', async (ask) => {
      const names = instruments.map(({ symbol }) => nameOf(symbol)).join(',');
      const prices = rowsIn(await ask(get('@account/pricing', { instruments: names })), 'prices');
      return instruments.flatMap((of) => {
        const price = prices.find((one) => wordIn(one, 'instrument') === nameOf(of.symbol));
        return price === undefined ? [] : [quoteOf(price, of)];
      });
    });
  }

  /** Whether OANDA answers the token within `timeoutMs`: one request, not repeated. Never throws. */
  async probe(timeoutMs: number): Promise<Probe> {
    const started = this.#client.now();
    try {
      await this.#client.once({ ...get('@account/summary'), timeoutMs });
      return { reachable: true, elapsedMs: this.#client.now() - started };
    } catch (error) {
      return { reachable: false, reason: this.#client.redact(error) };
    }
  }

  async close(): Promise<void> {
    this.#client.close();
  }

  async #candles(of: Instrument, granularity: string, since: number, count: number): Promise<CandleRow[]> {
    const query = {
      price: 'M',
      granularity,
      from: (since / 1_000).toFixed(3),
      count: String(count),
      dailyAlignment: '0',
      alignmentTimezone: 'UTC',
      weeklyAlignment: 'Monday',
    };
    return this.#read(`${of.symbol} bars`, async (ask) => {
      const answer = await ask(get(`instruments/${nameOf(of.symbol)}/candles`, query));
      const fields = fieldsOf(answer, 'the answer');
      if (wordIn(fields, 'instrument') !== nameOf(of.symbol)) throw wrong('instrument', fields.instrument);
      if (wordIn(fields, 'granularity') !== granularity) throw wrong('granularity', fields.granularity);
      return rowsIn(answer, 'candles').map(candleRow);
    });
  }

  #granularity(timeframe: Timeframe): string {
    if (Object.hasOwn(GRANULARITIES, timeframe)) return GRANULARITIES[timeframe];
    throw new PlimsollError(
      'TIMEFRAME_UNSUPPORTED',
      `${this.venue} has no ${timeframe} bars`,
      `use one of ${Object.keys(GRANULARITIES).join(', ')}`,
    );
  }

  #assertAligned(bars: readonly Bar[], timeframe: Timeframe): void {
    const stray = bars.find((bar) => barOpenAt(bar.timestamp, timeframe) !== bar.timestamp);
    if (stray === undefined) return;
    throw new PlimsollError(
      'TIMEFRAME_UNALIGNED',
      `${this.venue} opens a ${timeframe} bar at ${formatInstant(stray.timestamp)}, where no ${timeframe} bar opens here`,
      'use a shorter timeframe, from which longer bars are made',
    );
  }

  async #read<T>(what: string, run: (ask: OandaAsk) => Promise<T>): Promise<T> {
    try {
      return await run(this.#client.insist);
    } catch (error) {
      throw error instanceof PlimsollError ? error : problemOf(this.venue, what, error, this.#client.redact(error));
    }
  }
}

interface CandleRow {
  readonly complete: boolean;
  readonly raw: RawCandle;
}

/** `volume` is a number there, and everything else a string. */
function candleRow(row: Fields): CandleRow {
  const mid = fieldsOf(row.mid, '"mid"');
  const volume = row.volume instanceof Numeral ? row.volume.text : undefined;
  const raw = [instantIn(row, 'time'), wordIn(mid, 'o'), wordIn(mid, 'h'), wordIn(mid, 'l'), wordIn(mid, 'c'), volume];
  return { complete: booleanIn(row, 'complete'), raw };
}

function quoteOf(price: Fields, of: Instrument): OandaQuote {
  const best = (key: string): number => {
    const [first] = rowsIn(price, key);
    // Without liquidity there is no bucket, and only the price at which a position would be closed.
    return first === undefined
      ? positiveIn(price, key === 'bids' ? 'closeoutBid' : 'closeoutAsk', of.priceDecimals)
      : positiveIn(first, 'price', of.priceDecimals);
  };
  const [bid, ask] = [best('bids'), best('asks')];
  if (ask < bid) throw wrong('asks', price.asks);
  return { symbol: of.symbol, bid, ask, tradeable: booleanIn(price, 'tradeable'), time: instantIn(price, 'time') };
}
