/** The signed way to one exchange: each request sent once, within its budget, and its answer told from silence. */

import { Budget } from '../../http/budget.ts';
import type { Complaint } from '../../http/failures.ts';
import { NotThere, OverBudget, Said, Unheard, Unsent } from '../../http/failures.ts';
import { Malformed, readJson } from '../../http/json.ts';
import { Redaction } from '../../redaction.ts';
import type { OpenExchange } from '../exchange.ts';
import type { StreamAccess } from '../streams/exchange-stream.ts';
import type { Ask, Call, Protocol } from './protocol.ts';

export interface LinkSettings {
  readonly timeoutMs: number;
  /** Milliseconds UTC on this machine. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Aborts what has no answer after the milliseconds. */
  readonly deadline: (milliseconds: number) => AbortSignal;
  /** Never in what is said about a failure. */
  readonly secrets: readonly string[];
}

/** How long the distance to the exchange's clock is taken to be what it was. */
const CLOCK_MAX_AGE_MS = 600_000;
/** How long to wait before what could not be prepared is tried again. */
const PREPARATION_PAUSE_MS = 1_000;

/** The longest wait for the budget within one question, and how often it may be. */
const BUDGET_WAIT_MAX_MS = 10_000;
const BUDGET_WAITS_MAX = 3;

/** What is used of ccxt's signing beside requests. */
interface Signing {
  readonly apiKey: string;
  readonly secret: string;
  readonly password?: string;
  encode(text: string): Uint8Array;
  hmac(text: Uint8Array, secret: Uint8Array): string;
  createAuthToken(seconds: number): string;
}

interface Signed {
  readonly url: string;
  readonly method: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

export class Link {
  readonly #open: OpenExchange;
  readonly #protocol: Protocol;
  readonly #settings: LinkSettings;
  readonly #budget: Budget;
  readonly #redaction: Redaction;
  #offset: { readonly readAt: number; readonly ms: Promise<number> } | undefined;
  /** The exchange's clock less this machine's, ms. */
  #offsetMs = 0;
  #nonce = 0;
  /** Of the request that is being signed, where it says so itself. */
  #madeAt: number | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(open: OpenExchange, protocol: Protocol, settings: LinkSettings) {
    this.#open = open;
    this.#protocol = protocol;
    this.#settings = settings;
    this.#budget = new Budget(protocol.budget);
    this.#redaction = new Redaction(settings.secrets);
    // ccxt stamps requests with this.
    open.exchange.milliseconds = () => this.#madeAt ?? this.venueNow();
    open.exchange.seconds = () => Math.floor(open.exchange.milliseconds() / 1_000);
    open.exchange.nonce = () => {
      // A timestamp must be true; a nonce must rise.
      this.#nonce = protocol.serial ? Math.max(this.#nonce + 1, this.venueNow()) : (this.#madeAt ?? this.venueNow());
      return this.#nonce;
    };
  }

  /** The exchange's time as last measured, ms UTC. */
  venueNow(): number {
    return this.#settings.now() + this.#offsetMs;
  }

  /** A time of the exchange's by this machine's clock. */
  here(venueTime: number): number {
    return venueTime - this.#offsetMs;
  }

  /** A time of this machine's by the exchange's clock. */
  there(time: number): number {
    return time + this.#offsetMs;
  }

  /** Once, whatever comes back. The clock must have been measured. */
  readonly once: Ask = (call) => (this.#protocol.serial ? this.#inTurn(() => this.#send(call)) : this.#send(call));

  /**
   * For what may be asked twice: again, once, where the exchange minds the timestamp or nonce, with its clock measured anew. A
   * short wait for the budget is waited out.
   */
  readonly ask: Ask = async (call) => {
    await this.synchronise();
    try {
      return await this.#patiently(call);
    } catch (error) {
      if (!(error instanceof Said) || error.meaning !== 'timing') throw error;
      this.forgetClock();
      await this.synchronise();
      return this.#patiently(call);
    }
  };

  async #patiently(call: Call): Promise<unknown> {
    for (let waited = 0; ; waited++) {
      try {
        return await this.once(call);
      } catch (error) {
        const waitMs = error instanceof OverBudget ? error.until - this.#settings.now() : Number.POSITIVE_INFINITY;
        if (waitMs > BUDGET_WAIT_MAX_MS || waited === BUDGET_WAITS_MAX) throw error;
        await this.#settings.sleep(Math.max(1, waitMs));
      }
    }
  }

  /** Measures the distance to the exchange's clock where that was not done of late. */
  async synchronise(): Promise<void> {
    const now = this.#settings.now();
    if (this.#offset === undefined || now - this.#offset.readAt > CLOCK_MAX_AGE_MS || now < this.#offset.readAt) {
      this.#offset = { readAt: now, ms: this.#measure() };
    }
    const measuring = this.#offset;
    try {
      this.#offsetMs = await measuring.ms;
    } catch (error) {
      if (this.#offset === measuring) this.#offset = undefined;
      throw error;
    }
  }

  forgetClock(): void {
    this.#offset = undefined;
  }

  /** What an attempt to prepare a request ended with, as the request not having been sent. */
  unsent(error: unknown): Unsent {
    if (error instanceof Unsent) return error;
    return new Unsent(`not sent: ${this.redact(error)}`, this.#settings.now() + PREPARATION_PAUSE_MS);
  }

  /** In a few words on one line, without keys and signatures. */
  redact(error: unknown, secrets: readonly string[] = []): string {
    return this.#redaction.with(secrets).said(error);
  }

  /** What the stream of the account is authenticated with. */
  access(): StreamAccess {
    const exchange = this.#open.exchange as unknown as Signing;
    const signed = (text: string): string => exchange.hmac(exchange.encode(text), exchange.encode(exchange.secret));
    const time = async (): Promise<number> => {
      this.forgetClock();
      await this.synchronise();
      return this.venueNow();
    };
    const { apiKey, password = '' } = exchange;
    const token = (seconds: number): string => exchange.createAuthToken(seconds);
    return { ask: this.ask, time, apiKey, passphrase: password, sign: signed, token };
  }

  close(): void {
    this.#open.transport.close();
  }

  /** Not ahead of the exchange's clock: what it said was true before this machine heard it. */
  async #measure(): Promise<number> {
    const time = await this.#protocol.clock(this.once);
    return time - this.#settings.now();
  }

  async #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const before = this.#last;
    const mine = before.then(run, run);
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async #send(call: Call): Promise<unknown> {
    const free = this.#budget.take(call.cost, this.venueNow());
    if (free !== undefined) throw new OverBudget('not sent: the budget of requests is used up', this.here(free));
    const response = await this.#exchange(this.#sign(call));
    this.#budget.hear(response.headers, this.venueNow());
    return this.#read(response);
  }

  #sign(call: Call): Signed {
    const { section, path, method, parameters, headers } = call;
    // Signing is synchronous: nothing else is stamped with this.
    this.#madeAt = call.madeAt;
    try {
      const signed = this.#open.exchange.sign(path, section, method, { ...parameters }) as Signed;
      return headers === undefined ? signed : { ...signed, headers: { ...signed.headers, ...headers } };
    } finally {
      this.#madeAt = undefined;
    }
  }

  async #exchange(signed: Signed): Promise<Response> {
    const { url, method, headers, body } = signed;
    const signal = this.#settings.deadline(this.#settings.timeoutMs);
    try {
      return await this.#open.transport.fetch(url, { method, headers, body, signal });
    } catch (error) {
      if (signal.aborted) throw new Unheard(`no answer within ${this.#settings.timeoutMs} ms`);
      throw new Unheard(this.redact(innermost(error)));
    }
  }

  async #read(response: Response): Promise<unknown> {
    const { status } = response;
    const limited = status === 429 || status === 418;
    if (limited) this.#budget.pause(this.#open.transport.takeRetryAfterMs(), this.venueNow());
    const body = await this.#bodyOf(response);
    const complaint = body instanceof Plain ? plainComplaint(status) : this.#protocol.complaintIn(status, body);
    if (complaint === undefined) {
      if (!response.ok) throw unheard(status, `HTTP ${status} without a reason`);
      return this.#protocol.contentOf(body);
    }
    const message = this.redact(complaint.message);
    const meaning = this.#protocol.meaningOf(complaint);
    if (meaning === 'rate') {
      const until = this.#budget.pause(limited ? 1 : RATE_PAUSE_MS, this.venueNow());
      throw new Unsent(`the venue limits the rate: it said "${message}" (${complaint.code})`, this.here(until));
    }
    throw new Said({ ...complaint, message }, meaning);
  }

  async #bodyOf(response: Response): Promise<unknown> {
    const text = await response.text();
    try {
      return readJson(text);
    } catch (error) {
      if (this.#protocol.plainRefusals?.includes(response.status)) return new Plain();
      if (error instanceof Malformed) throw unheard(response.status, `HTTP ${response.status}, ${this.redact(error)}`);
      throw error;
    }
  }
}

const unheard = (status: number, what: string): Unheard => (status === 404 ? new NotThere(what) : new Unheard(what));

/** A body that is not JSON, under a status that says enough. */
class Plain {}

function plainComplaint(status: number): Complaint {
  return { status, code: `HTTP ${status}`, message: 'the key, its permissions or its time were not taken' };
}

/** How long to stay away after an error that limits the rate and gives no time. */
const RATE_PAUSE_MS = 5_000;

/** `fetch failed` says nothing; its cause does. */
function innermost(error: unknown): unknown {
  let inner = error;
  for (let depth = 0; depth < 5 && inner instanceof Error && inner.cause instanceof Error; depth++) inner = inner.cause;
  const code = inner instanceof Error ? (inner as { code?: unknown }).code : undefined;
  return typeof code === 'string' && inner instanceof Error && inner.message === '' ? code : inner;
}
