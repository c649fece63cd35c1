/** Changes of limits as they are asked for and told. */
import * as z from 'zod/mini';
import * as s from '../schemas.ts';

const why = z.string().check(z.minLength(1), z.maxLength(200));
const version = z.coerce.number().check(z.int(), z.positive());

export const limitsChangesInput = z.strictObject({
  account: z.optional(z.string()),
  limit: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(100)), 20),
});

export const limitsProposeInput = z.strictObject({
  account: z.optional(z.string()),
  /** Limits as in the configuration, only those that are to change; null takes one away. */
  limits: z.record(z.string(), z.unknown()),
  reason: why,
});

export const limitsApproveInput = z.strictObject({
  account: z.optional(z.string()),
  version,
  reason: why,
  /** The account's name, typed, where nobody else could approve it. */
  confirm: z.optional(z.string()),
});

export const limitsRejectInput = z.strictObject({ account: z.optional(z.string()), version, reason: why });

/** `from` and `to` as in the configuration; null where the limit is not set. */
const change = z.object({
  limit: z.string(),
  from: z.unknown(),
  to: z.unknown(),
  effect: z.enum(['tightens', 'loosens']),
});

/** Who and why; empty where a configuration did not name them. */
const named = { source: z.enum(['configuration', 'person']), by: z.string(), reason: z.string() };

/** A change, or the part of it, that waits. */
export const heldLimits = z.object({ version: z.int(), ...named, since: s.time, changes: z.array(change) });

export const limitsChangesOutput = z.object({
  account: z.string(),
  /** Number of the last change; 0 where the limits are those of the account's opening. */
  version: z.int(),
  held: z.nullable(heldLimits),
  /** Newest first. */
  changes: z.array(
    z.object({
      version: z.int(),
      outcome: z.enum(['applied', 'held', 'rejected', 'superseded', 'withdrawn']),
      ...named,
      /** Its cycle. */
      at: s.time,
      changes: z.array(change),
    }),
  ),
});

export const limitsAnswer = z.object({
  version: z.int(),
  applied: z.array(change),
  held: z.array(change),
});

export type HeldLimits = z.output<typeof heldLimits>;
export type LimitsChangesOutput = z.output<typeof limitsChangesOutput>;
export type LimitsAnswerOutput = z.output<typeof limitsAnswer>;
