import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AccountSummary } from '../../dashboard/src/api/types.ts';
import { money } from '../../dashboard/src/format.ts';
import { buildDashboard } from '../../scripts/dashboard.ts';
import { hasBrowser, openBrowser, openPage, PHONE, type WatchedPage } from './browser.ts';
import { lowContrast } from './contrast.ts';
import { FAILED, widestOverflow } from './desk.ts';
import { startPlatform, type TestPlatform } from './platform.ts';

const FIRST_CYCLES = 24;

describe.skipIf(!hasBrowser)('the dashboard in Chromium, on a platform that runs', () => {
  let browser: Browser;
  let platform: TestPlatform;
  const open: WatchedPage[] = [];
  /** What the browser itself says in the console of a request that is meant to fail. */
  let expected: RegExp | undefined;

  beforeAll(async () => {
    await buildDashboard();
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  beforeEach(async () => {
    expected = undefined;
    platform = await startPlatform();
    await platform.advance(FIRST_CYCLES);
  });
  afterEach(async () => {
    for (const watched of open.splice(0)) {
      await watched.close();
      expect(watched.strangers).toEqual([]);
      expect(watched.complaints.filter((text) => !expected?.test(text))).toEqual([]);
    }
    await platform.close();
  });

  /** The desk, once it is live, with what comes after the first page. */
  async function desk(options: BrowserContextOptions = {}): Promise<WatchedPage> {
    const watched = await visit(`#token=${platform.token}`, options);
    await watched.page.locator('.connection[data-connection=live]').waitFor();
    await watched.page.locator('main.desk').waitFor();
    for (const late of ['[data-cycle]', 'tr[data-sequence]'])
      await watched.page.locator(late).first().waitFor({ state: 'attached' });
    return watched;
  }

  async function visit(hash: string, options: BrowserContextOptions = {}): Promise<WatchedPage> {
    const watched = await openPage(browser, platform.url + hash, options);
    open.push(watched);
    return watched;
  }

  describe('what it shows', () => {
    it('has every figure of the account as the API says it', async () => {
      const { page } = await desk();
      await expectFigures(page, await platform.api('account.show', { account: 'paper' }));
    });

    it('has the positions, the orders, the last cycles and the ledger of the API', async () => {
      const { page } = await desk();
      const { positions } = await platform.api('positions.list', { account: 'paper' });
      const held = positions.filter(({ quantity }) => Number(quantity) !== 0);
      expect(held.length).toBeGreaterThan(0);
      for (const { strategy, symbol, quantity, entryPrice, unrealised } of held) {
        const values = await page.locator(`[data-position="${strategy} ${symbol}"] data`).evaluateAll(valuesOf);
        expect(values).toEqual(expect.arrayContaining([quantity, entryPrice, unrealised]));
      }
      const { orders } = await platform.api('orders.list', { account: 'paper' });
      expect(orders.length).toBeGreaterThan(0);
      expect((await attributes(page, 'data-order')).map(Number).sort()).toEqual(orders.map(({ id }) => id).sort());

      const { cycles } = await platform.api('cycles.list', { account: 'paper', limit: 5 });
      expect((await attributes(page, 'data-cycle')).slice(0, 5)).toEqual(cycles.map(({ cycle }) => String(cycle)));
      const verdicts = await page.locator(`[data-cycle="${cycles[0].cycle}"] .step`).allTextContents();
      expect(verdicts).toEqual(expect.arrayContaining(cycles[0].steps.map(({ verdict }) => verdict)));

      const { sequence, hash } = await platform.api('ledger.page', { account: 'paper', after: 0, limit: 1 });
      expect((await page.locator('tr[data-sequence]').first().getAttribute('data-sequence'))!).toBe(String(sequence));
      expect(await page.locator('.hash code').textContent()).toBe(hash.slice(0, 12));
    });

    it('says what was denied, and what the code means', async () => {
      const { page } = await desk();
      const denial = page.locator('[data-code=NOTIONAL_EXCEEDS_MAX_PER_ORDER]');
      expect(await denial.textContent()).toContain('The order alone is larger than an order may be.');
      expect(await denial.textContent()).toMatch(/buy BTC\/USDT for known: [\d,.]+ against 2,000/);
    });

    it('labels simulated data in the header and on both charts', async () => {
      const { page } = await desk();
      expect(await page.locator('.badge').allTextContents()).toEqual([
        'SIMULATED DATA',
        'SIMULATED DATA',
        'SIMULATED DATA',
      ]);
      for (const badge of await page.locator('.badge').all()) expect(await badge.isVisible()).toBe(true);
    });

    it('draws the bars of the instrument that is chosen', async () => {
      const { page } = await desk();
      for (const symbol of ['BTC/USDT', 'ETH/USDT']) {
        await page.getByRole('button', { name: symbol, exact: true }).click();
        const { bars } = await platform.api('bars.list', { account: 'paper', symbol, limit: 300 });
        await expect.poll(() => page.locator('.chart-tall').getAttribute('data-last')).toBe(String(bars.at(-1)!.close));
        expect(await page.locator('.chart-tall').getAttribute('data-bars')).toBe(String(bars.length));
      }
      await expect.poll(() => paintedColours(page, '.chart-tall')).toBeGreaterThan(5);
    });

    it('shows another account when it is chosen', async () => {
      const { page } = await desk();
      await page.getByLabel('Account').first().selectOption('second');
      await expect
        .poll(() => figure(page, 'equity'))
        .toBe((await platform.api('account.show', { account: 'second' })).equity);
    });
  });

  describe('while it is open', () => {
    it('shows a new cycle without being loaded again', async () => {
      const { page } = await desk();
      await page.evaluate('window.sameDocument = true');
      await platform.advance(3);
      const account = await platform.api('account.show', { account: 'paper' });
      await expect.poll(() => attributes(page, 'data-cycle').then(([newest]) => newest)).toBe(String(account.cycle));
      await expectFigures(page, account);
      expect(await page.evaluate('window.sameDocument')).toBe(true);
    });

    it('goes on after the server was away, and neither loses an event nor has one twice', async () => {
      const { page } = await desk();
      await platform.advance(2);
      expected = FAILED;
      await platform.stop();
      const connection = page.locator('.connection');
      await expect.poll(() => connection.textContent(), { timeout: 20_000 }).toContain('Reconnecting');
      expect(await page.locator('.as-of').textContent()).toContain('Stale: as of');
      expect(await page.locator('main.desk').getAttribute('data-stale')).toBe('true');

      await platform.start();
      await platform.advance(5);
      const { sequence } = await platform.api('account.show', { account: 'paper' });
      await expect.poll(() => connection.textContent(), { timeout: 30_000 }).toBe('Live');
      await expect.poll(() => attributes(page, 'data-sequence').then(([newest]) => newest)).toBe(String(sequence));
      const shown = await page
        .locator('tr[data-sequence]')
        .evaluateAll((rows) => rows.map((row) => Number(row.getAttribute('data-sequence'))));
      expect(shown).toEqual(shown.map((_, k) => sequence - k));
      await expectFigures(page, await platform.api('account.show', { account: 'paper' }));
    });

    it('polls where there is no stream', async () => {
      const { page } = await visit('');
      expected = FAILED;
      await page.route('**/api/stream*', (route) => route.fulfill({ status: 404, body: '{}' }));
      await page.getByLabel('Token').fill(platform.token);
      await page.getByRole('button', { name: 'Open' }).click();
      await page.locator('.connection[data-connection=polling]').waitFor();
      await platform.advance(2);
      const { equity, cycle } = await platform.api('account.show', { account: 'paper' });
      await expect
        .poll(() => attributes(page, 'data-cycle').then(([newest]) => newest), { timeout: 15_000 })
        .toBe(String(cycle));
      expect(await figure(page, 'equity')).toBe(equity);
    });
  });

  describe('the kill switch', () => {
    it('does nothing before it is confirmed, and says what will happen', async () => {
      const { page } = await desk();
      await page.getByRole('button', { name: 'Halt', exact: true }).click();
      const dialog = page.getByRole('dialog');
      const { openPositions } = await platform.api('account.show', { account: 'paper' });
      expect(await dialog.textContent()).toMatch(/\d+ working orders? (is|are) canceled/);
      expect(await dialog.textContent()).toContain(`${openPositions} open position`);
      expect(await dialog.textContent()).toContain('TRADING_HALTED');
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      expect((await platform.api('trading-state.get', { account: 'paper' })).state).toBe('Active');
    });

    it('halts with a reason, cancels what works, and resumes', async () => {
      const { page } = await desk();
      await page.getByRole('button', { name: 'Halt', exact: true }).click();
      await page.getByLabel('Reason').fill('squall ahead');
      await page.getByRole('button', { name: 'Halt trading' }).click();
      await expect.poll(() => page.locator('.trading-state').textContent()).toBe('Halted');
      const halted = await platform.api('trading-state.get', { account: 'paper' });
      expect(halted.state).toBe('Halted');
      expect(halted.reason).toContain('squall ahead');
      const { orders } = await platform.api('orders.list', { account: 'paper' });
      await expect.poll(() => attributes(page, 'data-order').then((ids) => ids.length)).toBe(orders.length);
      expect(await page.title()).toMatch(/^Halted/);

      await page.getByRole('button', { name: 'Resume', exact: true }).click();
      await page.getByRole('button', { name: 'Resume trading' }).click();
      await expect.poll(() => page.locator('.trading-state').textContent()).toBe('Active');
      expect((await platform.api('trading-state.get', { account: 'paper' })).state).toBe('Active');
    });

    it('lets the account only reduce', async () => {
      const { page } = await desk();
      await page.getByRole('button', { name: 'Reduce only', exact: true }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Reduce only' }).click();
      await expect.poll(() => page.locator('.trading-state').textContent()).toBe('Reducing');
      expect((await platform.api('trading-state.get', { account: 'paper' })).state).toBe('Reducing');
    });

    it('works with the keyboard alone, and gives the focus back', async () => {
      const { page } = await desk();
      const focused = () => page.evaluate(() => document.activeElement?.textContent);
      for (let k = 0; k < 12 && (await focused()) !== 'Halt'; k++) await page.keyboard.press('Tab');
      expect(await focused()).toBe('Halt');
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      expect(await focused()).toBe('Halt');
    });
  });

  describe('the kill switch by scope', () => {
    it('says what will happen, and does nothing before the name is typed', async () => {
      const { page } = await desk();
      await page.getByRole('button', { name: 'Stop by scope' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('combobox', { name: /^What/ }).selectOption('instance');
      expect(await dialog.textContent()).toContain('Working orders of every account of the instance are canceled');
      const halt = dialog.getByRole('button', { name: 'Halt it' });
      expect(await halt.isDisabled()).toBe(true);
      await dialog.getByLabel('Type harbour to confirm').fill('harbor');
      await page.keyboard.press('Enter');
      expect(await halt.isDisabled()).toBe(true);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      expect((await platform.api('status.show', {})).accounts.flatMap(({ standing }) => standing)).toEqual([]);
    });

    it('halts the instance with a reason and flattens it, and lets it go on', async () => {
      const { page } = await desk();
      await page.getByRole('button', { name: 'Stop by scope' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('combobox', { name: /^What/ }).selectOption('instance');
      await dialog.getByLabel(/Flatten/).check();
      await dialog.getByLabel('Reason').fill('squall ahead');
      await dialog.getByLabel('Type harbour to confirm').fill('harbour');
      await dialog.getByRole('button', { name: 'Halt and flatten' }).click();
      await page.getByText(/The instance is halted in paper, second: .*positions? being closed/).waitFor();
      const { accounts } = await platform.api('status.show', {});
      expect(accounts.map(({ account, tradingState }) => [account, tradingState])).toEqual([
        ['paper', 'Halted'],
        ['second', 'Halted'],
      ]);
      expect(accounts[0].standing[0].reason).toMatch(/^squall ahead \(tester, instance\)/);
      await platform.advance(2);
      const { positions } = await platform.api('positions.list', { account: 'paper' });
      expect(positions.filter(({ quantity }) => Number(quantity) !== 0)).toEqual([]);

      await page.getByRole('button', { name: 'Stop by scope' }).click();
      await dialog.getByLabel('Let go on').check();
      await dialog.getByRole('combobox', { name: /^What/ }).selectOption('instance');
      await dialog.getByRole('button', { name: 'Let it go on' }).click();
      await page.getByText('The instance may go on in paper, second.').waitFor();
      await expect.poll(() => page.locator('.trading-state').textContent()).toBe('Active');
    });

    it.each([
      ['venue', 'simulated', ['account', 'account']],
      ['strategy', 'sma-cross', ['strategy']],
      ['symbol', 'ETH/USDT', ['instrument']],
      ['account', 'paper', ['account']],
    ] as const)('halts a %s, %s, and nothing else', async (scope, name, stands) => {
      const { page } = await desk();
      await page.getByRole('button', { name: 'Stop by scope' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('combobox', { name: /^What/ }).selectOption(scope);
      const which = dialog.getByRole('combobox', { name: /^Which/ });
      if (scope === 'strategy' || scope === 'symbol') await which.selectOption(name);
      await dialog.getByLabel(`Type ${name} to confirm`).fill(name);
      await dialog.getByRole('button', { name: 'Halt it' }).click();
      await dialog.waitFor({ state: 'detached' });
      const standing = (await platform.api('status.show', {})).accounts.flatMap((each) => each.standing);
      expect(standing.map((stop) => stop.scope)).toEqual(stands);
      if (scope === 'strategy' || scope === 'symbol') expect(standing[0].name).toBe(name);
    });

    it('keeps what was refused on the screen, and can be left', async () => {
      const { page } = await desk();
      expected = FAILED;
      await page.route('**/api/trading-state/halt', (route) =>
        route.fulfill({ status: 422, body: JSON.stringify({ detail: 'The disk is full. Make room.' }) }),
      );
      await page.getByRole('button', { name: 'Stop by scope' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Type paper to confirm').fill('paper');
      await dialog.getByRole('button', { name: 'Halt it' }).click();
      await expect.poll(() => dialog.getByRole('alert').textContent()).toBe('The disk is full. Make room.');
      await dialog.getByRole('button', { name: 'Leave it' }).click();
      await dialog.waitFor({ state: 'detached' });
    });

    it('fits a phone, and has AA contrast', async () => {
      const { page } = await desk({ viewport: PHONE, hasTouch: true, isMobile: true });
      await page.getByRole('button', { name: 'Stop by scope' }).click();
      await page.getByRole('dialog').waitFor();
      expect(await widestOverflow(page)).toBeLessThanOrEqual(PHONE.width);
      expect(await lowContrast(page)).toEqual([]);
    });
  });

  describe('what is done by hand', () => {
    it('cancels a working order once it is confirmed', async () => {
      const { page } = await desk();
      const [order] = (await platform.api('orders.list', { account: 'paper' })).orders.filter(
        ({ type }) => type === 'limit',
      );
      await page.getByRole('button', { name: `Cancel order ${order.id}`, exact: true }).click();
      await page.getByRole('button', { name: 'Cancel the order' }).click();
      await page.locator(`[data-order="${order.id}"]`).waitFor({ state: 'detached' });
      const { orders } = await platform.api('orders.list', { account: 'paper', all: true });
      expect(orders.find(({ id }) => id === order.id)?.state).toBe('Canceled');
    });

    it('closes a position with the next bar', async () => {
      const { page } = await desk();
      await page.getByRole('button', { name: 'Close BTC/USDT of known' }).click();
      expect(await page.getByRole('dialog').textContent()).toContain('A market order sells');
      await page.getByRole('button', { name: 'Close the position' }).click();
      await page.getByText(/Order \d+ closes BTC\/USDT/).waitFor();
      await platform.advance(1);
      await page.locator('[data-position="known BTC/USDT"]').waitFor({ state: 'detached' });
      const { positions } = await platform.api('positions.list', { account: 'paper' });
      expect(
        positions.filter(
          ({ strategy, symbol, quantity }) => strategy === 'known' && symbol === 'BTC/USDT' && Number(quantity) !== 0,
        ),
      ).toEqual([]);
    });

    it('pauses a strategy and resumes it', async () => {
      const { page } = await desk();
      await page.getByRole('button', { name: 'Pause known' }).click();
      await page.getByRole('button', { name: 'Pause the strategy' }).click();
      await page.getByRole('button', { name: 'Resume known' }).waitFor();
      const { running } = await platform.api('strategies.list', {});
      expect(running.find(({ account, id }) => account === 'paper' && id === 'known')?.paused).toBe(true);
    });

    it('says why the server refused, and lets one leave it', async () => {
      const { page } = await desk();
      const [order] = (await platform.api('orders.list', { account: 'paper' })).orders;
      await page.getByRole('button', { name: `Cancel order ${order.id}`, exact: true }).click();
      expected = FAILED;
      await platform.command('orders.cancel', { account: 'paper', order: order.id });
      await page.getByRole('button', { name: 'Cancel the order' }).click();
      await expect.poll(() => page.getByRole('alert').textContent()).toMatch(/working order/i);
      await page.getByRole('button', { name: 'Leave it' }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    });
  });

  describe('the token', () => {
    it('is taken out of the address bar and kept for the tab', async () => {
      const { page } = await desk();
      expect(page.url()).not.toContain('token');
      await page.reload();
      await page.locator('.connection[data-connection=live]').waitFor();
    });

    it('is asked for where it is missing, and again where it is wrong', async () => {
      expected = FAILED;
      const { page } = await visit('#token=plimsoll_wrong');
      await expect.poll(() => page.getByRole('alert').textContent()).toContain('The token was refused');
      await page.getByLabel('Token').fill('still wrong');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').waitFor();
      await page.getByLabel('Token').fill(platform.token);
      await page.keyboard.press('Enter');
      await page.locator('.connection[data-connection=live]').waitFor();
    });
  });

  describe('how it looks', () => {
    it.each([390, 320])(
      'has no sideways scroll on a phone of %i pixels, and everything can be reached',
      async (width) => {
        const { page } = await desk({ viewport: { ...PHONE, width }, hasTouch: true, isMobile: true });
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
        expect(await widestOverflow(page)).toBeLessThanOrEqual(width);
        for (const name of ['Halt', 'Reduce only'])
          expect(await page.getByRole('button', { name, exact: true }).isVisible()).toBe(true);
        expect(await page.locator('.header .badge').isVisible()).toBe(true);
      },
    );

    it.each(['light', 'dark'] as const)('has AA contrast in %s, in dialogs too', async (colorScheme) => {
      const { page } = await desk({ colorScheme });
      await page.getByLabel('with ended ones').check();
      expect(await lowContrast(page)).toEqual([]);
      await page.getByRole('button', { name: 'Halt', exact: true }).click();
      expect(await lowContrast(page)).toEqual([]);
      await page.getByRole('button', { name: 'Halt trading' }).click();
      await expect.poll(() => page.locator('.trading-state').textContent()).toBe('Halted');
      expect(await lowContrast(page)).toEqual([]);
    });

    it('follows the system, and a switch that is remembered', async () => {
      const { page } = await desk({ colorScheme: 'light' });
      const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const light = await ground();
      await page.emulateMedia({ colorScheme: 'dark' });
      const dark = await ground();
      expect(dark).not.toBe(light);
      await page.getByRole('button', { name: 'Switch to the light theme' }).click();
      expect(await ground()).toBe(light);
      await page.reload();
      await page.locator('main.desk').waitFor();
      expect(await ground()).toBe(light);
    });

    it('tells times in the zone of the viewer, and UTC beside them', async () => {
      const { page } = await desk({ timezoneId: 'Asia/Tokyo' });
      const time = page.locator('tr[data-cycle] time').first();
      const utc = new Date((await time.getAttribute('datetime'))!);
      expect(await time.getAttribute('title')).toContain(`${utc.toISOString().slice(11, 19)} UTC`);
      const tokyo = new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Tokyo', timeStyle: 'medium' }).format(utc);
      expect(await time.textContent()).toContain(tokyo);
    });
  });

  it('runs a backtest and shows its figures', async () => {
    const { page } = await desk();
    await page.getByRole('combobox', { name: 'Strategy' }).selectOption('sma-cross');
    await page.getByLabel('fast').fill('3');
    await page.getByLabel('slow').fill('9');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.locator('.outcome').waitFor({ timeout: 60_000 });
    const id = await page.locator('.outcome').getAttribute('data-job');
    const { job } = await platform.api('backtests.show', { id: id! });
    const { fills } = job.result as { fills: number };
    expect(await page.locator('.outcome', { hasText: 'Fills' }).textContent()).toContain(String(fills));
  });
});

const valuesOf = (elements: Element[]): (string | null)[] => elements.map((element) => element.getAttribute('value'));

const attributes = (page: Page, name: string): Promise<string[]> =>
  page.locator(`tr[${name}]`).evaluateAll((rows, attribute) => rows.map((row) => row.getAttribute(attribute)!), name);

const figure = (page: Page, name: string): Promise<string | null> =>
  page.locator(`[data-figure=${name}] data`).getAttribute('value');

/** The exact amounts under the figures, and the figures as they are read. */
async function expectFigures(page: Page, account: AccountSummary): Promise<void> {
  for (const name of ['equity', 'cash', 'dayProfit', 'unrealised', 'realised', 'fees'] as const) {
    await expect.poll(() => figure(page, name)).toBe(account[name]);
    const isSigned = name === 'dayProfit' || name === 'unrealised' || name === 'realised';
    expect(await page.locator(`[data-figure=${name}] data`).textContent()).toBe(money(account[name], isSigned));
  }
  await expect.poll(() => figure(page, 'drawdown')).toBe(String(account.drawdown));
}

/** How many colours a chart shows: one that draws nothing has its ground alone. */
function paintedColours(page: Page, selector: string): Promise<number> {
  return page.evaluate((chart) => {
    const colours = new Set<number>();
    for (const canvas of document.querySelectorAll<HTMLCanvasElement>(`${chart} canvas`)) {
      if (canvas.width * canvas.height === 0) continue;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      for (const pixel of new Uint32Array(data.buffer)) colours.add(pixel);
    }
    return colours.size;
  }, selector);
}
