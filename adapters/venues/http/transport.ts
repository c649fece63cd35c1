/**
 * The HTTP underneath ccxt. Its own stops counting time once the headers are in, so a body that never ends would wait for
 * ever; here the body is read whole, within the same time-out and a bound on its size, and `close` ends what is under way.
 */
import { PlimsollError } from '../../../core/errors.ts';

/** The largest body that is read. A large exchange's list of markets is about 20 MB. */
export const BODY_BYTES_MAX = 64 * 1024 * 1024;

export interface Transport {
  /** Takes the place of ccxt's fetch. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** How long the venue last asked to be left alone, in milliseconds; 0 where it did not. Reading it clears it. */
  takeRetryAfterMs(): number;
  close(): void;
}

/** `venue` names the exchange in errors. */
export function createTransport(venue: string): Transport {
  const closing = new AbortController();
  let retryAfterMs = 0;
  return {
    fetch: async (url, init) => {
      const signal = init.signal ? AbortSignal.any([init.signal, closing.signal]) : closing.signal;
      const { method, headers, body } = init;
      const response = await fetch(url, { method, headers, body, redirect: 'error', signal });
      if (response.status === 451) {
        await response.body?.cancel();
        throw locationRefused(venue);
      }
      retryAfterMs = Math.max(retryAfterMs, retryAfterOf(response));
      const bytes = await readBounded(response, venue);
      return new Response(bytes.length === 0 ? null : bytes, {
        status: response.status,
        statusText: response.statusText,
        headers: response.headers,
      });
    },
    takeRetryAfterMs: () => {
      const taken = retryAfterMs;
      retryAfterMs = 0;
      return taken;
    },
    close: () => closing.abort(),
  };
}

async function readBounded(response: Response, venue: string): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > BODY_BYTES_MAX) {
      throw new PlimsollError(
        'VENUE_UNAVAILABLE',
        `${venue} sent more than ${BODY_BYTES_MAX} bytes in one answer`,
        'try again later, or choose another venue',
      );
    }
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/** Retry-After in seconds, on the answers that mean it; a date in it is rare at exchanges and not read. */
function retryAfterOf(response: Response): number {
  if (response.status !== 418 && response.status !== 429 && response.status !== 503) return 0;
  const seconds = Number(response.headers.get('retry-after') ?? '');
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
}

function locationRefused(venue: string): PlimsollError {
  return new PlimsollError(
    'VENUE_UNAVAILABLE',
    `${venue} does not serve this location (HTTP 451)`,
    'choose another venue, such as kraken, or the simulated exchange (--venue simulated)',
  );
}
