/** What OANDA answers to a new order and to a change, and what it shows of those that are pending. */
import type { VenueOrder } from '../../../core/ports/execution-venue.ts';
import { countIn, type Fields, fieldsOf, wordIn, wrong } from '../http/json.ts';
import type { OandaListing } from './instruments.ts';
import { clientIdIn, endFor, isOfTrade, orderIn, orderOfTrade } from './orders.ts';

/** What a pending order is in one of the listings; none where it is of another instrument, or of a trade that was closed meanwhile. */
export function pendingOrder(
  row: Fields,
  trades: ReadonlyMap<number, Fields>,
  byName: ReadonlyMap<string, OandaListing>,
): VenueOrder[] {
  const trade = isOfTrade(row) ? trades.get(countIn(row, 'tradeID')) : undefined;
  if (isOfTrade(row) && trade === undefined) return [];
  const listing = byName.get(wordIn(trade ?? row, 'instrument'));
  if (listing === undefined) return [];
  return [trade === undefined ? orderIn(row, listing) : orderOfTrade(row, trade, listing)];
}

/** The order id in the answer to a new order, which must name the order that was sent. */
export function acknowledged(answer: Fields, { name }: OandaListing, clientOrderId: string): string {
  const created = fieldsOf(answer.orderCreateTransaction, '"orderCreateTransaction"');
  if (wordIn(created, 'instrument') !== name) throw wrong('instrument', created.instrument);
  if (clientIdIn(created) !== clientOrderId) throw wrong('clientExtensions', created.clientExtensions);
  return String(countIn(created, 'id'));
}

/** Why an order that was taken was canceled at once without a fill, where that is not how its kind ends. */
export function refusalIn({ orderCancelTransaction, orderFillTransaction }: Fields): string | undefined {
  if (orderCancelTransaction === undefined || orderFillTransaction !== undefined) return undefined;
  const reason = reasonIn(orderCancelTransaction);
  return endFor(reason, 0) === 'rejected' ? reason : undefined;
}

export const reasonIn = (transaction: unknown): string => wordIn(fieldsOf(transaction, 'a transaction'), 'reason');
