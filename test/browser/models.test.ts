import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { EmbeddedObjectStore } from '../../adapters/embedded/objects.ts';
import { Sightings } from '../../adapters/models/monitoring/sightings.ts';
import { ModelRegistry } from '../../adapters/models/registry.ts';
import { FROM, versionFiles } from '../operations/model-version.ts';
import { hasBrowser, PHONE } from './browser.ts';
import { lowContrast } from './contrast.ts';
import { FAILED, useDesks, widestOverflow } from './desk.ts';

const DEED = { at: FROM, by: 'a test', reason: 'to be looked at' };

describe.skipIf(!hasBrowser)('models on the dashboard', () => {
  const desks = useDesks(3);
  const registry = (): ModelRegistry =>
    new ModelRegistry(new EmbeddedObjectStore(join(desks.platform.directory, 'objects')));
  /** Two versions of a model, of which the first decides. */
  const twoVersions = async (): Promise<{ first: string; second: string }> => {
    const { version: first } = await registry().register('mine', versionFiles(0.71, [-0.02, -0.01]), {}, DEED);
    const { version: second } = await registry().register('mine', versionFiles(0.6, [0.05, 0.15]), {}, DEED);
    await registry().act('mine', 'promoted', first, DEED);
    return { first, second };
  };
  const model = (page: Page) => page.locator('[data-model=mine]');
  const opened = async (page: Page): Promise<void> => {
    await page.getByRole('button', { name: 'Show the models' }).click();
    await model(page).locator('summary').click();
    await model(page).locator('[data-action]').first().waitFor();
  };
  const asked = async (page: Page, reason: string, action: string): Promise<void> => {
    const dialog = page.getByRole('dialog');
    const does = dialog.getByRole('button', { name: action });
    expect(await does.isDisabled()).toBe(true);
    await dialog.getByLabel('Reason, kept in the history of the model').fill(reason);
    await does.click();
  };

  it('are fetched for who opens them, and shown with the version that decides and its figures beside the baseline', async () => {
    const { first } = await twoVersions();
    const page = await desks.open();
    await page.locator('tr[data-cycle]').first().waitFor();
    const fetched = () => page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
    expect((await fetched()).filter((name) => /models/.test(name))).toEqual([]);
    await page.getByRole('button', { name: 'Show the models' }).click();
    await model(page).waitFor();
    const text = await model(page).textContent();
    expect(text).toContain(`${first} decides`);
    expect(text).toContain('log loss 0.7100, baseline 0.7000; gained −0.0200 to −0.0100 (95 %): loses to the baseline');
    // Those that come with the platform are there too.
    expect(await page.locator('[data-model=gold-hourly]').count()).toBe(1);
    await page.getByRole('button', { name: 'Hide the models' }).click();
    expect(await model(page).count()).toBe(0);
  });

  it('are promoted and rolled back with a reason, and the history says who and why', async () => {
    const { first, second } = await twoVersions();
    const page = await desks.open({}, await desks.platform.issue('ada', ['admin']));
    await opened(page);
    await model(page).locator(`[data-version="${second}"]`).getByRole('button', { name: 'Promote' }).click();
    await asked(page, 'it gains', 'Promote the version');
    await page.getByText(`mine ${second} is champion.`).waitFor();
    await expect.poll(() => model(page).textContent()).toContain(`${second} decides`);
    const latest = model(page).locator('[data-action]').first();
    await expect.poll(() => latest.textContent()).toContain('promotedadait gains');
    await model(page).getByRole('button', { name: 'Roll back' }).click();
    await asked(page, 'it gained', 'Roll back');
    await page.getByText(`mine ${first} is champion again.`).waitFor();
    await expect.poll(() => latest.textContent()).toContain('rolled-backadait gained');
    expect((await registry().standing('mine')).champion).toBe(first);
  });

  it('lose a version for good where it is retired: nothing is offered for it any more', async () => {
    const { second } = await twoVersions();
    const page = await desks.open({}, await desks.platform.issue('ada', ['admin']));
    await opened(page);
    const version = model(page).locator(`[data-version="${second}"]`);
    await version.getByRole('button', { name: 'Retire' }).click();
    await asked(page, 'it is old', 'Retire the version');
    await expect.poll(() => version.textContent()).toBe(`${second} retired`);
  });

  it('bad input: what the platform refuses is said where it was asked, and changes nothing', async () => {
    const { first, second } = await twoVersions();
    desks.expected = FAILED;
    const page = await desks.open();
    await opened(page);
    await model(page).locator(`[data-version="${second}"]`).getByRole('button', { name: 'Promote' }).click();
    await asked(page, 'I may not', 'Promote the version');
    await expect.poll(() => page.getByRole('dialog').getByRole('alert').textContent()).toMatch(/needs the role admin/);
    expect((await registry().standing('mine')).champion).toBe(first);
  });

  it('that are watched have a line of what the latest look found, and those that are not have none', async () => {
    const { first } = await twoVersions();
    const sightings = new Sightings(new EmbeddedObjectStore(join(desks.platform.directory, 'objects')));
    await sightings.put({
      ...{ model: 'mine', lookedAt: FROM, nextLookAt: FROM + 3_600_000, champion: first, flagged: 'drift' },
      stage: { name: 'trial', version: first, since: FROM, share: 0.05 },
      problem: '3 rows wait for an answer: its server is down',
      figures: {
        ...{ version: first, rows: 500, outcomes: 480, refused: 0, waiting: 3, calibrationError: 0.034 },
        furthest: { feature: 'return-3', psi: 0.3, ratio: 1.132, limit: 2.0373 },
      },
    });
    const page = await desks.open();
    await page.getByRole('button', { name: 'Show the models' }).click();
    const line = model(page).locator('[data-sighting]');
    await line.waitFor();
    const text = (await line.textContent()) ?? '';
    expect(text).toMatch(/^Looked at .+, next .+; a challenger on trial, 5 % of the capital; flagged: drift; /);
    expect(text).toContain('furthest from what it learned: return-3 (1.13 of 2.04 allowed); calibration error 3.4 %');
    expect(text).toContain('3 rows wait for an answer: its server is down');
    expect(await page.locator('[data-model=gold-hourly] [data-sighting]').count()).toBe(0);
    expect(await lowContrast(page)).toEqual([]);
  });

  it.each(['light', 'dark'] as const)('fit a phone and have AA contrast in %s', async (colorScheme) => {
    await twoVersions();
    const page = await desks.open({ viewport: PHONE, hasTouch: true, isMobile: true, colorScheme });
    await opened(page);
    expect(await widestOverflow(page)).toBeLessThanOrEqual(PHONE.width);
    expect(await lowContrast(page)).toEqual([]);
  });
});
