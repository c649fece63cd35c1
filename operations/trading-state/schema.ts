/** The kill switch as it is asked for: what is stopped, and what became of it in each account. */
import * as z from 'zod/mini';

/** At most one of them is named; with none it is the instance. An account may narrow a strategy or an instrument. */
const scope = {
  account: z.optional(z.string()),
  venue: z.optional(z.string()),
  strategy: z.optional(z.string()),
  symbol: z.optional(z.string()),
  reason: z._default(z.string().check(z.minLength(1), z.maxLength(200)), 'by hand'),
};

export const haltInput = z.strictObject({
  ...scope,
  state: z._default(z.enum(['Halted', 'Reducing']), 'Halted'),
  flatten: z._default(z.boolean(), false),
});
export const resumeInput = z.strictObject(scope);

const flattened = z.object({
  strategy: z.string(),
  symbol: z.string(),
  held: z.string(),
  closes: z.string(),
  order: z.nullable(z.int()),
  denial: z.nullable(z.string()),
});

const tradingState = z.enum(['Active', 'Reducing', 'Halted']);
/** An account that the switch could not be thrown in. */
const failed = z.object({ account: z.string(), code: z.string(), message: z.string() });

export const haltOutput = z.object({
  /** In words: "the venue exchange". */
  scope: z.string(),
  /** Whether every account in scope is done. */
  done: z.boolean(),
  accounts: z.array(
    z.object({
      account: z.string(),
      state: tradingState,
      canceled: z.int(),
      pending: z.int(),
      left: z.int(),
      positions: z.array(flattened),
    }),
  ),
  failed: z.array(failed),
});

export const resumeOutput = z.object({
  scope: z.string(),
  done: z.boolean(),
  accounts: z.array(z.object({ account: z.string(), state: tradingState })),
  failed: z.array(failed),
});

export type HaltInput = z.output<typeof haltInput>;
export type ResumeInput = z.output<typeof resumeInput>;
export type HaltOutput = z.output<typeof haltOutput>;
export type ResumeOutput = z.output<typeof resumeOutput>;

/** What still stands in an account: it all, a strategy or an instrument; `name` is empty where it is the account. */
export const standing = z.object({
  scope: z.enum(['account', 'strategy', 'instrument']),
  name: z.string(),
  state: z.enum(['Reducing', 'Halted']),
  /** Why and by whom; empty where an older release stopped it. */
  reason: z.string(),
  /** Its cycle. */
  since: z.nullable(z.int()),
});
