/** What the calculator for options takes and gives. It bounds its figures itself, in words. */
import * as z from 'zod/mini';

export const optionInput = z.strictObject({
  type: z.enum(['call', 'put']),
  spot: z.coerce.number(),
  strike: z.coerce.number(),
  /** A year, continuously compounded, as a fraction; so is the dividend. */
  rate: z.coerce.number(),
  dividend: z._default(z.coerce.number(), 0),
  /** Calendar days to expiry. */
  days: z.coerce.number(),
  /** A year, as a fraction. Either it or the price. */
  volatility: z.optional(z.coerce.number()),
  price: z.optional(z.coerce.number()),
});

export const optionQuote = z.object({
  price: z.number(),
  delta: z.number(),
  gamma: z.number(),
  /** For one point of volatility. */
  vega: z.number(),
  /** A calendar day. */
  theta: z.number(),
  /** For one point of the rate. */
  rho: z.number(),
  /** A year, as a fraction; where the price was given. */
  impliedVolatility: z.optional(z.number()),
});
