import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildDashboard } from '../../scripts/dashboard.ts';
import { hasBrowser, openBrowser, PHONE } from './browser.ts';
import { lowContrast } from './contrast.ts';
import { widestOverflow } from './desk.ts';
import { LiveDesk } from './live-desk.ts';

/** A venue, a platform and a browser work on what is asked here. */
const PATIENCE = { timeout: 60_000 };

const panel = (page: Page) => page.getByRole('region', { name: 'Venue' });
const standing = (page: Page) => page.locator('.venue-standing');
const concern = (page: Page, head: string) => page.locator(`[data-concern="${head}"]`);
const badge = (page: Page) => page.locator('.header .badge');

describe.skipIf(!hasBrowser)('a live account on the dashboard', { timeout: 180_000 }, () => {
  let browser: Browser;
  let desk: LiveDesk;
  beforeAll(async () => {
    await buildDashboard();
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    desk = await LiveDesk.start();
  });
  afterEach(async () => {
    await desk.closePages();
    await desk.close();
  });

  it('is of real money wherever one looks, and a page that is open says at once that it is armed', async () => {
    const page = await desk.open(browser);
    expect(await badge(page).textContent()).toBe('REAL MONEY · NOT ARMED');
    expect(await page.locator('.area-equity .badge').textContent()).toBe('REAL MONEY');
    expect(await page.locator('.footer').textContent()).toContain(
      'Real money at loopback, not armed: nothing new is opened.',
    );
    expect(await page.locator('.figure-lead dt').textContent()).toBe('Equity, USDT, real money');
    expect(await page.title()).toMatch(/^REAL MONEY · /);
    expect(await page.textContent('body')).not.toMatch(/paper/i);
    const text = (await panel(page).textContent())!;
    expect(text).toContain('Not armed: nothing new is opened. Arming is typed on purpose');
    expect(text).toContain('plimsoll live arm real');
    expect(await panel(page).getByRole('button').count()).toBe(0);

    await desk.arm();
    await expect.poll(() => badge(page).textContent(), PATIENCE).toBe('REAL MONEY · ARMED');
    expect(await page.locator('.footer').textContent()).toContain('Real money at loopback, armed.');
    await expect.poll(() => panel(page).textContent(), PATIENCE).toContain('Armed up to 60 USDT an order, 150 in all');
  });

  it('is calm in one line while all is well, with its last reconciliation, and is disarmed there once that is confirmed', async () => {
    await desk.arm();
    const page = await desk.open(browser);
    await page.locator('[data-reconciled=cycle] time').waitFor();
    expect(await standing(page).textContent()).toBe('Nothing stands against it');
    expect(await page.locator('.concerns').count()).toBe(0);
    expect((await panel(page).boundingBox())!.height).toBeLessThan(70);
    const { lastReconcile } = await desk.show();
    const shown = async () =>
      Date.parse((await page.locator('[data-reconciled=cycle] time').getAttribute('datetime'))!);
    await expect.poll(shown, PATIENCE).toBeGreaterThanOrEqual(lastReconcile!.at);

    await page.getByRole('button', { name: 'Disarm' }).click();
    const dialog = page.getByRole('dialog');
    expect(await dialog.textContent()).toContain('Working orders that could open anything are canceled.');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await desk.show()).toMatchObject({ armed: true });

    await page.getByRole('button', { name: 'Disarm' }).click();
    await dialog.getByLabel('Reason').fill('squall ahead');
    await dialog.getByRole('button', { name: 'Disarm' }).click();
    await page.getByText('real is disarmed: nothing new is opened.').waitFor();
    expect(await desk.show()).toMatchObject({ armed: false, limits: null });
    await expect.poll(() => badge(page).textContent(), PATIENCE).toBe('REAL MONEY · NOT ARMED');
    await page.locator('.what', { hasText: 'squall ahead' }).first().waitFor();
  });

  it('is loud about a market that does not trade and balances that differ, and calm again once both are over', async () => {
    const page = await desk.open(browser);
    desk.server.notices = { market: 'HALT' };
    desk.server.spot.deposit('USDT', 500n);
    await concern(page, 'MARKET_NOT_OPEN').waitFor(PATIENCE);
    await concern(page, 'BALANCE_UNEXPLAINED').waitFor(PATIENCE);
    expect(await panel(page).getAttribute('data-tone')).toBe('warning');
    expect(await concern(page, 'Not reconciled').count()).toBe(1);
    await expect.poll(() => standing(page).textContent()).toBe('3 things stand against it');
    const { notOpen, difference } = await desk.show();
    for (const [head, since, text] of [
      ['MARKET_NOT_OPEN', notOpen[0].since, 'BTC/USDT is halted (HALT)'],
      ['BALANCE_UNEXPLAINED', difference!.since, `apart by ${difference!.what}, in `],
    ] as const) {
      expect(await concern(page, head).textContent()).toContain(text);
      expect(await concern(page, head).locator('time').getAttribute('datetime')).toBe(new Date(since).toISOString());
    }

    desk.server.notices = {};
    expect(await desk.place.run('live', 'accept', 'real', '--reason', 'a deposit')).toMatchObject({ code: 0 });
    await expect.poll(() => standing(page).textContent(), PATIENCE).toBe('Nothing stands against it');
    expect(await panel(page).getAttribute('data-tone')).toBeNull();
  });

  it('names an order that waits for its answer, until the venue has said what became of it', async () => {
    const page = await desk.open(browser);
    const away = Array.from({ length: 500 }, () => ({ kind: 'status', status: 503, effect: 'none' }) as const);
    desk.server.script('POST /api/v3/order', { kind: 'disconnect' });
    desk.server.script('GET /api/v3/order', ...away);
    await desk.arm();
    await concern(page, 'Answer missing').first().waitFor(PATIENCE);
    const [order] = (await desk.show()).orders.filter(({ phase }) => phase === 'unclear');
    expect(await concern(page, 'Answer missing').first().textContent()).toContain(
      `Order ${order.order}, buy ${order.quantity} BTC/USDT: the venue has not said what became of it.`,
    );

    desk.server.clearFaults();
    await expect.poll(() => standing(page).textContent(), PATIENCE).toBe('Nothing stands against it');
    expect((await desk.show()).orders.filter(({ phase }) => phase === 'unclear')).toEqual([]);
  });

  it.each(['light', 'dark'] as const)(
    'cannot be mistaken on a phone in %s: words and stripes in sight, AA contrast, calm and loud',
    async (colorScheme) => {
      await desk.arm();
      const page = await desk.open(browser, { viewport: PHONE, hasTouch: true, isMobile: true, colorScheme });
      await expect.poll(() => badge(page).textContent(), PATIENCE).toBe('REAL MONEY · ARMED');
      const isFit = async () => {
        expect(await widestOverflow(page)).toBeLessThanOrEqual(PHONE.width);
        expect(await lowContrast(page)).toEqual([]);
      };
      await isFit();
      desk.server.notices = { market: 'HALT' };
      await concern(page, 'MARKET_NOT_OPEN').waitFor(PATIENCE);
      await isFit();
      await page.getByRole('button', { name: 'Disarm' }).click();
      await page.getByRole('dialog').waitFor();
      await isFit();
      await page.keyboard.press('Escape');
      // The header stays in sight wherever the page is scrolled to.
      await page.locator('.footer').scrollIntoViewIfNeeded();
      expect((await badge(page).boundingBox())!.y).toBeGreaterThanOrEqual(0);
      expect(await badge(page).isVisible()).toBe(true);
      const band = await page.locator('.header').evaluate((header) => getComputedStyle(header).backgroundImage);
      expect(band).toContain('repeating-linear-gradient');
    },
  );

  it('says that what stands is not known where it cannot be asked, and whether it is armed all the same', async () => {
    await desk.arm();
    const page = await desk.open(browser);
    await expect.poll(() => badge(page).textContent(), PATIENCE).toBe('REAL MONEY · ARMED');
    await page.route('**/api/live/show*', (route) => route.fulfill({ status: 200, body: 'not JSON' }));
    await concern(page, 'Not known').waitFor(PATIENCE);
    expect(await badge(page).textContent()).toBe('REAL MONEY · ARMED');
    expect(await panel(page).getByRole('button', { name: 'Disarm' }).isVisible()).toBe(true);
    await page.unroute('**/api/live/show*');
    await concern(page, 'Not known').waitFor({ state: 'detached', ...PATIENCE });
  });
});
