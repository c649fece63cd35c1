import * as z from 'zod';
import { sma } from '../../indicators/index.ts';
import { crosses } from '../condition.ts';
import { crossedAbove, crossedBelow, strategy } from '../contract.ts';

/** Long while the fast average is above the slow one; short below it too, where `short` is set. */
export default strategy({
  name: 'sma-cross',
  description: 'Buys when a fast moving average crosses above a slow one and sells when it crosses back.',
  params: z.strictObject({
    fast: z.int().min(1).max(10_000).default(10),
    slow: z.int().min(2).max(10_000).default(30),
    short: z.boolean().default(false),
  }),
  indicators: ({ fast, slow }) => ({ fast: sma(fast), slow: sma(slow) }),
  when: ({ fast, slow }) => crosses(fast, slow),
  onBar({ fast, slow, position, params, target }) {
    if (crossedAbove(fast, slow)) return target(1, 'the fast average crossed above the slow one');
    if (crossedBelow(fast, slow)) {
      if (params.short) return target(-1, 'the fast average crossed below the slow one');
      if (position.isLong) return target(0, 'the fast average crossed back below the slow one');
    }
  },
});
