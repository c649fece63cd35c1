/** The example desks: what each learns from, what is kept from it, and how it is then paper-traded. */
import type { Example } from './example.ts';

/** Nothing looks further back than 48 bars, so that a desk is warm after a day of half-hours or four hours of five minutes. */
const SHORT_MEMORY = [
  ...['return-1', 'return-3', 'return-6', 'return-12', 'return-24', 'return-48'],
  ...['rsi-14', 'rsi-48', 'cci-20', 'cmo-14', 'williams-r-14', 'stochastic-14'],
  ...['adx-14', 'direction-14', 'aroon-25', 'macd', 'macd-histogram'],
  ...['above-sma-20', 'above-sma-48', 'above-ema-48', 'slope-24'],
  ...['band-position-20', 'band-width-20', 'range-position-48', 'atr-share-14', 'atr-ratio-14-48'],
  ...['body', 'upper-shadow', 'hour-sin', 'hour-cos'],
];

export const EXAMPLES: readonly Example[] = [
  {
    name: 'gold-hourly',
    bars: 'fx/xauusd_h1_2012_2022.parquet',
    instruments: ['XAU/USD'],
    lockedFrom: Date.UTC(2021, 2, 4),
    training: { folds: 4 },
    // Half the spread of a retail broker, and no commission.
    paper: { short: true, feeBps: 1, slippageBps: 1 },
  },
  {
    name: 'crypto-hourly',
    bars: 'crypto/binance_spot_1h_2024.parquet',
    instruments: ['BTC/USDT', 'ETH/USDT', 'SOL/USDT', 'XRP/USDT', 'LTC/USDT'],
    features: SHORT_MEMORY,
    lockedFrom: Date.UTC(2024, 6, 1),
    training: {},
    paper: { short: false, feeBps: 10, slippageBps: 1 },
  },
  {
    name: 'crypto-5m',
    bars: 'crypto/binance_spot_5m_2024.parquet',
    instruments: ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'],
    features: SHORT_MEMORY,
    lockedFrom: Date.UTC(2024, 6, 1),
    training: { folds: 3 },
    paper: { short: false, feeBps: 10, slippageBps: 1 },
  },
];
