/** Orders at OKX: Place, Amend, Cancel, Order details, Order List, Cancel All After. */
import type { Side } from '../../../../core/execution/order.ts';
import { formatDecimal } from '../../../../core/numbers.ts';
import type {
  CancelAnswer,
  ReplaceAnswer,
  VenueOrder,
  VenueOrderRequest,
  VenueOrderStatus,
  VenueReplaceRequest,
} from '../../../../core/ports/execution-venue.ts';
import { Said } from '../../http/failures.ts';
import { countIn, type Fields, Malformed, scaledOrNoneIn, wordIn, wrong } from '../../http/json.ts';
import { acknowledged, asked, onlyIn, rowsOf, told } from './okx.ts';
import { type OrderRow, orderIn } from './order-row.ts';
import type { Ask, Call, Listing, Protocol } from './protocol.ts';

/** What the interface calls the kinds of instruments. */
export type OkxType = 'SPOT' | 'SWAP';

const PAGE_SIZE = 100;
const PAGES_MAX = 200;

export function okxOrders(
  instType: OkxType,
): Pick<Protocol, 'submit' | 'cancel' | 'query' | 'openOrders'> &
  Required<Pick<Protocol, 'replace' | 'cancelAllAfter'>> {
  return {
    submit: async (ask, listing, order, sentAt) => {
      const parameters = { instId: listing.id, ...parametersOf(instType, listing, order) };
      return acknowledged(await ask(told('trade/order', parameters, sentAt)), order.clientOrderId);
    },
    replace: amend,
    cancel,
    query: async (ask, listing, clientOrderId) => {
      try {
        const data = await ask(asked('trade/order', { instId: listing.id, clOrdId: clientOrderId }));
        const order = orderOf(onlyIn(data, 'the order'), listing);
        if (order.clientOrderId !== clientOrderId) throw wrong('clOrdId', order.clientOrderId);
        return order;
      } catch (error) {
        if (error instanceof Said && error.meaning === 'no such order') return undefined;
        throw error;
      }
    },
    openOrders: async (ask, listings) => {
      const byId = new Map(listings.map((listing) => [listing.id, listing]));
      if (byId.size === 0) return [];
      const rows = await pages(ask, 'ordId', (after) =>
        asked('trade/orders-pending', { instType, limit: String(PAGE_SIZE), ...after }),
      );
      return rows.flatMap((row) => {
        const listing = byId.get(wordIn(row, 'instId'));
        return listing === undefined ? [] : [orderOf(row, listing)];
      });
    },
    cancelAllAfter: async (ask, _listings, ms) => {
      const parameters = { timeOut: String(Math.ceil(ms / 1_000)) };
      const answer = onlyIn(await ask(told('trade/cancel-all-after', parameters)), 'the countdown');
      if (ms > 0) countIn(answer, 'triggerTime');
    },
  };
}

function parametersOf(instType: OkxType, { instrument }: Listing, order: VenueOrderRequest) {
  const market = order.type === 'market';
  const timed = order.timeInForce === 'gtc' ? 'limit' : order.timeInForce;
  return {
    clOrdId: order.clientOrderId,
    side: order.side,
    ordType: market ? 'market' : order.postOnly ? 'post_only' : timed,
    sz: formatDecimal(order.quantity, instrument.quantityDecimals),
    ...(market ? {} : { px: formatDecimal(order.price, instrument.priceDecimals) }),
    // A market order to buy is counted in the quote currency otherwise.
    ...(instType === 'SPOT' && market ? { tgtCcy: 'base_ccy' } : {}),
    ...(instType === 'SPOT' ? { tdMode: 'cash' } : { tdMode: 'cross', reduceOnly: order.reduceOnly }),
  };
}

/** Amend order: it keeps its ids, and what has filled counts towards the new size. A failure leaves it as it was. */
async function amend(
  ask: Ask,
  { id, instrument }: Listing,
  { order, quantity, price }: VenueReplaceRequest,
  sentAt: number,
): Promise<ReplaceAnswer> {
  const { clientOrderId } = order;
  const parameters = {
    instId: id,
    clOrdId: clientOrderId,
    cxlOnFail: false,
    newSz: formatDecimal(quantity, instrument.quantityDecimals),
    newPx: formatDecimal(price, instrument.priceDecimals),
  };
  const data = await ask(told('trade/amend-order', parameters, sentAt));
  return { kind: 'replaced', venueOrderId: acknowledged(data, clientOrderId), clientOrderId };
}

/** The answer says that the request came in; the order's state says later what became of it. 51410: it is being canceled already. */
async function cancel(ask: Ask, { id }: Listing, clientOrderId: string): Promise<CancelAnswer> {
  try {
    acknowledged(await ask(told('trade/cancel-order', { instId: id, clOrdId: clientOrderId })), clientOrderId);
  } catch (error) {
    if (!(error instanceof Said) || error.complaint.code !== '51410') throw error;
  }
  return { kind: 'accepted' };
}

/** Every row, page after page, newest first: each begins after the last id of the one before. */
export async function pages(
  ask: Ask,
  idName: string,
  callFor: (after: Record<string, string>) => Call,
): Promise<Fields[]> {
  const rows: Fields[] = [];
  let after: Record<string, string> = {};
  for (let page = 0; page < PAGES_MAX; page++) {
    const read = rowsOf(await ask(callFor(after)), 'the rows');
    rows.push(...read);
    if (read.length < PAGE_SIZE) return rows;
    after = { after: wordIn(read[read.length - 1], idName) };
  }
  throw new Malformed(`the rows did not end within ${PAGES_MAX} pages`);
}

/** Order details, state. */
const STATUSES: Readonly<Record<string, VenueOrderStatus>> = {
  live: 'working',
  partially_filled: 'working',
  filled: 'filled',
  canceled: 'canceled',
  mmp_canceled: 'canceled',
};

const ROW: OrderRow = {
  listing: 'instId',
  venueOrderId: 'ordId',
  clientOrderId: 'clOrdId',
  status: 'state',
  statuses: STATUSES,
  quantity: 'sz',
  filled: 'accFillSz',
  type: 'ordType',
  market: 'market',
  createdAt: 'cTime',
  sideOf,
  priceOf: (row, decimals) => scaledOrNoneIn(row, 'px', decimals),
  triggerOf: () => 0,
};

const orderOf = (row: Fields, listing: Listing): VenueOrder => orderIn(row, listing, ROW);

export function sideOf(row: Fields): Side {
  const side = wordIn(row, 'side');
  if (side !== 'buy' && side !== 'sell') throw wrong('side', side);
  return side;
}
