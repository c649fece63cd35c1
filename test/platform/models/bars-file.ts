import { type BarColumns, barAt } from '../../../core/market/bars.ts';

/** Bars as a CSV file of one symbol, A. */
export function csvOf(bars: BarColumns): string {
  const scale = 10 ** bars.priceDecimals;
  const rows = Array.from({ length: bars.length }, (_, k) => {
    const { timestamp, open, high, low, close, volume } = barAt(bars, k);
    return [timestamp, ...[open, high, low, close].map((price) => price / scale), volume, 'A'].join(',');
  });
  return ['timestamp,open,high,low,close,volume,symbol', ...rows].join('\n');
}
