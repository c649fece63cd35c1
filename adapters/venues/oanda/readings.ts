/** What an account at OANDA has done and holds, and whether its markets trade. */
import type { Instrument } from '../../../core/market/instrument.ts';
import {
  EXECUTION_VENUE_BOUNDS,
  type VenueBalance,
  type VenueFill,
  type VenuePayment,
  type VenuePosition,
  type VenueStatus,
} from '../../../core/ports/execution-venue.ts';
import { type Fields, fieldsOf, wordIn } from '../http/json.ts';
import { within } from '../http/within.ts';
import { balanceIn, fillIn, paymentsIn, positionIn, stateIn } from './account.ts';
import { get, type OandaClient } from './client.ts';
import { instantIn, rowsIn } from './fields.ts';
import { nameOf, type OandaListing, type OandaListings } from './instruments.ts';
import { placeBefore, placeIn, placeText, readLog, timeOf } from './transaction-log.ts';

/** The part of the port that only asks. Each answer is whole, or none. */
export class OandaReadings {
  readonly #accountId: string;
  readonly #client: OandaClient;
  readonly #listings: OandaListings;

  constructor(accountId: string, client: OandaClient, listings: OandaListings) {
    this.#accountId = accountId;
    this.#client = client;
    this.#listings = listings;
  }

  /** There is no question for the time alone: it comes with prices. */
  async clock(): Promise<number> {
    return this.#client.read('the time', async () => {
      const [symbol] = await this.#listings.symbols(this.#client.ask);
      return instantIn(fieldsOf(await this.#prices([nameOf(symbol)]), 'the prices'), 'time');
    });
  }

  async fills(
    instruments: readonly Instrument[],
    since: number,
    cursor: string | undefined,
  ): Promise<{ readonly fills: VenueFill[]; readonly cursor: string }> {
    const read = await this.#since(instruments, since, cursor, 'fills', (...given) => fillIn(...given) ?? []);
    return { fills: read.found, cursor: read.cursor };
  }

  /** Financing, of every day and of what is closed, and what stands for dividends. */
  async payments(
    instruments: readonly Instrument[],
    since: number,
    cursor: string | undefined,
  ): Promise<{ readonly payments: VenuePayment[]; readonly cursor: string }> {
    const read = await this.#since(instruments, since, cursor, 'payments', paymentsIn);
    return { payments: read.found, cursor: read.cursor };
  }

  async balances(): Promise<readonly VenueBalance[]> {
    return this.#client.read('the balances', async () => [
      balanceIn(await this.#client.ask(get('@account/summary')), this.#accountId),
    ]);
  }

  async positions(instruments: readonly Instrument[]): Promise<readonly VenuePosition[]> {
    return this.#client.read('the positions', async () => {
      const byName = await this.#listings.byName(this.#client.ask, instruments);
      const rows = rowsIn(await this.#client.ask(get('@account/openPositions')), 'positions');
      return rows.flatMap((row) => {
        const listing = byName.get(wordIn(row, 'instrument'));
        return (listing && positionIn(row, listing)) ?? [];
      });
    });
  }

  /** OANDA is open where it gives prices; a market is, where its price may be dealt at. */
  async status(instruments: readonly Instrument[]): Promise<VenueStatus> {
    return this.#client.read('the state of its markets', async () => {
      const listings = await this.#listings.list(this.#client.ask, instruments);
      const prices =
        listings.length === 0 ? [] : rowsIn(await this.#prices(listings.map(({ name }) => name)), 'prices');
      const markets = listings.map(({ name, instrument: { symbol } }) => ({
        symbol,
        ...stateIn(prices.find((price) => wordIn(price, 'instrument') === name)),
      }));
      return { state: 'open', text: 'gives prices', markets };
    });
  }

  /** What the transactions after a cursor, or since a time, have led to; oldest first. */
  async #since<Found extends VenueFill | VenuePayment>(
    instruments: readonly Instrument[],
    since: number,
    cursor: string | undefined,
    what: string,
    findIn: (transaction: Fields, byName: ReadonlyMap<string, OandaListing>, currency: string) => Found | Found[],
  ): Promise<{ readonly found: Found[]; readonly cursor: string }> {
    const at = cursor === undefined ? undefined : placeIn(cursor);
    return this.#client.read(`the ${what}`, async () => {
      const byName = await this.#listings.byName(this.#client.ask, instruments);
      const currency = await this.#listings.currency(this.#client.ask);
      const now = this.#client.now();
      const place = at ?? (await placeBefore(this.#client.ask, since, now));
      const log = await readLog(this.#client.ask, place, now);
      const found = log.transactions
        .filter((transaction) => timeOf(transaction) >= place.since)
        .flatMap((transaction) => findIn(transaction, byName, currency));
      const inTime = within(EXECUTION_VENUE_BOUNDS.fillsPerCall, found, what).sort((a, b) => a.time - b.time);
      return { found: inTime, cursor: placeText(log.place) };
    });
  }

  #prices(names: readonly string[]): Promise<unknown> {
    return this.#client.ask(get('@account/pricing', { instruments: names.join(',') }));
  }
}
