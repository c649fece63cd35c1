import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { riskReportHtml } from '../../../core/risk/report/html.ts';
import { hasBrowser } from '../../browser/browser.ts';
import { expectReadable, reportInChromium, SCREENS } from '../../browser/report-page.ts';
import { longReport } from './report-support.ts';

if (!hasBrowser) console.warn('there is no Chromium here: the risk report is not opened in a browser');

const EVIL = '<img src="https://example.invalid/x" onerror="document.title=1">';

describe.skipIf(!hasBrowser)('the risk report in Chromium', () => {
  const open = reportInChromium(() => riskReportHtml(longReport(`paper ${EVIL}`)));

  it.each(SCREENS)(
    'at %d pixels in %s asks for nothing, complains of nothing and does not scroll sideways',
    async (width, scheme) => {
      const { page, said, close } = await open(width, scheme);
      expect(said).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      expect(await page.title()).toBe(`Risk of paper ${EVIL} on 2023-11-14`);
      if (process.env.PLIMSOLL_SCREENSHOTS)
        await page.screenshot({
          path: join(process.env.PLIMSOLL_SCREENSHOTS, `risk-${width}-${scheme}.png`),
          fullPage: true,
        });
      await close();
    },
  );

  it('says where its figures come from within the first screen, in the light and in the dark', async () => {
    for (const scheme of ['light', 'dark'] as const) {
      const { page, close } = await open(360, scheme);
      const badge = page.locator('header .badge');
      expect(await badge.textContent()).toBe('simulated data');
      expect((await badge.boundingBox())!.y).toBeLessThan(800);
      await close();
    }
  });

  it('draws each use of a limit as wide as its share, and the days as a chart with a name', async () => {
    const { page, close } = await open(1_280, 'light');
    const widths = await page
      .locator('.use rect')
      .evaluateAll((all) => all.map((one) => Number(one.getAttribute('width'))));
    expect(widths.length).toBeGreaterThan(4);
    expect(widths).toEqual([...widths].sort((a, b) => b - a));
    expect(await page.getByRole('img', { name: /^What is held now would have made on each day/ }).count()).toBe(1);
    expect(await page.getByRole('region', { name: 'Use of the limits' }).count()).toBe(1);
    await close();
  });

  it('has text that can be read on its ground, in both', () =>
    expectReadable(open, [
      'h1',
      'header p',
      '.cards dt',
      '.cards dd',
      '.down',
      'td',
      'tbody th',
      '.notes li',
      '.none',
    ]));
});
