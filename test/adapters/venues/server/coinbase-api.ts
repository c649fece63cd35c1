/** Coinbase's public REST, as far as bars and an account need it: docs.cdp.coinbase.com/api-reference/advanced-trade-api (Public). */
import { formatDecimal } from '../../../../core/numbers.ts';
import { candlesOf, MINUTE_MS, type ServedMarket } from './markets.ts';
import type { Answer, Notices, VenueRequest } from './requests.ts';

const PRODUCTS = '/api/v3/brokerage/market/products';

export function coinbasePublic(
  { method, path, query: text }: VenueRequest,
  markets: readonly ServedMarket[],
  now: number,
  notices: Notices,
): Answer | undefined {
  if (method !== 'GET') return undefined;
  if (path === '/api/v3/brokerage/time') {
    const epochSeconds = String(Math.floor(now / 1_000));
    return { body: { iso: new Date(now).toISOString(), epochSeconds, epochMillis: String(now) } };
  }
  if (path === PRODUCTS) {
    const spot = (new URLSearchParams(text).get('product_type') ?? 'SPOT') === 'SPOT';
    const products = spot ? markets.map((one) => product(one, notices)) : [];
    return { body: { products, num_products: products.length, pagination: null } };
  }
  if (!path.startsWith(`${PRODUCTS}/`)) return undefined;
  const [id, rest] = path.slice(PRODUCTS.length + 1).split('/');
  const named = markets.find((one) => id === productIdOf(one));
  if (named && rest === 'candles') return candles(new URLSearchParams(text), named, now);
  const market = rest === undefined ? named : undefined;
  return market ? { body: product(market, notices) } : failure(404, 'NOT_FOUND', 'valid product_id is required');
}

/** What a market is called. */
export const productIdOf = ({ base, quote }: { readonly base: string; readonly quote: string }): string =>
  `${base}-${quote}`;

/** The gateway's errors. */
export const failure = (status: number, error: string, message: string): Answer => ({
  status,
  body: { error, error_details: message, message },
});

/** `market` is a status, or the name of a flag. */
function product(market: ServedMarket, { market: notice = 'online' }: Notices): unknown {
  const isStatus = ['online', 'offline', 'delisted', ''].includes(notice);
  const flag = (name: string): boolean => notice === name;
  return {
    product_id: productIdOf(market),
    price: '45000',
    price_percentage_change_24h: '0',
    volume_24h: '0',
    volume_percentage_change_24h: '0',
    base_increment: formatDecimal(1, market.quantityDecimals),
    quote_increment: formatDecimal(1, market.minutes.priceDecimals),
    quote_min_size: '1',
    quote_max_size: '150000000',
    base_min_size: formatDecimal(1, market.quantityDecimals),
    base_max_size: '3400',
    base_name: market.base,
    quote_name: market.quote,
    watched: false,
    is_disabled: flag('is_disabled'),
    new: false,
    status: isStatus ? notice : 'online',
    cancel_only: flag('cancel_only'),
    limit_only: flag('limit_only'),
    post_only: flag('post_only'),
    trading_disabled: flag('trading_disabled'),
    auction_mode: flag('auction_mode'),
    product_type: 'SPOT',
    quote_currency_id: market.quote,
    base_currency_id: market.base,
    fcm_trading_session_details: null,
    mid_market_price: '',
    alias: '',
    alias_to: [],
    base_display_symbol: market.base,
    quote_display_symbol: market.quote,
    view_only: flag('view_only'),
    price_increment: formatDecimal(1, market.minutes.priceDecimals),
    display_name: productIdOf(market),
    product_venue: 'CBE',
  };
}

const GRANULARITIES: Readonly<Record<string, number>> = {
  ONE_MINUTE: 1,
  FIVE_MINUTE: 5,
  FIFTEEN_MINUTE: 15,
  THIRTY_MINUTE: 30,
  ONE_HOUR: 60,
  TWO_HOUR: 120,
  SIX_HOUR: 360,
  ONE_DAY: 1_440,
};
const CANDLES_MAX = 350;

/** Get Public Product Candles: of a span that holds no more than 350, its end included, newest first. */
function candles(query: URLSearchParams, { minutes }: ServedMarket, now: number): Answer {
  const length = GRANULARITIES[query.get('granularity') ?? ''] * MINUTE_MS;
  const [start, end] = [Number(query.get('start')) * 1_000, Number(query.get('end')) * 1_000];
  if ((end - start) / length > CANDLES_MAX)
    return failure(400, 'INVALID_ARGUMENT', `number of candles requested should be less than ${CANDLES_MAX}`);
  const shown = candlesOf(minutes, length, start, now, Number.POSITIVE_INFINITY).filter(({ open }) => open <= end);
  const text = (price: number): string => formatDecimal(price, minutes.priceDecimals);
  return {
    body: {
      candles: shown.reverse().map(({ open, prices: [first, high, low, last], volume }) => ({
        start: String(open / 1_000),
        low: text(low),
        high: text(high),
        open: text(first),
        close: text(last),
        volume: volume.toFixed(8),
      })),
    },
  };
}
