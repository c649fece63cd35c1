/** A report that was written as one page, opened from its file in a real Chromium. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { openBrowser } from './browser.ts';

type Scheme = 'light' | 'dark';

/** On a desk and on a phone, in the light and in the dark. */
export const SCREENS = [
  [1_280, 'light'],
  [1_280, 'dark'],
  [360, 'light'],
  [360, 'dark'],
] as const satisfies readonly (readonly [width: number, scheme: Scheme])[];

/** WCAG 2.2, 1.4.3: of text to its ground, to 1. */
const LEAST_CONTRAST = 4.5;

/** What a page asked for beside itself, and what it complained of, is in `said`. */
export interface OpenReport {
  readonly page: Page;
  readonly said: readonly string[];
  close(): Promise<void>;
}

export type OpenReportAs = (width: number, scheme: Scheme) => Promise<OpenReport>;

/** Writes the page before the tests of this block, and gives what opens it. */
export function reportInChromium(html: () => string): OpenReportAs {
  let browser: Browser;
  let folder: string;
  let address: string;
  beforeAll(async () => {
    browser = await openBrowser();
    folder = mkdtempSync(join(tmpdir(), 'plimsoll-report-'));
    address = pathToFileURL(join(folder, 'report.html')).href;
    writeFileSync(join(folder, 'report.html'), html());
  });
  afterAll(async () => {
    await browser?.close();
    if (folder) rmSync(folder, { recursive: true });
  });
  return async (width, colorScheme) => {
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
    const page = await context.newPage();
    const said: string[] = [];
    page.on('request', (request) => request.url() !== address && said.push(`request ${request.url()}`));
    page.on('console', (message) => said.push(`console ${message.text()}`));
    page.on('pageerror', (error) => said.push(`error ${error.message}`));
    await page.goto(address, { waitUntil: 'load' });
    return { page, said, close: () => context.close() };
  };
}

/** The text of each selector can be read on the page's ground, which is dark in the dark. */
export async function expectReadable(open: OpenReportAs, selectors: readonly string[]): Promise<void> {
  for (const scheme of ['light', 'dark'] as const) {
    const { page, close } = await open(1_280, scheme);
    const ground = luminance(await styleOf(page, 'body', 'backgroundColor'));
    expect(ground < 0.1).toBe(scheme === 'dark');
    for (const selector of selectors) {
      const text = luminance(await styleOf(page, selector, 'color'));
      const [light, dark] = [Math.max(text, ground), Math.min(text, ground)];
      expect((light + 0.05) / (dark + 0.05), `${selector} in ${scheme}`).toBeGreaterThanOrEqual(LEAST_CONTRAST);
    }
    await close();
  }
}

export const styleOf = (page: Page, selector: string, property: string): Promise<string> =>
  page.evaluate(`getComputedStyle(document.querySelector(${JSON.stringify(selector)})).${property}`);

/** Relative luminance of `rgb(r, g, b)` (WCAG 2.2). */
function luminance(color: string): number {
  const [red, green, blue] = (color.match(/[\d.]+/g) ?? []).map((part) => {
    const value = Number(part) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
