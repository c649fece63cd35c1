/** What every answer carries, and whom the server answers at all. */
import type { MiddlewareHandler } from 'hono';
import { PlimsollError } from '../../core/errors.ts';

/** Everything comes from the server's own origin; nobody frames it, and nothing of it is told to others. */
const HEADERS: readonly (readonly [string, string])[] = [
  [
    'content-security-policy',
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  ],
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
  ['x-frame-options', 'DENY'],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['permissions-policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()'],
];

/** Also on refusals. Answers of the API are never kept. */
export const securityHeaders: MiddlewareHandler = async (c, next) => {
  await next();
  for (const [name, value] of HEADERS) c.res.headers.set(name, value);
  if (!c.res.headers.has('cache-control')) c.res.headers.set('cache-control', 'no-store');
};

/** Names by which a machine calls itself. */
export const LOOPBACK_HOSTS: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Refuses requests to another host name than those listed (ports do not count): a page elsewhere whose name was made to lead
 * here (DNS rebinding) still sends its own.
 */
export function onlyHosts(allowed: readonly string[]): MiddlewareHandler {
  const known = new Set(allowed.map((host) => host.toLowerCase()));
  return async (c, next) => {
    const host = c.req.header('host') ?? new URL(c.req.url).host;
    if (known.has(host.toLowerCase().replace(/:\d+$/, ''))) return next();
    throw new PlimsollError(
      'HOST_NOT_ALLOWED',
      'the request names a host that this server does not answer to',
      'use the address that the server printed when it started',
    );
  };
}
