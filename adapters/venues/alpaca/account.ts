/** The way to one account at Alpaca: what every question to it needs. */
import { PlimsollError } from '../../../core/errors.ts';
import type { Unclear } from '../../../core/ports/execution-venue.ts';
import { createTransport, type Transport } from '../http/transport.ts';
import { AssetBook } from './asset-book.ts';
import { failureOf } from './failures.ts';
import { AlpacaLink } from './link.ts';
import {
  type AlpacaCredentials,
  type AlpacaKeySource,
  type AlpacaOptions,
  type AlpacaRuntime,
  type AssetClass,
  keyReader,
} from './options.ts';
import { type AlpacaSdk, createSdk } from './sdk.ts';

export class AlpacaAccount {
  readonly venue: string;
  readonly assetClass: AssetClass;
  /** Milliseconds UTC on this machine. */
  readonly now: () => number;
  readonly keyOf: () => Promise<AlpacaCredentials>;
  readonly sdk: AlpacaSdk;
  readonly link: AlpacaLink;
  readonly assets: AssetBook;
  readonly #transport: Transport;

  /** Asks for nothing yet. Throws `CONFIGURATION_INVALID`. */
  constructor(options: AlpacaOptions, credentials: AlpacaKeySource, runtime: AlpacaRuntime) {
    const secrets: string[] = [];
    this.venue = options.venue;
    this.assetClass = options.assetClass;
    this.now = runtime.now ?? Date.now;
    this.keyOf = keyReader(credentials, options.venue, secrets);
    const sleep = runtime.sleep ?? ((ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)));
    this.#transport = createTransport(this.venue);
    this.sdk = createSdk(options, this.keyOf, this.#transport.fetch);
    this.link = new AlpacaLink({ now: this.now, sleep, secrets });
    this.assets = new AssetBook(this.link, this.sdk, this.now);
  }

  /** What nobody knows the end of, in words without the key. */
  unclear(what: string, error: unknown): Unclear {
    return { kind: 'unclear', reason: `${what} to ${this.venue}: ${this.link.redact(error)}` };
  }

  /** Runs what must give the whole or nothing. */
  async read<T>(what: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (error instanceof PlimsollError) throw error;
      throw failureOf({ venue: this.venue, what, redact: (one) => this.link.redact(one) }, error);
    }
  }

  close(): void {
    this.#transport.close();
  }
}
