/** Coinbase's Advanced Trade, spot: docs.cdp.coinbase.com/api-reference/advanced-trade-api as of 2026. */
import { DAY_MS } from '../../../../core/market/civil.ts';
import type { VenueCapabilities } from '../../../../core/ports/execution-venue.ts';
import { COINBASE_STREAM } from '../streams/coinbase.ts';
import { complaintIn, ENGINE_TIMEOUT_MS, meaningOf, serverTime, TOKEN_MS } from './coinbase.ts';
import { COINBASE_ACCOUNT } from './coinbase-account.ts';
import { COINBASE_ORDERS } from './coinbase-orders.ts';
import type { Protocol } from './protocol.ts';

const CAPABILITIES: VenueCapabilities = {
  orderTypes: ['market', 'limit', 'stop-limit'],
  timesInForce: ['gtc', 'ioc', 'fok'],
  postOnly: true,
  reduceOnly: false,
  holdsStops: true,
  // No rule is documented; UUIDs are what its own clients send.
  clientOrderId: /^(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/,
  // An id that is not unique gives the order that has it; for how long after its end is not said.
  clientOrderIdReuse: 'after-close',
  requestValidityMs: TOKEN_MS + ENGINE_TIMEOUT_MS,
  // List Orders has no end of its own: it is read as far as its pages go.
  remembersClosedMs: 30 * DAY_MS,
  replace: 'in-place',
};

export const COINBASE: Protocol = {
  capabilities: CAPABILITIES,
  // Rate Limits: 30 signed requests in a second.
  budget: { windows: [{ counts: 'weight', limit: 30, intervalMs: 1_000 }] },
  plainRefusals: [401],
  stream: COINBASE_STREAM,
  serial: false,
  clock: serverTime,
  complaintIn,
  contentOf: (body) => body,
  meaningOf,
  ...COINBASE_ORDERS,
  ...COINBASE_ACCOUNT,
};
