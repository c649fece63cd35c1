import * as z from 'zod';
import { strategy } from '../../../core/strategies/contract.ts';

/** Buys at the first bar, leaves an order waiting far below at the second, and from then on asks for too much every fifth. */
export default strategy({
  name: 'known',
  description: 'Makes one move after another, for tests.',
  params: z.strictObject({}),
  indicators: () => ({}),
  state: () => ({ bars: 0 }),
  onBar({ bar, state, target, order }) {
    state.bars++;
    if (state.bars === 1) return target(0.3, 'the first bar');
    if (state.bars === 2) {
      return order({
        side: 'buy',
        type: 'limit',
        exposure: 0.1,
        price: Math.round(bar.close * 0.95),
        reason: 'far below',
      });
    }
    if (state.bars % 5 === 0) return order({ side: 'buy', type: 'market', exposure: 0.9, reason: 'too much at once' });
  },
});
