/** What can be set for an account at OANDA. */
import * as z from 'zod/mini';
import { PlimsollError } from '../../../core/errors.ts';
import type { Timers } from '../http/reconnecting.ts';

/** Unknown keys are refused. */
export const OandaOptionsSchema = z.strictObject({
  /** The venue's name as configured. Default `oanda`. */
  venue: z._default(z.string().check(z.minLength(1), z.maxLength(64)), 'oanda'),
  /** The v20 account, as OANDA writes it: `101-004-1234567-001`. */
  accountId: z.string().check(z.regex(/^\d{1,4}-\d{1,4}-\d{1,12}-\d{1,4}$/)),
  /** Money that is not real. Default true. A token is good for one of the two. */
  practice: z._default(z.boolean(), true),
  /** Sends every request to this origin (http or https) instead of OANDA's own host. For a proxy, or a test. */
  baseUrl: z.optional(z.url({ protocol: /^https?$/ })),
  /** Listens to the account at this origin (https, or http on this machine). With `baseUrl` and without this, nothing is listened to. */
  streamUrl: z.optional(z.url({ protocol: /^https?$/ })),
  /** Milliseconds for one request, its body included. Default 10,000. */
  timeoutMs: z._default(z.int().check(z.gte(50), z.lte(120_000)), 10_000),
  /** How often a question for market data is asked in all when the network or the venue fails it. Default 4. */
  attempts: z._default(z.int().check(z.gte(1), z.lte(10)), 4),
  /** Milliseconds before the second attempt; doubled before each further one. Default 500. */
  backoffMs: z._default(z.int().check(z.gte(1), z.lte(60_000)), 500),
});

export type OandaOptions = z.output<typeof OandaOptionsSchema>;
/** The options before the defaults. */
export type OandaOptionsInput = z.input<typeof OandaOptionsSchema>;

/** A personal access token. It leaves this process in requests to OANDA alone, and is in no error. */
export interface OandaCredentials {
  readonly token: string;
}

/** The token, or where it is asked for when it is first wanted. */
export type OandaCredentialsInput = OandaCredentials | (() => Promise<OandaCredentials>);

/** What a test replaces: the clock and the waiting. */
export interface OandaRuntime {
  /** Milliseconds UTC on this machine. Default `Date.now`. */
  readonly now?: () => number;
  /** Resolves after the milliseconds. */
  readonly sleep?: (milliseconds: number) => Promise<void>;
  /** What the waits of a stream are made of. */
  readonly timers?: Timers;
}

/** Fills in the defaults. Throws `CONFIGURATION_INVALID` naming the first key that is wrong. */
export function parseOandaOptions(input: OandaOptionsInput): OandaOptions {
  const parsed = OandaOptionsSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const named = issue.code === 'unrecognized_keys' ? issue.keys.join(', ') : issue.path.join('.');
  throw new PlimsollError(
    'CONFIGURATION_INVALID',
    `the venue's option ${named || '(all)'} is not valid`,
    `correct it; the options are ${Object.keys(OandaOptionsSchema.shape).join(', ')}`,
    { cause: parsed.error },
  );
}

/** Throws `CONFIGURATION_INVALID` for a token that cannot be one: it would break the header that carries it. */
export function checkedToken({ token }: OandaCredentials, venue: string): string {
  if (typeof token === 'string' && /^[\x21-\x7e]{1,512}$/.test(token)) return token;
  throw new PlimsollError(
    'CONFIGURATION_INVALID',
    `the token of ${venue} is empty, or has characters that no token has`,
    'set the personal access token as OANDA shows it',
  );
}
