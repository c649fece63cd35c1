/** An order as a row of a venue's answer tells of it, where venues differ in what they call the fields. */
import type { Side } from '../../../../core/execution/order.ts';
import type { VenueOrder, VenueOrderStatus } from '../../../../core/ports/execution-venue.ts';
import { countIn, type Fields, Malformed, positiveIn, scaledIn, wordIn, wrong } from '../../http/json.ts';
import type { Listing } from './protocol.ts';

/** What a venue calls the fields of an order, and what stands in them. */
export interface OrderRow {
  /** The venue's id of the instrument. */
  readonly listing: string;
  readonly venueOrderId: string;
  readonly clientOrderId: string;
  readonly status: string;
  /** A status that is not among them is `unrecognised`. */
  readonly statuses: Readonly<Record<string, VenueOrderStatus>>;
  readonly quantity: string;
  readonly filled: string;
  readonly type: string;
  /** What stands in `type` of a market order: the price shown of one is of the venue's making. */
  readonly market: string;
  readonly createdAt: string;
  readonly sideOf: (row: Fields) => Side;
  /** Of an order that has one. */
  readonly priceOf: (row: Fields, decimals: number) => number;
  /** 0 for none. */
  readonly triggerOf: (row: Fields, decimals: number) => number;
}

/** Reads a row. Throws `Malformed` where it is of another instrument, or says what cannot be. */
export function orderIn(row: Fields, { id, instrument }: Listing, as: OrderRow): VenueOrder {
  if (wordIn(row, as.listing) !== id) throw wrong(as.listing, row[as.listing]);
  const venueOrderId = wordIn(row, as.venueOrderId);
  const statusText = wordIn(row, as.status);
  const quantity = positiveIn(row, as.quantity, instrument.quantityDecimals);
  const filled = scaledIn(row, as.filled, instrument.quantityDecimals);
  if (filled > quantity) throw new Malformed(`order ${venueOrderId} is filled beyond its quantity`);
  const isMarket = wordIn(row, as.type) === as.market;
  return {
    symbol: instrument.symbol,
    venueOrderId,
    clientOrderId: wordIn(row, as.clientOrderId),
    side: as.sideOf(row),
    status: Object.hasOwn(as.statuses, statusText) ? as.statuses[statusText] : 'unrecognised',
    statusText,
    quantity,
    filled,
    price: isMarket ? 0 : as.priceOf(row, instrument.priceDecimals),
    trigger: as.triggerOf(row, instrument.priceDecimals),
    createdAt: countIn(row, as.createdAt),
  };
}
