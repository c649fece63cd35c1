/** The assets that an account has asked about. */
import { Said } from '../http/failures.ts';
import { type Asset, assetOf } from './assets.ts';
import type { AlpacaLink } from './link.ts';
import type { AlpacaSdk } from './sdk.ts';

/** How long an asset is taken to be listed and traded as it was. Alpaca refuses an order in one that no longer is. */
const MAX_AGE_MS = 3_600_000;

export class AssetBook {
  readonly #link: AlpacaLink;
  readonly #sdk: AlpacaSdk;
  readonly #now: () => number;
  readonly #known = new Map<string, { readonly asset: Asset; readonly readAt: number }>();

  constructor(link: AlpacaLink, sdk: AlpacaSdk, now: () => number) {
    this.#link = link;
    this.#sdk = sdk;
    this.#now = now;
  }

  /** As it was of late; what cannot be had anew is what it was. Undefined where Alpaca lists none of the symbol. */
  async recent(symbol: string): Promise<Asset | undefined> {
    const known = this.#known.get(symbol);
    if (known && this.#now() - known.readAt <= MAX_AGE_MS) return known.asset;
    try {
      return await this.current(symbol);
    } catch (error) {
      if (known && !(error instanceof Said)) return known.asset;
      throw error;
    }
  }

  /** As it is now. */
  async current(symbol: string): Promise<Asset | undefined> {
    const run = () => this.#sdk.assets.getV2AssetsSymbolOrAssetIdRaw({ symbolOrAssetId: symbol });
    try {
      const asset = assetOf(await this.#link.ask(run), symbol);
      this.#known.set(symbol, { asset, readAt: this.#now() });
      return asset;
    } catch (error) {
      if (!(error instanceof Said) || error.meaning !== 'no such order') throw error;
      this.#known.delete(symbol);
      return undefined;
    }
  }
}
