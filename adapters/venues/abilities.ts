/** What an exchange takes, asked before anything is sent to it. */
import { PlimsollError } from '../../core/errors.ts';
import type { VenueCapabilities, VenueOrderRequest, VenueReplaceRequest } from '../../core/ports/execution-venue.ts';

/** A venue by its name, and what it can do. */
export interface AbleVenue {
  readonly venue: string;
  readonly capabilities: VenueCapabilities;
}

/** Why an order is not for this exchange; undefined where it is. */
export function unable({ venue, capabilities }: AbleVenue, order: VenueOrderRequest): string | undefined {
  if (!capabilities.clientOrderId.test(order.clientOrderId)) {
    return `${venue} takes client order ids that match ${capabilities.clientOrderId.source}`;
  }
  if (!capabilities.orderTypes.includes(order.type)) return `${venue} has no ${order.type} orders`;
  if (isLimited(order)) {
    const timed = order.postOnly ? order.timeInForce === 'gtc' : capabilities.timesInForce.includes(order.timeInForce);
    if (!timed) return `${venue} has no such ${order.type} orders with ${order.timeInForce}`;
  }
  if (order.postOnly && (!capabilities.postOnly || order.type !== 'limit')) return `${venue} cannot make it post-only`;
  if (order.reduceOnly && !capabilities.reduceOnly) return `${venue} has no reduce-only orders`;
  return undefined;
}

/** Why an order cannot be changed as asked; undefined where it can. */
export function cannotReplace(able: AbleVenue, request: VenueReplaceRequest): string | undefined {
  const { order, newClientOrderId, quantity, price, trigger } = request;
  const { replace } = able.capabilities;
  if (replace === undefined) return `${able.venue} does not change orders without a chance to fill more`;
  const isNew = replace === 'new-order';
  if (isNew && newClientOrderId === order.clientOrderId) return 'the order in its place would have the same id';
  const stops = order.type === 'stop' || order.type === 'stop-limit';
  const isWhole = quantity > 0 && isLimited(order) === price > 0 && stops === trigger > 0;
  if (order.type === 'market' || !isWhole) {
    return `a ${order.type} order cannot have the quantity ${quantity}, the price ${price} and the trigger ${trigger}`;
  }
  return unable(able, isNew ? { ...order, clientOrderId: newClientOrderId } : order);
}

/** Throws `VENUE_REFUSED` where the exchange does not cancel all orders after so many ms. */
export function mustCancelAllAfter({ venue, capabilities }: AbleVenue, ms: number): void {
  const terms = capabilities.cancelAllAfter;
  if (terms !== undefined && (ms === 0 || (ms >= terms.minMs && ms <= terms.maxMs))) return;
  const can = terms === undefined ? 'does not do that' : `does that after ${terms.minMs} to ${terms.maxMs} ms`;
  throw new PlimsollError(
    'VENUE_REFUSED',
    `${venue} was not asked to cancel all orders after ${ms} ms: it ${can}`,
    terms === undefined ? 'cancel the orders one by one' : 'choose a time between these',
  );
}

const isLimited = ({ type }: VenueOrderRequest): boolean => type === 'limit' || type === 'stop-limit';
