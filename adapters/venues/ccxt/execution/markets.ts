/** What an exchange lists, kept for an hour. */
import type { Instrument } from '../../../../core/market/instrument.ts';
import { symbolUnknown } from '../../ranges.ts';
import type { Exchange, MarketInterface } from '../exchange.ts';
import type { Listing } from './protocol.ts';

/** How long the exchange's markets are taken to be what they were. */
const MARKETS_MAX_AGE_MS = 3_600_000;

export interface MarketsParts {
  readonly venue: string;
  readonly exchange: Exchange;
  /** Milliseconds UTC on this machine. */
  readonly now: () => number;
  /** Asks the exchange for its markets. */
  readonly load: () => Promise<unknown>;
}

export class Markets {
  readonly #parts: MarketsParts;
  #at = Number.NEGATIVE_INFINITY;
  #listings = new Map<string, Omit<Listing, 'instrument'>>();

  constructor(parts: MarketsParts) {
    this.#parts = parts;
  }

  /** Throws `SYMBOL_UNKNOWN`, and what loading the markets throws. */
  async list(instruments: readonly Instrument[]): Promise<Listing[]> {
    await this.refresh();
    return instruments.map((instrument) => {
      const listed = this.#listings.get(instrument.symbol);
      if (listed === undefined) throw symbolUnknown(this.#parts.venue, instrument.symbol, [...this.#listings.keys()]);
      return { ...listed, instrument };
    });
  }

  has({ symbol }: Instrument): boolean {
    return this.#listings.has(symbol);
  }

  /** Markets that cannot be had anew are what they were: an order in one of them must still be found and canceled. */
  async refresh(): Promise<void> {
    const { now, load, exchange } = this.#parts;
    if (now() - this.#at <= MARKETS_MAX_AGE_MS) return;
    try {
      await load();
      this.#listings = listingsOf(exchange.markets);
      this.#at = now();
    } catch (error) {
      if (this.#listings.size === 0) throw error;
    }
  }
}

function listingsOf(markets: unknown): Map<string, Omit<Listing, 'instrument'>> {
  const listings = new Map<string, Omit<Listing, 'instrument'>>();
  for (const market of Object.values((markets ?? {}) as Record<string, MarketInterface>)) {
    const { altname } = (market.info ?? {}) as { altname?: unknown };
    const id = String(market.id);
    listings.set(String(market.symbol), { id, alias: typeof altname === 'string' ? altname : id });
  }
  return listings;
}
