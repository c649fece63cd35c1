import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHART, pathOf, rangeOf, ticksOf } from '../../../core/backtest/report/series.ts';
import { decimalText, durationText, escapeHtml, percentText } from '../../../core/backtest/report/text.ts';
import { reportHtml } from '../../../core/backtest/report.ts';
import { shortfallOf } from '../../../core/backtest/shortfall.ts';
import smaCross from '../../../core/strategies/built-in/sma-cross.ts';
import { buy, CALM, sell, trade } from '../execution/trade.ts';
import { barsOf, generator, type Played, play, scripted, walk } from './trades-support.ts';

const sources = [{ file: 'bars.parquet', sha256: 'ba5e'.repeat(16) }];

const html = (played: Played) => reportHtml({ ...played, sources, version: 'Plimsoll 0.1.0' });

const crossing = (length: number, provenance: 'recorded' | 'simulated' = 'recorded') =>
  play({ bars: new Map([['ABC/USDT', walk(length, 5)]]), strategies: [smaCross], provenance });

describe('a report', () => {
  it('says what ran on what, with the hashes by which it can be checked', () => {
    const played = crossing(500);
    const page = html(played);
    expect(page).toContain('<title>Backtest of sma-cross on ABC/USDT, 1h</title>');
    for (const text of ['bars.parquet', 'ba5e'.repeat(16), 'c0de'.repeat(16), 'c0ff'.repeat(16), 'Plimsoll 0.1.0']) {
      expect(page).toContain(text);
    }
    expect(page).toContain(played.run.engine.journal.head());
    expect(page).toContain('fast = 10, slow = 30, short = false');
    expect(page).toContain('10 basis points to take and 10 to make');
  });

  it('labels its charts and tables with where the data are from', () => {
    expect(html(crossing(500)).match(/recorded data/g)?.length).toBeGreaterThanOrEqual(6);
    const simulated = html(crossing(500, 'simulated'));
    expect(simulated.match(/simulated data/g)?.length).toBeGreaterThanOrEqual(6);
    expect(simulated).not.toContain('recorded data');
  });

  it('escapes every text that is not its own', () => {
    const evil = '</td><script>alert("1")</script>\'&';
    const symbol = '<img src=x onerror=alert(1)>';
    const played = play({
      bars: new Map([[symbol, barsOf([100, 100, 110])]]),
      strategies: [scripted((k, { target }) => (k === 0 ? target(0.5, evil) : undefined))],
    });
    const page = reportHtml({ ...played, sources: [{ file: evil, sha256: evil }], version: evil, command: evil });
    expect(page).not.toMatch(/<script|<img/);
    expect(page.split(escapeHtml(evil)).length - 1).toBeGreaterThanOrEqual(5);
    expect(page).toContain(escapeHtml(symbol));
  });

  it('says what executing its orders cost beside their decisions, by algorithm', () => {
    const algorithm = { kind: 'twap', cycles: 2 };
    const answers = { 0: buy({ quantity: 1 }), 2: sell({ quantity: 1, algorithm }) };
    const { engine } = trade(answers, [CALM, [101, 102, 100, 101], CALM, CALM, CALM, CALM]);
    const run = { engine, times: new Float64Array(), equity: new Float64Array() };
    const shortfall = shortfallOf({ run, definition: engine.definition, bars: new Map() });
    // Bought at 101 what was decided at 100; sold as it was decided.
    expect(shortfall.map(({ algorithm: by, orders, bps }) => [by, orders, bps.total])).toEqual([
      [null, 1, 100],
      ['twap', 1, 0],
    ]);
    expect(html(crossing(300))).toContain('Implementation shortfall, in basis points');
  });

  it('asks for nothing from anywhere, and forbids itself to', () => {
    const page = html(crossing(500));
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/https?:|url\(|@import|<script|\ssrc=/);
  });

  it('of a million bars and tens of thousands of trades stays below 300 kB', { timeout: 120_000 }, () => {
    const bars = new Map([['ABC/USDT', walk(1_000_000, 5, '1m')]]);
    const side = (k: number) => (k % 30 === 0 ? 'buy' : k % 30 === 20 ? 'sell' : undefined);
    const often = scripted((k, { order }) => {
      const turn = side(k);
      return turn && order({ side: turn, type: 'market', quantity: 0.01, reason: 'a turn' });
    }, '1m');
    const page = html(play({ bars, strategies: [often], timeframe: '1m', cash: 1_000_000 }));
    expect(page.includes('The last 200 of 33,334 trades')).toBe(true);
    expect(page.length).toBeLessThan(300_000);
  });

  it('of a run without a trade shows what there is', () => {
    const played = play({ bars: new Map([['ABC/USDT', barsOf([100])]]), strategies: [scripted(() => undefined)] });
    const page = html(played);
    expect(page).toContain('Trades that ended');
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('the line of a chart', () => {
  it('keeps the highest and the lowest point in their columns, however many points there are', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 20_000 }), (seed, length) => {
        const next = generator(seed);
        const values = Float64Array.from({ length }, () => next() * 1_000);
        const times = Float64Array.from({ length }, (_, k) => k);
        const line = { times, values, scale: 10, length };
        const range = rangeOf(line);
        const heights = heightsOf(pathOf(line, range));
        expect(Math.max(...heights)).toBe(length > 1 ? CHART.height : CHART.height / 2);
        expect(Math.min(...heights)).toBe(length > 1 ? 0 : CHART.height / 2);
        expect(heights.length).toBeLessThanOrEqual(4 * (CHART.width + 1));
      }),
      { numRuns: 50 },
    );
  });

  /** The y of every point of a path of M, L and V. */
  const heightsOf = (path: string): number[] =>
    path.split(/(?=[MLV])/).map((step) => Number(step[0] === 'V' ? step.slice(1) : step.slice(1).split(' ')[1]));

  it('is drawn between round values', () => {
    expect(ticksOf({ from: 0, to: 1, low: 6_650, high: 10_700 })).toEqual({
      values: [7_000, 8_000, 9_000, 10_000],
      decimals: 0,
    });
    const small = ticksOf({ from: 0, to: 1, low: -0.123, high: 0 });
    expect(small.values.map((value) => value.toFixed(small.decimals))).toEqual(['-0.10', '-0.05', '0.00']);
  });
});

describe('figures in words', () => {
  it('are grouped, rounded and signed', () => {
    expect(decimalText(1_234_567.891, 2)).toBe('1,234,567.89');
    expect(decimalText(-0.001, 2)).toBe('0.00');
    expect(decimalText(-12.5, 1)).toBe('−12.5');
    expect(decimalText(Number.NaN, 2)).toBe('–');
    expect(percentText(0.12345)).toBe('12.35 %');
    expect(durationText(90_061_000)).toBe('1 d 1 h');
    expect(durationText(60_000)).toBe('1 min');
    expect(durationText(0)).toBe('0 s');
  });
});
