/** OKX's accounts: spot, and perpetual swaps. */
import { createHmac } from 'node:crypto';
import Okx from '../../../node_modules/ccxt/js/src/okx.js';
import type { Exchange, ExchangeClass } from './exchange.ts';
import { OKX_SPOT, OKX_SWAP } from './execution/okx-protocol.ts';
import { CcxtExecutionVenue, type VenueCredentials } from './execution.ts';
import type { CcxtOptionsInput, CcxtRuntime } from './options.ts';

const Class = Okx as unknown as ExchangeClass;

/** The spot side of an account at OKX. Its key has a passphrase. */
export function openOkxExecution(
  credentials: VenueCredentials,
  input: CcxtOptionsInput = {},
  runtime: CcxtRuntime = {},
): CcxtExecutionVenue {
  const parts = { Class, traits: traitsOf('spot'), protocol: OKX_SPOT, useHashes };
  return new CcxtExecutionVenue(parts, credentials, input, runtime);
}

/** The perpetual swaps of an account at OKX, in net mode and cross margin. Its key has a passphrase. */
export function openOkxSwapExecution(
  credentials: VenueCredentials,
  input: CcxtOptionsInput = {},
  runtime: CcxtRuntime = {},
): CcxtExecutionVenue {
  const parts = { Class, traits: traitsOf('swap'), protocol: OKX_SWAP, useHashes };
  return new CcxtExecutionVenue(parts, credentials, input, runtime);
}

function traitsOf(markets: 'spot' | 'swap') {
  return { options: { fetchMarkets: { types: [markets] } }, loadCurrencies: false };
}

/** OKX signs with HMAC-SHA256, in base64. */
function useHashes(exchange: Exchange): void {
  const hmac = (request: Uint8Array, secret: Uint8Array): string =>
    createHmac('sha256', secret).update(request).digest('base64');
  exchange.hmac = hmac as unknown as Exchange['hmac'];
}
