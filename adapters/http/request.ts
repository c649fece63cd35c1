/** What a request asks for: its input, its idempotency key, its token. */
import { randomUUID } from 'node:crypto';
import type { HonoRequest } from 'hono';
import { PlimsollError } from '../../core/errors.ts';

export const REQUEST_BOUNDS = { bodyBytes: 64 * 1_024, keyLength: 200, tokenLength: 4_096 } as const;

/** The input of a query. A name that is given twice is a list. */
export function queryInput(request: HonoRequest): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(request.queries()).map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  );
}

/** The input of a command. No body at all is an empty one. Throws `BODY_NOT_JSON` and `BODY_MALFORMED`. */
export async function bodyInput(request: HonoRequest): Promise<unknown> {
  const text = await request.text();
  if (text === '') return {};
  const type = request.header('content-type') ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    const named = type === '' ? 'no content type' : `the content type ${type.slice(0, 100)}`;
    throw new PlimsollError(
      'BODY_NOT_JSON',
      `the body has ${named}, and only JSON is read`,
      'send it as application/json',
      NOTHING_CHANGED,
    );
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PlimsollError('BODY_MALFORMED', 'the body is not JSON', 'send one JSON object in UTF-8', {
      ...NOTHING_CHANGED,
      cause,
    });
  }
}

const NOTHING_CHANGED = { kept: 'nothing was changed' };

export const bodyTooLarge = (): PlimsollError =>
  new PlimsollError(
    'BODY_TOO_LARGE',
    `the body is larger than ${REQUEST_BOUNDS.bodyBytes} bytes`,
    'send less',
    NOTHING_CHANGED,
  );

/** The caller's key, or a new one. Throws `IDEMPOTENCY_KEY_MALFORMED`. */
export function idempotencyKeyOf(request: HonoRequest): string {
  const key = request.header('idempotency-key');
  if (key === undefined) return randomUUID();
  if (key.length <= REQUEST_BOUNDS.keyLength && /^[\x21-\x7e]+$/.test(key)) return key;
  throw new PlimsollError(
    'IDEMPOTENCY_KEY_MALFORMED',
    'the Idempotency-Key header is empty, too long, or has other characters than visible ASCII',
    `send 1 to ${REQUEST_BOUNDS.keyLength} characters, a UUID for example`,
    NOTHING_CHANGED,
  );
}

/** The bearer token, if there is one. An `EventSource` can set no header: for it, and it alone, the query may carry the token. */
export function tokenOf(request: HonoRequest, mayBeInQuery: boolean): string | undefined {
  const [, bearer] = /^Bearer +([\x21-\x7e]+) *$/i.exec(request.header('authorization') ?? '') ?? [];
  const token = bearer ?? (mayBeInQuery ? request.query('token') : undefined);
  return token !== undefined && token.length <= REQUEST_BOUNDS.tokenLength ? token : undefined;
}
