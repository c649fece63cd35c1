/** OANDA's v20 REST, as far as instruments, prices and candles go: https://developer.oanda.com/rest-live-v20/introduction/ */
import { SimulatedVenue } from '../../../../adapters/venues/simulated.ts';
import type { BarColumns } from '../../../../core/market/bars.ts';
import { formatDecimal, pow10 } from '../../../../core/numbers.ts';
import { VenueAccount } from './account.ts';
import { candlesOf, SERVED_FROM, SERVED_TO } from './markets.ts';
import { OandaLog } from './oanda-log.ts';
import type { OandaSide } from './oanda-private.ts';
import type { Answer, ServedKey } from './requests.ts';

export interface ServedInstrument {
  readonly name: string;
  readonly type: 'CURRENCY' | 'METAL' | 'CFD';
  readonly displayPrecision: number;
  readonly tradeUnitsPrecision: number;
  readonly marginRate: string;
}

export const SERVED_INSTRUMENTS: readonly ServedInstrument[] = [
  { name: 'XAU_USD', type: 'METAL', displayPrecision: 3, tradeUnitsPrecision: 0, marginRate: '0.05' },
  { name: 'EUR_USD', type: 'CURRENCY', displayPrecision: 5, tradeUnitsPrecision: 0, marginRate: '0.0333' },
  { name: 'EUR_GBP', type: 'CURRENCY', displayPrecision: 5, tradeUnitsPrecision: 0, marginRate: '0.0333' },
  { name: 'BCO_USD', type: 'CFD', displayPrecision: 3, tradeUnitsPrecision: 1, marginRate: '0.1' },
];

/** An account kept in dollars. */
export function oandaSide(key: ServedKey): OandaSide {
  const accountId = '101-004-1435156-001';
  const account = new VenueAccount('perpetual', 'later');
  account.fillsWhole = true;
  minutes ??= generatedMinutes();
  const flags = { doublesTrades: false, forgetsClosed: false };
  return {
    accountId,
    currency: 'USD',
    account,
    key,
    log: new OandaLog(account, accountId),
    minutes,
    ofTrades: [],
    ...flags,
  };
}

let minutes: BarColumns | undefined;

export const instrumentsAnswer = (lastTransactionID: string): Answer => ({
  body: { instruments: SERVED_INSTRUMENTS.map(shown), lastTransactionID },
});

function shown({ name, type, displayPrecision, tradeUnitsPrecision, marginRate }: ServedInstrument): unknown {
  const units = (scaled: number): string => formatDecimal(scaled, tradeUnitsPrecision);
  return {
    name,
    type,
    displayName: name.replace('_', '/'),
    pipLocation: 1 - displayPrecision,
    displayPrecision,
    tradeUnitsPrecision,
    minimumTradeSize: units(1),
    maximumTrailingStopDistance: '1.00000',
    minimumTrailingStopDistance: '0.00050',
    maximumPositionSize: '0',
    maximumOrderUnits: '100000000',
    marginRate,
  };
}

/** `dateTime` in the format that the request asks for. */
export type InstantText = (ms: number) => string;

export function pricingAnswer(side: OandaSide, query: URLSearchParams, now: number, instant: InstantText): Answer {
  const names = (query.get('instruments') ?? '').split(',');
  const unknown = names.find((name) => !SERVED_INSTRUMENTS.some((one) => one.name === name));
  if (unknown !== undefined) return invalid(`Invalid value specified for 'instruments'`);
  const prices = names.map((instrument) => priceOf(side, instrument, instant(now)));
  return { body: { time: instant(now), prices } };
}

/** A quote of the test's price, with half a unit of the last decimal's tenfold on either side. */
function priceOf({ account, minutes }: OandaSide, name: string, time: string): unknown {
  const { displayPrecision } = SERVED_INSTRUMENTS.find((one) => one.name === name)!;
  const last =
    account.lastPrice(name.split('_')[0]) ?? minutes.close[0] * pow10(displayPrecision - minutes.priceDecimals);
  const text = (offset: number): string => formatDecimal(last + offset, displayPrecision);
  return {
    type: 'PRICE',
    time,
    bids: [{ price: text(-5), liquidity: 10_000_000 }],
    asks: [{ price: text(5), liquidity: 10_000_000 }],
    closeoutBid: text(-5),
    closeoutAsk: text(5),
    status: account.halted ? 'non-tradeable' : 'tradeable',
    tradeable: !account.halted,
    instrument: name,
  };
}

const MINUTE_MS = 60_000;
const GRANULARITIES: Readonly<Record<string, number>> = {
  M1: MINUTE_MS,
  M5: 5 * MINUTE_MS,
  M15: 15 * MINUTE_MS,
  H1: 60 * MINUTE_MS,
  H4: 240 * MINUTE_MS,
  D: 1_440 * MINUTE_MS,
};
const CANDLES_MAX = 5_000;

export function candlesAnswer(
  { minutes }: OandaSide,
  instrument: string,
  query: URLSearchParams,
  now: number,
  instant: InstantText,
): Answer {
  const found = SERVED_INSTRUMENTS.find(({ name }) => name === instrument);
  if (!found) return invalid(`Invalid value specified for 'instrument'`);
  const granularity = query.get('granularity') ?? 'S5';
  const length = GRANULARITIES[granularity];
  if (length === undefined) return invalid(`Invalid value specified for 'granularity'`);
  const count = Number(query.get('count') ?? 500);
  if (!(count >= 1 && count <= CANDLES_MAX)) return invalid(`Maximum value for 'count' exceeded`);
  const from = Math.round(Number(query.get('from') ?? 0) * 1_000);
  if (from > now) return invalid(`Invalid value specified for 'from'. Time is in the future`);
  if (granularity === 'D' && (query.get('dailyAlignment') !== '0' || query.get('alignmentTimezone') !== 'UTC')) {
    throw new Error('days are served from midnight UTC alone');
  }
  const price = (scaled: number): string =>
    formatDecimal(scaled * pow10(found.displayPrecision - minutes.priceDecimals), found.displayPrecision);
  const candles = candlesOf(minutes, length, from, now, count).map(({ open, prices: [o, h, l, c], volume }) => ({
    complete: open + length <= now,
    volume: Math.round(volume),
    time: instant(open),
    mid: { o: price(o), h: price(h), l: price(l), c: price(c) },
  }));
  return { body: { instrument, granularity, candles } };
}

export const invalid = (errorMessage: string): Answer => ({ status: 400, body: { errorMessage } });

/** Minutes of one instrument, which stand for all of them; without an hour and a half, as over a weekend. */
function generatedMinutes(): BarColumns {
  const venue = new SimulatedVenue({ seed: 'OANDA at the venue server', now: () => SERVED_TO });
  const all = venue.columns('BTC/USDT', '1m', SERVED_FROM, SERVED_TO, 10_000);
  const kept = [...all.timestamp.keys()].filter((i) => i < 600 || i >= 690);
  const pick = (values: Float64Array): Float64Array => Float64Array.from(kept, (i) => values[i]);
  const { priceDecimals, timestamp, open, high, low, close, volume } = all;
  return {
    length: kept.length,
    priceDecimals,
    timestamp: pick(timestamp),
    open: pick(open),
    high: pick(high),
    low: pick(low),
    close: pick(close),
    volume: pick(volume),
  };
}
