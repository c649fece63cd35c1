import { pathOf } from '../../../operations/path.ts';
import type { Input, OperationOf, Output } from './types.ts';

/** What the API refused, in its own words (RFC 9457), or that it could not be reached (status 0). */
export class ApiProblem extends Error {
  readonly status: number;
  /** What programs compare; undefined where the server gave none. */
  readonly code: string | undefined;

  constructor(status: number, message: string, code?: string) {
    super(message);
    this.name = 'ApiProblem';
    this.status = status;
    this.code = code;
  }

  /** The token is missing, wrong or has expired: only another one helps. */
  get isAboutToken(): boolean {
    return this.status === 401;
  }
}

const TIMEOUT_MS = 15_000;

/** The operations of the API under one token. Every call rejects with an {@link ApiProblem}. */
export class ApiClient {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  query<Name extends OperationOf<'query'>>(name: Name, input: Input<Name>): Promise<Output<Name>> {
    const parameters = new URLSearchParams();
    for (const [key, value] of Object.entries(input as object))
      if (value !== undefined) parameters.set(key, String(value));
    const search = parameters.size > 0 ? `?${parameters}` : '';
    return this.#send(pathOf(name) + search, {});
  }

  /** A command or job; under the same key it is done once, however often it is sent. */
  command<Name extends OperationOf<'command' | 'job'>>(
    name: Name,
    input: Input<Name>,
    key: string,
  ): Promise<Output<Name>> {
    return this.#send(pathOf(name), {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(input),
    });
  }

  /** Live updates of an account after a sequence, as server-sent events; the token stays out of the address. */
  async stream(account: string, after: number, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#fetch(`/api/stream?${new URLSearchParams({ account, after: String(after) })}`, {
      headers: { accept: 'text/event-stream' },
      signal,
    });
    if (!response.body || !response.headers.get('content-type')?.startsWith('text/event-stream')) {
      throw new ApiProblem(response.status, 'The server has no live stream.');
    }
    return response.body;
  }

  async #send<Result>(path: string, init: RequestInit): Promise<Result> {
    const response = await this.#fetch(path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
    return (await response.json()) as Result;
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = { accept: 'application/json', ...init.headers, authorization: `Bearer ${this.#token}` };
    let response: Response;
    try {
      response = await fetch(path, { ...init, headers, cache: 'no-store' });
    } catch {
      throw new ApiProblem(
        0,
        'The server does not answer. Check that the platform runs; this page goes on by itself when it does.',
      );
    }
    if (response.ok) return response;
    throw await problemOf(response);
  }
}

async function problemOf(response: Response): Promise<ApiProblem> {
  const { detail, title, code } = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  const text = [detail, title].find((each) => typeof each === 'string') ?? `The server answered ${response.status}.`;
  return new ApiProblem(response.status, text, typeof code === 'string' ? code : undefined);
}
