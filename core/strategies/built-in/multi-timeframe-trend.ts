import * as z from 'zod';
import { ema } from '../../indicators/index.ts';
import { crossedAbove, crossedBelow, strategy } from '../contract.ts';

/** Enters on its own timeframe, and only in the direction of a longer one. */
export default strategy({
  name: 'multi-timeframe-trend',
  description:
    'Buys when a fast average crosses above a slow one while the price is above its average on a longer timeframe; sells when either turns.',
  params: z.strictObject({
    fast: z.int().min(1).max(10_000).default(10),
    slow: z.int().min(2).max(10_000).default(30),
    /** The longer timeframe: a multiple of the strategy's own. */
    longer: z.enum(['5m', '15m', '30m', '1h', '2h', '4h', '6h', '8h', '12h', '1d', '1w']).default('1h'),
    /** Bars of the longer timeframe in its average. */
    trend: z.int().min(1).max(10_000).default(50),
    short: z.boolean().default(false),
  }),
  indicators: ({ fast, slow, longer, trend }) => ({
    fast: ema(fast),
    slow: ema(slow),
    trend: ema(trend).on(longer),
  }),
  onBar({ fast, slow, trend, bar, position, params, target }) {
    const rises = bar.close > trend.value;
    const falls = bar.close < trend.value;
    if (rises && crossedAbove(fast, slow)) return target(1, 'the averages crossed up in a rising longer trend');
    if (falls && params.short && crossedBelow(fast, slow)) {
      return target(-1, 'the averages crossed down in a falling longer trend');
    }
    if (position.isLong && crossedBelow(fast, slow)) return target(0, 'the averages crossed back down');
    if (position.isShort && crossedAbove(fast, slow)) return target(0, 'the averages crossed back up');
    if (position.isLong && falls) return target(0, 'the price fell below the longer average');
    if (position.isShort && rises) return target(0, 'the price rose above the longer average');
  },
});
