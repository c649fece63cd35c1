/** Bybit's public REST, as far as bars and an account need it: bybit-exchange.github.io/docs/v5/market */
import { formatDecimal } from '../../../../core/numbers.ts';
import { candlesOf, MINUTE_MS, type ServedMarket } from './markets.ts';
import type { Answer, Notices, VenueRequest } from './requests.ts';

export function bybitPublic(
  { method, path, query: text }: VenueRequest,
  markets: readonly ServedMarket[],
  now: number,
  notices: Notices,
): Answer | undefined {
  if (method !== 'GET') return undefined;
  const query = new URLSearchParams(text);
  if (path === '/v5/market/time') {
    return result(now, { timeSecond: String(Math.floor(now / 1_000)), timeNano: `${now}000000` });
  }
  if (path === '/v5/market/instruments-info') return instruments(query, markets, now, notices);
  if (path === '/v5/market/kline') return candles(query, markets, now);
  if (path === '/v5/system/status') return result(now, { list: announced(notices, now) });
  return undefined;
}

/** The envelope of every answer. */
export const result = (time: number, body: unknown): Answer => ({
  body: { retCode: 0, retMsg: 'OK', result: body, retExtInfo: {}, time },
});

/** The envelope of an error. */
export const failure = (time: number, retCode: number, retMsg: string): Answer => ({
  body: { retCode, retMsg, result: {}, retExtInfo: {}, time },
});

/** What a market is called, for all categories alike. */
export const symbolOf = ({ base, quote }: { readonly base: string; readonly quote: string }): string => base + quote;

function announced({ system }: Notices, now: number): unknown[] {
  if (system === undefined) return [];
  const from = { begin: String(now - 60_000), end: String(now + 3_600_000) };
  return [{ id: '4d95b2a0', title: system, state: 'ongoing', ...from, href: '', serviceTypes: [2], product: [1, 2] }];
}

function instruments(
  query: URLSearchParams,
  markets: readonly ServedMarket[],
  now: number,
  { market: status = 'Trading' }: Notices,
): Answer {
  const category = query.get('category');
  const wanted = markets.filter((one) => (query.get('symbol') ?? symbolOf(one)) === symbolOf(one));
  const asked = query.get('status') ?? status;
  const shown = asked === status ? wanted : [];
  const describe = category === 'spot' ? spotMarket : linearMarket;
  return result(now, { category, list: shown.map((one) => describe(one, status)), nextPageCursor: '' });
}

function spotMarket(market: ServedMarket, status: string): unknown {
  const step = formatDecimal(1, market.quantityDecimals);
  return {
    symbol: symbolOf(market),
    baseCoin: market.base,
    quoteCoin: market.quote,
    innovation: '0',
    status,
    marginTrading: 'both',
    lotSizeFilter: {
      basePrecision: step,
      quotePrecision: '0.0000001',
      minOrderQty: step,
      maxOrderQty: '9000',
      minOrderAmt: '5',
      maxOrderAmt: '8000000',
    },
    priceFilter: { tickSize: formatDecimal(1, market.minutes.priceDecimals) },
  };
}

function linearMarket(market: ServedMarket, status: string): unknown {
  const tick = formatDecimal(1, market.minutes.priceDecimals);
  const step = formatDecimal(1, market.quantityDecimals);
  return {
    symbol: symbolOf(market),
    contractType: 'LinearPerpetual',
    status,
    baseCoin: market.base,
    quoteCoin: market.quote,
    launchTime: '1585526400000',
    deliveryTime: '0',
    deliveryFeeRate: '',
    priceScale: String(market.minutes.priceDecimals),
    leverageFilter: { minLeverage: '1', maxLeverage: '100.00', leverageStep: '0.01' },
    priceFilter: { minPrice: tick, maxPrice: '1999999.80', tickSize: tick },
    lotSizeFilter: {
      maxOrderQty: '1190',
      minOrderQty: step,
      qtyStep: step,
      postOnlyMaxOrderQty: '1190',
      minNotionalValue: '5',
    },
    unifiedMarginTrade: true,
    fundingInterval: 480,
    settleCoin: market.quote,
  };
}

/** Get Kline: from `start` on, as many as `limit` says, newest first. */
function candles(query: URLSearchParams, markets: readonly ServedMarket[], now: number): Answer {
  const market = markets.find((one) => symbolOf(one) === query.get('symbol'));
  if (!market) return failure(now, 10001, 'Not supported symbols');
  const { priceDecimals } = market.minutes;
  const length = Number(query.get('interval')) * MINUTE_MS;
  const limit = Math.min(1_000, Number(query.get('limit') ?? 200));
  const list = candlesOf(market.minutes, length, Number(query.get('start') ?? 0), now, limit).map((candle) => [
    String(candle.open),
    ...candle.prices.map((price) => formatDecimal(price, priceDecimals)),
    candle.volume.toFixed(8),
    '0',
  ]);
  return result(now, { category: query.get('category'), symbol: symbolOf(market), list: list.reverse() });
}
