/** Trades of an account at Binance, spot and USD-M, and the way through their pages. */
import type { VenueFill } from '../../../../core/ports/execution-venue.ts';
import {
  booleanIn,
  decimalTextIn,
  type Fields,
  fieldsOf,
  listOf,
  Malformed,
  positiveIn,
  wholeIn,
  wholeTextIn,
  wordIn,
  wrong,
} from '../../http/json.ts';
import { binanceCall } from './binance.ts';
import type { Ask, Call, Listing } from './protocol.ts';

export interface TradeTerms {
  readonly section: string;
  readonly path: string;
  readonly weight: number;
  /** The longest time between the start and the end of one question, ms. */
  readonly spanMs: number;
  /** What the fields are called that say whether this side bought, and whether it made the price. */
  readonly buyer: string;
  readonly maker: string;
}

/** Every fill of the listings, each from its time on. */
export async function fillsOf(
  ask: Ask,
  terms: TradeTerms,
  wanted: readonly { readonly listing: Listing; readonly from: number }[],
  now: number,
): Promise<VenueFill[]> {
  const read: VenueFill[] = [];
  for (const { listing, from } of wanted) {
    const callFor = (parameters: Record<string, string>) =>
      binanceCall(terms.section, 'GET', terms.path, { symbol: listing.id, ...parameters }, terms.weight);
    const trades = await tradesSince({ ask, callFor, spanMs: terms.spanMs }, from, now);
    read.push(...trades.map((trade) => fillOf(trade, listing, terms)));
  }
  return read;
}

function fillOf(trade: Fields, listing: Listing, { buyer, maker }: TradeTerms): VenueFill {
  const { instrument } = listing;
  if (wordIn(trade, 'symbol') !== listing.id) throw wrong('symbol', trade.symbol);
  return {
    id: wholeTextIn(trade, 'id'),
    symbol: instrument.symbol,
    venueOrderId: wholeTextIn(trade, 'orderId'),
    clientOrderId: '',
    side: booleanIn(trade, buyer) ? 'buy' : 'sell',
    quantity: positiveIn(trade, 'qty', instrument.quantityDecimals),
    price: positiveIn(trade, 'price', instrument.priceDecimals),
    fee: decimalTextIn(trade, 'commission'),
    feeAsset: wordIn(trade, 'commissionAsset'),
    maker: booleanIn(trade, maker),
    time: wholeIn(trade, 'time'),
  };
}

interface TradePages {
  readonly ask: Ask;
  readonly callFor: (parameters: Record<string, string>) => Call;
  /** The longest time between the start and the end of one question, ms. */
  readonly spanMs: number;
}

/** The most trades in one answer, and the most answers to one reading. */
const PAGE_SIZE = 1_000;
const PAGES_MAX = 2_000;
/** Further back than this many spans, all trades of the account are read instead, by id from the first. */
const SPANS_MAX = 60;

/**
 * Every trade of a symbol from `from` to `now`: span after span by time; from the first full page on by id, which skips none and
 * ends with the first page that is not full. (By time alone, trades of one millisecond beyond a page's end would be skipped.)
 */
async function tradesSince(pages: TradePages, from: number, now: number): Promise<Fields[]> {
  const trades: Fields[] = [];
  let start = from;
  const far = now - from > SPANS_MAX * pages.spanMs;
  let parameters: Record<string, string> = far ? { fromId: '0' } : between(start, pages.spanMs);
  for (let page = 0; page < PAGES_MAX; page++) {
    const asked = pages.callFor({ ...parameters, limit: String(PAGE_SIZE) });
    const answer = listOf(await pages.ask(asked), 'the trades').map((trade) => fieldsOf(trade, 'a trade'));
    if (answer.length > PAGE_SIZE)
      throw new Malformed(`${answer.length} trades came where ${PAGE_SIZE} were asked for`);
    trades.push(...answer);
    if (answer.length === PAGE_SIZE) {
      parameters = { fromId: String(highestId(answer) + 1n) };
      continue;
    }
    start += pages.spanMs;
    if ('fromId' in parameters || start > now) return trades.filter((trade) => wholeIn(trade, 'time') >= from);
    parameters = between(start, pages.spanMs);
  }
  throw new Malformed(`the trades did not end within ${PAGES_MAX} pages`);
}

function between(start: number, spanMs: number): Record<string, string> {
  return { startTime: String(start), endTime: String(start + spanMs - 1) };
}

function highestId(trades: readonly Fields[]): bigint {
  let highest = 0n;
  for (const trade of trades) {
    const id = BigInt(wholeTextIn(trade, 'id'));
    if (id > highest) highest = id;
  }
  return highest;
}
