/** What the venue server's accounts say by themselves: Alpaca's `trade_updates`, and OANDA's transactions. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { listenToAlpaca, tradeUpdate } from './alpaca-stream.ts';
import { Feed } from './feed.ts';
import { heartbeat, listenToOanda, transactionsAfter } from './oanda-stream.ts';
import type { ServedAccounts } from './venue-server.ts';
import { ServedSocket } from './web-socket.ts';

/** OANDA's, by the venue's clock. */
const HEARTBEAT_MS = 5_000;

/** What the streams see of their server. */
interface Surroundings {
  readonly accounts: ServedAccounts;
  readonly now: number;
}

export class VenueStreams {
  readonly alpaca = new Feed();
  readonly oanda = new Feed();
  readonly #server: Surroundings;
  readonly #sockets = new Set<ServedSocket>();
  #beatAt = 0;

  constructor(server: Surroundings) {
    this.#server = server;
    this.#observe();
  }

  /** False where the request is not for a stream. */
  open(request: IncomingMessage, response: ServerResponse): boolean {
    const { oanda } = this.#server.accounts;
    if (request.url !== `/v3/accounts/${oanda.accountId}/transactions/stream`) return false;
    listenToOanda(this.oanda, oanda, request, response);
    return true;
  }

  upgrade(request: IncomingMessage, socket: Duplex): void {
    if (request.url !== '/stream') return void socket.destroy();
    const talk = (text: string): void => speak(text);
    const served = new ServedSocket(request, socket, talk);
    this.#sockets.add(served);
    served.onEnd(() => this.#sockets.delete(served));
    const speak = listenToAlpaca(this.alpaca, () => this.#server.accounts.alpaca, served);
  }

  /** The clock was set. */
  tick(): void {
    const { accounts, now } = this.#server;
    if (now < this.#beatAt) return;
    this.#beatAt = now + HEARTBEAT_MS;
    for (const listener of this.oanda.listeners) listener.send(JSON.stringify(heartbeat(accounts.oanda, now)));
  }

  /** For accounts that are new. */
  reset(): void {
    this.close();
    this.#beatAt = 0;
    this.#observe();
  }

  close(): void {
    this.alpaca.reset();
    this.oanda.reset();
    for (const socket of this.#sockets) socket.cut();
  }

  #observe(): void {
    const { alpaca, oanda } = this.#server.accounts;
    alpaca.account.observers.push((event) => this.alpaca.tell(tradeUpdate(event, alpaca, this.#server.now)));
    let told = oanda.log.lastId;
    oanda.account.observers.push(() =>
      // Once the request that led to it has written its own part of the log.
      queueMicrotask(() => {
        oanda.log.catchUp(this.#server.now);
        for (const one of transactionsAfter(oanda, told)) this.oanda.tell(one);
        told = oanda.log.lastId;
      }),
    );
  }
}
