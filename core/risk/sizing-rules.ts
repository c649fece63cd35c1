import * as z from 'zod';

const fraction = z.number().positive().max(100);
const bars = z.int().min(10).max(500);

/**
 * Which sizing methods an account, or a strategy in it, goes by. All that are configured are asked, and the smallest wins; fractions are
 * of what the strategy may use of the equity. A method that lacks something lets nothing new be opened.
 */
export const sizingSchema = z
  .strictObject({
    /** The same fraction every time. */
    fixedFraction: z.strictObject({ fraction }).optional(),
    /** So much that a day's profit or loss has this deviation, by the closes of the last bars. */
    volatilityTarget: z.strictObject({ daily: z.number().positive().max(1), bars: bars.default(60) }).optional(),
    /** A part of Kelly's fraction by the strategy's last trades in all its instruments; shrunk for the error of the estimate. */
    kelly: z
      .strictObject({
        part: z.number().positive().max(1).default(0.5),
        shrink: z.boolean().default(true),
        leastTrades: z.int().min(10).max(500).default(60),
      })
      .optional(),
    /** The instrument's part of `gross`, where each of the universe adds the same risk, by the closes of the last bars. */
    riskParity: z.strictObject({ gross: fraction.default(1), bars: bars.default(120) }).optional(),
    /** So much that being stopped out, with the fees of a taker both ways, costs this fraction. The order has to have a stop. */
    riskPerStop: z.strictObject({ risk: z.number().positive().max(1) }).optional(),
    /** Size while a method has fewer bars or trades than it needs. Left out: nothing is opened until it has them. */
    warmUpFraction: fraction.optional(),
  })
  .refine(({ kelly, warmUpFraction }) => kelly === undefined || warmUpFraction !== undefined, {
    message: 'kelly needs warmUpFraction: without trades it would never let the first one be opened',
    path: ['warmUpFraction'],
  });

export type SizingRules = z.infer<typeof sizingSchema>;
export type SizingInput = z.input<typeof sizingSchema>;
