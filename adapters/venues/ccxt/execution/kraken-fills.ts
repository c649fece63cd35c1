/** Fills at Kraken spot, page after page. */
import type { VenueFill } from '../../../../core/ports/execution-venue.ts';
import {
  booleanIn,
  decimalTextIn,
  type Fields,
  fieldsOf,
  Malformed,
  positiveIn,
  secondsIn,
  wholeIn,
  wordIn,
} from '../../http/json.ts';
import { call, DEADLINE_MS } from './kraken.ts';
import { clientOrderIdOf, sideOf } from './kraken-orders.ts';
import type { Ask, Listing } from './protocol.ts';

/** Get Trades History: newest first, so many at once. */
const PAGE_SIZE = 50;
const PAGES_MAX = 200;

/**
 * Newest first, page after page up to a fixed end: a trade that comes to be seen under way moves the others back, so that some come
 * twice, and none is passed over. `count` says how many there are, so that fewer than at first are not taken for all.
 */
export async function fills(
  ask: Ask,
  wanted: readonly { listing: Listing; from: number }[],
  now: number,
): Promise<VenueFill[]> {
  if (wanted.length === 0) return [];
  const start = Math.min(...wanted.map(({ from }) => from));
  // Whole seconds; the start is exclusive.
  const before = String(Math.max(0, Math.floor(start / 1_000) - 1));
  const after = String(Math.ceil((now + DEADLINE_MS) / 1_000));
  const trades = new Map<string, Fields>();
  let atFirst: number | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const parameters = { start: before, end: after, ofs: String(page * PAGE_SIZE) };
    const answer = fieldsOf(await ask(call('TradesHistory', parameters, 2)), 'the trades');
    const rows = Object.entries(fieldsOf(answer.trades, '"trades"'));
    for (const [id, trade] of rows) trades.set(id, fieldsOf(trade, 'a trade'));
    const count = wholeIn(answer, 'count');
    atFirst ??= count;
    if ((page + 1) * PAGE_SIZE >= count) {
      if (trades.size < atFirst) throw new Malformed(`${trades.size} trades came of ${atFirst}`);
      return fillsOf(trades, wanted);
    }
    if (rows.length === 0) throw new Malformed(`the trades ended after ${trades.size} of ${count}`);
  }
  throw new Malformed(`the trades did not end within ${PAGES_MAX} pages`);
}

function fillsOf(trades: ReadonlyMap<string, Fields>, wanted: readonly { listing: Listing }[]): VenueFill[] {
  const fills: VenueFill[] = [];
  for (const [id, trade] of trades) {
    const pair = wordIn(trade, 'pair');
    const listing = wanted.find((one) => one.listing.id === pair || one.listing.alias === pair)?.listing;
    if (listing !== undefined) fills.push(fillOf(id, trade, listing));
  }
  return fills;
}

function fillOf(id: string, trade: Fields, { instrument }: Listing): VenueFill {
  return {
    id,
    symbol: instrument.symbol,
    venueOrderId: wordIn(trade, 'ordertxid'),
    clientOrderId: clientOrderIdOf(trade),
    side: sideOf(trade),
    quantity: positiveIn(trade, 'vol', instrument.quantityDecimals),
    price: positiveIn(trade, 'price', instrument.priceDecimals),
    // "Total fee (quote currency)".
    fee: decimalTextIn(trade, 'fee'),
    feeAsset: instrument.quote,
    maker: booleanIn(trade, 'maker'),
    time: secondsIn(trade, 'time'),
  };
}
