/** What `orders.shortfall` takes and answers. */
import * as z from 'zod/mini';
import * as s from '../schemas.ts';

const parts = z.object({
  delay: s.decimal,
  execution: s.decimal,
  fees: s.decimal,
  opportunity: s.decimal,
  total: s.decimal,
});

/** Basis points of the notional. */
const bps = z.object({
  delay: z.number(),
  execution: z.number(),
  fees: z.number(),
  opportunity: z.number(),
  total: z.number(),
});

export const shortfallInput = z.strictObject({
  account: z.optional(z.string()),
  limit: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(1_000)), 100),
});

export const shortfallOutput = z.object({
  /** Newest first. Money; positive is a cost. */
  orders: z.array(
    z.object({
      order: z.int(),
      strategy: z.string(),
      symbol: z.string(),
      side: z.enum(['buy', 'sell']),
      /** Null where it was sent as it is. */
      algorithm: z.nullable(z.string()),
      decidedAt: s.time,
      /** Null while it is at work. */
      endedAt: z.nullable(s.time),
      wanted: s.decimal,
      filled: s.decimal,
      decisionPrice: s.decimal,
      endPrice: s.decimal,
      /** What was wanted, at the price of the decision. */
      notional: s.decimal,
      money: parts,
      bps,
    }),
  ),
  /** Of the orders that ended, by algorithm. */
  averages: z.array(
    z.object({ algorithm: z.nullable(z.string()), orders: z.int(), notional: s.decimal, money: parts, bps }),
  ),
});
