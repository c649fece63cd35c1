import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportHtml } from '../../../core/backtest/report.ts';
import { play, scripted, walk } from './trades-support.ts';

const executablePath = process.env.PLIMSOLL_CHROMIUM ?? '/usr/bin/chromium';
const found = existsSync(executablePath);
if (!found) console.warn('there is no Chromium here: the report is not opened in a browser');

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

describe.skipIf(!found)('the report in Chromium', () => {
  let browser: Browser;
  let folder: string;
  let address: string;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: FLAGS });
    folder = mkdtempSync(join(tmpdir(), 'plimsoll-report-'));
    address = pathToFileURL(join(folder, 'report.html')).href;
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
    writeFileSync(join(folder, 'report.html'), reportHtml({ ...played, sources, version: 'Plimsoll 0.1.0' }));
  });

  afterAll(async () => {
    await browser?.close();
    if (folder) rmSync(folder, { recursive: true });
  });

  /** Opens the page; what it asked for beside itself, and what it complained of. */
  const open = async (width: number, colorScheme: 'light' | 'dark') => {
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
    const page = await context.newPage();
    const said: string[] = [];
    page.on('request', (request) => request.url() !== address && said.push(`request ${request.url()}`));
    page.on('console', (message) => said.push(`console ${message.text()}`));
    page.on('pageerror', (error) => said.push(`error ${error.message}`));
    await page.goto(address, { waitUntil: 'load' });
    return { page, said, close: () => context.close() };
  };

  it.each([
    [1_280, 'light'],
    [1_280, 'dark'],
    [360, 'light'],
    [360, 'dark'],
  ] as const)(
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

  it('has other colours in the dark, each readable on its ground', async () => {
    for (const scheme of ['light', 'dark'] as const) {
      const { page, close } = await open(1_280, scheme);
      const ground = luminance(await styleOf(page, 'body', 'backgroundColor'));
      expect(ground < 0.1).toBe(scheme === 'dark');
      for (const selector of [
        'h1',
        'header p',
        '.cards dt',
        '.cards dd',
        '.up',
        '.down',
        'td',
        'tbody th',
        '.values span',
      ]) {
        const text = luminance(await styleOf(page, selector, 'color'));
        const [light, dark] = [Math.max(text, ground), Math.min(text, ground)];
        // WCAG 2.2, 1.4.3: 4.5 to 1 for text.
        expect((light + 0.05) / (dark + 0.05), `${selector} in ${scheme}`).toBeGreaterThanOrEqual(4.5);
      }
      await close();
    }
  });

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

type Page = Awaited<ReturnType<Awaited<ReturnType<Browser['newContext']>>['newPage']>>;

const styleOf = (page: Page, selector: string, property: string): Promise<string> =>
  page.evaluate(`getComputedStyle(document.querySelector(${JSON.stringify(selector)})).${property}`);

/** Relative luminance of `rgb(r, g, b)` (WCAG 2.2). */
function luminance(color: string): number {
  const [red, green, blue] = (color.match(/[\d.]+/g) ?? []).map((part) => {
    const value = Number(part) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
