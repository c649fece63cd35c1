/** The ways in which a request to an exchange ends without what it asked for. */
import { PlimsollError } from '../../../core/errors.ts';
import { Malformed } from './json.ts';

/** The exchange's own error, as it said it. */
export interface Complaint {
  readonly status: number;
  /** The code or the whole text, where the exchange has no codes. */
  readonly code: string;
  readonly message: string;
  /** What came with it. */
  readonly body?: unknown;
}

/**
 * What an error means for the request that it answers:
 * - `refused`: it was not and will not be carried out
 * - `rate`: nor was this one, for the number of requests alone
 * - `timing`: nor was this one, for its timestamp or nonce alone
 * - `duplicate`: an order works under this client order id
 * - `no such order`: the exchange knows no such order, or none that works
 * - `unclear`: it may have been carried out. Every error that is not known to mean something else.
 */
export type Meaning = 'refused' | 'rate' | 'timing' | 'duplicate' | 'no such order' | 'unclear';

/** The exchange answered with an error of its own. */
export class Said extends Error {
  override readonly name = 'Said';
  readonly complaint: Complaint;
  readonly meaning: Meaning;

  constructor(complaint: Complaint, meaning: Meaning) {
    super(`it said "${complaint.message}" (${complaint.code}, HTTP ${complaint.status})`);
    this.complaint = complaint;
    this.meaning = meaning;
  }
}

/** The request went out, or may have, and nothing came back that can be read as the exchange's answer. */
export class Unheard extends Error {
  override readonly name: string = 'Unheard';
}

/** The host has no such page (404), and said nothing else. */
export class NotThere extends Unheard {
  override readonly name: string = 'NotThere';
}

/** The request was not sent, or turned away for the rate alone, and why; it may be sent from `until` on (this machine's ms UTC). */
export class Unsent extends Error {
  override readonly name: string = 'Unsent';
  readonly until: number;

  constructor(why: string, until: number) {
    super(why);
    this.until = until;
  }
}

/** Not sent: this side's own budget has no room for it yet. */
export class OverBudget extends Unsent {
  override readonly name = 'OverBudget';
}

/** What a failure to read something is to the caller; `said` is the error in words that hold no key. */
export function problemOf(venue: string, what: string, error: unknown, said: string): PlimsollError {
  if (error instanceof Malformed) {
    const message = `${venue} gave an answer for ${what} that cannot be right: ${said}`;
    return new PlimsollError('VENUE_ANSWER_MALFORMED', message, 'look at the account at the venue, and try again', {
      kept: 'nothing of that answer was used',
    });
  }
  if (error instanceof Said && error.meaning !== 'unclear') {
    const message = `${venue} refused to give ${what}: ${said}`;
    return new PlimsollError('VENUE_REFUSED', message, 'check the key, its permissions and its addresses');
  }
  const heard = error instanceof Said || error instanceof Unheard || error instanceof Unsent;
  const why = heard ? said : `it could not be read (${said})`;
  const message = `${venue} did not give ${what}: ${why}`;
  return new PlimsollError('VENUE_UNAVAILABLE', message, 'check the network and the state of the venue, and try again');
}
