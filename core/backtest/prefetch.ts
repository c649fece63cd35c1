import type { MarketState } from '../engine/market-state.ts';

/** What was read is put somewhere, or the compiler would leave the reads out. */
const unread = new Float64Array(1);

/** Numbers in a line of the processor's cache. */
const LINE = 8;

/**
 * Reads one number of every cache line of the columns that a bar is looked up in singly: the open, at which an order fills, and
 * where asked the time. Done for a block at once, the processor fetches many lines at a time; left to the cycles, each of
 * these reads would wait for memory as long as several bars take.
 */
export function prefetchBars({ timestamp, open }: MarketState, from: number, to: number, withTimes: boolean): void {
  let sum = 0;
  for (let k = from; k < to; k += LINE) sum += open[k];
  if (withTimes) for (let k = from; k < to; k += LINE) sum += timestamp[k];
  unread[0] = sum;
}
