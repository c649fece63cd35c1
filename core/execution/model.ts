import * as z from 'zod';

/**
 * How simulated fills differ from the price on the screen. All of it works against the order.
 *
 * - `slippageBps`: a fixed distance that every taker pays.
 * - `spreadBps`: the whole spread; a taker pays half of it from the mid that bars show.
 * - `volumeShare`: at most `limit` of a bar's volume is there for an order, and taking a share s of it moves the price by
 *   `impactBps × s²` (the volume-share model of zipline).
 */
export const executionModelSchema = z.strictObject({
  slippageBps: z.number().min(0).max(5_000).default(0),
  spreadBps: z.number().min(0).max(5_000).default(0),
  volumeShare: z
    .strictObject({
      limit: z.number().positive().max(1),
      impactBps: z.number().min(0).max(10_000).default(0),
    })
    .optional(),
  /** Yearly cost of borrowing what a short in a spot market sold, in basis points of its value, charged each day at 00:00 UTC. */
  borrowBpsPerYear: z.number().min(0).max(100_000).default(0),
  /** Funding rate of perpetuals for an interval, where none is recorded, in basis points; longs pay when it is positive. */
  fundingBps: z.number().min(-1_000).max(1_000).default(0),
});

export type ExecutionModel = z.infer<typeof executionModelSchema>;
