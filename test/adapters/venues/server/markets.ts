/** What the venue server lists: recorded 1-minute bars where the recorded data is at hand, else generated ones. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readBarFile } from '../../../../adapters/files/bar-file.ts';
import { SimulatedVenue } from '../../../../adapters/venues/simulated.ts';
import type { BarColumns } from '../../../../core/market/bars.ts';

export const MINUTE_MS = 60_000;

export interface ServedMarket {
  readonly base: string;
  readonly quote: string;
  readonly quantityDecimals: number;
  /** Of one minute, with the decimals of the market's tick. */
  readonly minutes: BarColumns;
}

const RECORDED = join(process.env.PLIMSOLL_DATA ?? '../shared/data', 'crypto/binance_btcusdt_1m_2024_02.parquet');

/** 2024-02-07 22:03 to 2024-02-09 07:02 UTC, what the recorded file spans. */
export const SERVED_FROM = Date.UTC(2024, 1, 7, 22, 3);
export const SERVED_TO = Date.UTC(2024, 1, 9, 7, 3);

/** BTC/USDT and ETH/USDT over the served span. */
export async function servedMarkets(): Promise<ServedMarket[]> {
  return [
    { base: 'BTC', quote: 'USDT', quantityDecimals: 5, minutes: await bitcoinMinutes() },
    { base: 'ETH', quote: 'USDT', quantityDecimals: 4, minutes: generatedMinutes('ETH/USDT') },
  ];
}

async function bitcoinMinutes(): Promise<BarColumns> {
  if (!existsSync(RECORDED)) return generatedMinutes('BTC/USDT');
  const file = await readBarFile(RECORDED, { symbol: 'BTC/USDT', priceDecimals: 2 });
  return file.bars.get('BTC/USDT')!;
}

function generatedMinutes(symbol: string): BarColumns {
  const venue = new SimulatedVenue({ seed: 'venue server', now: () => SERVED_TO });
  return venue.columns(symbol, '1m', SERVED_FROM, SERVED_TO, 10_000);
}

/** A candle as an exchange counts it: minutes that have begun by `now`, folded; the last one is still forming. */
export interface ServedCandle {
  readonly open: number;
  readonly prices: readonly [open: number, high: number, low: number, close: number];
  readonly volume: number;
}

/** Candles of `length` ms that have begun by `now` and whose open is at least `from`, ascending, at most `limit`. */
export function candlesOf(
  minutes: BarColumns,
  length: number,
  from: number,
  now: number,
  limit: number,
): ServedCandle[] {
  const candles: { open: number; prices: [number, number, number, number]; volume: number }[] = [];
  for (let i = 0; i < minutes.length && minutes.timestamp[i] <= now; i++) {
    const open = Math.floor(minutes.timestamp[i] / length) * length;
    if (open < from) continue;
    const last = candles.at(-1);
    if (last?.open !== open) {
      if (candles.length === limit) break;
      const prices: [number, number, number, number] = [
        minutes.open[i],
        minutes.high[i],
        minutes.low[i],
        minutes.close[i],
      ];
      candles.push({ open, prices, volume: minutes.volume[i] });
      continue;
    }
    last.prices[1] = Math.max(last.prices[1], minutes.high[i]);
    last.prices[2] = Math.min(last.prices[2], minutes.low[i]);
    last.prices[3] = minutes.close[i];
    last.volume += minutes.volume[i];
  }
  return candles;
}
