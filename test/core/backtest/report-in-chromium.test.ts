import { describe, expect, it } from 'vitest';
import { reportHtml } from '../../../core/backtest/report.ts';
import { hasBrowser } from '../../browser/browser.ts';
import { expectReadable, reportInChromium, SCREENS, styleOf } from '../../browser/report-page.ts';
import { play, scripted, walk } from './trades-support.ts';

if (!hasBrowser) console.warn('there is no Chromium here: the report is not opened in a browser');

describe.skipIf(!hasBrowser)('the report in Chromium', () => {
  const open = reportInChromium(() => {
    const evil = '<img src="https://example.invalid/x" onerror="document.title=1">';
    const turns = scripted((k, { target }) => (k % 40 === 9 ? target(k % 80 === 9 ? 1 : -1, evil) : undefined));
    const played = play({
      bars: new Map([
        ['ABC/USDT', walk(2_000, 3)],
        ['DEF/USDT', walk(2_000, 4)],
      ]),
      strategies: [turns],
    });
    const sources = [{ file: 'bars.parquet', sha256: 'ba5e'.repeat(16) }];
    return reportHtml({ ...played, sources, version: 'Plimsoll 0.1.0' });
  });

  it.each(SCREENS)(
    'at %d pixels in %s asks for nothing, complains of nothing and does not scroll sideways',
    async (width, scheme) => {
      const { page, said, close } = await open(width, scheme);
      const scrolls = await page.evaluate('document.documentElement.scrollWidth');
      expect(said).toEqual([]);
      expect(scrolls).toBe(width);
      expect(await page.title()).toContain('Backtest of scripted');
      await close();
    },
  );

  it('draws lines and marks that can be seen, and small text stays text', async () => {
    const { page, close } = await open(360, 'light');
    const charts = await page.locator('figure.chart > .plot > svg').all();
    expect(charts).toHaveLength(4);
    for (const chart of charts) {
      const box = await chart.boundingBox();
      expect(box?.width).toBeGreaterThan(200);
      expect(box?.height).toBeGreaterThan(100);
    }
    expect(await page.locator('.plot path.mark').count()).toBeGreaterThanOrEqual(6);
    const size = Number.parseFloat(await styleOf(page, '.values span', 'fontSize'));
    expect(size).toBeGreaterThanOrEqual(12);
    await close();
  });

  it('has other colours in the dark, each readable on its ground', () =>
    expectReadable(open, [
      'h1',
      'header p',
      '.cards dt',
      '.cards dd',
      '.up',
      '.down',
      'td',
      'tbody th',
      '.values span',
    ]));

  it('names its charts to a screen reader', async () => {
    const { page, close } = await open(1_280, 'light');
    expect(await page.getByRole('img', { name: /^Equity in USDT/ }).count()).toBe(1);
    expect(
      await page.getByRole('img', { name: /^ABC\/USDT, close in USDT The closing price, with \d+ entries/ }).count(),
    ).toBe(1);
    expect(await page.getByRole('region', { name: /trades/ }).count()).toBe(1);
    await close();
  });
});
