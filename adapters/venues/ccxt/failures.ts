/** Which failures of a venue are tried again, and what the others mean to a person. */

import { PlimsollError } from '../../../core/errors.ts';
import {
  BadResponse,
  BadSymbol,
  BaseError,
  DDoSProtection,
  NotSupported,
  OperationFailed,
  RateLimitExceeded,
  RequestTimeout,
  RestrictedLocation,
} from '../../../node_modules/ccxt/js/src/base/errors.js';

/** The longest wait between two attempts, whoever asks for it. */
export const WAIT_MAX_MS = 30_000;

export interface RetryPolicy {
  readonly venue: string;
  readonly attempts: number;
  readonly backoffMs: number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** How long the venue asked to be left alone after the attempt that just failed; 0 where it did not. */
  readonly retryAfterMs: () => number;
}

/**
 * What `run` resolves with, tried again while the network or the venue fails it. Throws a `PlimsollError`:
 * `VENUE_UNAVAILABLE` when the attempts are used up, or the venue asks for a longer wait than {@link WAIT_MAX_MS}.
 */
export async function withRetries<T>(policy: RetryPolicy, run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      const askedMs = policy.retryAfterMs();
      if (!isTransient(error) || attempt >= policy.attempts) throw venueError(policy.venue, error, attempt);
      if (askedMs > WAIT_MAX_MS) throw askedToWait(policy.venue, askedMs, error);
      const backoffMs = policy.backoffMs * 2 ** (attempt - 1);
      await policy.sleep(Math.min(WAIT_MAX_MS, Math.max(askedMs, backoffMs)));
    }
  }
}

/** Whether another attempt may do better: the network, a limit on the rate, an answer that is not one. */
export function isTransient(error: unknown): boolean {
  return error instanceof OperationFailed;
}

/** Any failure of a venue as a `PlimsollError`; one that already is passes through. */
export function venueError(venue: string, error: unknown, attempts: number): PlimsollError {
  if (error instanceof PlimsollError) return error;
  const said = oneLine(error);
  if (error instanceof BadSymbol) {
    return new PlimsollError('SYMBOL_UNKNOWN', `${venue} does not know the symbol (${said})`, 'choose another symbol', {
      cause: error,
    });
  }
  if (error instanceof RestrictedLocation) {
    return unavailable(venue, `does not serve this location (${said})`, error);
  }
  if (error instanceof OperationFailed) {
    const times = attempts === 1 ? '' : ` in ${attempts} attempts`;
    return unavailable(venue, `${whatFailed(error)}${times} (${said})`, error);
  }
  if (error instanceof NotSupported) {
    return new PlimsollError('VENUE_UNSUPPORTED', `${venue} does not offer this (${said})`, 'choose another venue', {
      cause: error,
    });
  }
  if (error instanceof BaseError) {
    return new PlimsollError(
      'VENUE_REFUSED',
      `${venue} refused the request (${said})`,
      'check the symbol and the venue',
      {
        cause: error,
      },
    );
  }
  // ccxt reads answers as it expects them: one of another shape ends in a TypeError of its own.
  return unavailable(venue, `gave an answer that could not be read (${said})`, error);
}

function whatFailed(error: OperationFailed): string {
  if (error instanceof RequestTimeout) return 'did not answer in time';
  if (error instanceof BadResponse) return 'gave an answer that could not be read';
  if (error instanceof RateLimitExceeded || error instanceof DDoSProtection) return 'limits the rate of requests';
  return 'could not be reached';
}

const WAY_OUT = 'check the network and try again, or use the simulated exchange (--venue simulated)';

function unavailable(venue: string, what: string, cause: unknown): PlimsollError {
  return new PlimsollError('VENUE_UNAVAILABLE', `${venue} ${what}`, WAY_OUT, { cause });
}

function askedToWait(venue: string, askedMs: number, cause: unknown): PlimsollError {
  const seconds = Math.ceil(askedMs / 1000);
  return new PlimsollError(
    'VENUE_UNAVAILABLE',
    `${venue} asks to be left alone for ${seconds} seconds`,
    'wait that long, then try again',
    { cause },
  );
}

const SAID_LENGTH_MAX = 160;

/** What the error says, on one line and short: an exchange's answer may be a whole page of HTML. */
function oneLine(error: unknown): string {
  const text = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').trim();
  return text.length > SAID_LENGTH_MAX ? `${text.slice(0, SAID_LENGTH_MAX - 1)}…` : text;
}
