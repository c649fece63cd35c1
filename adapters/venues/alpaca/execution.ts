/** Orders, fills and holdings of an account at Alpaca, paper or live. */
import type { Instrument } from '../../../core/market/instrument.ts';
import type {
  CancelAnswer,
  ExecutionVenuePort,
  QueryAnswer,
  SubmitAnswer,
  VenueBalance,
  VenueCapabilities,
  VenueFill,
  VenueOrder,
  VenueOrderRequest,
  VenuePayment,
  VenuePosition,
  VenueStatus,
} from '../../../core/ports/execution-venue.ts';
import { type Connect, Watches } from '../http/reconnecting.ts';
import { isListenedTo } from '../http/stream-host.ts';
import { AlpacaAccount } from './account.ts';
import {
  type AlpacaCredentials,
  type AlpacaOptions,
  type AlpacaOptionsInput,
  type AlpacaRuntime,
  parseAlpacaOptions,
} from './options.ts';
import { AlpacaOrderEntry } from './order-entry.ts';
import { capabilitiesOf } from './orders.ts';
import { AlpacaReadings } from './readings.ts';
import { tradeUpdates } from './stream.ts';

/**
 * Opens an account. Asks Alpaca for nothing until the first call. The keys of the paper environment and of the live one are not the
 * same. Throws `CONFIGURATION_INVALID`.
 */
export function openAlpacaExecution(
  input: AlpacaOptionsInput,
  credentials: AlpacaCredentials,
  runtime: AlpacaRuntime = {},
): AlpacaExecutionVenue {
  return new AlpacaExecutionVenue(parseAlpacaOptions(input), credentials, runtime);
}

/**
 * Nothing is asked twice here. What Alpaca cannot do, or an id that it would not take, is `rejected` and not sent; an order for which
 * it could not be found out whether its asset is traded is `held-back`. A cancellation is `accepted`, and seen in the order later.
 */
export class AlpacaExecutionVenue implements ExecutionVenuePort {
  readonly venue: string;
  readonly capabilities: VenueCapabilities;
  readonly #options: AlpacaOptions;
  readonly #account: AlpacaAccount;
  readonly #orders: AlpacaOrderEntry;
  readonly #readings: AlpacaReadings;
  readonly #watches: Watches;
  /** Of the whole account: Alpaca has one stream for all its orders. Absent where its host is not known. */
  readonly watch?: NonNullable<ExecutionVenuePort['watch']>;

  constructor(options: AlpacaOptions, credentials: AlpacaCredentials, runtime: AlpacaRuntime) {
    this.venue = options.venue;
    this.capabilities = capabilitiesOf(options.assetClass);
    this.#options = options;
    this.#account = new AlpacaAccount(options, credentials, runtime);
    this.#orders = new AlpacaOrderEntry(this.#account);
    this.#readings = new AlpacaReadings(this.#account);
    this.#watches = new Watches(runtime.timers);
    if (isListenedTo(options)) this.watch = (_instruments, onHint) => this.#watches.open(this.#updates(), onHint);
  }

  clock(): Promise<number> {
    return this.#readings.clock();
  }

  status(instruments: readonly Instrument[]): Promise<VenueStatus> {
    return this.#readings.status(instruments);
  }

  submit(order: VenueOrderRequest): Promise<SubmitAnswer> {
    return this.#orders.submit(order);
  }

  cancel(instrument: Instrument, clientOrderId: string): Promise<CancelAnswer> {
    return this.#orders.cancel(instrument, clientOrderId);
  }

  query(instrument: Instrument, clientOrderId: string): Promise<QueryAnswer> {
    return this.#orders.query(instrument, clientOrderId);
  }

  openOrders(instruments: readonly Instrument[]): Promise<VenueOrder[]> {
    return this.#orders.openOrders(instruments);
  }

  fills(
    instruments: readonly Instrument[],
    since: number,
    cursor: string | undefined,
  ): Promise<{ readonly fills: VenueFill[]; readonly cursor: string }> {
    return this.#readings.fills(instruments, since, cursor);
  }

  payments(
    instruments: readonly Instrument[],
    since: number,
    cursor: string | undefined,
  ): Promise<{ readonly payments: VenuePayment[]; readonly cursor: string }> {
    return this.#readings.payments(instruments, since, cursor);
  }

  balances(): Promise<readonly VenueBalance[]> {
    return this.#readings.balances();
  }

  /** None: what Alpaca calls a position is owned, and among the balances. */
  async positions(): Promise<readonly VenuePosition[]> {
    return [];
  }

  #updates(): Connect {
    return tradeUpdates({
      options: this.#options,
      keyOf: this.#account.keyOf,
      redact: (error) => this.#account.link.redact(error),
      after: this.#watches.timers.after,
    });
  }

  async close(): Promise<void> {
    await this.#watches.close();
    this.#account.close();
  }
}
