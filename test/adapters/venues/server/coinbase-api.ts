/** Coinbase's public REST, as far as an account needs it: docs.cdp.coinbase.com/api-reference/advanced-trade-api (Public). */
import { formatDecimal } from '../../../../core/numbers.ts';
import type { ServedMarket } from './markets.ts';
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
  const market = markets.find((one) => path === `${PRODUCTS}/${productIdOf(one)}`);
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
