import * as z from 'zod';
import { opinion } from '../../models/opinion.ts';
import { strategy } from '../contract.ts';

/** Whole, since each text of a reason is kept for ever; the opinion itself is made again by `plimsoll replay`. */
const percent = (probability: number): string => `${Math.round(100 * probability)} %`;

/** Does what a model expects while the model is sure, and holds it for as long as the model looked ahead. */
export default strategy({
  name: 'model-opinion',
  description: 'Holds the way that a model expects the price to go, where the model is sure; for so many bars at most.',
  params: z.strictObject({
    /** Its name; the version that was promoted last decides. */
    model: z.string().min(1).max(63).default('crypto-5m'),
    /** Bars that a position is held without a new opinion; what the model's label looks ahead. */
    hold: z.int().min(1).max(10_000).default(24),
    /** Least probability of the way that is taken. */
    least: z.number().min(0.5).max(1).default(0.5),
    short: z.boolean().default(false),
    stopLoss: z.number().positive().max(0.9).default(0.05),
  }),
  indicators: ({ model }) => ({ desk: opinion(model) }),
  state: () => ({ heldBars: 0 }),
  onBar({ desk, params, position, state, target }) {
    const up = desk.up.value;
    const isSure = desk.unsure.value === 0 && Math.max(up, 1 - up) >= params.least;
    const protection = { stopLoss: params.stopLoss };
    if (isSure && up > 0.5 && !position.isLong) {
      state.heldBars = 0;
      return target(1, `the model expects a rise (${percent(up)})`, protection);
    }
    if (isSure && up < 0.5 && !position.isShort) {
      state.heldBars = 0;
      if (params.short) return target(-1, `the model expects a fall (${percent(1 - up)})`, protection);
      if (position.isLong) return target(0, `the model expects a fall (${percent(1 - up)})`);
    }
    if (position.isFlat) return;
    state.heldBars = isSure ? 0 : state.heldBars + 1;
    if (state.heldBars >= params.hold) return target(0, 'the model has not been sure for as long as it looks ahead');
  },
});
