/** Binance's spot REST, as far as market data needs it: https://developers.binance.com/docs/binance-spot-api-docs/rest-api */
import { timeframeMs } from '../../../../core/market/timeframe.ts';
import { formatDecimal } from '../../../../core/numbers.ts';
import { candlesOf, type ServedMarket } from './markets.ts';
import type { Answer, Notices } from './requests.ts';

const KLINES_DEFAULT = 500;
const KLINES_MAX = 1000;

export function binanceAnswer(
  path: string,
  query: URLSearchParams,
  markets: readonly ServedMarket[],
  now: number,
  notices: Notices = {},
): Answer | undefined {
  if (path === '/api/v3/time') return { body: { serverTime: now } };
  if (path === '/api/v3/exchangeInfo') return describedMarkets(query.get('symbol'), markets, now, notices);
  if (path === '/sapi/v1/system/status') return systemStatus(notices);
  if (path === '/api/v3/klines') return klines(query, markets, now);
  if (path === '/fapi/v1/time') return { body: { serverTime: now } };
  if (path === '/fapi/v1/exchangeInfo') return { body: futuresInfo(markets, now, notices) };
  return undefined;
}

/** Of one symbol, or of all. */
function describedMarkets(
  symbol: string | null,
  markets: readonly ServedMarket[],
  now: number,
  notices: Notices,
): Answer {
  const wanted = markets.filter((one) => symbol === null || one.base + one.quote === symbol);
  if (wanted.length === 0) return { status: 400, body: { code: -1121, msg: 'Invalid symbol.' } };
  return { body: exchangeInfo(wanted, now, notices) };
}

/** System Status: 0 normal, 1 maintenance. */
function systemStatus({ system }: Notices): Answer {
  return { body: system === undefined ? { status: 0, msg: 'normal' } : { status: 1, msg: system } };
}

function klines(query: URLSearchParams, markets: readonly ServedMarket[], now: number): Answer {
  const market = markets.find((one) => one.base + one.quote === query.get('symbol'));
  if (!market) return { status: 400, body: { code: -1121, msg: 'Invalid symbol.' } };
  const length = timeframeMs(query.get('interval') ?? '');
  const limit = Math.min(KLINES_MAX, Number(query.get('limit') ?? KLINES_DEFAULT));
  const from = Number(query.get('startTime') ?? 0);
  const decimals = market.minutes.priceDecimals;
  const eight = (scaled: number): string => formatDecimal(scaled * 10 ** (8 - decimals), 8);
  const body = candlesOf(market.minutes, length, from, now, limit).map((candle) => [
    candle.open,
    ...candle.prices.map(eight),
    candle.volume.toFixed(8),
    candle.open + length - 1,
    (candle.volume * candle.prices[3] * 10 ** -decimals).toFixed(8),
    100,
    (candle.volume / 2).toFixed(8),
    '0.00000000',
    '0',
  ]);
  return { body };
}

function exchangeInfo(markets: readonly ServedMarket[], now: number, notices: Notices): unknown {
  return {
    timezone: 'UTC',
    serverTime: now,
    rateLimits: [{ rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 6000 }],
    exchangeFilters: [],
    symbols: markets.map((market) => symbolInfo(market, notices)),
  };
}

function symbolInfo(market: ServedMarket, { market: status = 'TRADING' }: Notices): unknown {
  const tick = formatDecimal(10 ** (8 - market.minutes.priceDecimals), 8);
  const step = formatDecimal(10 ** (8 - market.quantityDecimals), 8);
  return {
    symbol: market.base + market.quote,
    status,
    baseAsset: market.base,
    baseAssetPrecision: 8,
    quoteAsset: market.quote,
    quotePrecision: 8,
    quoteAssetPrecision: 8,
    baseCommissionPrecision: 8,
    quoteCommissionPrecision: 8,
    orderTypes: ['LIMIT', 'LIMIT_MAKER', 'MARKET', 'STOP_LOSS', 'STOP_LOSS_LIMIT', 'TAKE_PROFIT', 'TAKE_PROFIT_LIMIT'],
    icebergAllowed: true,
    ocoAllowed: true,
    quoteOrderQtyMarketAllowed: true,
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: true,
    filters: [
      { filterType: 'PRICE_FILTER', minPrice: tick, maxPrice: '1000000.00000000', tickSize: tick },
      { filterType: 'LOT_SIZE', minQty: step, maxQty: '9000.00000000', stepSize: step },
      { filterType: 'MARKET_LOT_SIZE', minQty: '0.00000000', maxQty: '100.00000000', stepSize: '0.00000000' },
      {
        filterType: 'NOTIONAL',
        minNotional: '5.00000000',
        applyMinToMarket: true,
        maxNotional: '9000000.00000000',
        applyMaxToMarket: false,
        avgPriceMins: 5,
      },
    ],
    permissions: [],
    permissionSets: [['SPOT', 'MARGIN']],
    defaultSelfTradePreventionMode: 'NONE',
    allowedSelfTradePreventionModes: ['NONE'],
  };
}

function futuresInfo(markets: readonly ServedMarket[], now: number, notices: Notices): unknown {
  return {
    timezone: 'UTC',
    serverTime: now,
    futuresType: 'U_MARGINED',
    rateLimits: [
      { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 2400 },
      { rateLimitType: 'ORDERS', interval: 'MINUTE', intervalNum: 1, limit: 1200 },
    ],
    exchangeFilters: [],
    assets: [{ asset: 'USDT', marginAvailable: true, autoAssetExchange: '-10000' }],
    symbols: markets.map((market) => futuresSymbol(market, notices)),
  };
}

function futuresSymbol(market: ServedMarket, { market: status = 'TRADING' }: Notices): unknown {
  const tick = formatDecimal(1, market.minutes.priceDecimals);
  const step = formatDecimal(1, market.quantityDecimals);
  return {
    symbol: market.base + market.quote,
    pair: market.base + market.quote,
    contractType: 'PERPETUAL',
    deliveryDate: 4133404800000,
    onboardDate: 1569398400000,
    status,
    maintMarginPercent: '2.5000',
    requiredMarginPercent: '5.0000',
    baseAsset: market.base,
    quoteAsset: market.quote,
    marginAsset: market.quote,
    pricePrecision: market.minutes.priceDecimals,
    quantityPrecision: market.quantityDecimals,
    baseAssetPrecision: 8,
    quotePrecision: 8,
    underlyingType: 'COIN',
    underlyingSubType: ['PoW'],
    triggerProtect: '0.0500',
    liquidationFee: '0.012500',
    marketTakeBound: '0.05',
    filters: [
      { filterType: 'PRICE_FILTER', minPrice: tick, maxPrice: '4529764', tickSize: tick },
      { filterType: 'LOT_SIZE', minQty: step, maxQty: '1000', stepSize: step },
      { filterType: 'MARKET_LOT_SIZE', minQty: step, maxQty: '120', stepSize: step },
      { filterType: 'MIN_NOTIONAL', notional: '5' },
    ],
    orderTypes: ['LIMIT', 'MARKET'],
    timeInForce: ['GTC', 'IOC', 'FOK', 'GTX'],
  };
}
