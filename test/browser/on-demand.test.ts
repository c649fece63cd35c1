import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { hasBrowser, PHONE } from './browser.ts';
import { FAILED, useDesks } from './desk.ts';

const PARTS = ['Price', 'Equity and drawdown', 'Last cycles', 'Ledger', 'Backtest'];
const CHUNKS = /\/assets\/(price-chart|equity-chart|cycles|ledger|backtests)-[^/]*\.js$/;

describe.skipIf(!hasBrowser)('parts of the dashboard that are fetched once it stands', () => {
  const desks = useDesks(24);
  const isComing = (page: Page) => page.locator('[aria-busy=true]');

  it.each([
    ['a desk', {}],
    ['a phone', { viewport: PHONE, hasTouch: true, isMobile: true }],
  ])('keep their places on %s: nothing jumps when they come', async (_on, options) => {
    const page = await desks.open(options);
    await page.locator('tr[data-cycle]').first().waitFor();
    let come = () => {};
    const held = new Promise<void>((resolve) => {
      come = resolve;
    });
    await page.route(CHUNKS, (route) => held.then(() => route.continue()));
    await page.reload({ waitUntil: 'commit' });
    await expect.poll(() => isComing(page).count()).toBe(PARTS.length);
    await page.locator('[data-position]').first().waitFor();
    const before = await tops(page);
    expect(Object.keys(before)).toEqual(expect.arrayContaining([...PARTS, 'Positions', 'Strategies', 'Denials']));
    come();
    await expect.poll(() => isComing(page).count()).toBe(0);
    await page.locator('.backtest form').waitFor();
    expect(await tops(page)).toEqual(before);
  });

  it('leave the rest as it is where they cannot be fetched, say so, and offer to load the page again', async () => {
    const page = await desks.open();
    desks.expected = new RegExp(`${FAILED.source}|dynamically imported|Failed to fetch|error occurred in`);
    await page.route(/\/assets\/ledger-[^/]*\.js$/, (route) => route.fulfill({ status: 404, body: '' }));
    await page.reload();
    const ledger = page.getByRole('region', { name: 'Ledger' });
    await ledger.getByRole('alert').waitFor();
    expect(await ledger.textContent()).toContain('The rest of the page works on.');
    await page.locator('tr[data-cycle]').first().waitFor();
    expect(await page.getByRole('button', { name: 'Halt', exact: true }).isVisible()).toBe(true);
    await page.unroute(/\/assets\/ledger-[^/]*\.js$/);
    await ledger.getByRole('button', { name: 'Load the page again' }).click();
    await page.locator('tr[data-sequence]').first().waitFor();
  });

  it('of a venue are not fetched for paper accounts', async () => {
    const page = await desks.open();
    await expect.poll(() => isComing(page).count()).toBe(0);
    expect(await page.getByRole('region', { name: 'Venue' }).count()).toBe(0);
    const fetched = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
    expect(fetched.filter((name) => /ledger-/.test(name))).toHaveLength(1);
    expect(fetched.filter((name) => /venue-|worked-orders-/.test(name))).toEqual([]);
  });
});

/** Where each panel begins, px from the top of the page. */
const tops = (page: Page): Promise<Record<string, number>> =>
  page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll('.panel')].map((panel) => [
        panel.querySelector('h2')!.textContent,
        Math.round(panel.getBoundingClientRect().top + scrollY),
      ]),
    ),
  );
