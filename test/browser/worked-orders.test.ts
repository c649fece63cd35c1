import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { number } from '../../dashboard/src/format.ts';
import { hasBrowser, PHONE } from './browser.ts';
import { lowContrast } from './contrast.ts';
import { useDesks, widestOverflow } from './desk.ts';

const CYCLES = 24;

describe.skipIf(!hasBrowser)('orders that an algorithm works, on the dashboard', () => {
  const desks = useDesks(CYCLES, {
    accounts: [{ id: 'paper', universe: 'majors', strategies: [{ strategy: 'worked', allocation: 0.9 }] }],
  });
  const orders = async () => (await desks.platform.api('orders.list', { account: 'paper', all: true })).orders;
  const costs = async () => (await desks.platform.api('orders.shortfall', { account: 'paper' })).orders;
  const row = (page: Page, order: number) => page.locator(`[data-worked="${order}"]`);

  it('are shown with algorithm, progress and shortfall: first those at work', async () => {
    const page = await desks.open();
    const worked = (await orders()).filter(({ algorithm }) => algorithm !== null);
    expect(worked.map(({ state }) => state)).toEqual(expect.arrayContaining(['Filled']));
    expect(new Set(worked.map(({ state }) => state)).size).toBe(2);
    await row(page, worked[0].id).waitFor();
    const shown = await page
      .locator('[data-worked]')
      .evaluateAll((rows) => rows.map((each) => each.getAttribute('data-worked')));
    const atWork = worked.filter(({ state }) => state !== 'Filled').map(({ id }) => String(id));
    expect(shown.slice(0, atWork.length).sort()).toEqual(atWork.sort());
    for (const { order, filled, wanted, bps } of (await costs()).filter(({ algorithm }) => algorithm !== null)) {
      const one = row(page, order);
      await expect.poll(() => one.locator('.worked-cost').textContent()).toBe(`shortfall ${number(bps.total, 1)} bp`);
      expect(await one.locator('.algorithm').textContent()).toBe('TWAP');
      expect(await one.locator('.worked-filled data').getAttribute('value')).toBe(filled);
      const share = await one.getByRole('progressbar').getAttribute('value');
      expect(Number(share)).toBeCloseTo(Math.min(1, Number(filled) / Number(wanted)), 9);
    }
  });

  it('open to their parts and to what the shortfall is made of, with the keyboard', async () => {
    const page = await desks.open();
    const all = await orders();
    const whole = all.find(({ algorithm, state }) => algorithm !== null && state === 'Filled')!;
    const one = row(page, whole.id);
    await one.locator('summary').focus();
    await page.keyboard.press('Enter');
    const parts = all.filter(({ partOf }) => partOf === whole.id).map(({ id }) => id);
    expect(parts).toHaveLength(4);
    const shown = await one
      .locator('tr[data-part]')
      .evaluateAll((rows) => rows.map((each) => Number(each.getAttribute('data-part'))));
    expect(shown).toEqual(parts.sort((a, b) => b - a));
    const cost = (await costs()).find(({ order }) => order === whole.id)!;
    for (const part of ['delay', 'execution', 'fees', 'opportunity', 'total'] as const)
      expect(await one.locator(`[data-cost=${part}] data`).textContent()).toBe(`${number(cost.bps[part], 1)} bp`);
  });

  it('move on with the account, and their parts say in the list of orders what they are part of', async () => {
    const page = await desks.open();
    const { id } = (await orders()).find(({ algorithm, state }) => algorithm !== null && state !== 'Filled')!;
    const before = await row(page, id).locator('.worked-filled data').getAttribute('value');
    await desks.platform.advance(3);
    const now = (await orders()).find((order) => order.id === id)!;
    expect(now.filled).not.toBe(before);
    await expect.poll(() => row(page, id).locator('.worked-filled data').getAttribute('value')).toBe(now.filled);
    await page.getByLabel('with ended ones').check();
    const part = (await orders()).find(({ partOf }) => partOf === id)!;
    expect(await page.locator(`tr[data-order="${part.id}"]`).textContent()).toContain(`part of ${id}`);
  });

  it.each(['light', 'dark'] as const)('fit a phone and have AA contrast in %s', async (colorScheme) => {
    const page = await desks.open({ viewport: PHONE, hasTouch: true, isMobile: true, colorScheme });
    await page.locator('[data-worked] summary').first().click();
    await page.locator('tr[data-part]').first().waitFor();
    expect(await widestOverflow(page)).toBeLessThanOrEqual(PHONE.width);
    expect(await lowContrast(page)).toEqual([]);
  });
});
