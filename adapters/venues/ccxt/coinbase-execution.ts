/** Coinbase's accounts, through Advanced Trade. */
import { createPrivateKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { PlimsollError } from '../../../core/errors.ts';
import Coinbase from '../../../node_modules/ccxt/js/src/coinbase.js';
import type { Exchange, ExchangeClass } from './exchange.ts';
import { TOKEN_MS } from './execution/coinbase.ts';
import { COINBASE } from './execution/coinbase-protocol.ts';
import { CcxtExecutionVenue, type VenueCredentials } from './execution.ts';
import type { CcxtOptionsInput, CcxtRuntime } from './options.ts';

/** Its currencies are of another interface, and nothing here needs them. */
export const COINBASE_TRAITS = { options: {}, loadCurrencies: false };

/**
 * A spot account at Coinbase. The key is the name of an API key (`organizations/…/apiKeys/…`), the secret its EC private key in PEM,
 * as Coinbase gives both. Throws `CONFIGURATION_INVALID` where the secret is not one.
 */
export function openCoinbaseExecution(
  credentials: VenueCredentials,
  input: CcxtOptionsInput = {},
  runtime: CcxtRuntime = {},
): CcxtExecutionVenue {
  const Class = Coinbase as unknown as ExchangeClass;
  const key = keyOf(credentials.secret);
  const useHashes = (exchange: Exchange) => signTokens(exchange, credentials.apiKey, key);
  return new CcxtExecutionVenue(
    { Class, traits: COINBASE_TRAITS, protocol: COINBASE, useHashes },
    credentials,
    input,
    runtime,
  );
}

function keyOf(secret: string): KeyObject {
  try {
    // Pasted on one line, as JSON holds it.
    const key = createPrivateKey(secret.replaceAll('\\n', '\n'));
    if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  } catch {
    // Its words could hold a part of the key.
  }
  throw new PlimsollError(
    'CONFIGURATION_INVALID',
    'the secret of the Coinbase key is not an EC private key (P-256) in PEM',
    'create an API key of the type ECDSA, and set its private key as the secret',
  );
}

function hostAndPath(url: string): string {
  const { host, pathname } = new URL(url);
  return host + pathname;
}

/** Authentication: a JSON Web Token of its own for each request, signed with ES256 (RFC 7515, RFC 7518 section 3.4). */
function signTokens(exchange: Exchange, name: string, key: KeyObject): void {
  const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  /** For a request, or for a socket, which is named in none. */
  const createAuthToken = (seconds: number, method?: string, url?: string): string => {
    const header = { alg: 'ES256', kid: name, nonce: randomBytes(16).toString('hex'), typ: 'JWT' };
    const times = { nbf: seconds, exp: seconds + TOKEN_MS / 1_000 };
    const claims = {
      iss: 'cdp',
      sub: name,
      ...times,
      ...(url === undefined ? {} : { uri: `${method} ${hostAndPath(url)}` }),
    };
    const words = `${encoded(header)}.${encoded(claims)}`;
    const signature = sign('sha256', Buffer.from(words), { key, dsaEncoding: 'ieee-p1363' });
    return `${words}.${signature.toString('base64url')}`;
  };
  Object.assign(exchange, { createAuthToken });
}
