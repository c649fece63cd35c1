/**
 * OKX's account, spot and perpetual swaps in net mode, cross margin: www.okx.com/docs-v5 as of 2026. Quantities of swaps are
 * contracts. Stops are not held by the venue here: they are algo orders, with ids and states of their own.
 */
import type { VenueCapabilities } from '../../../../core/ports/execution-venue.ts';
import { OKX_SWITCH } from '../cancel-switches.ts';
import { okxStream } from '../streams/okx.ts';
import { complaintIn, dataOf, ENGINE_TIMEOUT_MS, EXPIRES_MS, meaningOf, serverTime } from './okx.ts';
import { okxAccount } from './okx-account.ts';
import { type OkxType, okxOrders } from './okx-orders.ts';
import { payments } from './okx-payments.ts';
import type { Protocol } from './protocol.ts';

const capabilities = (instType: OkxType): VenueCapabilities => ({
  orderTypes: ['market', 'limit'],
  timesInForce: ['gtc', 'ioc', 'fok'],
  postOnly: true,
  reduceOnly: instType === 'SWAP',
  holdsStops: false,
  // Place order, clOrdId: case-sensitive letters and numbers, at most 32.
  clientOrderId: /^[a-zA-Z0-9]{1,32}$/,
  // 51016 is for ids of working orders; of several orders under one id, Order details gives the latest.
  clientOrderIdReuse: 'after-close',
  requestValidityMs: EXPIRES_MS + ENGINE_TIMEOUT_MS,
  // Order details: an order that was canceled without a fill is kept for two hours.
  remembersClosedMs: 2 * 3_600_000,
  replace: 'in-place',
  cancelAllAfter: OKX_SWITCH,
});

const okx = (instType: OkxType): Protocol => ({
  capabilities: capabilities(instType),
  hasPassphrase: true,
  // 60 orders in 2 seconds of one instrument; most questions as often.
  budget: {
    windows: [
      { counts: 'weight', limit: 60, intervalMs: 2_000 },
      { counts: 'orders', limit: 60, intervalMs: 2_000 },
    ],
  },
  stream: okxStream(instType),
  serial: false,
  clock: serverTime,
  complaintIn,
  contentOf: dataOf,
  meaningOf,
  ...okxOrders(instType),
  ...okxAccount(instType),
  ...(instType === 'SWAP' ? { payments } : {}),
});

export const OKX_SPOT: Protocol = okx('SPOT');
export const OKX_SWAP: Protocol = okx('SWAP');
