/** What a failed question to Alpaca is for a person. */
import { PlimsollError } from '../../../core/errors.ts';
import { Said, Unheard, Unsent } from '../http/failures.ts';
import { Malformed } from '../http/json.ts';
import { isAboutKey } from './meanings.ts';

/** What was asked for, of whom, and how its error may be quoted. */
export interface Question {
  readonly venue: string;
  readonly what: string;
  readonly redact: (error: unknown) => string;
}

/** One that already is a `PlimsollError` passes through. */
export function failureOf({ venue, what, redact }: Question, error: unknown): PlimsollError {
  if (error instanceof PlimsollError) return error;
  const said = redact(error);
  if (error instanceof Malformed) {
    const message = `${venue} gave an answer for ${what} that cannot be right: ${said}`;
    return new PlimsollError('VENUE_ANSWER_MALFORMED', message, 'look at the account at the venue, and try again', {
      kept: 'nothing of that answer was used',
    });
  }
  if (error instanceof Said && isRefusal(error)) {
    const wayOut = isAboutKey(error.complaint)
      ? 'check the key, its permissions and whether it is for the paper environment'
      : 'check what was asked for';
    return new PlimsollError('VENUE_REFUSED', `${venue} refused to give ${what}: ${said}`, wayOut, { cause: error });
  }
  const isHeard = error instanceof Said || error instanceof Unheard || error instanceof Unsent;
  const message = `${venue} did not give ${what}: ${isHeard ? said : `it could not be read (${said})`}`;
  return new PlimsollError('VENUE_UNAVAILABLE', message, 'check the network and the state of the venue, and try again');
}

/** A question that was refused changes nothing, so that any 4xx is a no but those that say "not now". */
const isRefusal = ({ complaint: { status } }: Said): boolean =>
  status >= 400 && status < 500 && status !== 408 && status !== 409 && status !== 425;
