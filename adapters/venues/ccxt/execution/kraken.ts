/** Requests to Kraken's spot interface, and what its errors mean: docs.kraken.com/api (guides: errors, nonce) as of 2026. */

import type { Complaint, Meaning } from '../../http/failures.ts';
import { fieldsOf, listOf } from '../../http/json.ts';
import type { Call } from './protocol.ts';

/** Add Order, deadline: when the matching engine refuses the order; 2 to 60 seconds ahead. */
export const DEADLINE_MS = 10_000;
/** The clock is told in whole seconds: so much later it may be than it says. */
export const CLOCK_STEP_MS = 1_000;

/** A public question. */
export const open = (path: string, parameters: Record<string, string> = {}): Call => ({
  section: 'public',
  path,
  method: 'GET',
  parameters,
  cost: { weight: 0, orders: 0 },
});

export const call = (path: string, parameters: Record<string, string>, weight: number, orders = 0): Call => ({
  section: 'private',
  path,
  method: 'POST',
  parameters,
  cost: { weight, orders },
});

/** `{"error":["EOrder:Insufficient funds"]}`, under status 200. What begins with W is a warning. */
export function complaintIn(status: number, body: unknown): Complaint | undefined {
  const { error } = fieldsOf(body, 'the answer');
  const said = listOf(error, '"error"').map((entry) => String(entry));
  const errors = said.filter((entry) => !entry.startsWith('W'));
  return errors.length === 0 ? undefined : { status, code: errors.join('; '), message: errors.join('; ') };
}

/** What each error means; the first that fits. Those of EService and EGeneral that are not here may have been carried out. */
const MEANINGS: readonly (readonly [RegExp, Meaning])[] = [
  [/cl_ord_id.*(not unique|already in use|duplicate)/i, 'duplicate'],
  [/^(EAPI|EOrder|EAuth):(Domain )?(Rate limit exceeded|Too many requests)/, 'rate'],
  [/^EGeneral:Too many requests|^EService: ?Throttled/, 'rate'],
  [/^EAPI:Invalid nonce/, 'timing'],
  [/^EOrder:Unknown order/, 'no such order'],
  [/^EAPI:Invalid (key|signature)|^EGeneral:(Permission denied|Temporary lockout|Invalid arguments)/, 'refused'],
  [/^E(Auth|Account):|^ETrade:(Invalid request|User Locked)|^EBM:limit exceeded|^EQuery:Unknown asset/, 'refused'],
  [/^EService:Market in (cancel_only|post_only|limit_only) mode/, 'refused'],
  [
    /^EOrder:(Insufficient (funds|margin|initial margin)|(Order|Cost) minimum not met|Tick size check failed)/,
    'refused',
  ],
  [/^EOrder:(Invalid price|(Orders|Scheduled orders|Positions) limit exceeded|Reduce only|Post only order)/, 'refused'],
  [/^EOrder:(Margin (allowance exceeded|level too low|position size exceeded)|Trading agreement required)/, 'refused'],
];

/** Of several errors, what all of them mean; `unclear` where they differ. A status of 5xx is no answer, whatever the body says. */
export function meaningOf({ status, code }: Complaint): Meaning {
  if (status >= 500) return 'unclear';
  const meanings = code.split('; ').map((one) => MEANINGS.find(([pattern]) => pattern.test(one))?.[1] ?? 'unclear');
  return meanings.every((meaning) => meaning === meanings[0]) ? meanings[0] : 'unclear';
}
