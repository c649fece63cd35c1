/** What an account at Alpaca has done and holds, and whether it may trade. */
import type { Instrument } from '../../../core/market/instrument.ts';
import {
  EXECUTION_VENUE_BOUNDS,
  type VenueBalance,
  type VenueFill,
  type VenuePayment,
  type VenueStatus,
} from '../../../core/ports/execution-venue.ts';
import { FillCursor } from '../http/fill-cursor.ts';
import { fieldsOf } from '../http/json.ts';
import { within } from '../http/within.ts';
import type { AlpacaAccount } from './account.ts';
import { instantIn } from './fields.ts';
import { readFills } from './fills.ts';
import { balancesOf } from './holdings.ts';
import { PAYMENT_LATENESS_MS, readPayments } from './payments.ts';
import { accountState, marketOf } from './status.ts';

/** The part of the port that only asks. Each answer is whole, or none. */
export class AlpacaReadings {
  readonly #account: AlpacaAccount;

  constructor(account: AlpacaAccount) {
    this.#account = account;
  }

  async clock(): Promise<number> {
    return this.#account.read('the time', async () => {
      const body = await this.#account.link.ask(() => this.#account.sdk.clock.legacyClockRaw());
      return instantIn(fieldsOf(body, 'the time'), 'timestamp');
    });
  }

  async status(instruments: readonly Instrument[]): Promise<VenueStatus> {
    return this.#account.read('its status', async () => {
      const account = await this.#account.link.ask(() => this.#account.sdk.accounts.getAccountRaw());
      const markets: VenueStatus['markets'][number][] = [];
      for (const { symbol } of instruments) markets.push(marketOf(symbol, await this.#account.assets.current(symbol)));
      return { ...accountState(account, this.#account.assetClass), markets };
    });
  }

  async fills(
    instruments: readonly Instrument[],
    since: number,
    cursor: string | undefined,
  ): Promise<{ readonly fills: VenueFill[]; readonly cursor: string }> {
    const place = new FillCursor(cursor, since);
    const symbols = instruments.map(({ symbol }) => symbol);
    // Before the fills are read: one that happens meanwhile is after it.
    const now = await this.clock();
    return this.#account.read('the fills', async () => {
      if (symbols.length === 0) return place.advance([], [], now);
      const from = Math.min(...symbols.map((symbol) => place.from(symbol)));
      const read = await readFills((run) => this.#account.link.ask(run), this.#account.sdk, instruments, from);
      return place.advance(symbols, within(EXECUTION_VENUE_BOUNDS.fillsPerCall, read, 'fills'), now);
    });
  }

  /** Fees, dividends and interest. */
  async payments(
    instruments: readonly Instrument[],
    since: number,
    cursor: string | undefined,
  ): Promise<{ readonly payments: VenuePayment[]; readonly cursor: string }> {
    const place = new FillCursor(cursor, since);
    const symbols = instruments.map(({ symbol }) => symbol);
    const now = await this.clock();
    return this.#account.read('the payments', async () => {
      const from = Math.min(now, ...symbols.map((symbol) => place.from(symbol)));
      const read = await readPayments((run) => this.#account.link.ask(run), this.#account.sdk, instruments, from);
      const payments = within(EXECUTION_VENUE_BOUNDS.fillsPerCall, read, 'payments');
      const { fills: fresh, cursor: next } = place.advance(symbols, payments, now - PAYMENT_LATENESS_MS);
      return { payments: fresh, cursor: next };
    });
  }

  async balances(): Promise<readonly VenueBalance[]> {
    return this.#account.read('the balances', async () => {
      const account = await this.#account.link.ask(() => this.#account.sdk.accounts.getAccountRaw());
      const positions = await this.#account.link.ask(() => this.#account.sdk.positions.getAllOpenPositionsRaw());
      return within(EXECUTION_VENUE_BOUNDS.balances, balancesOf(account, positions), 'balances');
    });
  }
}
