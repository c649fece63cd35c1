/**
 * What OANDA's errors mean: `{"errorCode":…,"errorMessage":…}`, and for orders the rejecting transaction with its `rejectReason`.
 * Source: developer.oanda.com/rest-live-v20 (troubleshooting-errors, order-ep, transaction-df).
 */

import type { Complaint, Meaning } from '../http/failures.ts';
import type { Fields } from '../http/json.ts';

/** Statuses under which nothing was carried out: what was asked is not valid, not allowed, not there. */
const REFUSED_STATUSES = [400, 401, 403, 404, 405, 415, 416];

/** The error in an answer; undefined where it holds none that OANDA words. */
export function oandaComplaint(status: number, body: unknown): Complaint | undefined {
  if (status < 400 || typeof body !== 'object' || body === null) return undefined;
  const { errorCode, errorMessage } = body as Fields;
  if (typeof errorMessage !== 'string') return undefined;
  const reason = rejectReasonIn(body as Fields);
  const code = reason ?? (typeof errorCode === 'string' ? errorCode : 'no code');
  return { status, code, message: `${errorMessage}${remedyFor(status)}` };
}

/** `refused` for a rejecting transaction too: it is in the account's log in the order's place. */
export function oandaMeaning({ status, code }: Complaint): Meaning {
  if (status >= 500) return 'unclear';
  if (code === 'CLIENT_ORDER_ID_ALREADY_EXISTS') return 'duplicate';
  if (code === 'NO_SUCH_ORDER' || code === 'ORDER_DOESNT_EXIST') return 'no such order';
  return REFUSED_STATUSES.includes(status) ? 'refused' : 'unclear';
}

function rejectReasonIn({ orderRejectTransaction, orderCancelRejectTransaction }: Fields): string | undefined {
  const rejecting = orderRejectTransaction ?? orderCancelRejectTransaction;
  const reason = (rejecting as Fields | undefined)?.rejectReason;
  return typeof reason === 'string' ? reason : undefined;
}

/** OANDA words both alike for a token of the other environment, one that was revoked, and an account that is not the token's. */
function remedyFor(status: number): string {
  if (status === 401)
    return ' The token has no permission there: it is wrong, revoked, or not for this one of practice and live.';
  return status === 403 ? ' The token has no permission for this: check the account id.' : '';
}
