/** Kraken's spot accounts. */
import { createHash, createHmac } from 'node:crypto';
import Kraken from '../../../node_modules/ccxt/js/src/kraken.js';
import type { Exchange, ExchangeClass } from './exchange.ts';
import { KRAKEN_SPOT } from './execution/kraken-spot.ts';
import { CcxtExecutionVenue, type VenueCredentials } from './execution.ts';
import type { CcxtOptionsInput, CcxtRuntime } from './options.ts';

/** A spot account at Kraken. The secret is base64, as Kraken shows it. */
export function openKrakenExecution(
  credentials: VenueCredentials,
  input: CcxtOptionsInput = {},
  runtime: CcxtRuntime = {},
): CcxtExecutionVenue {
  const Class = Kraken as unknown as ExchangeClass;
  return new CcxtExecutionVenue({ Class, traits: {}, protocol: KRAKEN_SPOT, useHashes }, credentials, input, runtime);
}

/** Kraken signs the address and the SHA-256 of nonce and body with HMAC-SHA512. */
function useHashes(exchange: Exchange): void {
  const replaced = {
    hash: (request: Uint8Array): Uint8Array => createHash('sha256').update(request).digest(),
    hmac: (request: Uint8Array, secret: Uint8Array): string =>
      createHmac('sha512', secret).update(request).digest('base64'),
    base64ToBinary: (text: string): Uint8Array => Buffer.from(text, 'base64'),
    binaryConcat: (...parts: Uint8Array[]): Uint8Array => Buffer.concat(parts),
  };
  Object.assign(exchange, replaced as unknown as Partial<Exchange>);
}
