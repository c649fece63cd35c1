/**
 * Requests to Bybit's interface, and what its errors mean: bybit-exchange.github.io/docs/v5 (Integration Guidance, Rate Limit,
 * Error Codes) as of 2026.
 */

import type { Complaint, Meaning } from '../../http/failures.ts';
import { countIn, fieldsOf, Numeral, wordIn } from '../../http/json.ts';
import type { Ask, Call } from './protocol.ts';

/** Orders of both kinds are asked for in one place, by this. */
export type BybitCategory = 'spot' | 'linear';

/** Integration Guidance: a request is refused once it is older than this when it comes in. */
export const RECEIVE_WINDOW_MS = 5_000;
/** From then until nothing more can come of it. No bound is documented; this is what the interface waits for at most. */
export const ENGINE_TIMEOUT_MS = 10_000;

/** A signed question. */
export const asked = (path: string, parameters: Record<string, unknown>): Call => ({
  section: 'private',
  path: `v5/${path}`,
  method: 'GET',
  parameters,
  cost: { weight: 1, orders: 0 },
});

/** A signed command. */
export const told = (path: string, parameters: Record<string, unknown>, orders = 0): Call => ({
  section: 'private',
  path: `v5/${path}`,
  method: 'POST',
  parameters,
  cost: { weight: 1, orders },
});

/** A public question. */
export const open = (path: string, parameters: Record<string, unknown> = {}): Call => ({
  section: 'public',
  path: `v5/${path}`,
  method: 'GET',
  parameters,
  cost: { weight: 1, orders: 0 },
});

/** Get Bybit Server Time, in nanoseconds. */
export async function serverTime(ask: Ask): Promise<number> {
  const nanoseconds = wordIn(fieldsOf(await ask(open('market/time')), 'the time'), 'timeNano');
  return countIn({ timeNano: nanoseconds.slice(0, -6) }, 'timeNano');
}

/** `{"retCode":10001,"retMsg":"params error","result":{}}`, under status 200. */
export function complaintIn(status: number, body: unknown): Complaint | undefined {
  const { retCode, retMsg } = fieldsOf(body, 'the answer');
  if (!(retCode instanceof Numeral) || typeof retMsg !== 'string') {
    // Without its envelope it says nothing, whatever the status.
    return { status, code: 'none', message: 'an answer without a code' };
  }
  return retCode.text === '0' ? undefined : { status, code: retCode.text, message: retMsg };
}

/** What was asked for, out of the envelope. */
export const resultOf = (body: unknown): unknown => fieldsOf(body, 'the answer').result;

/** What each code means; the first that fits. What is not here may have been carried out: 10000 and 170007, for one, time out. */
const MEANINGS: readonly (readonly [RegExp, Meaning])[] = [
  [/^(10006|10018|10429|170005)$/, 'rate'],
  [/^10002$/, 'timing'],
  [/^(110072|170141)$/, 'duplicate'],
  // Not there, or over: 110008 finished or canceled, 110010 canceled, 170139 filled, 170142 canceled, 170143 not on the book.
  [/^(110001|110008|110010|170139|170142|170143|170190|170213)$/, 'no such order'],
  [/^(10001|10003|10004|10005|10007|10008|10009|10010|10017|10020|10024|10027|10028|10029|33004|-2015)$/, 'refused'],
  [/^1100\d\d$/, 'refused'],
  // Neither 170146 to 170150 (time-outs and failures of the engine) nor 170191 (try again later).
  [/^170(03[134]|1[0123]\d|140|151|157|159|19[2-9]|2\d\d)$/, 'refused'],
];

export function meaningOf({ status, code }: Complaint): Meaning {
  if (status >= 500) return 'unclear';
  return MEANINGS.find(([pattern]) => pattern.test(code))?.[1] ?? 'unclear';
}
