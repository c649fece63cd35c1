import * as z from 'zod';
import { atr, donchian } from '../../indicators/index.ts';
import { type Protection, strategy } from '../contract.ts';

/** Follows a break of the channel of the bars before, with a stop as far away as the market is wide. */
export default strategy({
  name: 'donchian-breakout',
  description:
    'Buys when the close breaks above the highest high of the last bars, with a stop a few average true ranges below; sells when the close falls out of a shorter channel.',
  params: z.strictObject({
    /** Bars of the channel that is broken on entry, and of the one that ends the position. */
    entry: z.int().min(2).max(10_000).default(20),
    exit: z.int().min(1).max(10_000).default(10),
    /** Bars of the average true range, and how many of these ranges the stop is away from the close. */
    range: z.int().min(2).max(10_000).default(14),
    stop: z.number().positive().max(100).default(2),
    /** The stop follows the price. */
    trailing: z.boolean().default(false),
    short: z.boolean().default(false),
  }),
  indicators: ({ entry, exit, range }) => ({
    entry: donchian(entry, { excludeCurrent: true }),
    exit: donchian(exit, { excludeCurrent: true }),
    range: atr(range),
  }),
  onBar({ entry, exit, range, bar, position, params, target }) {
    const { close } = bar;
    const distance = params.stop * range.value;
    if (!position.isLong && close > entry.upper.value && canProtect(distance, close)) {
      return target(1, 'the close broke above the channel', protection(close, -distance, params.trailing));
    }
    if (params.short && !position.isShort && close < entry.lower.value && canProtect(distance, close)) {
      return target(-1, 'the close broke below the channel', protection(close, distance, params.trailing));
    }
    if (position.isLong && close < exit.lower.value) return target(0, 'the close fell below the exit channel');
    if (position.isShort && close > exit.upper.value) return target(0, 'the close rose above the exit channel');
  },
});

/** A market that has not moved, or that moves by more than its price, leaves no room for a stop: no entry without one. */
const canProtect = (distance: number, close: number): boolean => distance > 0 && distance < close;

function protection(close: number, offset: number, trailing: boolean): Protection {
  return trailing ? { trailingStop: Math.abs(offset) / close } : { stopLoss: { price: close + offset } };
}
