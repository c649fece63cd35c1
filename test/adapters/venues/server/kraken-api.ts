/** Kraken's spot REST, as far as market data needs it: https://docs.kraken.com/api/docs/category/rest-api/market-data */
import { formatDecimal } from '../../../../core/numbers.ts';
import { candlesOf, MINUTE_MS, type ServedMarket } from './markets.ts';
import type { Answer, Notices } from './requests.ts';

/** Kraken keeps the latest 720 candles of an interval, and one that is forming. */
const CANDLES_KEPT = 720;

export function krakenAnswer(
  path: string,
  query: URLSearchParams,
  markets: readonly ServedMarket[],
  now: number,
  notices: Notices = {},
): Answer | undefined {
  if (path === '/0/public/Time')
    return result({ unixtime: Math.floor(now / 1000), rfc1123: new Date(now).toUTCString() });
  if (path === '/0/public/Assets') return result(assets(markets));
  if (path === '/0/public/AssetPairs') return pairs(query.get('pair'), markets, notices);
  if (path === '/0/public/SystemStatus')
    return result({ status: notices.system ?? 'online', timestamp: new Date(now).toISOString().replace('.000', '') });
  if (path === '/0/public/OHLC') return candles(query, markets, now);
  return undefined;
}

/** Of one pair, or of all. */
function pairs(pair: string | null, markets: readonly ServedMarket[], { market: status = 'online' }: Notices): Answer {
  const wanted = markets.filter((one) => pair === null || pairOf(one) === pair);
  if (wanted.length === 0) return { body: { error: ['EQuery:Unknown asset pair'] } };
  return result(Object.fromEntries(wanted.map((one) => [pairOf(one), { ...pairInfo(one), status }])));
}

const result = (body: unknown): Answer => ({ body: { error: [], result: body } });

export const altname = (asset: string): string => (asset === 'BTC' ? 'XBT' : asset);
export const pairOf = (market: ServedMarket): string => altname(market.base) + altname(market.quote);

/** Old assets carry a letter in front: X for coins, Z for currencies. */
export function assetId(asset: string): string {
  if (asset === 'BTC') return 'XXBT';
  return asset === 'ETH' ? 'XETH' : asset;
}

function assets(markets: readonly ServedMarket[]): Record<string, unknown> {
  const named = new Set(markets.flatMap((one) => [one.base, one.quote]));
  const asset = (name: string) => ({
    aclass: 'currency',
    altname: altname(name),
    decimals: 10,
    display_decimals: 5,
    status: 'enabled',
  });
  return Object.fromEntries([...named].map((name) => [assetId(name), asset(name)]));
}

function pairInfo(market: ServedMarket): object {
  return {
    altname: pairOf(market),
    wsname: `${altname(market.base)}/${market.quote}`,
    aclass_base: 'currency',
    base: assetId(market.base),
    aclass_quote: 'currency',
    quote: assetId(market.quote),
    lot: 'unit',
    cost_decimals: 5,
    pair_decimals: market.minutes.priceDecimals,
    lot_decimals: 8,
    lot_multiplier: 1,
    leverage_buy: [2, 3],
    leverage_sell: [2, 3],
    fees: [
      [0, 0.4],
      [10000, 0.35],
    ],
    fees_maker: [
      [0, 0.25],
      [10000, 0.2],
    ],
    fee_volume_currency: 'ZUSD',
    margin_call: 80,
    margin_stop: 40,
    ordermin: '0.0001',
    costmin: '0.5',
    tick_size: formatDecimal(1, market.minutes.priceDecimals),
    status: 'online',
  };
}

function candles(query: URLSearchParams, markets: readonly ServedMarket[], now: number): Answer {
  const market = markets.find((one) => pairOf(one) === query.get('pair'));
  if (!market) return { body: { error: ['EQuery:Unknown asset pair'] } };
  const length = Number(query.get('interval') ?? 1) * MINUTE_MS;
  const since = Number(query.get('since') ?? 0) * 1000;
  const price = (scaled: number): string => formatDecimal(scaled, market.minutes.priceDecimals);
  const kept = candlesOf(market.minutes, length, 0, now, Number.POSITIVE_INFINITY)
    .slice(-CANDLES_KEPT - 1)
    .filter((candle) => candle.open > since);
  const rows = kept.map((candle) => [
    candle.open / 1000,
    ...candle.prices.map(price),
    price(candle.prices[3]),
    candle.volume.toFixed(8),
    100,
  ]);
  return result({ [pairOf(market)]: rows, last: (kept.at(-2)?.open ?? since) / 1000 });
}
