/** What Alpaca's errors mean for the request that they answer. */
import type { Complaint, Meaning } from '../http/failures.ts';

/** Orders by their id, and by their client order id. */
const NOT_FOUND = '40410000';

/**
 * By status, code and words: a code is its status and four digits more, and most of those are 0000 or 0001 whatever happened. A 4xx
 * with Alpaca's own words is a no. What is not known to be one (5xx, time-outs, conflicts) may have been carried out.
 */
export function meaningOf({ status, code, message }: Complaint): Meaning {
  if (status === 404) return code === NOT_FOUND ? 'no such order' : 'unclear';
  if (status === 400 || status === 422) {
    if (code === '') return 'unclear';
    return /client_order_id must be unique/i.test(message) ? 'duplicate' : 'refused';
  }
  return status === 401 || status === 403 ? 'refused' : 'unclear';
}

/** Whether the no is about the key, and not about the order. */
export function isAboutKey({ status, message }: Complaint): boolean {
  return status === 401 || (status === 403 && /forbidden|not authorized|unauthorized|subscription/i.test(message));
}
