/** Fills, balances and status at Coinbase's Advanced Trade: List Fills, List Accounts, Get Public Product. */
import type {
  MarketState,
  VenueBalance,
  VenueFill,
  VenuePosition,
  VenueStatus,
} from '../../../../core/ports/execution-venue.ts';
import { Said } from '../../http/failures.ts';
import {
  booleanIn,
  decimalTextIn,
  type Fields,
  fieldsOf,
  isoTimeIn,
  positiveIn,
  wordIn,
  wrong,
} from '../../http/json.ts';
import { asked, open } from './coinbase.ts';
import { pages, sideOf } from './coinbase-orders.ts';
import type { Ask, Listing, Protocol } from './protocol.ts';

const PAGE_SIZE = '250';

export const COINBASE_ACCOUNT: Pick<Protocol, 'fills' | 'balances' | 'positions' | 'status'> = {
  fills: async (ask, wanted) => {
    const read: VenueFill[] = [];
    for (const { listing, from } of wanted) {
      const start = new Date(Math.max(0, from - 1)).toISOString();
      const parameters = { product_ids: [listing.id], start_sequence_timestamp: start, limit: PAGE_SIZE };
      const rows = await pages(ask, 'fills', (cursor) =>
        asked('orders/historical/fills', { ...parameters, ...cursor }),
      );
      read.push(...rows.map((row) => fillOf(row, listing)).filter(({ time }) => time >= from));
    }
    return read;
  },
  balances,
  positions: async (): Promise<VenuePosition[]> => [],
  status,
};

/** A fill that is corrected or taken back, or counted in the quote currency, is not understood here. */
function fillOf(row: Fields, { id, instrument }: Listing): VenueFill {
  if (wordIn(row, 'product_id') !== id) throw wrong('product_id', row.product_id);
  if (wordIn(row, 'trade_type') !== 'FILL') throw wrong('trade_type', row.trade_type);
  if (booleanIn(row, 'size_in_quote')) throw wrong('size_in_quote', row.size_in_quote);
  return {
    id: wordIn(row, 'entry_id'),
    symbol: instrument.symbol,
    venueOrderId: wordIn(row, 'order_id'),
    clientOrderId: '',
    side: sideOf(row),
    quantity: positiveIn(row, 'size', instrument.quantityDecimals),
    price: positiveIn(row, 'price', instrument.priceDecimals),
    fee: decimalTextIn(row, 'commission'),
    feeAsset: instrument.quote,
    maker: isMaker(row),
    time: isoTimeIn(row, 'trade_time'),
  };
}

function isMaker(row: Fields): boolean {
  const word = wordIn(row, 'liquidity_indicator');
  if (word !== 'MAKER' && word !== 'TAKER' && word !== 'UNKNOWN_LIQUIDITY_INDICATOR') {
    throw wrong('liquidity_indicator', word);
  }
  return word === 'MAKER';
}

async function balances(ask: Ask): Promise<VenueBalance[]> {
  const rows = await pages(ask, 'accounts', (cursor) => asked('accounts', { limit: PAGE_SIZE, ...cursor }));
  return rows.map((row) => ({
    asset: wordIn(row, 'currency'),
    free: amountIn(row, 'available_balance'),
    held: amountIn(row, 'hold'),
  }));
}

/** `{"value":"1.23","currency":"BTC"}`, never negative. */
function amountIn(row: Fields, name: string): string {
  const text = decimalTextIn(fieldsOf(row[name], `"${name}"`), 'value');
  if (text.startsWith('-')) throw wrong(name, text);
  return text;
}

/** The venue gives notice for each product, and none for the whole. */
async function status(ask: Ask, listings: readonly Listing[]): Promise<VenueStatus> {
  const markets: VenueStatus['markets'][number][] = [];
  for (const { id, instrument } of listings) markets.push({ symbol: instrument.symbol, ...(await stateOf(ask, id)) });
  return { state: 'open', text: '', markets };
}

/** The first of these that is set says what a product takes. */
const FLAGS: readonly (readonly [string, MarketState])[] = [
  ['is_disabled', 'halted'],
  ['trading_disabled', 'halted'],
  ['view_only', 'halted'],
  ['cancel_only', 'cancel-only'],
  ['post_only', 'post-only'],
  ['auction_mode', 'limit-only'],
  ['limit_only', 'limit-only'],
];
const WORDS: Readonly<Record<string, MarketState>> = { online: 'open', offline: 'halted', delisted: 'delisted' };

async function stateOf(ask: Ask, id: string): Promise<{ state: MarketState; text: string }> {
  try {
    const product = fieldsOf(await ask(open(`market/products/${id}`)), 'the product');
    const word = wordIn(product, 'status');
    const named = word === '' ? 'open' : Object.hasOwn(WORDS, word) ? WORDS[word] : 'unrecognised';
    const flag = FLAGS.find(([name]) => booleanIn(product, name));
    return named === 'open' && flag ? { state: flag[1], text: flag[0] } : { state: named, text: word };
  } catch (error) {
    if (error instanceof Said && error.meaning === 'no such order') return { state: 'delisted', text: 'not listed' };
    throw error;
  }
}
