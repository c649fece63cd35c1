/** What can be set for Alpaca. */
import * as z from 'zod/mini';
import { PlimsollError } from '../../../core/errors.ts';
import type { Timers } from '../http/reconnecting.ts';

/** Unknown keys are refused. */
export const AlpacaOptionsSchema = z.strictObject({
  /** The venue's name as configured. Default `alpaca`. */
  venue: z._default(z.string().check(z.minLength(1), z.maxLength(64)), 'alpaca'),
  /** The paper environment, which has keys of its own. Default true. */
  paper: z._default(z.boolean(), true),
  /** What the account trades here: Alpaca takes other orders for shares than for crypto. Default `equity`. */
  assetClass: z._default(z.enum(['equity', 'crypto']), 'equity'),
  /** Where the bars of shares come from: one exchange, free; or all of them, for subscribers. Default `iex`. */
  feed: z._default(z.enum(['iex', 'sip']), 'iex'),
  /**
   * Whether parts of a share are traded. Alpaca takes them for the day alone, so that a stop for one is gone overnight. Default
   * false.
   */
  fractional: z._default(z.boolean(), false),
  /** Sends every request to this origin (http or https) instead of Alpaca's own hosts. For a proxy, or a test. */
  baseUrl: z.optional(z.url({ protocol: /^https?$/ })),
  /** Listens to the account at this origin (wss, or ws on this machine). With `baseUrl` and without this, nothing is listened to. */
  streamUrl: z.optional(z.url({ protocol: /^wss?$/ })),
  /** Milliseconds for one request, its body included. Default 10,000. */
  timeoutMs: z._default(z.int().check(z.gte(50), z.lte(120_000)), 10_000),
  /** How often a request for market data is tried in all. No request for an account is repeated. Default 4. */
  attempts: z._default(z.int().check(z.gte(1), z.lte(10)), 4),
  /** Milliseconds before the second attempt; doubled before each further one. Default 500. */
  backoffMs: z._default(z.int().check(z.gte(1), z.lte(60_000)), 500),
});

export type AlpacaOptions = z.output<typeof AlpacaOptionsSchema>;
/** The options before the defaults. */
export type AlpacaOptionsInput = z.input<typeof AlpacaOptionsSchema>;
export type AssetClass = AlpacaOptions['assetClass'];

/** A key of the account. It leaves this process in requests to Alpaca alone, and is in no error. */
export interface AlpacaCredentials {
  /** APCA-API-KEY-ID. */
  readonly apiKey: string;
  /** APCA-API-SECRET-KEY. */
  readonly secret: string;
}

/** A key, or where it is asked for before each request: it may be stored, and replaced, while a venue is open. */
export type AlpacaKeySource = AlpacaCredentials | (() => Promise<AlpacaCredentials>);

/** What a test replaces: the clock and the waiting. */
export interface AlpacaRuntime {
  /** Milliseconds UTC on this machine. Default `Date.now`. */
  readonly now?: () => number;
  /** Resolves after the milliseconds. */
  readonly sleep?: (milliseconds: number) => Promise<void>;
  /** What the waits of a stream are made of. */
  readonly timers?: Timers;
}

/** Fills in the defaults. Throws `CONFIGURATION_INVALID` naming the first key that is wrong. */
export function parseAlpacaOptions(input: AlpacaOptionsInput): AlpacaOptions {
  const parsed = AlpacaOptionsSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const named = issue.code === 'unrecognized_keys' ? issue.keys.join(', ') : issue.path.join('.');
  throw new PlimsollError(
    'CONFIGURATION_INVALID',
    `the venue's option ${named || '(all)'} is not valid`,
    `correct it; the options are ${Object.keys(AlpacaOptionsSchema.shape).join(', ')}`,
    { cause: parsed.error },
  );
}

/** The key of a source; every part of one that was used goes into `used`. Throws `CONFIGURATION_INVALID` where a part is missing. */
export function keyReader(source: AlpacaKeySource, venue: string, used: string[]): () => Promise<AlpacaCredentials> {
  const checked = (given: AlpacaCredentials): AlpacaCredentials => {
    const key = checkedCredentials(given, venue);
    for (const part of [key.secret, key.apiKey]) if (!used.includes(part)) used.push(part);
    return key;
  };
  if (typeof source === 'function') return async () => checked(await source());
  const key = checked(source);
  return async () => key;
}

function checkedCredentials({ apiKey, secret }: AlpacaCredentials, venue: string): AlpacaCredentials {
  const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
  if (isText(apiKey) && isText(secret)) return { apiKey, secret };
  throw new PlimsollError('CONFIGURATION_INVALID', `the key of ${venue} is empty`, 'set its key and its secret');
}
