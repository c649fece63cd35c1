import { type BarColumns, barsFromRows } from '../../../../core/market/bars.ts';
import { seededRandom } from '../../../../core/research/random.ts';
import { HOUR_MS } from '../walk.ts';

/** Begin of a year, ms UTC. */
export const START = 1_577_836_800_000;

/**
 * Hourly bars whose moves are small, then large, then middling, for some fifty bars each, and which drift up, down and not at all for some
 * seventy; the same for the same seed. Prices are scaled by `unit`.
 */
export function restless(length: number, seed = 1, unit = 1): BarColumns {
  const random = seededRandom(seed);
  const sizes = [300, 3_000, 1_000];
  const drifts = [0.15, -0.15, 0];
  let close = 1_000_000;
  return barsFromRows(
    Array.from({ length }, (_, i) => {
      const size = sizes[Math.floor(i / 53) % sizes.length];
      const open = close;
      close = Math.max(100_000, open + Math.round((random.next() - 0.5 + drifts[Math.floor(i / 71) % 3]) * 2 * size));
      return {
        timestamp: START + i * HOUR_MS,
        open: open * unit,
        high: (Math.max(open, close) + Math.round(random.next() * size)) * unit,
        low: (Math.min(open, close) - Math.round(random.next() * size)) * unit,
        close: close * unit,
        volume: 1 + Math.round(random.next() * 100),
      };
    }),
    2,
  );
}
