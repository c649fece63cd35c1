/** Bybit's accounts: spot, and linear perpetuals. */
import { createHmac } from 'node:crypto';
import Bybit from '../../../node_modules/ccxt/js/src/bybit.js';
import type { Exchange, ExchangeClass } from './exchange.ts';
import { RECEIVE_WINDOW_MS } from './execution/bybit.ts';
import { BYBIT_LINEAR, BYBIT_SPOT } from './execution/bybit-protocol.ts';
import { CcxtExecutionVenue, type VenueCredentials } from './execution.ts';
import type { CcxtOptionsInput, CcxtRuntime } from './options.ts';

const Class = Bybit as unknown as ExchangeClass;

/** The spot side of a unified account at Bybit. */
export function openBybitExecution(
  credentials: VenueCredentials,
  input: CcxtOptionsInput = {},
  runtime: CcxtRuntime = {},
): CcxtExecutionVenue {
  const parts = { Class, traits: traitsOf('spot'), protocol: BYBIT_SPOT, useHashes };
  return new CcxtExecutionVenue(parts, credentials, input, runtime);
}

/** The linear perpetuals of a unified account at Bybit, in one-way mode. */
export function openBybitLinearExecution(
  credentials: VenueCredentials,
  input: CcxtOptionsInput = {},
  runtime: CcxtRuntime = {},
): CcxtExecutionVenue {
  const parts = { Class, traits: traitsOf('linear'), protocol: BYBIT_LINEAR, useHashes };
  return new CcxtExecutionVenue(parts, credentials, input, runtime);
}

function traitsOf(markets: 'spot' | 'linear') {
  const options = { fetchMarkets: { types: [markets] }, recvWindow: RECEIVE_WINDOW_MS };
  return { options, loadCurrencies: false };
}

/** Bybit signs with HMAC-SHA256 alone, where the key is not an RSA one. */
function useHashes(exchange: Exchange): void {
  const hmac = (request: Uint8Array, secret: Uint8Array): string =>
    createHmac('sha256', secret).update(request).digest('hex');
  exchange.hmac = hmac as unknown as Exchange['hmac'];
}
