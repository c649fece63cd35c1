/** Alpaca's market data, clock and assets, as far as this platform asks for them: docs.alpaca.markets, as of 2026. */
import { SimulatedVenue } from '../../../../adapters/venues/simulated.ts';
import type { BarColumns } from '../../../../core/market/bars.ts';
import { DAY_MS } from '../../../../core/market/civil.ts';
import { formatDecimal } from '../../../../core/numbers.ts';
import { SERVED_FROM, SERVED_TO, type ServedMarket } from './markets.ts';
import type { Answer } from './requests.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * DAY_MS;
/** Days open at midnight in New York; the served days are in winter. */
const NEW_YORK_MS = 5 * HOUR_MS;
/** 1970-01-05, a Monday. */
const MONDAY_MS = 4 * DAY_MS;

/** An asset, and what of it the tests change. */
export interface ServedAsset {
  readonly symbol: string;
  readonly class: 'us_equity' | 'crypto';
  readonly minutes: BarColumns;
  readonly quantityDecimals: number;
  status: string;
  tradable: boolean;
  fractionable: boolean;
}

/** The served pairs, and one share. */
export function servedAssets(markets: readonly ServedMarket[]): ServedAsset[] {
  const traded = { status: 'active', tradable: true, fractionable: true };
  const pairs = markets.map(({ base, quote, minutes, quantityDecimals }) => {
    return { symbol: `${base}/${quote}`, class: 'crypto' as const, minutes, quantityDecimals, ...traded };
  });
  const share = { symbol: 'AAPL', class: 'us_equity' as const, minutes: shareMinutes(), quantityDecimals: 8 };
  return [...pairs, { ...share, ...traded }];
}

let made: BarColumns | undefined;
function shareMinutes(): BarColumns {
  made ??= new SimulatedVenue({ seed: 'a share', now: () => SERVED_TO }).columns(
    'ETH/USDT',
    '1m',
    SERVED_FROM,
    SERVED_TO,
    10_000,
  );
  return made;
}

/** Get an Asset by ID or Symbol. */
export function shownAsset(asset: ServedAsset): Record<string, unknown> {
  const isCrypto = asset.class === 'crypto';
  return {
    id: `00000000-0000-4000-9000-${[...asset.symbol]
      .map((c) => c.charCodeAt(0).toString(16))
      .join('')
      .padStart(12, '0')
      .slice(-12)}`,
    class: asset.class,
    exchange: isCrypto ? 'CRYPTO' : 'NASDAQ',
    symbol: asset.symbol,
    name: asset.symbol,
    status: asset.status,
    tradable: asset.tradable,
    marginable: !isCrypto,
    maintenance_margin_requirement: isCrypto ? 100 : 30,
    shortable: !isCrypto,
    easy_to_borrow: !isCrypto,
    fractionable: asset.fractionable,
    attributes: [],
    ...(isCrypto
      ? {
          min_order_size: '0.00002',
          min_trade_increment: formatDecimal(1, asset.quantityDecimals),
          price_increment: formatDecimal(1, asset.minutes.priceDecimals),
        }
      : {}),
  };
}

/** `2024-02-09T07:02:30Z`, as seconds or finer. */
export const instant = (ms: number): string =>
  new Date(ms)
    .toISOString()
    .replace(/\.?0+Z$/, 'Z')
    .replace(/(:\d\d):?Z$/, '$1Z');

/** In New York's time, with its offset. */
export function shownClock(now: number): unknown {
  const there = new Date(now - NEW_YORK_MS).toISOString().replace('Z', '');
  const day = there.slice(0, 10);
  return {
    timestamp: `${there}654738-05:00`,
    is_open: false,
    next_open: `${day}T09:30:00-05:00`,
    next_close: `${day}T16:00:00-05:00`,
  };
}

/** Historical Bars of stocks and of crypto; undefined where the path is neither. `mayReadSip`: of the account's plan. */
export function alpacaBars(
  path: string,
  query: URLSearchParams,
  assets: readonly ServedAsset[],
  now: number,
  mayReadSip: boolean,
): Answer | undefined {
  const wanted = { '/v2/stocks/bars': 'us_equity', '/v1beta3/crypto/us/bars': 'crypto' }[path];
  if (wanted === undefined) return undefined;
  if (query.get('feed') === 'sip' && !mayReadSip) {
    return { status: 403, body: { message: 'subscription does not permit querying recent SIP data' } };
  }
  const symbol = query.get('symbols') ?? '';
  const asset = assets.find((one) => one.symbol === symbol && one.class === wanted);
  if (!asset) return { status: 400, body: { message: `invalid symbol: ${symbol}` } };
  const length = lengthOf(query.get('timeframe') ?? '');
  if (length === undefined) return { status: 400, body: { message: 'invalid timeframe' } };
  const start = Date.parse(query.get('page_token') ?? query.get('start') ?? '');
  const end = Math.min(now, Date.parse(query.get('end') ?? '') || now);
  if (!(start >= 0)) return { status: 400, body: { message: 'Invalid format for parameter start' } };
  const limit = Number(query.get('limit') ?? 1_000);
  if (!(limit >= 1 && limit <= 10_000)) return { status: 400, body: { message: 'invalid limit' } };
  const all = foldedBars(asset.minutes, length, start, end);
  const bars = all.slice(0, limit).map((bar) => bar.shown);
  return {
    body: {
      bars: bars.length === 0 ? {} : { [symbol]: bars },
      next_page_token: all.length > limit ? instant(all[limit].open) : null,
    },
  };
}

function lengthOf(timeframe: string): number | undefined {
  const match = /^(\d{1,2})(Min|T|Hour|H|Day|D|Week|W)$/i.exec(timeframe);
  const units: Record<string, number> = { M: MINUTE_MS, T: MINUTE_MS, H: HOUR_MS, D: DAY_MS, W: WEEK_MS };
  return match ? Number(match[1]) * units[match[2][0].toUpperCase()] : undefined;
}

/** Minutes that have begun, folded; bars of a day and more open in New York. The last one may still be forming. */
function foldedBars(minutes: BarColumns, length: number, start: number, end: number) {
  const origin = length < DAY_MS ? 0 : length === WEEK_MS ? MONDAY_MS + NEW_YORK_MS : NEW_YORK_MS;
  const found: {
    open: number;
    shown: { t: string; o: number; h: number; l: number; c: number; v: number; n: number; vw: number };
  }[] = [];
  const plain = (scaled: number): number => Number(formatDecimal(scaled, minutes.priceDecimals));
  for (let i = 0; i < minutes.length && minutes.timestamp[i] <= end; i++) {
    const open = Math.floor((minutes.timestamp[i] - origin) / length) * length + origin;
    if (open < start) continue;
    const [o, h, l, c] = [minutes.open[i], minutes.high[i], minutes.low[i], minutes.close[i]].map(plain);
    const last = found.at(-1);
    if (last?.open === open) {
      const { shown } = last;
      Object.assign(shown, {
        h: Math.max(shown.h, h),
        l: Math.min(shown.l, l),
        c,
        v: shown.v + minutes.volume[i],
        n: shown.n + 1,
      });
    } else found.push({ open, shown: { t: instant(open), o, h, l, c, v: minutes.volume[i], n: 1, vw: c } });
  }
  return found;
}
