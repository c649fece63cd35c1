/** Orders, fills, money and positions of an account at OANDA, over its v20 REST interface. */
import type { Instrument } from '../../../core/market/instrument.ts';
import type {
  CancelAnswer,
  ExecutionVenuePort,
  QueryAnswer,
  ReplaceAnswer,
  SubmitAnswer,
  VenueBalance,
  VenueFill,
  VenueOrder,
  VenueOrderRequest,
  VenuePayment,
  VenuePosition,
  VenueReplaceRequest,
  VenueStatus,
} from '../../../core/ports/execution-venue.ts';
import { Watches } from '../http/reconnecting.ts';
import { isListenedTo } from '../http/stream-host.ts';
import { CAPABILITIES } from './capabilities.ts';
import { OandaClient } from './client.ts';
import { OandaListings } from './instruments.ts';
import {
  type OandaCredentialsInput,
  type OandaOptions,
  type OandaOptionsInput,
  type OandaRuntime,
  parseOandaOptions,
} from './options.ts';
import { OandaOrderEntry } from './order-entry.ts';
import { OandaReadings } from './readings.ts';
import { transactions } from './stream.ts';

/** An account at OANDA. Asks it for nothing until the first call. Throws `CONFIGURATION_INVALID`. */
export function openOandaExecution(
  input: OandaOptionsInput,
  credentials: OandaCredentialsInput,
  runtime: OandaRuntime = {},
): OandaExecutionVenue {
  const options = parseOandaOptions(input);
  const client = new OandaClient(options, credentials, runtime);
  return new OandaExecutionVenue(options, client, new Watches(runtime.timers));
}

/**
 * What OANDA cannot do, or an id that it would not take, is `rejected` here, and not sent. So is an order in an instrument that is
 * priced in another currency than the account's. An order that OANDA takes and cancels at once for a reason of its own (the market is
 * halted, the margin does not suffice) is `rejected` too, with that reason. No order is ever sent twice.
 */
export class OandaExecutionVenue implements ExecutionVenuePort {
  readonly venue: string;
  readonly capabilities = CAPABILITIES;
  readonly #client: OandaClient;
  readonly #orders: OandaOrderEntry;
  readonly #readings: OandaReadings;
  readonly #watches: Watches;
  /** Of the whole account: OANDA has one stream for all its instruments. Absent where its host is not known. */
  readonly watch?: NonNullable<ExecutionVenuePort['watch']>;

  constructor(options: OandaOptions, client: OandaClient, watches: Watches) {
    const listings = new OandaListings(client);
    this.venue = client.venue;
    this.#client = client;
    this.#orders = new OandaOrderEntry(client, listings);
    this.#readings = new OandaReadings(options.accountId, client, listings);
    this.#watches = watches;
    if (isListenedTo(options)) {
      const connect = transactions(client, watches.timers.after);
      this.watch = (_instruments, onHint) => watches.open(connect, onHint);
    }
  }

  clock(): Promise<number> {
    return this.#readings.clock();
  }

  submit(order: VenueOrderRequest): Promise<SubmitAnswer> {
    return this.#orders.submit(order);
  }

  cancel(instrument: Instrument, clientOrderId: string): Promise<CancelAnswer> {
    return this.#orders.cancel(instrument, clientOrderId);
  }

  replace(request: VenueReplaceRequest): Promise<ReplaceAnswer> {
    return this.#orders.replace(request);
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

  positions(instruments: readonly Instrument[]): Promise<readonly VenuePosition[]> {
    return this.#readings.positions(instruments);
  }

  status(instruments: readonly Instrument[]): Promise<VenueStatus> {
    return this.#readings.status(instruments);
  }

  async close(): Promise<void> {
    await this.#watches.close();
    this.#client.close();
  }
}
