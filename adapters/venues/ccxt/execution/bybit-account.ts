/** Fills, balances, positions and status at Bybit: v5, Get Trade History, Get Wallet Balance, Get Position Info, Get System Status. */
import { DAY_MS } from '../../../../core/market/civil.ts';
import type {
  MarketState,
  VenueBalance,
  VenueFill,
  VenuePosition,
  VenueStatus,
} from '../../../../core/ports/execution-venue.ts';
import { decimalDifference, decimalSum, scaledAverage } from '../../http/decimals.ts';
import {
  booleanIn,
  countIn,
  decimalTextIn,
  type Fields,
  fieldsOf,
  listOf,
  Malformed,
  positiveIn,
  scaledIn,
  wordIn,
  wrong,
} from '../../http/json.ts';
import { asked, type BybitCategory, open } from './bybit.ts';
import { pages, sideOf } from './bybit-orders.ts';
import type { Ask, Listing, Protocol } from './protocol.ts';

/** Get Trade History: startTime and endTime at most 7 days apart; kept for two years. */
const SPAN_MS = 7 * DAY_MS;
const KEPT_MS = 730 * DAY_MS;
const PAGE_SIZE = '100';

/** Enums, execType: what changes a position, and what does not. */
const IS_FILL: Readonly<Record<string, boolean>> = {
  Trade: true,
  AdlTrade: true,
  BustTrade: true,
  Funding: false,
  SessionSettlePnL: false,
  FutureSpread: false,
};

export function bybitAccount(category: BybitCategory): Pick<Protocol, 'fills' | 'balances' | 'positions' | 'status'> {
  return {
    fills: async (ask, wanted, now) => {
      const read: VenueFill[] = [];
      for (const { listing, from } of wanted) read.push(...(await fillsSince(ask, category, listing, from, now)));
      return read;
    },
    balances: (ask) => balances(ask, category),
    positions: async (ask, listings) => (category === 'spot' ? [] : positions(ask, listings)),
    status: (ask, listings) => status(ask, category, listings),
  };
}

async function fillsSince(
  ask: Ask,
  category: BybitCategory,
  listing: Listing,
  from: number,
  now: number,
): Promise<VenueFill[]> {
  const read: VenueFill[] = [];
  const common = { category, symbol: listing.id, limit: PAGE_SIZE };
  for (let start = Math.max(from, now - KEPT_MS); start <= now; start += SPAN_MS) {
    const span = { startTime: String(start), endTime: String(start + SPAN_MS - 1) };
    const rows = await pages(ask, (cursor) => asked('execution/list', { ...common, ...span, ...cursor }));
    for (const row of rows) if (isFill(row)) read.push(fillOf(row, listing));
  }
  return read;
}

function isFill(row: Fields): boolean {
  const type = wordIn(row, 'execType');
  if (!Object.hasOwn(IS_FILL, type)) throw wrong('execType', type);
  return IS_FILL[type];
}

function fillOf(row: Fields, { id, instrument }: Listing): VenueFill {
  if (wordIn(row, 'symbol') !== id) throw wrong('symbol', row.symbol);
  const currency = row.feeCurrency === undefined || row.feeCurrency === null ? '' : wordIn(row, 'feeCurrency');
  return {
    id: wordIn(row, 'execId'),
    symbol: instrument.symbol,
    venueOrderId: wordIn(row, 'orderId'),
    clientOrderId: wordIn(row, 'orderLinkId'),
    side: sideOf(row),
    quantity: positiveIn(row, 'execQty', instrument.quantityDecimals),
    price: positiveIn(row, 'execPrice', instrument.priceDecimals),
    fee: decimalTextIn(row, 'execFee'),
    // Empty for contracts on some accounts: their fees are in what they settle in.
    feeAsset: currency === '' ? instrument.settlement : currency,
    maker: booleanIn(row, 'isMaker'),
    time: countIn(row, 'execTime'),
  };
}

/** The unified account. What margin takes of a coin is held; a coin that is lent has less than nothing free, which counts as none. */
async function balances(ask: Ask, category: BybitCategory): Promise<VenueBalance[]> {
  const answer = fieldsOf(await ask(asked('account/wallet-balance', { accountType: 'UNIFIED' })), 'the balances');
  const [account] = listOf(answer.list, '"list"');
  return listOf(fieldsOf(account, 'the account').coin, '"coin"').map((entry) => {
    const coin = fieldsOf(entry, 'a coin');
    const margin = category === 'linear' ? ['totalOrderIM', 'totalPositionIM'] : [];
    const counted = margin.filter((name) => coin[name] !== undefined);
    const held = ['locked', ...counted].map((name) => amountIn(coin, name)).reduce(decimalSum);
    const free = decimalDifference(decimalTextIn(coin, 'walletBalance'), held);
    return { asset: wordIn(coin, 'coin'), free: free.startsWith('-') ? '0' : free, held };
  });
}

/** Never negative; empty where the account's mode does not count it. */
function amountIn(coin: Fields, name: string): string {
  const text = wordIn(coin, name) === '' ? '0' : decimalTextIn(coin, name);
  if (text.startsWith('-')) throw wrong(name, text);
  return text;
}

async function positions(ask: Ask, listings: readonly Listing[]): Promise<VenuePosition[]> {
  const found: VenuePosition[] = [];
  for (const listing of listings) {
    const answer = fieldsOf(
      await ask(asked('position/list', { category: 'linear', symbol: listing.id })),
      'the answer',
    );
    for (const entry of listOf(answer.list, '"list"')) {
      const position = positionOf(fieldsOf(entry, 'a position'), listing);
      if (position.quantity !== 0) found.push(position);
    }
  }
  return found;
}

function positionOf(fields: Fields, { id, instrument }: Listing): VenuePosition {
  if (wordIn(fields, 'symbol') !== id) throw wrong('symbol', fields.symbol);
  const quantity = scaledIn(fields, 'size', instrument.quantityDecimals);
  if (quantity === 0) return { symbol: instrument.symbol, quantity, entryPrice: 0 };
  const index = fields.positionIdx as { readonly text?: string };
  if (index?.text !== '0') throw new Malformed(`the account is in hedge mode (position ${index?.text})`);
  const entryPrice = scaledAverage(decimalTextIn(fields, 'avgPrice'), instrument.priceDecimals);
  return { symbol: instrument.symbol, quantity: sideOf(fields) === 'sell' ? -quantity : quantity, entryPrice };
}

/** Enums, status of symbols. */
const MARKET_STATES: Readonly<Record<string, MarketState>> = {
  Trading: 'open',
  PreLaunch: 'halted',
  Delivering: 'halted',
  Closed: 'delisted',
};

async function status(ask: Ask, category: BybitCategory, listings: readonly Listing[]): Promise<VenueStatus> {
  const system = fieldsOf(await ask(open('system/status')), 'the status');
  const ongoing = listOf(system.list, '"list"')
    .map((entry) => fieldsOf(entry, 'a notice'))
    .find((notice) => wordIn(notice, 'state') === 'ongoing');
  const markets: VenueStatus['markets'][number][] = [];
  for (const { id, instrument } of listings) {
    const answer = fieldsOf(await ask(open('market/instruments-info', { category, symbol: id })), 'the markets');
    const [described] = listOf(answer.list, '"list"');
    const word = described === undefined ? 'not listed' : wordIn(fieldsOf(described, 'a market'), 'status');
    const known = Object.hasOwn(MARKET_STATES, word) ? MARKET_STATES[word] : 'unrecognised';
    markets.push({ symbol: instrument.symbol, state: described === undefined ? 'delisted' : known, text: word });
  }
  return {
    state: ongoing === undefined ? 'open' : 'halted',
    text: ongoing === undefined ? '' : wordIn(ongoing, 'title'),
    markets,
  };
}
