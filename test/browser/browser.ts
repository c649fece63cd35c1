/** A real Chromium, and what is watched in every page: the console, and where its requests go. */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** The browser that `npm test` found or installed; Debian's otherwise. */
const executablePath = process.env.PLIMSOLL_CHROMIUM || '/usr/bin/chromium';

export const hasBrowser = existsSync(executablePath);

/** What Playwright leaves out: a second list takes the place of its own. */
const WITHOUT = [
  ...['AvoidUnnecessaryBeforeUnloadCheckSync', 'DestroyProfileOnBrowserClose', 'HttpsUpgrades'],
  ...[
    'HttpsFirstBalancedModeAutoEnable',
    'LensOverlay',
    'MediaRouter',
    'PaintHolding',
    'ThirdPartyStoragePartitioning',
  ],
  ...['AvoidCorsURLLoaderRestartOnRedirect', 'OptimizationHints', 'NetworkTimeServiceQuerying', 'AimEnabled'],
  'PreconnectToSearch',
];
/** Pages of the browser's own below the address bar: nobody sees them here, and they cost as much as the page under test in each session. */
const OWN_PAGES = ['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup'];

const FLAGS = [
  `--disable-features=${[...WITHOUT, ...OWN_PAGES].join(',')}`,
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const WIDE = { width: 1440, height: 900 };
/** A step that takes longer is said by name, before the test as a whole runs out of time. */
const STEP_TIMEOUT_MS = 20_000;

export const PHONE = { width: 390, height: 844 };

export const openBrowser = (): Promise<Browser> => chromium.launch({ executablePath, args: FLAGS });

/** A page of its own session, with everything that it complained about or asked of another host. */
export interface WatchedPage {
  readonly page: Page;
  readonly complaints: string[];
  readonly strangers: string[];
  close(): Promise<void>;
}

export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: WIDE,
    colorScheme: 'light',
    timezoneId: 'Europe/Lisbon',
    ...options,
  });
  context.setDefaultTimeout(STEP_TIMEOUT_MS);
  const page = await context.newPage();
  const [complaints, strangers]: [string[], string[]] = [[], []];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (new URL(request.url()).host !== new URL(url).host) strangers.push(request.url());
  });
  await page.goto(url);
  return { page, complaints, strangers, close: () => context.close() };
}
