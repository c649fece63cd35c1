/** A platform, a browser and the pages of one test: opened before it, and held to be quiet after it. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { buildDashboard } from '../../scripts/dashboard.ts';
import { openBrowser, openPage, type WatchedPage } from './browser.ts';
import { type PlatformOptions, startPlatform, type TestPlatform } from './platform.ts';

/** What the browser itself says in the console of a request that is meant to fail. */
export const FAILED = /^Failed to load resource/;

export interface Desks {
  /** Of the test that runs. */
  readonly platform: TestPlatform;
  /** Complaints of the pages that the test means to cause. */
  expected: RegExp | undefined;
  /** The desk once it is live; under the platform's own token where none is given. */
  open(options?: BrowserContextOptions, token?: string): Promise<Page>;
}

/** Registers what opens and closes them around each test of a suite. */
export function useDesks(cycles: number, options: PlatformOptions = {}): Desks {
  let browser: Browser;
  let platform: TestPlatform;
  const pages: WatchedPage[] = [];
  const desks: Desks = {
    get platform() {
      return platform;
    },
    expected: undefined,
    async open(pageOptions = {}, token = platform.token) {
      const watched = await openPage(browser, `${platform.url}#token=${token}`, pageOptions);
      pages.push(watched);
      await watched.page.locator('.connection[data-connection=live]').waitFor();
      await watched.page.locator('main.desk').waitFor();
      return watched.page;
    },
  };
  beforeAll(async () => {
    await buildDashboard();
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    desks.expected = undefined;
    platform = await startPlatform(options);
    await platform.advance(cycles);
  });
  afterEach(async () => {
    for (const watched of pages.splice(0)) {
      await watched.close();
      expect(watched.strangers).toEqual([]);
      expect(watched.complaints.filter((text) => !desks.expected?.test(text))).toEqual([]);
    }
    await platform.close();
  });
  return desks;
}

/** The right edge of the widest element that is not inside a box which scrolls. */
export function widestOverflow(page: Page): Promise<number> {
  return page.evaluate(() => {
    const outside = [...document.querySelectorAll('body *')].filter(
      (element) => !element.closest('.table-box, .chart, .unseen, .skip'),
    );
    return Math.max(...outside.map((element) => Math.floor(element.getBoundingClientRect().right)));
  });
}
