/** Binance's spot interface: github.com/binance/binance-spot-api-docs, rest-api.md as of July 2026. */
import { DAY_MS } from '../../../../core/market/civil.ts';
import type {
  VenueBalance,
  VenueCapabilities,
  VenueOrderRequest,
  VenuePosition,
} from '../../../../core/ports/execution-venue.ts';
import type { Complaint, Meaning } from '../../http/failures.ts';
import { Said } from '../../http/failures.ts';
import { decimalTextIn, type Fields, fieldsOf, listOf, wordIn, wrong } from '../../http/json.ts';
import { BINANCE_SPOT_STREAM } from '../streams/binance-spot.ts';
import {
  binanceCall,
  binanceComplaint,
  binanceStatus,
  ENGINE_TIMEOUT_MS,
  isRateLimit,
  isRefusal,
  isTiming,
  RECEIVE_WINDOW_MS,
  saysUnknown,
  serverTime,
  symbolsIn,
} from './binance.ts';
import { acknowledged, type Dialect, orderParameters, ordersBy, priceText } from './binance-orders.ts';
import { replaceSpot } from './binance-spot-replace.ts';
import type { Ask, Call, Listing, Protocol } from './protocol.ts';

const CAPABILITIES: VenueCapabilities = {
  orderTypes: ['market', 'limit', 'stop', 'stop-limit'],
  timesInForce: ['gtc', 'ioc', 'fok'],
  postOnly: true,
  reduceOnly: false,
  holdsStops: true,
  // Error -1100 states it: legal range is '^[a-zA-Z0-9-_]{1,36}$'.
  clientOrderId: /^[a-zA-Z0-9_-]{1,36}$/,
  // New order: "can be accepted only when the previous one is filled, otherwise the order will be rejected".
  clientOrderIdReuse: 'after-close',
  requestValidityMs: RECEIVE_WINDOW_MS + ENGINE_TIMEOUT_MS,
  // Error -2026: archived 90 days after it was canceled or expired without a fill.
  remembersClosedMs: 90 * DAY_MS,
  // Cancel an Existing Order and Send a New Order, with ONLY_NEW.
  replace: 'new-order',
};

const DIALECT: Dialect = {
  section: 'private',
  weights: { query: 4, openOrders: 6, allOpenOrders: 80 },
  canceledIn: 'origClientOrderId',
  // Account trade list: startTime and endTime at most 24 hours apart.
  trades: { section: 'private', path: 'myTrades', weight: 20, spanMs: DAY_MS, buyer: 'isBuyer', maker: 'isMaker' },
};

export const BINANCE_SPOT: Protocol = {
  capabilities: CAPABILITIES,
  // exchangeInfo, rateLimits; orders are counted by account, weight by address.
  budget: {
    windows: [
      { counts: 'weight', limit: 6_000, intervalMs: 60_000, header: 'x-mbx-used-weight-1m' },
      { counts: 'orders', limit: 100, intervalMs: 10_000, header: 'x-mbx-order-count-10s' },
      { counts: 'orders', limit: 200_000, intervalMs: DAY_MS, header: 'x-mbx-order-count-1d' },
    ],
  },
  stream: BINANCE_SPOT_STREAM,
  serial: false,
  clock: async (ask) => serverTime(await ask(binanceCall('public', 'GET', 'time', {}, 1))),
  complaintIn: binanceComplaint,
  contentOf: (body) => body,
  meaningOf,
  ...ordersBy(DIALECT),
  submit,
  replace: (ask, listing, request, sentAt) =>
    replaceSpot(ask, listing, { request, sentAt, typed: typeParameters, meaningOf }),
  status,
  balances,
  positions: async (): Promise<VenuePosition[]> => [],
};

const signed = (method: Call['method'], path: string, parameters: Record<string, string>, weight: number, orders = 0) =>
  binanceCall('private', method, path, parameters, weight, orders);

function meaningOf(complaint: Complaint): Meaning {
  const { status, code, message } = complaint;
  // HTTP Return Codes: 5XX, "the execution status is UNKNOWN", whatever the body says.
  if (status >= 500) return 'unclear';
  if (isRateLimit(code)) return 'rate';
  if (isTiming(code)) return 'timing';
  if (saysUnknown(complaint)) return 'no such order';
  if (code === '-2010' && /duplicate order/i.test(message)) return 'duplicate';
  return isRefusal(code) ? 'refused' : 'unclear';
}

async function submit(ask: Ask, listing: Listing, order: VenueOrderRequest, sentAt: number): Promise<string> {
  const parameters = { ...orderParameters(listing, order, sentAt), ...typeParameters(listing, order) };
  const answer = await ask(signed('POST', 'order', parameters, 1, 1));
  return acknowledged(answer, listing, order.clientOrderId);
}

/** New order, "additional mandatory parameters based on order type". */
function typeParameters(listing: Listing, order: VenueOrderRequest): Record<string, string> {
  const price = (): Record<string, string> => ({ price: priceText(listing, order.price) });
  const timed = () => ({ ...price(), timeInForce: order.timeInForce.toUpperCase() });
  const stop = () => ({ stopPrice: priceText(listing, order.trigger) });
  if (order.type === 'stop') return { type: 'STOP_LOSS', ...stop() };
  if (order.type === 'stop-limit') return { type: 'STOP_LOSS_LIMIT', ...stop(), ...timed() };
  if (order.type === 'market') return { type: 'MARKET' };
  return order.postOnly ? { type: 'LIMIT_MAKER', ...price() } : { type: 'LIMIT', ...timed() };
}

/** One question for each market: all of them at once are many megabytes. */
async function status(ask: Ask, listings: readonly Listing[]) {
  const symbols = new Map<string, Fields>();
  for (const { id } of listings) {
    try {
      const described = symbolsIn(await ask(binanceCall('public', 'GET', 'exchangeInfo', { symbol: id }, 20)));
      for (const [symbol, one] of described) symbols.set(symbol, one);
    } catch (error) {
      // -1121: invalid symbol.
      if (!(error instanceof Said) || error.complaint.code !== '-1121') throw error;
    }
  }
  return binanceStatus(ask, listings, symbols);
}

async function balances(ask: Ask): Promise<VenueBalance[]> {
  const account = fieldsOf(await ask(signed('GET', 'account', { omitZeroBalances: 'true' }, 20)), 'the account');
  return listOf(account.balances, 'the balances').map((entry) => {
    const balance = fieldsOf(entry, 'a balance');
    return { asset: wordIn(balance, 'asset'), free: amountIn(balance, 'free'), held: amountIn(balance, 'locked') };
  });
}

/** Spot balances are never negative. */
function amountIn(balance: Fields, key: string): string {
  const text = decimalTextIn(balance, key);
  if (text.startsWith('-')) throw wrong(key, text);
  return text;
}
