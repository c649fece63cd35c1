import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { Role } from '../../core/ports/identity.ts';
import { hasBrowser, PHONE } from './browser.ts';
import { lowContrast } from './contrast.ts';
import { FAILED, useDesks, widestOverflow } from './desk.ts';

describe.skipIf(!hasBrowser)('looser limits that wait, on the dashboard', () => {
  const desks = useDesks(3);
  const admin = (name: string): Promise<string> => desks.platform.issue(name, ['admin']);
  const panel = (page: Page) => page.getByRole('region', { name: 'Looser limits wait for approval' });
  const setting = async (): Promise<unknown> => {
    const { limits } = await desks.platform.api('risk.limits', { account: 'paper' });
    return limits.find(({ name }) => name === 'maxOrderNotional')?.setting;
  };

  /** Asked for by Ada, who is an administrator. */
  async function held(): Promise<string> {
    const ada = await admin('ada');
    await desks.platform.command(
      'limits.propose',
      { account: 'paper', limits: { maxOrderNotional: 2_500, haltDrawdown: 0.3 }, reason: 'a wider day' },
      ada,
    );
    return ada;
  }

  it('are not spoken of where none wait', async () => {
    const page = await desks.open();
    await page.locator('tr[data-cycle]').first().waitFor();
    expect(await panel(page).count()).toBe(0);
  });

  it('are shown with who, why, when and both values, also to a page that is open already', async () => {
    const page = await desks.open();
    await held();
    await panel(page).waitFor();
    const text = await panel(page).textContent();
    expect(text).toContain('ada asked for it: “a wider day”');
    expect(text).toMatch(/version 1, since \d\d:\d\d:\d\d|version 1, since \d+ Jan/);
    expect(await page.locator('tr[data-limit=maxOrderNotional]').textContent()).toBe('maxOrderNotional2,0002,500');
    // What tightens holds already, and waits for nobody.
    expect(await page.locator('tr[data-limit]').count()).toBe(1);
    expect(await setting()).toBe(2_000);
  });

  it('are approved by a second administrator, with a reason, and the panel goes', async () => {
    await held();
    const page = await desks.open({}, await admin('bo'));
    await panel(page).getByRole('button', { name: 'Approve' }).click();
    const dialog = page.getByRole('dialog');
    expect(await dialog.textContent()).toContain('maxOrderNotional goes from 2,000 to 2,500.');
    const approve = dialog.getByRole('button', { name: 'Approve the limits' });
    expect(await approve.isDisabled()).toBe(true);
    await dialog.getByLabel('Reason').fill('looked at it');
    await approve.click();
    await page.getByText('Version 1 is approved, and in force from the next cycle on.').waitFor();
    await panel(page).waitFor({ state: 'detached' });
    expect(await setting()).toBe(2_500);
    const { changes } = await desks.platform.api('limits.changes', { account: 'paper' });
    expect(changes[0]).toMatchObject({ outcome: 'applied', by: 'bo', reason: 'looked at it' });
  });

  it('ask the only administrator to type the account’s name', async () => {
    const page = await desks.open({}, await held());
    desks.expected = FAILED;
    await panel(page).getByRole('button', { name: 'Approve' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason').fill('nobody else is here');
    expect(await dialog.getByLabel('Type paper to confirm').count()).toBe(0);
    await dialog.getByRole('button', { name: 'Approve the limits' }).click();
    // It is what is missing: the focus is there.
    await dialog.getByLabel('Type paper to confirm').waitFor();
    await page.keyboard.type('papr');
    const again = dialog.getByRole('button', { name: /^Try again/ });
    expect(await again.isDisabled()).toBe(true);
    expect(await setting()).toBe(2_000);
    await dialog.getByLabel('Type paper to confirm').fill('paper');
    await page.keyboard.press('Enter');
    await panel(page).waitFor({ state: 'detached' });
    expect(await setting()).toBe(2_500);
  });

  it.each<[string, readonly Role[], RegExp]>([
    ['who asked for them, where there is another administrator', ['admin'], /another person has to approve them/],
    ['a trader', ['trader'], /admin/],
  ])('are not approved by %s', async (_who, roles, refusal) => {
    const ada = await held();
    await admin('bo');
    const token = roles.includes('admin') ? ada : desks.platform.token;
    const page = await desks.open({}, token);
    desks.expected = FAILED;
    await panel(page).getByRole('button', { name: 'Approve' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason').fill('it is fine');
    await dialog.getByRole('button', { name: 'Approve the limits' }).click();
    await expect.poll(() => dialog.getByRole('alert').textContent()).toMatch(refusal);
    expect(await setting()).toBe(2_000);
  });

  it('are rejected with the keyboard alone, and nothing changes', async () => {
    const page = await desks.open({}, await held());
    await panel(page).getByRole('button', { name: 'Reject' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.getByLabel('Reason').focus();
    await page.keyboard.type('not now');
    await page.keyboard.press('Enter');
    await page.getByText('Version 1 is rejected; the limits in force stay.').waitFor();
    await panel(page).waitFor({ state: 'detached' });
    expect(await setting()).toBe(2_000);
  });

  it.each(['light', 'dark'] as const)(
    'fit a phone and have AA contrast in %s, in their dialog too',
    async (colorScheme) => {
      const page = await desks.open({ viewport: PHONE, hasTouch: true, isMobile: true, colorScheme }, await held());
      await panel(page).waitFor();
      expect(await widestOverflow(page)).toBeLessThanOrEqual(PHONE.width);
      expect(await lowContrast(page)).toEqual([]);
      await panel(page).getByRole('button', { name: 'Approve' }).click();
      await page.getByRole('dialog').waitFor();
      expect(await widestOverflow(page)).toBeLessThanOrEqual(PHONE.width);
      expect(await lowContrast(page)).toEqual([]);
    },
  );
});
