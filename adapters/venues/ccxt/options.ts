/** What can be set for an exchange that is reached through ccxt. */
import * as z from 'zod/mini';
import { PlimsollError } from '../../../core/errors.ts';
import type { Timers } from '../http/reconnecting.ts';

/** Unknown keys are refused. */
export const CcxtOptionsSchema = z.strictObject({
  /** The venue's name as configured. Default: the exchange's id. */
  venue: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
  /** Sends every request to this origin (http or https) instead of the exchange's own hosts. For a proxy, or a test. */
  baseUrl: z.optional(z.url({ protocol: /^https?$/ })),
  /**
   * Listens to the account at this origin (wss, or ws on this machine) instead of the exchange's own hosts. Where `baseUrl` is set and
   * this is not, nothing is listened to: keys of one place are no use at another.
   */
  streamUrl: z.optional(z.url({ protocol: /^wss?$/ })),
  /** Milliseconds for one request, its body included. Default 10,000. */
  timeoutMs: z._default(z.int().check(z.gte(50), z.lte(120_000)), 10_000),
  /** Milliseconds between two requests, for the cheapest. Default: what ccxt knows of the exchange's limits. */
  rateLimitMs: z.optional(z.number().check(z.gt(0), z.lte(60_000))),
  /** How often a request is tried in all when the network or the venue fails it. Default 4. */
  attempts: z._default(z.int().check(z.gte(1), z.lte(10)), 4),
  /** Milliseconds before the second attempt; doubled before each further one. Default 500. */
  backoffMs: z._default(z.int().check(z.gte(1), z.lte(60_000)), 500),
  /** Which of the exchange's markets are loaded, where it separates them. Default spot alone. */
  markets: z._default(z.array(z.enum(['spot', 'linear', 'inverse'])).check(z.minLength(1), z.maxLength(3)), ['spot']),
});

export type CcxtOptions = z.output<typeof CcxtOptionsSchema>;
/** The options before the defaults. */
export type CcxtOptionsInput = z.input<typeof CcxtOptionsSchema>;

/** What a test replaces: the clock and the waiting. */
export interface CcxtRuntime {
  /** Milliseconds UTC on this machine. Default `Date.now`. */
  readonly now?: () => number;
  /** Resolves after the milliseconds. */
  readonly sleep?: (milliseconds: number) => Promise<void>;
  /** Aborts what has no answer after the milliseconds. Default `AbortSignal.timeout`. */
  readonly deadline?: (milliseconds: number) => AbortSignal;
  /** What the waits of a stream are made of. */
  readonly timers?: Timers;
}

/** Fills in the defaults. Throws `CONFIGURATION_INVALID` naming the first key that is wrong. */
export function parseCcxtOptions(input: CcxtOptionsInput): CcxtOptions {
  const parsed = CcxtOptionsSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const named = issue.code === 'unrecognized_keys' ? issue.keys.join(', ') : issue.path.join('.');
  throw new PlimsollError(
    'CONFIGURATION_INVALID',
    `the venue's option ${named || '(all)'} is not valid`,
    `correct it; the options are ${Object.keys(CcxtOptionsSchema.shape).join(', ')}`,
    { cause: parsed.error },
  );
}
