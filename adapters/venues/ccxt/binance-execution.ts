/** Binance's accounts: spot, and USD-M perpetuals. */
import { createHmac } from 'node:crypto';
import Binance from '../../../node_modules/ccxt/js/src/binance.js';
import type { Exchange, ExchangeClass } from './exchange.ts';
import { BINANCE_SPOT } from './execution/binance-spot.ts';
import { BINANCE_USDM } from './execution/binance-usdm.ts';
import { CcxtExecutionVenue, type VenueCredentials } from './execution.ts';
import type { CcxtOptionsInput, CcxtRuntime } from './options.ts';

const Class = Binance as unknown as ExchangeClass;

/** A spot account at Binance. */
export function openBinanceExecution(
  credentials: VenueCredentials,
  input: CcxtOptionsInput = {},
  runtime: CcxtRuntime = {},
): CcxtExecutionVenue {
  const parts = { Class, traits: traitsOf('spot'), protocol: BINANCE_SPOT, useHashes };
  return new CcxtExecutionVenue(parts, credentials, input, runtime);
}

/** A USD-M account at Binance, in one-way mode. */
export function openBinanceUsdmExecution(
  credentials: VenueCredentials,
  input: CcxtOptionsInput = {},
  runtime: CcxtRuntime = {},
): CcxtExecutionVenue {
  const parts = { Class, traits: traitsOf('linear'), protocol: BINANCE_USDM, useHashes };
  return new CcxtExecutionVenue(parts, credentials, input, runtime);
}

function traitsOf(markets: 'spot' | 'linear') {
  return { options: { fetchMarkets: { types: [markets] } }, loadCurrencies: false };
}

/** Binance signs with HMAC-SHA256 alone, where the key is not an RSA or Ed25519 one. */
function useHashes(exchange: Exchange): void {
  const hmac = (request: Uint8Array, secret: Uint8Array): string =>
    createHmac('sha256', secret).update(request).digest('hex');
  exchange.hmac = hmac as unknown as Exchange['hmac'];
}
