/**
 * What Alpaca says of an account by itself: `trade_updates`, over a WebSocket, in frames of text or bytes.
 * Source: docs.alpaca.markets/docs/websocket-streaming.
 */
import { fieldsOf, listOf, readJson, wordIn } from '../http/json.ts';
import type { After, Connect, Ending, Stream } from '../http/reconnecting.ts';
import { Silence } from '../http/silence.ts';
import { type BoundedSocket, openSocket } from '../http/socket.ts';
import type { AlpacaCredentials, AlpacaOptions } from './options.ts';

export const ALPACA_STREAM_BOUNDS = {
  /** Of one message; one with an order of several legs is about 4 kB. */
  messageBytes: 1_048_576,
  /** Nothing comes while nothing happens. After so long Alpaca is told again what to listen to, which it acknowledges. */
  quietMs: 30_000,
  /** For that acknowledgement, and for each step until the stream stands. */
  answerMs: 10_000,
} as const;

const CHANNEL = 'trade_updates';
const LISTEN = { action: 'listen', data: { streams: [CHANNEL] } };
const HOSTS = { paper: 'wss://paper-api.alpaca.markets', live: 'wss://api.alpaca.markets' } as const;

export interface TradeUpdatesSettings {
  readonly options: Pick<AlpacaOptions, 'paper' | 'baseUrl'>;
  /** Asked for before each connection. */
  readonly keyOf: () => Promise<AlpacaCredentials>;
  /** Words without the key. */
  readonly redact: (error: unknown) => string;
  readonly after: After;
}

export function tradeUpdates({ options, keyOf, redact, after }: TradeUpdatesSettings): Connect {
  return async (stream) => {
    let key: AlpacaCredentials;
    try {
      key = await keyOf();
    } catch (error) {
      return { reason: `the key could not be had: ${redact(error)}` };
    }
    if (stream.closing.aborted) return CLOSED;
    return new Conversation(key, { stream, redact, after }, addressOf(options)).over;
  };
}

const CLOSED: Ending = { reason: 'it was closed here' };

function addressOf({ paper, baseUrl }: TradeUpdatesSettings['options']): string {
  const origin = baseUrl?.replace(/^http/, 'ws').replace(/\/+$/, '') ?? HOSTS[paper ? 'paper' : 'live'];
  return `${origin}/stream`;
}

interface Surroundings {
  readonly stream: Stream;
  readonly redact: TradeUpdatesSettings['redact'];
  readonly after: After;
}

/** One connection. Whatever comes, it ends once, and nothing of it stays. */
class Conversation {
  readonly over: Promise<Ending>;
  readonly #connection: BoundedSocket;
  readonly #stream: Stream;
  readonly #redact: TradeUpdatesSettings['redact'];
  readonly #silence: Silence;
  readonly #close = (): void => this.#end(CLOSED);
  #resolve!: (ending: Ending) => void;
  #stands = false;

  constructor(key: AlpacaCredentials, { stream, redact, after }: Surroundings, url: string) {
    this.over = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#stream = stream;
    this.#redact = redact;
    this.#silence = new Silence(after);
    this.#connection = openSocket(url, ALPACA_STREAM_BOUNDS.messageBytes);
    const { socket } = this.#connection;
    socket.addEventListener('open', () => this.#send({ action: 'auth', key: key.apiKey, secret: key.secret }));
    socket.addEventListener('message', ({ data }) => this.#hear(data));
    socket.addEventListener('close', ({ code, reason }) => {
      const why = reason === '' ? `code ${code}` : redact(reason);
      this.#end({ reason: `the connection ${this.#stands ? 'ended' : 'could not be made'} (${why})` });
    });
    stream.closing.addEventListener('abort', this.#close);
    this.#awaitAnswer();
  }

  #send(message: object): void {
    const { socket } = this.#connection;
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  }

  #awaitAnswer(): void {
    const { answerMs } = ALPACA_STREAM_BOUNDS;
    this.#silence.within(answerMs, () => this.#end({ reason: `no answer within ${answerMs} ms` }));
  }

  #hear(data: unknown): void {
    try {
      this.#take(typeof data === 'string' ? data : new TextDecoder().decode(data as ArrayBuffer));
    } catch (error) {
      this.#end({ reason: `a message could not be read: ${this.#redact(error)}` });
    }
  }

  /** Throws `Malformed`. */
  #take(text: string): void {
    const message = fieldsOf(readJson(text), 'the message');
    const data = fieldsOf(message.data, '"data"');
    const channel = message.action === 'error' ? 'error' : wordIn(message, 'stream');
    if (this.#stands) this.#awaitMore();
    if (channel === 'error') this.#end({ reason: `it said "${this.#redact(wordIn(data, 'error_message'))}"` });
    else if (channel === 'authorization') this.#takeAuthorization(wordIn(data, 'status'));
    else if (channel === 'listening') this.#takeListening(listOf(data.streams, '"streams"'));
    else if (channel === CHANNEL) this.#stream.changed(this.#redact(wordIn(data, 'event')));
  }

  #takeAuthorization(status: string): void {
    if (status !== 'authorized') {
      const reason = 'it did not take the key: check it, and whether it is for the paper environment';
      this.#end({ reason, isRefusal: true });
    } else if (!this.#stands) {
      this.#awaitAnswer();
      this.#send(LISTEN);
    }
  }

  #takeListening(channels: readonly unknown[]): void {
    if (!channels.includes(CHANNEL)) {
      this.#end({ reason: `it does not tell this key of ${CHANNEL}`, isRefusal: true });
    } else if (!this.#stands) {
      this.#stands = true;
      this.#awaitMore();
      this.#stream.stands();
    }
  }

  #awaitMore(): void {
    this.#silence.within(ALPACA_STREAM_BOUNDS.quietMs, () => {
      this.#awaitAnswer();
      this.#send(LISTEN);
    });
  }

  #end(ending: Ending): void {
    this.#silence.stop();
    this.#stream.closing.removeEventListener('abort', this.#close);
    this.#connection.cut();
    this.#resolve(ending);
  }
}
