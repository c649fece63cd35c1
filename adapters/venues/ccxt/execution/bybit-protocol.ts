/**
 * Bybit's unified account, spot and linear perpetuals in one-way mode: bybit-exchange.github.io/docs/v5 as of 2026. Stops are
 * not held by the venue here: those of spot are orders of another kind, with rules of their own. Nor is Disconnection Protect used:
 * the stream is no more than a hint.
 */
import { DAY_MS } from '../../../../core/market/civil.ts';
import type { VenueCapabilities } from '../../../../core/ports/execution-venue.ts';
import { BYBIT_STREAM } from '../streams/bybit.ts';
import {
  type BybitCategory,
  complaintIn,
  ENGINE_TIMEOUT_MS,
  meaningOf,
  RECEIVE_WINDOW_MS,
  resultOf,
  serverTime,
} from './bybit.ts';
import { bybitAccount } from './bybit-account.ts';
import { bybitOrders } from './bybit-orders.ts';
import { payments } from './bybit-payments.ts';
import type { Protocol } from './protocol.ts';

const capabilities = (category: BybitCategory): VenueCapabilities => ({
  orderTypes: ['market', 'limit'],
  timesInForce: ['gtc', 'ioc', 'fok'],
  postOnly: true,
  reduceOnly: category === 'linear',
  holdsStops: false,
  // Place Order, orderLinkId: at most 36 of numbers, letters, dashes and underscores.
  clientOrderId: /^[a-zA-Z0-9_-]{1,36}$/,
  // It is to be "always unique"; for how long it is checked after an order is over is not said.
  clientOrderIdReuse: 'after-close',
  requestValidityMs: RECEIVE_WINDOW_MS + ENGINE_TIMEOUT_MS,
  // Get Order History, where neither start nor end is given.
  remembersClosedMs: 7 * DAY_MS,
  replace: 'in-place',
});

const bybit = (category: BybitCategory): Protocol => ({
  capabilities: capabilities(category),
  // Rate Limit Rules: 600 requests in 5 seconds from an address; 10 new orders in a second for a user, of each category.
  budget: {
    windows: [
      { counts: 'weight', limit: 600, intervalMs: 5_000 },
      { counts: 'orders', limit: 10, intervalMs: 1_000 },
    ],
  },
  stream: BYBIT_STREAM,
  serial: false,
  clock: serverTime,
  complaintIn,
  contentOf: resultOf,
  meaningOf,
  ...bybitOrders(category),
  ...bybitAccount(category),
  ...(category === 'linear' ? { payments } : {}),
});

export const BYBIT_SPOT: Protocol = bybit('spot');
export const BYBIT_LINEAR: Protocol = bybit('linear');
