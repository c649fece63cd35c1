/** An order by its client order id: as OANDA shows it, and where it does not, as its log has it. */
import type { VenueOrder } from '../../../core/ports/execution-venue.ts';
import { Said } from '../http/failures.ts';
import { countIn, type Fields, fieldsOf, wordIn, wrong } from '../http/json.ts';
import { get, type OandaAsk } from './client.ts';
import type { OandaListing } from './instruments.ts';
import { clientIdIn, endedBy, orderIn, orderOfCreation } from './orders.ts';
import { pagesBack, transactionOf } from './transaction-log.ts';

/**
 * undefined where OANDA knows none by that id, and its log since a time (ms UTC) has none. `filled` is from the transactions that filled
 * it: what the order itself says is its state.
 */
export async function findOrder(
  ask: OandaAsk,
  listing: OandaListing,
  clientOrderId: string,
  since: number,
): Promise<VenueOrder | undefined> {
  const shown = await shownOrder(ask, clientOrderId);
  if (shown === undefined) return orderInLog(ask, listing, clientOrderId, since);
  const order = orderIn(shown, listing);
  if (order.clientOrderId !== clientOrderId) throw wrong('clientExtensions', shown.clientExtensions);
  let ended = order;
  for (const key of ['fillingTransactionID', 'cancellingTransactionID']) {
    if (shown[key] === undefined) continue;
    const ending = await transactionOf(ask, countIn(shown, key));
    ended = endedBy(ended, ending, listing.instrument.quantityDecimals);
  }
  if (order.status === 'filled' && ended.filled === 0) throw wrong('fillingTransactionID', shown.fillingTransactionID);
  return order.status === 'unrecognised' ? { ...ended, status: order.status, statusText: order.statusText } : ended;
}

/** An order while it works; undefined once it does not. */
export async function workingOrder(
  ask: OandaAsk,
  listing: OandaListing,
  clientOrderId: string,
): Promise<VenueOrder | undefined> {
  const shown = await shownOrder(ask, clientOrderId);
  const order = shown && orderIn(shown, listing);
  return order?.status === 'working' ? order : undefined;
}

async function shownOrder(ask: OandaAsk, clientOrderId: string): Promise<Fields | undefined> {
  try {
    const answer = await ask(get(`@account/orders/@${encodeURIComponent(clientOrderId)}`));
    return fieldsOf(fieldsOf(answer, 'the answer').order, '"order"');
  } catch (error) {
    if (error instanceof Said && error.meaning === 'no such order') return undefined;
    throw error;
  }
}

/** Transactions that create orders of their own instrument. */
const CREATIONS = /^(MARKET|LIMIT|STOP|MARKET_IF_TOUCHED)_ORDER$/;
const ENDINGS = /^ORDER_(FILL|CANCEL)$/;

/** The latest order under the id: what ended it comes after it in the log. */
async function orderInLog(
  ask: OandaAsk,
  listing: OandaListing,
  clientOrderId: string,
  since: number,
): Promise<VenueOrder | undefined> {
  const endings: Fields[] = [];
  for await (const page of pagesBack(ask, since)) {
    for (const transaction of page.toReversed()) {
      const type = wordIn(transaction, 'type');
      if (ENDINGS.test(type)) endings.unshift(transaction);
      if (!CREATIONS.test(type) || clientIdIn(transaction) !== clientOrderId) continue;
      return endedInLog(orderOfCreation(transaction, listing), endings, listing);
    }
  }
  return undefined;
}

function endedInLog(created: VenueOrder, endings: readonly Fields[], { instrument }: OandaListing): VenueOrder {
  return endings
    .filter((ending) => ending.orderID === created.venueOrderId)
    .reduce((order, ending) => endedBy(order, ending, instrument.quantityDecimals), created);
}
