/** Fills, balances, positions and status at OKX: Transaction details, Get balance, Get positions, Status, Get instruments. */
import type {
  MarketState,
  VenueBalance,
  VenueFill,
  VenuePosition,
  VenueStatus,
} from '../../../../core/ports/execution-venue.ts';
import { negated, scaledAverage } from '../../http/decimals.ts';
import {
  countIn,
  decimalTextIn,
  type Fields,
  Malformed,
  positiveIn,
  scaledIn,
  wordIn,
  wrong,
} from '../../http/json.ts';
import { asked, onlyIn, open, rowsOf } from './okx.ts';
import { type OkxType, pages, sideOf } from './okx-orders.ts';
import type { Ask, Listing, Protocol } from './protocol.ts';

const PAGE_SIZE = 100;
/** 10 in 2 seconds, where most may be asked 60 times. */
const FILLS_WEIGHT = 6;

export function okxAccount(instType: OkxType): Pick<Protocol, 'fills' | 'balances' | 'positions' | 'status'> {
  return {
    fills: async (ask, wanted, now) => {
      const read: VenueFill[] = [];
      for (const { listing, from } of wanted) read.push(...(await fillsSince(ask, instType, listing, from, now)));
      return read;
    },
    balances,
    positions: async (ask, listings) => (instType === 'SPOT' ? [] : positions(ask, listings)),
    status: (ask, listings) => status(ask, instType, listings),
  };
}

/** Transaction details, last 3 months. The end is fixed, so that what comes under way moves no page; the start is exclusive. */
async function fillsSince(
  ask: Ask,
  instType: OkxType,
  listing: Listing,
  from: number,
  now: number,
): Promise<VenueFill[]> {
  const begin = String(Math.max(0, from - 1));
  // A fill's time may be ahead of the clock as it was measured.
  const end = String(now + 60_000);
  const parameters = { instType, instId: listing.id, begin, end, limit: String(PAGE_SIZE) };
  const rows = await pages(ask, 'billId', (after) =>
    asked('trade/fills-history', { ...parameters, ...after }, FILLS_WEIGHT),
  );
  return rows.map((row) => fillOf(row, listing)).filter(({ time }) => time >= from);
}

function fillOf(row: Fields, { id, instrument }: Listing): VenueFill {
  if (wordIn(row, 'instId') !== id) throw wrong('instId', row.instId);
  const role = wordIn(row, 'execType');
  if (role !== 'M' && role !== 'T') throw wrong('execType', role);
  return {
    // A trade with oneself has one tradeId and two of these.
    id: wordIn(row, 'billId'),
    symbol: instrument.symbol,
    venueOrderId: wordIn(row, 'ordId'),
    clientOrderId: wordIn(row, 'clOrdId'),
    side: sideOf(row),
    quantity: positiveIn(row, 'fillSz', instrument.quantityDecimals),
    price: positiveIn(row, 'fillPx', instrument.priceDecimals),
    // Negative where it was paid.
    fee: negated(decimalTextIn(row, 'fee')),
    feeAsset: wordIn(row, 'feeCcy'),
    maker: role === 'M',
    time: countIn(row, 'ts'),
  };
}

async function balances(ask: Ask): Promise<VenueBalance[]> {
  const account = onlyIn(await ask(asked('account/balance', {})), 'the balances');
  return rowsOf(account.details, 'the balances').map((coin) => ({
    asset: wordIn(coin, 'ccy'),
    free: amountIn(coin, 'availBal'),
    held: amountIn(coin, 'frozenBal'),
  }));
}

/** Never negative. */
function amountIn(coin: Fields, name: string): string {
  const text = decimalTextIn(coin, name);
  if (text.startsWith('-')) throw wrong(name, text);
  return text;
}

async function positions(ask: Ask, listings: readonly Listing[]): Promise<VenuePosition[]> {
  const byId = new Map(listings.map((listing) => [listing.id, listing]));
  return rowsOf(await ask(asked('account/positions', { instType: 'SWAP' })), 'the positions').flatMap((row) => {
    const listing = byId.get(wordIn(row, 'instId'));
    const position = listing && positionOf(row, listing);
    return position === undefined || position.quantity === 0 ? [] : [position];
  });
}

/** In contracts; negative when short, where the account is in net mode. */
function positionOf(row: Fields, { instrument }: Listing): VenuePosition {
  const text = decimalTextIn(row, 'pos');
  const short = text.startsWith('-');
  const quantity = scaledIn({ pos: short ? negated(text) : text }, 'pos', instrument.quantityDecimals);
  if (quantity === 0) return { symbol: instrument.symbol, quantity, entryPrice: 0 };
  if (wordIn(row, 'posSide') !== 'net') {
    throw new Malformed(`the account is in long/short mode (a ${wordIn(row, 'posSide')} position)`);
  }
  const entryPrice = scaledAverage(decimalTextIn(row, 'avgPx'), instrument.priceDecimals);
  return { symbol: instrument.symbol, quantity: short ? -quantity : quantity, entryPrice };
}

/** Get instruments, state. */
const MARKET_STATES: Readonly<Record<string, MarketState>> = {
  live: 'open',
  post_only: 'post-only',
  suspend: 'halted',
  preopen: 'halted',
  rebase: 'halted',
  test: 'halted',
};
/** Status, serviceType: of trading, of trading for some accounts, of trading for some products, and of others. */
const TRADING_SERVICES = ['5', '8', '9', '99'];

async function status(ask: Ask, instType: OkxType, listings: readonly Listing[]): Promise<VenueStatus> {
  const notices = rowsOf(await ask(open('system/status', { state: 'ongoing' })), 'the notices');
  const halted = notices.find((notice) => TRADING_SERVICES.includes(wordIn(notice, 'serviceType')));
  const markets: VenueStatus['markets'][number][] = [];
  for (const { id, instrument } of listings) {
    const [described] = rowsOf(await ask(open('public/instruments', { instType, instId: id })), 'the markets');
    const word = described === undefined ? 'not listed' : wordIn(described, 'state');
    const known = Object.hasOwn(MARKET_STATES, word) ? MARKET_STATES[word] : 'unrecognised';
    markets.push({ symbol: instrument.symbol, state: described === undefined ? 'delisted' : known, text: word });
  }
  return {
    state: halted === undefined ? 'open' : 'halted',
    text: halted === undefined ? '' : wordIn(halted, 'title'),
    markets,
  };
}
