import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { riskReportHtml } from '../../../core/risk/report/html.ts';
import { longReport } from './report-support.ts';

const executablePath = process.env.PLIMSOLL_CHROMIUM ?? '/usr/bin/chromium';
const found = existsSync(executablePath);
if (!found) console.warn('there is no Chromium here: the risk report is not opened in a browser');

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const EVIL = '<img src="https://example.invalid/x" onerror="document.title=1">';

const page = (): string => riskReportHtml(longReport(`paper ${EVIL}`));

describe.skipIf(!found)('the risk report in Chromium', () => {
  let browser: Browser;
  let folder: string;
  let address: string;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: FLAGS });
    folder = mkdtempSync(join(tmpdir(), 'plimsoll-risk-'));
    address = pathToFileURL(join(folder, 'risk.html')).href;
    writeFileSync(join(folder, 'risk.html'), page());
  });

  afterAll(async () => {
    await browser?.close();
    if (folder) rmSync(folder, { recursive: true });
  });

  /** Opens the page; what it asked for beside itself, and what it complained of. */
  const open = async (width: number, colorScheme: 'light' | 'dark') => {
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
    const opened = await context.newPage();
    const said: string[] = [];
    opened.on('request', (request) => request.url() !== address && said.push(`request ${request.url()}`));
    opened.on('console', (message) => said.push(`console ${message.text()}`));
    opened.on('pageerror', (error) => said.push(`error ${error.message}`));
    await opened.goto(address, { waitUntil: 'load' });
    return { page: opened, said, close: () => context.close() };
  };

  it.each([
    [1_280, 'light'],
    [1_280, 'dark'],
    [360, 'light'],
    [360, 'dark'],
  ] as const)(
    'at %d pixels in %s asks for nothing, complains of nothing and does not scroll sideways',
    async (width, scheme) => {
      const { page: opened, said, close } = await open(width, scheme);
      expect(said).toEqual([]);
      expect(await opened.evaluate('document.documentElement.scrollWidth')).toBe(width);
      expect(await opened.title()).toBe(`Risk of paper ${EVIL} on 2023-11-14`);
      if (process.env.PLIMSOLL_SCREENSHOTS)
        await opened.screenshot({
          path: join(process.env.PLIMSOLL_SCREENSHOTS, `risk-${width}-${scheme}.png`),
          fullPage: true,
        });
      await close();
    },
  );

  it('says where its figures come from within the first screen, in the light and in the dark', async () => {
    for (const scheme of ['light', 'dark'] as const) {
      const { page: opened, close } = await open(360, scheme);
      const badge = opened.locator('header .badge');
      expect(await badge.textContent()).toBe('simulated data');
      expect((await badge.boundingBox())!.y).toBeLessThan(800);
      await close();
    }
  });

  it('draws each use of a limit as wide as its share, and the days as a chart with a name', async () => {
    const { page: opened, close } = await open(1_280, 'light');
    const widths = await opened
      .locator('.use rect')
      .evaluateAll((all) => all.map((one) => Number(one.getAttribute('width'))));
    expect(widths.length).toBeGreaterThan(4);
    expect(widths).toEqual([...widths].sort((a, b) => b - a));
    expect(await opened.getByRole('img', { name: /^What is held now would have made on each day/ }).count()).toBe(1);
    expect(await opened.getByRole('region', { name: 'Use of the limits' }).count()).toBe(1);
    await close();
  });

  it('has text that can be read on its ground, in both', async () => {
    for (const scheme of ['light', 'dark'] as const) {
      const { page: opened, close } = await open(1_280, scheme);
      const ground = luminance(await styleOf(opened, 'body', 'backgroundColor'));
      expect(ground < 0.1).toBe(scheme === 'dark');
      for (const selector of [
        'h1',
        'header p',
        '.cards dt',
        '.cards dd',
        '.down',
        'td',
        'tbody th',
        '.notes li',
        '.none',
      ]) {
        const text = luminance(await styleOf(opened, selector, 'color'));
        const [light, dark] = [Math.max(text, ground), Math.min(text, ground)];
        // WCAG 2.2, 1.4.3: 4.5 to 1 for text.
        expect((light + 0.05) / (dark + 0.05), `${selector} in ${scheme}`).toBeGreaterThanOrEqual(4.5);
      }
      await close();
    }
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
