/** Requests to OKX's interface, and what its errors mean: www.okx.com/docs-v5 (Overview, Order Book Trading, Error Code) as of 2026. */

import type { Complaint, Meaning } from '../../http/failures.ts';
import { countIn, type Fields, fieldsOf, listOf, wordIn, wrong } from '../../http/json.ts';
import type { Ask, Call } from './protocol.ts';

/** The header expTime: an order that comes to be processed after it is refused. */
export const EXPIRES_MS = 5_000;
/** The gateway reads the header; so much is allowed for what comes after it, since no bound is documented. */
export const ENGINE_TIMEOUT_MS = 10_000;

/** A signed question. */
export const asked = (path: string, parameters: Record<string, unknown>, weight = 1): Call => ({
  section: 'private',
  path,
  method: 'GET',
  parameters,
  cost: { weight, orders: 0 },
});

/** A signed command; `sentAt` (by the venue's time, ms UTC) makes it one that expires. */
export const told = (path: string, parameters: Record<string, unknown>, sentAt?: number): Call => ({
  section: 'private',
  path,
  method: 'POST',
  parameters,
  cost: { weight: 1, orders: sentAt === undefined ? 0 : 1 },
  ...(sentAt === undefined ? {} : { headers: { expTime: String(sentAt + EXPIRES_MS) } }),
});

/** A public question. */
export const open = (path: string, parameters: Record<string, unknown> = {}): Call => ({
  section: 'public',
  path,
  method: 'GET',
  parameters,
  cost: { weight: 1, orders: 0 },
});

/** Get System Time. */
export async function serverTime(ask: Ask): Promise<number> {
  return countIn(onlyIn(await ask(open('public/time')), 'the time'), 'ts');
}

/**
 * `{"code":"51001","msg":"…","data":[]}`; of orders `{"code":"1","msg":"","data":[{"sCode":"51008","sMsg":"…"}]}`. Only some errors
 * have a status of 4xx.
 */
export function complaintIn(status: number, body: unknown): Complaint | undefined {
  const { code, msg, data } = fieldsOf(body, 'the answer');
  if (typeof code !== 'string' || typeof msg !== 'string') {
    return { status, code: 'none', message: 'an answer without a code' };
  }
  const [first] = Array.isArray(data) ? data : [];
  const { sCode, sMsg } = (first ?? {}) as { readonly sCode?: unknown; readonly sMsg?: unknown };
  if (typeof sCode === 'string' && sCode !== '0') return { status, code: sCode, message: String(sMsg) };
  return code === '0' ? undefined : { status, code, message: msg };
}

/** What was asked for, out of the envelope. */
export const dataOf = (body: unknown): unknown => fieldsOf(body, 'the answer').data;

/** Rows of an answer. */
export const rowsOf = (data: unknown, what: string): Fields[] =>
  listOf(data, what).map((row) => fieldsOf(row, `one of ${what}`));

/** The one row of an answer. */
export function onlyIn(data: unknown, what: string): Fields {
  const rows = listOf(data, what);
  return fieldsOf(rows.length === 1 ? rows[0] : undefined, what);
}

/** The order id in an answer, which must name the order that was meant. */
export function acknowledged(data: unknown, clientOrderId: string): string {
  const row = onlyIn(data, 'the acknowledgement');
  if (wordIn(row, 'clOrdId') !== clientOrderId) throw wrong('clOrdId', row.clOrdId);
  const orderId = wordIn(row, 'ordId');
  if (orderId === '') throw wrong('ordId', orderId);
  return orderId;
}

/** What each code means; the first that fits. What is not here may have been carried out: 50004 and 51149 time out. */
const MEANINGS: readonly (readonly [RegExp, Meaning])[] = [
  [/^(50011|50061)$/, 'rate'],
  [/^(50102|50112)$/, 'timing'],
  [/^51016$/, 'duplicate'],
  // Not there, or over: canceled, completed.
  [/^(51400|51401|51402|51503|51509|51510|51603)$/, 'no such order'],
  [/^500(0[026789]|1[02456789]|2[01234578]|30|44)$/, 'refused'],
  [/^50(10[01345678]|1(09|1[01345]|19|2\d))$/, 'refused'],
  // 51011 is a duplicate of another id.
  [/^51(0(0\d|1[024578]|[2-9]\d)|1([0235]\d|4[0-8]|6\d|7\d|8\d)|2\d\d|3\d\d|50[0-2568]|511)$/, 'refused'],
  [/^54\d\d\d$/, 'refused'],
];

export function meaningOf({ status, code }: Complaint): Meaning {
  if (status >= 500) return 'unclear';
  return MEANINGS.find(([pattern]) => pattern.test(code))?.[1] ?? 'unclear';
}
