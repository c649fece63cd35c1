import { type BarColumns, barsFromRows } from '../../../core/market/bars.ts';
import { seededRandom } from '../../../core/research/random.ts';

export const HOUR_MS = 3_600_000;

/** Hourly bars of a walk without a trend, the same for the same seed. Prices are scaled by `unit`. */
export function walk(length: number, seed = 1, unit = 1): BarColumns {
  const random = seededRandom(seed);
  let close = 200_000;
  return barsFromRows(
    Array.from({ length }, (_, i) => {
      const open = close;
      close = Math.max(1_000, open + Math.round((random.next() - 0.5) * 2_000));
      const high = Math.max(open, close) + Math.round(random.next() * 500);
      const low = Math.min(open, close) - Math.round(random.next() * 500);
      return {
        timestamp: 1_600_000_000_000 - (1_600_000_000_000 % HOUR_MS) + i * HOUR_MS,
        open: open * unit,
        high: high * unit,
        low: low * unit,
        close: close * unit,
        volume: 1 + Math.round(random.next() * 100),
      };
    }),
    2,
  );
}
