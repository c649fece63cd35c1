/** The runs that parity is shown on: recorded data, all built-in strategies, and limits tight enough to bite. */
import type { RecordedRunOptions } from '../../platform/recorded-run.ts';
import { recorded } from './recorded.ts';

/** Three weeks of a perpetual in 1m bars: longs and shorts, margin, funding. */
export const perpetual: RecordedRunOptions = {
  file: recorded('crypto/btc_perp_1m_2022_01.parquet'),
  symbols: ['BTC-PERP'],
  strategies: [
    { strategy: 'sma-cross', params: { short: true }, allocation: 0.5 },
    { strategy: 'rsi-reversion', allocation: 0.5 },
    { strategy: 'donchian-breakout', params: { short: true }, allocation: 0.5 },
    { strategy: 'multi-timeframe-trend', params: { short: true }, allocation: 0.5 },
  ],
  limits: {
    allowShort: true,
    maxOrderNotional: 4_900,
    maxGrossExposure: 1.5,
    maxNetExposure: 1.2,
    maxDailyLoss: 0.03,
    maxDrawdown: 0.9,
  },
  execution: { fundingBps: 1, slippageBps: 1, spreadBps: 1 },
  feeBps: 2,
  instrument: {
    type: 'linear-perpetual',
    initialMarginBps: 2_000,
    maintenanceMarginBps: 500,
    fundingIntervalMs: 28_800_000,
  },
};

/** A month of three spot pairs in 5m bars as one universe. */
export const threePairs: RecordedRunOptions = {
  file: recorded('crypto/binance_spot_5m_2024.parquet'),
  symbols: ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'],
  from: Date.UTC(2024, 2, 1),
  to: Date.UTC(2024, 3, 1),
  strategies: [
    { strategy: 'sma-cross', allocation: 0.6 },
    { strategy: 'rsi-reversion', allocation: 0.6 },
    { strategy: 'donchian-breakout', allocation: 0.6 },
    { strategy: 'multi-timeframe-trend', allocation: 0.6 },
  ],
  limits: { maxOrderNotional: 1_800, maxGrossExposure: 0.9, maxDailyLoss: 0.03, maxDrawdown: 0.9 },
  execution: { slippageBps: 2, volumeShare: { limit: 0.05, impactBps: 20 } },
  feeBps: 5,
};
