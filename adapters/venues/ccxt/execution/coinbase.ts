/**
 * Requests to Coinbase's Advanced Trade interface, and what its errors mean: docs.cdp.coinbase.com/api-reference/advanced-trade-api
 * as of 2026.
 */

import type { Complaint, Meaning } from '../../http/failures.ts';
import { countIn, type Fields, fieldsOf } from '../../http/json.ts';
import type { Ask, Call } from './protocol.ts';

/** Authentication: a request's token ends so long after it was made. */
export const TOKEN_MS = 120_000;
/** From then until nothing more can come of it. No bound is documented; this is allowed for what comes after the gateway. */
export const ENGINE_TIMEOUT_MS = 10_000;

const call = (method: Call['method'], path: string, parameters: Record<string, unknown>, orders: number): Call => ({
  section: ['v3', 'private'],
  path: `brokerage/${path}`,
  method,
  parameters,
  cost: { weight: 1, orders },
});

/** A signed question. */
export const asked = (path: string, parameters: Record<string, unknown> = {}): Call => call('GET', path, parameters, 0);

/** A signed command; those that may place something count as orders. */
export const told = (path: string, parameters: Record<string, unknown>, orders = 0): Call =>
  call('POST', path, parameters, orders);

/** A public question. */
export const open = (path: string, parameters: Record<string, unknown> = {}): Call => ({
  ...call('GET', path, parameters, 0),
  section: ['v3', 'public'],
});

/** Get UNIX Time. */
export async function serverTime(ask: Ask): Promise<number> {
  return countIn(fieldsOf(await ask(open('time')), 'the time'), 'epochMillis');
}

/**
 * `{"error":"NOT_FOUND","message":"…"}` under a status of 4xx or 5xx; of a new order, under 200,
 * `{"success":false,"error_response":{"error":"INSUFFICIENT_FUND","message":"…"}}`; of a change,
 * `{"success":false,"errors":[{"edit_failure_reason":"…"}]}`.
 */
export function complaintIn(status: number, body: unknown): Complaint | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  const { error, message, error_details, success } = body as Fields;
  if (status >= 400) {
    const code = typeof error === 'string' ? error : `HTTP ${status}`;
    return { status, code, message: String(message ?? error_details ?? code) };
  }
  return success === false ? refusalIn(status, body as Fields) : undefined;
}

/** The most telling of the reasons: the first that is not "unknown". */
function refusalIn(status: number, body: Fields): Complaint {
  const response = isFields(body.error_response) ? body.error_response : {};
  const errors = Array.isArray(body.errors) && isFields(body.errors[0]) ? body.errors[0] : {};
  const words = [
    response.new_order_failure_reason,
    response.error,
    errors.edit_failure_reason,
    response.preview_failure_reason,
    errors.preview_failure_reason,
  ].filter((word): word is string => typeof word === 'string' && word !== '');
  const code = words.find((word) => !word.startsWith('UNKNOWN')) ?? words[0] ?? 'none';
  const message = [response.message, response.error_details].find((word) => typeof word === 'string' && word !== '');
  return { status, code, message: String(message ?? code) };
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Token, its key or its time: not told apart, and nothing was carried out. */
const UNAUTHENTICATED = /^(HTTP 401|UNAUTHENTICATED|unauthorized|authentication_error|expired_token|invalid_token)$/i;
const NOT_THERE = /^(NOT_FOUND|not_found|ORDER_NOT_FOUND|UNKNOWN_CANCEL_ORDER)$/;
/** Create Order, failure reasons; Edit Order, those of an edit; and what the preview finds, before anything is placed. */
const REFUSED = new RegExp(
  `^(${[
    'UNSUPPORTED_ORDER_CONFIGURATION',
    'INVALID_[A-Z_]+',
    'INSUFFICIENT_[A-Z]+',
    'ORDER_ENTRY_DISABLED',
    'INELIGIBLE_PAIR',
    'COMMANDER_REJECTED_(NEW|EDIT)_ORDER',
    'IN_LIQUIDATION',
    'UNTRADABLE_PRODUCT',
    'GEOFENCING_RESTRICTION',
    'PREVIEW_[A-Z_]+',
    'PERMISSION_DENIED',
    'ONLY_[A-Z_]+_SUPPORTED',
    'CANNOT_EDIT_[A-Z_]+',
    'ORDER_IS_PENDING_CANCEL',
    'HTTP 403',
    'param_required|validation_error|invalid_request|invalid_scope',
  ].join('|')})$`,
);
const LIMITED = /^(RESOURCE_EXHAUSTED|rate_limit_exceeded|resource_exhausted|HTTP 429)$/;

export function meaningOf({ status, code }: Complaint): Meaning {
  if (status >= 500) return 'unclear';
  if (LIMITED.test(code) || status === 429) return 'rate';
  if (UNAUTHENTICATED.test(code) || status === 401) return 'timing';
  if (NOT_THERE.test(code)) return 'no such order';
  return REFUSED.test(code) ? 'refused' : 'unclear';
}
