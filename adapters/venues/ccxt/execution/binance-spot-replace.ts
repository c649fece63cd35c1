/**
 * Changing an order at Binance spot: Cancel an Existing Order and Send a New Order (rest-api.md), which is one request and two
 * steps. STOP_ON_FAILURE: no new order unless the old one was canceled. ONLY_NEW: it is canceled only while nothing of it has
 * filled, so that what filled under way is never bought or sold a second time.
 */
import type { ReplaceAnswer, VenueOrderRequest, VenueReplaceRequest } from '../../../../core/ports/execution-venue.ts';
import type { Complaint, Meaning } from '../../http/failures.ts';
import { Said } from '../../http/failures.ts';
import { type Fields, fieldsOf, Malformed, wholeTextIn, wordIn, wrong } from '../../http/json.ts';
import { binanceCall, saysUnknown } from './binance.ts';
import { acknowledged, orderParameters } from './binance-orders.ts';
import type { Ask, Listing } from './protocol.ts';

export interface SpotReplacement {
  readonly request: VenueReplaceRequest;
  readonly sentAt: number;
  /** The parameters that depend on the order's type. */
  readonly typed: (listing: Listing, order: VenueOrderRequest) => Record<string, string>;
  readonly meaningOf: (complaint: Complaint) => Meaning;
}

export async function replaceSpot(ask: Ask, listing: Listing, replacement: SpotReplacement): Promise<ReplaceAnswer> {
  const { order, newClientOrderId, quantity, price, trigger } = replacement.request;
  const changed = { ...order, clientOrderId: newClientOrderId, quantity, price, trigger };
  const parameters = {
    ...orderParameters(listing, changed, replacement.sentAt),
    ...replacement.typed(listing, changed),
    cancelReplaceMode: 'STOP_ON_FAILURE',
    cancelOrigClientOrderId: order.clientOrderId,
    cancelRestrictions: 'ONLY_NEW',
  };
  try {
    const body = await ask(binanceCall('private', 'POST', 'order/cancelReplace', parameters, 1, 1));
    return replaced(fieldsOf(body, 'the change'), listing, replacement.request);
  } catch (error) {
    if (!(error instanceof Said)) throw error;
    return afterFailure(error, replacement);
  }
}

function replaced(fields: Fields, listing: Listing, { order, newClientOrderId }: VenueReplaceRequest): ReplaceAnswer {
  for (const part of ['cancelResult', 'newOrderResult']) {
    if (wordIn(fields, part) !== 'SUCCESS') throw wrong(part, fields[part]);
  }
  const canceled = fieldsOf(fields.cancelResponse, '"cancelResponse"');
  if (wordIn(canceled, 'origClientOrderId') !== order.clientOrderId) {
    throw wrong('origClientOrderId', canceled.origClientOrderId);
  }
  const venueOrderId = acknowledged(fields.newOrderResponse, listing, newClientOrderId);
  return { kind: 'replaced', venueOrderId, clientOrderId: newClientOrderId };
}

/** errors.md: -2021, one of the two steps failed; -2022, both did, or the second was not tried. `data` says how each ended. */
function afterFailure(error: Said, { meaningOf }: SpotReplacement): ReplaceAnswer {
  const { status, code, body } = error.complaint;
  if (status >= 500 || (code !== '-2021' && code !== '-2022')) throw error;
  const data = fieldsOf(fieldsOf(body, 'the failure').data, '"data"');
  const [cancel, placed] = [wordIn(data, 'cancelResult'), wordIn(data, 'newOrderResult')];
  if (cancel === 'FAILURE' && placed === 'NOT_ATTEMPTED')
    return stillWorking(partOf(data, 'cancelResponse'), meaningOf);
  if (cancel === 'SUCCESS' && placed === 'FAILURE') return leftNothing(partOf(data, 'newOrderResponse'), meaningOf);
  throw new Malformed(`the change ended with ${cancel} and ${placed}`);
}

function stillWorking(complaint: Complaint, meaningOf: SpotReplacement['meaningOf']): ReplaceAnswer {
  if (saysUnknown(complaint)) return { kind: 'unknown' };
  const reason = `it said "${complaint.message}" (${complaint.code})`;
  if (complaint.code === '-2011' && /cancel restrictions/i.test(complaint.message)) return { kind: 'filled', reason };
  if (isNo(meaningOf(complaint))) return { kind: 'rejected', reason };
  return { kind: 'unclear', reason };
}

function leftNothing(complaint: Complaint, meaningOf: SpotReplacement['meaningOf']): ReplaceAnswer {
  const reason = `it said "${complaint.message}" (${complaint.code}) to the new order`;
  return { kind: isNo(meaningOf(complaint)) ? 'canceled' : 'unclear', reason };
}

const isNo = (meaning: Meaning): boolean => meaning === 'refused' || meaning === 'rate' || meaning === 'timing';

function partOf(data: Fields, name: string): Complaint {
  const part = fieldsOf(data[name], `"${name}"`);
  return { status: 400, code: wholeTextIn(part, 'code'), message: wordIn(part, 'msg') };
}
