/** What OANDA takes. Source: developer.oanda.com/rest-live-v20 (order-ep, order-df, transaction-df). */
import { DAY_MS } from '../../../core/market/civil.ts';
import type { VenueCapabilities } from '../../../core/ports/execution-venue.ts';

/** How far back the log is searched for an order that is not found by its id. */
export const SEARCHED_MS = 7 * DAY_MS;

export const CAPABILITIES: VenueCapabilities = {
  // A trailing stop there belongs to a trade, and a stop with a limit is canceled past its bound where one here would rest.
  orderTypes: ['market', 'limit', 'stop'],
  timesInForce: ['gtc', 'ioc', 'fok'],
  postOnly: false,
  reduceOnly: true,
  holdsStops: true,
  // OANDA takes up to 128 characters. These go into an address as they are.
  clientOrderId: /^[A-Za-z0-9_-]{1,36}$/,
  // transaction-df: CLIENT_ORDER_ID_ALREADY_EXISTS is about pending orders; a market order never is one.
  clientOrderIdReuse: 'after-close',
  requestValidityMs: undefined,
  remembersClosedMs: SEARCHED_MS,
  replace: 'new-order',
};
