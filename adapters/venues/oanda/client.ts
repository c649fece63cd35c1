/** The way to OANDA's v20 REST interface: each request sent once, within its budget, and its answer told from silence. */
import { PlimsollError } from '../../../core/errors.ts';
import { Budget } from '../http/budget.ts';
import { OverBudget, problemOf, Said, Unheard, Unsent } from '../http/failures.ts';
import { Malformed, readJson } from '../http/json.ts';
import { onStreamHost } from '../http/stream-host.ts';
import { createTransport, type Transport } from '../http/transport.ts';
import { Redaction } from '../redaction.ts';
import { oandaComplaint, oandaMeaning } from './complaints.ts';
import {
  checkedToken,
  type OandaCredentials,
  type OandaCredentialsInput,
  type OandaOptions,
  type OandaRuntime,
} from './options.ts';

const HOSTS = { practice: 'https://api-fxpractice.oanda.com', live: 'https://api-fxtrade.oanda.com' } as const;

/** Of what has no end. */
const STREAM_HOSTS = {
  practice: 'https://stream-fxpractice.oanda.com',
  live: 'https://stream-fxtrade.oanda.com',
} as const;

/** Best Practices: "limiting this to one hundred per second (100/s)". */
const REQUESTS_PER_SECOND = 100;
/** How long to stay away after a limit on the rate that gives no time. */
const RATE_PAUSE_MS = 5_000;
/** The longest wait for the budget within one question, and how often it may be. */
const BUDGET_WAIT_MAX_MS = 10_000;
const BUDGET_WAITS_MAX = 3;
/** How long to wait before what could not be prepared is tried again. */
const PREPARATION_PAUSE_MS = 1_000;
/** Between two attempts at a question for market data, at most. */
const WAIT_MAX_MS = 30_000;
const UNAUTHORIZED = 401;

/** `path` is within `/v3`; that of an account begins with `@account`. */
export interface OandaCall {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Instead of the options'. */
  readonly timeoutMs?: number;
}

/** Resolves with the body of the answer. Throws `Said`, `Unheard`, `Malformed` or `Unsent`. */
export type OandaAsk = (call: OandaCall) => Promise<unknown>;

export const get = (path: string, query: Readonly<Record<string, string>> = {}): OandaCall => ({
  method: 'GET',
  path,
  query,
});

export class OandaClient {
  readonly venue: string;
  /** Milliseconds UTC on this machine. */
  readonly now: () => number;
  readonly #options: OandaOptions;
  readonly #credentials: OandaCredentialsInput;
  /** Empty until it is first wanted, where it is to be asked for. */
  #token = '';
  #redaction = new Redaction([]);
  readonly #sleep: (milliseconds: number) => Promise<void>;
  readonly #transport: Transport;
  readonly #budget = new Budget({
    windows: [{ counts: 'weight', limit: REQUESTS_PER_SECOND, intervalMs: 1_000 }],
  });

  /** Asks for nothing yet. Throws `CONFIGURATION_INVALID`. */
  constructor(options: OandaOptions, credentials: OandaCredentialsInput, runtime: OandaRuntime) {
    this.venue = options.venue;
    this.#options = options;
    this.#credentials = credentials;
    if (typeof credentials !== 'function') this.#keep(credentials);
    this.now = runtime.now ?? Date.now;
    this.#sleep = runtime.sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
    this.#transport = createTransport(options.venue);
  }

  /** Once, whatever comes back. */
  readonly once: OandaAsk = async (call) => {
    await this.#haveToken();
    const orders = call.method === 'POST' ? 1 : 0;
    const free = this.#budget.take({ weight: 1, orders }, this.now());
    if (free !== undefined) throw new OverBudget('not sent: the budget of requests is used up', free);
    return this.#read(await this.#send(call));
  };

  /** As `once`; a short wait for the budget is waited out. */
  readonly ask: OandaAsk = async (call) => {
    for (let waited = 0; ; waited++) {
      try {
        return await this.once(call);
      } catch (error) {
        const waitMs = error instanceof OverBudget ? error.until - this.now() : Number.POSITIVE_INFINITY;
        if (waitMs > BUDGET_WAIT_MAX_MS || waited === BUDGET_WAITS_MAX) throw error;
        await this.#sleep(Math.max(1, waitMs));
      }
    }
  };

  /** For questions that may be asked again: as often as the options say, while nothing is heard. */
  readonly insist: OandaAsk = async (call) => {
    const { attempts, backoffMs } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.ask(call);
      } catch (error) {
        const limitedMs = error instanceof Unsent ? error.until - this.now() : 0;
        if (!isTransient(error) || attempt >= attempts || limitedMs > WAIT_MAX_MS) throw error;
        await this.#sleep(Math.min(WAIT_MAX_MS, Math.max(limitedMs, backoffMs * 2 ** (attempt - 1))));
      }
    }
  };

  /** The body of an answer that has no end, until the signal ends it. Throws `Said` and what fetch throws. */
  async stream(path: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    await this.#haveToken();
    const { practice, streamUrl } = this.#options;
    const url = onStreamHost(`${STREAM_HOSTS[practice ? 'practice' : 'live']}/v3/${this.#within(path)}`, streamUrl);
    const response = await fetch(url, { headers: this.#headers(), redirect: 'error', signal });
    if (response.ok && response.body !== null) return response.body;
    await response.body?.cancel();
    const message = `HTTP ${response.status}`;
    throw new Said({ status: response.status, code: 'no stream', message }, 'unclear');
  }

  /** Runs what must give the whole or nothing. Throws `PlimsollError`. */
  async read<T>(what: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw error instanceof PlimsollError ? error : problemOf(this.venue, what, error, this.redact(error));
    }
  }

  /** What an attempt to prepare a request ended with, as the request not having been sent. */
  unsent(error: unknown): Unsent {
    if (error instanceof Unsent) return error;
    return new Unsent(`not sent: ${this.redact(error)}`, this.now() + PREPARATION_PAUSE_MS);
  }

  /** In a few words on one line, without the token. */
  redact(error: unknown): string {
    return this.#redaction.said(error);
  }

  close(): void {
    this.#transport.close();
  }

  #keep(credentials: OandaCredentials): void {
    this.#token = checkedToken(credentials, this.venue);
    this.#redaction = new Redaction([this.#token]);
  }

  /** A token that is not taken any more may have been replaced: it is asked for again. */
  #forget(): void {
    if (typeof this.#credentials === 'function') this.#token = '';
  }

  async #haveToken(): Promise<void> {
    if (this.#token === '' && typeof this.#credentials === 'function') this.#keep(await this.#credentials());
  }

  #origin(): string {
    const { baseUrl, practice } = this.#options;
    return (baseUrl ?? HOSTS[practice ? 'practice' : 'live']).replace(/\/+$/, '');
  }

  #within(path: string): string {
    return path.replace('@account', `accounts/${this.#options.accountId}`);
  }

  #headers(): Record<string, string> {
    return { authorization: `Bearer ${this.#token}`, 'accept-datetime-format': 'UNIX' };
  }

  async #send({ method, path, query, body, timeoutMs = this.#options.timeoutMs }: OandaCall): Promise<Response> {
    const search = new URLSearchParams(query).toString();
    const headers = { ...this.#headers(), ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const signal = AbortSignal.timeout(timeoutMs);
    const url = `${this.#origin()}/v3/${this.#within(path)}${search === '' ? '' : `?${search}`}`;
    try {
      const text = body === undefined ? undefined : JSON.stringify(body);
      return await this.#transport.fetch(url, { method, headers, body: text, signal });
    } catch (error) {
      if (signal.aborted) throw new Unheard(`no answer within ${timeoutMs} ms`);
      throw new Unheard(this.redact(innermost(error)));
    }
  }

  async #read(response: Response): Promise<unknown> {
    const { status } = response;
    if (status === 429) throw this.#limited();
    const body = bodyOf(status, await response.text());
    if (response.ok) return body;
    if (status === UNAUTHORIZED) this.#forget();
    const complaint = oandaComplaint(status, body);
    if (complaint === undefined) throw new Unheard(`HTTP ${status} without a reason`);
    throw new Said({ ...complaint, message: this.redact(complaint.message) }, oandaMeaning(complaint));
  }

  /** Development Guide: a request above the limit is answered 429, and not carried out. */
  #limited(): Unsent {
    const until = this.#budget.pause(this.#transport.takeRetryAfterMs() || RATE_PAUSE_MS, this.now());
    return new Unsent('the venue limits the rate (HTTP 429)', until);
  }
}

function bodyOf(status: number, text: string): unknown {
  try {
    return readJson(text);
  } catch (error) {
    if (error instanceof Malformed) throw new Unheard(`HTTP ${status}, ${error.message}`);
    throw error;
  }
}

const isTransient = (error: unknown): boolean =>
  error instanceof Unheard || error instanceof Unsent || (error instanceof Said && error.meaning === 'unclear');

/** `fetch failed` says nothing; its cause does. */
function innermost(error: unknown): unknown {
  let inner = error;
  for (let depth = 0; depth < 5 && inner instanceof Error && inner.cause instanceof Error; depth++) inner = inner.cause;
  return inner;
}
