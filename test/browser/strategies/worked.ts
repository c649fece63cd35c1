import * as z from 'zod';
import { strategy } from '../../../core/strategies/contract.ts';

/** Has one order worked to its end, and another whose parts go out one a bar for the next hour. */
export default strategy({
  name: 'worked',
  description: 'Orders that algorithms work, for tests.',
  params: z.strictObject({}),
  indicators: () => ({}),
  state: () => ({ bars: 0 }),
  onBar({ state, order }) {
    state.bars++;
    if (state.bars === 1)
      return order({
        side: 'buy',
        type: 'market',
        exposure: 0.3,
        algorithm: { kind: 'twap', cycles: 4 },
        reason: 'in four parts',
      });
    if (state.bars === 10)
      return order({
        side: 'buy',
        type: 'market',
        exposure: 0.4,
        algorithm: { kind: 'twap', cycles: 60 },
        reason: 'over an hour',
      });
  },
});
