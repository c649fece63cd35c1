import { describe, expect, test } from 'vitest';
import { type ExchangeClass, openExchange } from '../../../../adapters/venues/ccxt/exchange.ts';
import { instrumentOfMarket } from '../../../../adapters/venues/ccxt/instruments.ts';
import { parseCcxtOptions } from '../../../../adapters/venues/ccxt/options.ts';
import {
  DECIMAL_PLACES,
  SIGNIFICANT_DIGITS,
  TICK_SIZE,
} from '../../../../node_modules/ccxt/js/src/base/functions/number.js';
import type { MarketInterface } from '../../../../node_modules/ccxt/js/src/base/types.js';
import Binance from '../../../../node_modules/ccxt/js/src/binance.js';

const binance = openExchange(Binance as unknown as ExchangeClass, parseCcxtOptions({}), {})
  .exchange as unknown as Binance;

// ccxt fills these in while it fetches markets, before it parses them.
Object.assign(binance.options, { crossMarginPairsData: [], isolatedMarginPairsData: [] });

const filters = (tickSize: string, stepSize: string) => [
  { filterType: 'PRICE_FILTER', minPrice: tickSize, maxPrice: '1000000', tickSize },
  { filterType: 'LOT_SIZE', minQty: stepSize, maxQty: '1000', stepSize },
];

const market = (raw: Record<string, unknown>): MarketInterface =>
  binance.parseMarket({ status: 'TRADING', ...raw }) as MarketInterface;

const SPOT = { symbol: 'BTCUSDT', baseAsset: 'BTC', quoteAsset: 'USDT', filters: filters('0.05000000', '0.00025000') };
const LINEAR = {
  symbol: 'BTCUSDT',
  contractType: 'PERPETUAL',
  baseAsset: 'BTC',
  quoteAsset: 'USDT',
  marginAsset: 'USDT',
  filters: [...filters('0.10', '0.001'), { filterType: 'MIN_NOTIONAL', notional: '100' }],
};
const INVERSE = {
  symbol: 'BTCUSD_PERP',
  contractType: 'PERPETUAL',
  contractStatus: 'TRADING',
  contractSize: 100,
  baseAsset: 'BTC',
  quoteAsset: 'USD',
  marginAsset: 'BTC',
  filters: filters('0.1', '1'),
};

describe('a market of ccxt as an instrument', () => {
  test('takes its decimals from steps that are not powers of ten, and keeps the step', () => {
    expect(instrumentOfMarket(market(SPOT), TICK_SIZE, 'binance')).toMatchObject({
      symbol: 'BTC/USDT',
      type: 'spot',
      settlement: 'USDT',
      priceDecimals: 2,
      tickSize: 5,
      quantityDecimals: 5,
      lotSize: 25,
      multiplier: 1,
    });
  });

  test('takes a linear perpetual in its quote', () => {
    expect(instrumentOfMarket(market(LINEAR), TICK_SIZE, 'binance')).toMatchObject({
      symbol: 'BTC/USDT:USDT',
      type: 'linear-perpetual',
      settlement: 'USDT',
      priceDecimals: 1,
      quantityDecimals: 3,
      multiplier: 1,
      minNotional: 100e8,
      makerFeeBps: 2,
      takerFeeBps: 5,
    });
  });

  test('takes an inverse perpetual in its base, with the size of its contract', () => {
    expect(instrumentOfMarket(market(INVERSE), TICK_SIZE, 'binance')).toMatchObject({
      symbol: 'BTC/USD:BTC',
      type: 'inverse-perpetual',
      settlement: 'BTC',
      quantityDecimals: 0,
      multiplier: 100,
      takerFeeBps: 5,
    });
  });

  test('takes a future with its expiry', () => {
    const future = {
      ...LINEAR,
      symbol: 'BTCUSDT_270326',
      contractType: 'CURRENT_QUARTER',
      deliveryDate: Date.UTC(2027, 2, 26, 8),
    };
    expect(instrumentOfMarket(market(future), TICK_SIZE, 'binance')).toMatchObject({
      type: 'future',
      expiry: Date.UTC(2027, 2, 26, 8),
    });
  });

  test('reads precision as decimals where the exchange states it so, and refuses significant digits', () => {
    const stated = { ...market(SPOT), precision: { price: 4, amount: 3 } };
    expect(instrumentOfMarket(stated, DECIMAL_PLACES, 'other')).toMatchObject({
      priceDecimals: 4,
      quantityDecimals: 3,
      venue: 'other',
    });
    expect(() => instrumentOfMarket(stated, SIGNIFICANT_DIGITS, 'other')).toThrowError(/not a step/);
    expect(() =>
      instrumentOfMarket({ ...stated, precision: { price: undefined, amount: 3 } }, TICK_SIZE, 'other'),
    ).toThrowError(/how precise its price/);
  });

  test('takes a step of whole units, and rounds a finer limit up', () => {
    const coarse = {
      ...market(SPOT),
      precision: { price: 10, amount: 100 },
      limits: { amount: { min: 0.5, max: undefined } },
    };
    expect(instrumentOfMarket(coarse, TICK_SIZE, 'other')).toMatchObject({
      priceDecimals: 0,
      tickSize: 10,
      quantityDecimals: 0,
      lotSize: 100,
      minQuantity: 1,
    });
  });
});

test('the limit on the rate is the exchange’s own unless it is set', () => {
  expect([binance.enableRateLimit, binance.rateLimit]).toEqual([true, new Binance().rateLimit]);
  const slower = openExchange(Binance as unknown as ExchangeClass, parseCcxtOptions({ rateLimitMs: 250 }), {}).exchange;
  expect(slower.rateLimit).toBe(250);
});

test('options that are not known, or out of bounds, are refused by name', () => {
  expect(() => parseCcxtOptions({ timeout: 5 } as never)).toThrowError(/option timeout is not valid/);
  expect(() => parseCcxtOptions({ attempts: 0 })).toThrowError(/option attempts is not valid/);
  expect(() => parseCcxtOptions({ baseUrl: 'ftp://localhost' })).toThrowError(/option baseUrl is not valid/);
});
