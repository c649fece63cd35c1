/** A live account under the dashboard, as its owner runs it: the real command line against an exchange on loopback. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { LiveStanding } from '../../dashboard/src/api/types.ts';
import { pathOf } from '../../operations/path.ts';
import type { Workplace } from '../cli/plimsoll.ts';
import { LiveVenueServer, liveWorkplace, storeKeys } from '../platform/live-venue.ts';
import { openPage, type WatchedPage } from './browser.ts';

export class LiveDesk {
  readonly server: LiveVenueServer;
  readonly place: Workplace;
  readonly #address: string;
  readonly #pages: WatchedPage[] = [];

  private constructor(server: LiveVenueServer, place: Workplace, address: string) {
    this.server = server;
    this.place = place;
    this.#address = address;
  }

  /** Once its account is reconciled for the first time. */
  static async start(): Promise<LiveDesk> {
    const server = await LiveVenueServer.open();
    const place = liveWorkplace(server);
    expect(storeKeys(place, server.accounts.binance.key).stderr).toBe('');
    const platform = place.start('start', '--venue', 'live');
    const [, address] = await platform.printed(/Dashboard and API: (\S+)/);
    await platform.printed(/"real" is reconciled with its venue at the start/);
    return new LiveDesk(server, place, address);
  }

  async open(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
    const watched = await openPage(browser, this.#address, options);
    this.#pages.push(watched);
    await watched.page.locator('.connection[data-connection=live]').waitFor();
    await watched.page.locator('.venue-standing[data-concerns]').waitFor();
    return watched.page;
  }

  /** What `plimsoll live show` says, from the API. */
  async show(): Promise<LiveStanding> {
    const { origin, hash } = new URL(this.#address);
    const headers = { authorization: `Bearer ${hash.slice('#token='.length)}` };
    return (await (await fetch(`${origin}${pathOf('live.show')}?account=real`, { headers })).json()) as LiveStanding;
  }

  async arm(): Promise<void> {
    const limits = ['--max-order-notional', '60', '--max-exposure', '150', '--confirm', 'real'];
    expect(await this.place.run('live', 'arm', 'real', ...limits)).toMatchObject({ code: 0 });
  }

  /** Closes the pages of a test, and holds them to be quiet. */
  async closePages(): Promise<void> {
    for (const watched of this.#pages.splice(0)) {
      await watched.close();
      expect(watched.strangers).toEqual([]);
      expect(watched.complaints).toEqual([]);
    }
  }

  async close(): Promise<void> {
    this.place.remove();
    await this.server.close();
  }
}
