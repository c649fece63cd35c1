/** OKX's public REST, as far as bars and an account need it: www.okx.com/docs-v5 (Market Data, Public Data, Status). */
import { formatDecimal } from '../../../../core/numbers.ts';
import { candlesOf, MINUTE_MS, type ServedMarket } from './markets.ts';
import type { Answer, Notices, VenueRequest } from './requests.ts';

export function okxPublic(
  { method, path, query: text }: VenueRequest,
  markets: readonly ServedMarket[],
  now: number,
  notices: Notices,
): Answer | undefined {
  if (method !== 'GET') return undefined;
  const query = new URLSearchParams(text);
  if (path === '/api/v5/public/time') return result([{ ts: String(now) }]);
  if (path === '/api/v5/system/status') return result(announced(notices, now));
  if (path === '/api/v5/public/instruments') return instruments(query, markets, notices);
  if (CANDLES.includes(path)) return candles(query, markets, now);
  return undefined;
}

const CANDLES = ['/api/v5/market/candles', '/api/v5/market/history-candles'];

/** The envelope of every answer. */
export const result = (data: readonly unknown[]): Answer => ({ body: { code: '0', msg: '', data } });

/** The envelope of an error, with the status that it has. */
export const failure = (code: string, msg: string, status = 200): Answer => ({
  status,
  body: { code, msg, data: [] },
});

/** What a market is called. */
export const instIdOf = (market: { readonly base: string; readonly quote: string }, swap: boolean): string =>
  `${market.base}-${market.quote}${swap ? '-SWAP' : ''}`;

function announced({ system }: Notices, now: number): unknown[] {
  if (system === undefined) return [];
  const times = { begin: String(now - 60_000), end: String(now + 3_600_000), preOpenBegin: '' };
  const rest = { href: '', system: 'unified', scheDesc: '', maintType: '1', env: '1' };
  return [{ title: system, state: 'ongoing', serviceType: '5', ...times, ...rest }];
}

function instruments(
  query: URLSearchParams,
  markets: readonly ServedMarket[],
  { market: state = 'live' }: Notices,
): Answer {
  const swap = query.get('instType') === 'SWAP';
  const wanted = markets.filter((one) => (query.get('instId') ?? instIdOf(one, swap)) === instIdOf(one, swap));
  if (wanted.length === 0) return failure('51001', "Instrument ID doesn't exist.");
  return result(wanted.map((one) => described(one, swap, state)));
}

function described(market: ServedMarket, swap: boolean, state: string): unknown {
  const step = formatDecimal(1, market.quantityDecimals);
  // A contract of one coin, so that the account's money is counted as that of spot.
  const contract = { ctMult: '1', ctType: 'linear', ctVal: '1', ctValCcy: market.base, settleCcy: market.quote };
  const none = { ctMult: '', ctType: '', ctVal: '', ctValCcy: '', settleCcy: '' };
  return {
    alias: '',
    auctionEndTime: '',
    baseCcy: swap ? '' : market.base,
    category: '1',
    ...(swap ? contract : none),
    expTime: '',
    instFamily: swap ? `${market.base}-${market.quote}` : '',
    instId: instIdOf(market, swap),
    instType: swap ? 'SWAP' : 'SPOT',
    lever: swap ? '100' : '10',
    listTime: '1606468572000',
    lotSz: step,
    maxIcebergSz: '9999999999',
    maxLmtAmt: '20000000',
    maxLmtSz: '9999999999',
    maxMktAmt: '1000000',
    maxMktSz: '1000000',
    maxStopSz: '1000000',
    maxTriggerSz: '9999999999',
    maxTwapSz: '9999999999',
    minSz: step,
    optType: '',
    quoteCcy: swap ? '' : market.quote,
    ruleType: 'normal',
    state,
    stk: '',
    tickSz: formatDecimal(1, market.minutes.priceDecimals),
    uly: swap ? `${market.base}-${market.quote}` : '',
  };
}

const UNITS: Readonly<Record<string, number>> = { m: MINUTE_MS, H: 60 * MINUTE_MS, D: 1_440 * MINUTE_MS };

/** Get candlesticks: those that open after `before` and before `after`, the newest of them, newest first. */
function candles(query: URLSearchParams, markets: readonly ServedMarket[], now: number): Answer {
  const market = markets.find((one) => [false, true].some((swap) => instIdOf(one, swap) === query.get('instId')));
  if (!market) return failure('51001', "Instrument ID doesn't exist.");
  const [, count, unit] = /^(\d+)([mHD])/.exec(query.get('bar') ?? '1m')!;
  const [from, until] = [Number(query.get('before') ?? -1) + 1, Number(query.get('after') ?? Number.MAX_SAFE_INTEGER)];
  const { priceDecimals } = market.minutes;
  const opened = candlesOf(market.minutes, Number(count) * UNITS[unit], from, now, Number.POSITIVE_INFINITY);
  const newest = opened.filter(({ open }) => open < until).slice(-Math.min(300, Number(query.get('limit') ?? 100)));
  return result(
    newest.reverse().map((candle) => {
      const volume = candle.volume.toFixed(8);
      const prices = candle.prices.map((price) => formatDecimal(price, priceDecimals));
      return [String(candle.open), ...prices, volume, volume, '0', '1'];
    }),
  );
}
