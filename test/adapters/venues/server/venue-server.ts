/** Venues on loopback that speak their own REST, public and private, and their streams, with a clock to set and faults to script. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { VenueAccount } from './account.ts';
import { servedAssets } from './alpaca-api.ts';
import { chargeFee, cryptoFees, postFees } from './alpaca-fees.ts';
import { type AlpacaSide, alpacaAnswer } from './alpaca-private.ts';
import { alpacaStream } from './alpaca-stream.ts';
import { binanceAnswer } from './binance-api.ts';
import { type BinanceSide, binancePrivate } from './binance-private.ts';
import { binanceStreams } from './binance-stream.ts';
import { krakenAnswer } from './kraken-api.ts';
import { type KrakenSide, krakenPrivate } from './kraken-private.ts';
import { krakenStreams } from './kraken-stream.ts';
import { SERVED_TO, type ServedMarket, servedMarkets } from './markets.ts';
import { oandaSide } from './oanda-api.ts';
import { type OandaSide, oandaAnswer } from './oanda-private.ts';
import { oandaStream } from './oanda-stream.ts';
import { type Answer, isPending, type Notices, type Pending, type ServedKey, type VenueRequest } from './requests.ts';
import { type ServedStream, Streams } from './streams.ts';
import { type UnifiedAccounts, unifiedAccounts, unifiedAnswer, unifiedStreams } from './unified.ts';

/** What happens to one request instead of its answer. */
export type Fault = FaultKind & {
  /**
   * Whether what was asked is done all the same: `now`, never, or so many milliseconds later, if the venue still takes it then.
   * Default `now`; never, where the venue answers with a status.
   */
  readonly effect?: 'now' | 'none' | number;
};

type FaultKind =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  /** Status 200 and a page. */
  | { readonly kind: 'html' }
  /** Half of the answer, and its end said to have come. */
  | { readonly kind: 'half body' }
  /** Half of the answer, and then the connection is cut. */
  | { readonly kind: 'cut body' }
  /** Half of the answer, and then nothing, with the connection open. */
  | { readonly kind: 'stalled body' }
  /** Never an answer. */
  | { readonly kind: 'stall' }
  | { readonly kind: 'disconnect' }
  /** The answer, so many milliseconds of real time late. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Another body, made from the real one. */
  | { readonly kind: 'changed'; readonly change: (body: unknown) => unknown };

/** The accounts of one venue server, whose keys are its tests' own. */
export interface ServedAccounts extends UnifiedAccounts {
  readonly binance: BinanceSide;
  readonly usdm: BinanceSide;
  readonly kraken: KrakenSide;
  readonly alpaca: AlpacaSide;
  readonly oanda: OandaSide;
}

export class VenueServer {
  readonly markets: readonly ServedMarket[];
  accounts: ServedAccounts;
  /** What the venues say of themselves and of their markets, in their own words; undefined: that all is well. */
  notices: Notices = {};
  /** Every request, path and query, in order. */
  readonly requests: string[] = [];
  /** Of every request. */
  readonly methods: string[] = [];
  /** The faults that requests have met, in order. */
  readonly met: Fault[] = [];
  /** What the venues tell by themselves. */
  readonly streams = new Streams(() => this.#streams());
  readonly #server: Server;
  readonly #faults = new Map<string, Fault[]>();
  #now = SERVED_TO - 30_000;
  readonly #waiting = new Set<AbortController>();
  #late: { readonly at: number; readonly pending: Pending }[] = [];

  constructor(markets: readonly ServedMarket[]) {
    this.markets = markets;
    this.accounts = accountsOf(markets);
    this.#server = createServer((request, response) => {
      if (!this.streams.open(request, response)) void this.#handle(request, response);
    });
    this.#server.on('upgrade', this.streams.upgrade);
  }

  static async start<Server extends VenueServer>(
    this: new (
      markets: readonly ServedMarket[],
    ) => Server,
    markets?: readonly ServedMarket[],
  ): Promise<Server> {
    const server = new this(markets ?? (await servedMarkets()));
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get streamUrl(): string {
    return this.baseUrl.replace('http:', 'ws:');
  }

  /** The venue's clock, ms UTC. Setting it lets what is late come to pass. */
  get now(): number {
    return this.#now;
  }

  set now(now: number) {
    for (const one of this.#late.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at)) {
      this.#late = this.#late.filter((other) => other !== one);
      this.#now = Math.max(this.#now, one.at);
      if (one.at <= one.pending.validUntil) one.pending.run(one.at);
    }
    this.#now = now;
    for (const { account } of Object.values(this.accounts)) account.tick(now);
    postFees(this.accounts.alpaca, now);
  }

  /** The next requests to `path` (or `METHOD path`) meet these, one each, in order. An id in a path is `{id}`. */
  script(path: string, ...faults: Fault[]): void {
    this.#faults.set(path, [...(this.#faults.get(path) ?? []), ...faults]);
  }

  /** What was scripted and has not been met does not happen. */
  clearFaults(): void {
    this.#faults.clear();
  }

  /** Takes the place of a time-out: aborted once a request meets a fault that leaves it without an end, however busy the machine is. */
  readonly deadline = (): AbortSignal => {
    const waiting = new AbortController();
    this.#waiting.add(waiting);
    return waiting.signal;
  };

  /** How many requests came to `path` (or `METHOD path`). */
  count(path: string): number {
    const counts = (request: string, method: string) => path === request || path === `${method} ${request}`;
    return this.requests.filter((request, i) => counts(nameOf(request.split('?')[0]), this.methods[i])).length;
  }

  /** Forgets requests, faults and accounts, and sets the clock back. */
  reset(): void {
    this.requests.length = 0;
    this.methods.length = 0;
    this.met.length = 0;
    this.#faults.clear();
    this.streams.reset();
    this.#late = [];
    this.accounts = accountsOf(this.markets);
    this.notices = {};
    this.#waiting.clear();
    this.#now = SERVED_TO - 30_000;
  }

  async close(): Promise<void> {
    this.streams.cut();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await received(incoming);
    const { path } = request;
    const name = nameOf(path);
    this.methods.push(request.method);
    this.requests.push(path + (request.query === '' ? '' : `?${request.query}`));
    const fault = this.#faults.get(`${request.method} ${name}`)?.shift() ?? this.#faults.get(name)?.shift();
    const outcome = this.#outcome(request);
    if (fault) this.met.push(fault);
    if (!fault) send(response, isPending(outcome) ? outcome.run(this.now) : outcome);
    else misbehave(fault, this.#inSpiteOf(fault, outcome), response);
    if (fault?.kind === 'stall' || fault?.kind === 'stalled body') for (const one of this.#waiting) one.abort();
  }

  #streams(): ServedStream[] {
    const { binance, usdm, kraken, alpaca, oanda } = this.accounts;
    const now = () => this.now;
    return [
      ...binanceStreams(binance, usdm, now),
      ...krakenStreams(kraken, now),
      ...unifiedStreams(this.accounts, now),
      alpacaStream(alpaca, now),
      oandaStream(oanda, now),
    ];
  }

  #outcome(request: VenueRequest): Answer | Pending {
    const { binance, usdm, kraken, alpaca, oanda } = this.accounts;
    const query = new URLSearchParams(request.query);
    return (
      binanceAnswer(request.path, query, this.markets, this.now, this.notices) ??
      krakenAnswer(request.path, query, this.markets, this.now, this.notices) ??
      binancePrivate(binance, request, this.now) ??
      binancePrivate(usdm, request, this.now) ??
      krakenPrivate(kraken, request, this.now) ??
      unifiedAnswer(this.accounts, request, this.now, this.notices) ??
      alpacaAnswer(alpaca, request, this.now) ??
      oandaAnswer(oanda, request, this.now) ?? { status: 404, body: { msg: 'no such path' } }
    );
  }

  /** The answer that the fault spoils, what was asked having been done or not. */
  #inSpiteOf(fault: Fault, outcome: Answer | Pending): Answer {
    if (!isPending(outcome)) return outcome;
    const effect = fault.effect ?? (fault.kind === 'status' ? 'none' : 'now');
    if (effect === 'now') return outcome.run(this.now);
    if (typeof effect === 'number') this.#late.push({ at: this.now + effect, pending: outcome });
    return { body: {} };
  }
}

/** A path without the ids in it. */
const nameOf = (path: string): string =>
  path
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '{id}')
    .replace(/@[^/]+/g, '@{id}')
    .replace(/\/orders\/\d+$/, '/orders/{id}');

async function received(incoming: IncomingMessage): Promise<VenueRequest> {
  let body = '';
  for await (const chunk of incoming) body += chunk;
  const [path, query = ''] = (incoming.url ?? '/').split('?');
  const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
  return { method: incoming.method ?? 'GET', path, query, body, headers };
}

function accountsOf(markets: readonly ServedMarket[]): ServedAccounts {
  const binance = (usdm: boolean): BinanceSide => ({
    usdm,
    markets,
    account: new VenueAccount(usdm ? 'perpetual' : 'spot', usdm ? 'quote' : 'received'),
    key: keyNamed(usdm ? 'usdm' : 'binance'),
    listenKeys: new Map(),
    doublesTrades: false,
    limits: { weightPerMinute: usdm ? 2_400 : 6_000 },
    used: { minute: 0, weight: 0, tenSeconds: 0, orders: 0 },
  });
  const kraken: KrakenSide = {
    markets,
    account: new VenueAccount('spot', 'quote'),
    key: keyNamed('kraken'),
    tokens: new Map(),
    lastNonce: 0n,
    doublesTrades: false,
    counter: { value: 0, at: 0, ceiling: 15 },
  };
  const alpaca: AlpacaSide = {
    account: new VenueAccount('spot', 'later'),
    key: keyNamed('alpaca'),
    assets: servedAssets(markets),
    charges: [],
    fees: cryptoFees(),
    doublesTrades: false,
    mayReadSip: false,
    replacing: false,
    used: { minute: 0, count: 0 },
  };
  alpaca.account.observers.add((event) => chargeFee(alpaca, event));
  const oanda = oandaSide(keyNamed('oanda'));
  return { ...unifiedAccounts(markets), binance: binance(false), usdm: binance(true), kraken, alpaca, oanda };
}

/** Only for this server: no venue knows it. Base64, as Kraken has its secrets. */
function keyNamed(name: string): ServedKey {
  const secret = Buffer.from(`the secret of the ${name} account at the venue server`).toString('base64');
  return { key: `key-of-the-${name}-account`, secret, trades: true, reads: true };
}

const PAGE =
  '<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>';

function misbehave(fault: Fault, answer: Answer, response: ServerResponse): void {
  const text = JSON.stringify(answer.body);
  const half = text.slice(0, Math.floor(text.length / 2));
  switch (fault.kind) {
    case 'status':
      response.writeHead(fault.status, { 'content-type': 'text/plain', ...fault.headers }).end(fault.body ?? '');
      return;
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
      return;
    case 'half body':
      sendJson(response, 200, half);
      return;
    case 'cut body':
    case 'stalled body':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length });
      response.write(half, () => {
        if (fault.kind === 'cut body') response.destroy();
      });
      return;
    case 'stall':
      return;
    case 'disconnect':
      response.destroy();
      return;
    case 'slow':
      setTimeout(() => send(response, answer), fault.ms).unref();
      return;
    case 'changed':
      sendJson(response, 200, JSON.stringify(fault.change(answer.body)));
      return;
  }
}

function send(response: ServerResponse, { status, headers, body, text }: Answer): void {
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
  if (text !== undefined) {
    response.writeHead(status ?? 200, { 'content-type': 'text/plain' }).end(text);
    return;
  }
  sendJson(response, status ?? 200, JSON.stringify(body));
}

function sendJson(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(text);
}
