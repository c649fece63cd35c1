import * as z from 'zod';
import { rsi } from '../../indicators/index.ts';
import { crosses } from '../condition.ts';
import { crossedAbove, crossedBelow, strategy } from '../contract.ts';

/** Buys weakness and sells strength, each entry with a stop and a target. */
export default strategy({
  name: 'rsi-reversion',
  description: 'Buys when the RSI falls below a level, with a stop and a target; sells when it rises above another.',
  params: z.strictObject({
    period: z.int().min(2).max(10_000).default(14),
    lower: z.number().min(1).max(99).default(30),
    upper: z.number().min(1).max(99).default(70),
    stopLoss: z.number().positive().max(0.9).default(0.02),
    takeProfit: z.number().positive().max(0.9).default(0.04),
  }),
  indicators: ({ period }) => ({ strength: rsi(period) }),
  when: ({ strength }, { lower, upper }) => [crosses(strength, lower), crosses(strength, upper)],
  onBar({ strength, position, params, target }) {
    if (position.isFlat && crossedBelow(strength, params.lower)) {
      return target(1, 'the RSI fell below the lower level', {
        stopLoss: params.stopLoss,
        takeProfit: params.takeProfit,
      });
    }
    if (position.isLong && crossedAbove(strength, params.upper)) return target(0, 'the RSI rose above the upper level');
  },
});
