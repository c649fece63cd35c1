/** The way to one of Alpaca's hosts: each request sent once, within its budget, and its answer told from silence. */
import { PlimsollError } from '../../../core/errors.ts';
import { Budget } from '../http/budget.ts';
import { OverBudget, Said, Unheard, Unsent } from '../http/failures.ts';
import { type Fields, fieldsOf, Malformed, Numeral, readJson } from '../http/json.ts';
import { Redaction } from '../redaction.ts';
import { meaningOf } from './meanings.ts';
import { type Answered, answerWithin } from './sdk.ts';

export interface LinkSettings {
  /** Milliseconds UTC on this machine. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Never in what is said about a failure. It grows: keys are read as they are used. */
  readonly secrets: readonly string[];
}

export interface Heard {
  readonly status: number;
  /** Numbers as `Numeral`; undefined where the answer has no body. */
  readonly body: unknown;
}

/** Usage limits of the Trading API and of the basic data plan: so many requests a minute and key. */
const REQUESTS_PER_MINUTE = 200;
const MINUTE_MS = 60_000;
const USED_HEADER = 'x-requests-used';
/** The longest wait for the budget within one question, and how often it may be. */
const BUDGET_WAIT_MAX_MS = 10_000;
const BUDGET_WAITS_MAX = 3;

export class AlpacaLink {
  readonly #settings: LinkSettings;
  readonly #budget = new Budget({
    windows: [{ counts: 'weight', limit: REQUESTS_PER_MINUTE, intervalMs: MINUTE_MS, header: USED_HEADER }],
  });

  constructor(settings: LinkSettings) {
    this.#settings = settings;
  }

  /** Once, whatever comes back. `orders`: how many orders it places. Throws `Said`, `Unheard` or `Unsent`. */
  async once(run: () => Answered, orders: 0 | 1 = 0): Promise<Heard> {
    const now = this.#settings.now();
    const free = this.#budget.take({ weight: 1, orders }, now);
    if (free !== undefined) throw new OverBudget('not sent: the budget of requests is used up', free);
    const response = await this.#answered(run);
    this.#budget.hear(new Headers({ [USED_HEADER]: usedOf(response.headers) }), now);
    return this.#read(response);
  }

  /** The same for what only asks: a short wait for the budget is waited out. */
  async ask(run: () => Answered): Promise<unknown> {
    for (let waited = 0; ; waited++) {
      try {
        return (await this.once(run)).body;
      } catch (error) {
        const waitMs = error instanceof OverBudget ? error.until - this.#settings.now() : Number.POSITIVE_INFINITY;
        if (waitMs > BUDGET_WAIT_MAX_MS || waited === BUDGET_WAITS_MAX) throw error;
        await this.#settings.sleep(Math.max(1, waitMs));
      }
    }
  }

  /** In a few words on one line, without the key. */
  redact(error: unknown): string {
    return new Redaction(this.#settings.secrets).said(error);
  }

  async #answered(run: () => Answered): Promise<Response> {
    try {
      return (await run()).raw;
    } catch (error) {
      const answer = answerWithin(error);
      if (answer) return answer;
      // The key could not be had.
      if (error instanceof PlimsollError) throw error;
      throw new Unheard(this.redact(innermost(error)));
    }
  }

  async #read(response: Response): Promise<Heard> {
    const { status, headers } = response;
    if (status === 429) throw this.#turnedAway(headers);
    const text = await response.text();
    if (status === 204 && text === '') return { status, body: undefined };
    const body = this.#json(text, status);
    if (response.ok) return { status, body };
    throw this.#complaint(status, body, headers.get('x-request-id'));
  }

  #json(text: string, status: number): unknown {
    try {
      return readJson(text);
    } catch (error) {
      throw new Unheard(`HTTP ${status}, ${this.redact(error)}`);
    }
  }

  #turnedAway(headers: Headers): Unsent {
    const until = this.#budget.pause(pauseOf(headers), this.#settings.now());
    return new Unsent('the venue limits the rate of requests (HTTP 429)', until);
  }

  /** `{"code":40410000,"message":"order not found"}`; some have no code. */
  #complaint(status: number, body: unknown, requestId: string | null): Error {
    let fields: Fields;
    try {
      fields = fieldsOf(body, 'the answer');
    } catch (error) {
      if (error instanceof Malformed) return new Unheard(`HTTP ${status} without a reason`);
      throw error;
    }
    if (typeof fields.message !== 'string') return new Unheard(`HTTP ${status} without a reason`);
    const code = fields.code instanceof Numeral ? fields.code.text : '';
    const complaint = { status, code, message: this.redact(fields.message) };
    const named = requestId === null ? code : `${code} request ${requestId}`.trim();
    return new Said({ ...complaint, code: named || 'no code' }, meaningOf(complaint));
  }
}

/** Requests counted in this minute, in terms of the lowest limit: some keys have a higher one. */
function usedOf(headers: Headers): string {
  const limit = Number(headers.get('x-ratelimit-limit') ?? '');
  const remaining = Number(headers.get('x-ratelimit-remaining') ?? '');
  if (!(limit > 0) || !(remaining >= 0 && remaining <= limit)) return '0';
  return String(Math.floor(((limit - remaining) / limit) * REQUESTS_PER_MINUTE));
}

/** How long to stay away, ms: as told, or until the limit is counted anew, by the venue's own clock; 0 where neither is said. */
function pauseOf(headers: Headers): number {
  const seconds = Number(headers.get('retry-after') ?? '');
  if (seconds > 0) return seconds * 1_000;
  const reset = Number(headers.get('x-ratelimit-reset') ?? '') * 1_000;
  const sentAt = Date.parse(headers.get('date') ?? '');
  return reset > sentAt ? Math.min(MINUTE_MS, reset - sentAt) : 0;
}

/** `fetch failed` says nothing; its cause does. */
function innermost(error: unknown): unknown {
  let inner = error;
  for (let depth = 0; depth < 5 && inner instanceof Error && inner.cause instanceof Error; depth++) inner = inner.cause;
  const code = inner instanceof Error ? (inner as { code?: unknown }).code : undefined;
  return typeof code === 'string' && inner instanceof Error && inner.message === '' ? code : inner;
}
