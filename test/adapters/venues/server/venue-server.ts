/** An exchange on loopback that speaks Binance's and Kraken's public REST, with a clock to set and faults to script. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { binanceAnswer } from './binance-api.ts';
import { krakenAnswer } from './kraken-api.ts';
import { SERVED_TO, type ServedMarket, servedMarkets } from './markets.ts';

export interface Answer {
  readonly status?: number;
  readonly body: unknown;
}

/** What happens to one request instead of its answer. */
export type Fault =
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
  /** Another body, made from the real one. */
  | { readonly kind: 'changed'; readonly change: (body: unknown) => unknown };

export class VenueServer {
  readonly markets: readonly ServedMarket[];
  /** The venue's clock, ms UTC. */
  now = SERVED_TO - 30_000;
  /** Every request, path and query, in order. */
  readonly requests: string[] = [];
  readonly #server: Server;
  readonly #faults = new Map<string, Fault[]>();

  constructor(markets: readonly ServedMarket[]) {
    this.markets = markets;
    this.#server = createServer((request, response) => this.#handle(request, response));
  }

  static async start(): Promise<VenueServer> {
    const server = new VenueServer(await servedMarkets());
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The next requests to `path` meet these, one each, in order. */
  script(path: string, ...faults: Fault[]): void {
    this.#faults.set(path, [...(this.#faults.get(path) ?? []), ...faults]);
  }

  /** How many requests came to `path`. */
  count(path: string): number {
    return this.requests.filter((request) => request.split('?')[0] === path).length;
  }

  /** Forgets requests and faults, and sets the clock back. */
  reset(): void {
    this.requests.length = 0;
    this.#faults.clear();
    this.now = SERVED_TO - 30_000;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    this.requests.push(url.pathname + url.search);
    const { pathname, searchParams } = url;
    const answer = binanceAnswer(pathname, searchParams, this.markets, this.now) ??
      krakenAnswer(pathname, searchParams, this.markets, this.now) ?? { status: 404, body: { msg: 'no such path' } };
    const fault = this.#faults.get(pathname)?.shift();
    if (fault) misbehave(fault, answer, response);
    else sendJson(response, answer.status ?? 200, JSON.stringify(answer.body));
  }
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
    case 'changed':
      sendJson(response, 200, JSON.stringify(fault.change(answer.body)));
      return;
  }
}

function sendJson(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(text);
}
