import { describe, expect, it } from 'vitest';
import { type Bar, type BarColumns, barsFromRows } from '../../../core/market/bars.ts';
import {
  checkBars,
  createQualityCheck,
  inferTimeframeMs,
  type QualityOptions,
  type Verdict,
} from '../../../core/market/quality.ts';
import { recorded, recordedFound, recordedSeries } from './recorded.ts';

const MINUTE = 60_000;

/** Minute bars of a gently moving price, then changed. */
function minutes(
  count: number,
  change: (bar: { -readonly [K in keyof Bar]: Bar[K] }, i: number) => void = () => {},
): BarColumns {
  const rows = Array.from({ length: count }, (_, i) => {
    const price = 10_000 + ((i * 7) % 11);
    const bar = { timestamp: i * MINUTE, open: price, high: price + 5, low: price - 5, close: price + 1, volume: 3 };
    change(bar, i);
    return bar;
  });
  return barsFromRows(rows, 2);
}

const check = (bars: BarColumns, options: Partial<QualityOptions> = {}) =>
  checkBars(bars, { timeframe: '1m', ...options });
const kinds = (bars: BarColumns, options: Partial<QualityOptions> = {}): [string, Verdict, number][] =>
  check(bars, options).findings.map(({ kind, verdict, index }) => [kind, verdict, index]);

describe('the quality check', () => {
  it('finds nothing in clean bars', () => {
    expect(check(minutes(300))).toMatchObject({ bars: 300, missingBars: 0, findings: [], verdict: 'accept' });
  });

  it('counts what is missing in a gap and accepts the bar after it', () => {
    const bars = minutes(10, (bar, i) => {
      if (i >= 4) bar.timestamp += 3 * MINUTE;
    });
    expect(check(bars)).toMatchObject({ missingBars: 3, verdict: 'accept' });
    expect(check(bars).findings[0]).toMatchObject({
      kind: 'gap',
      index: 4,
      detail: '3 bars are missing after 1970-01-01T00:03:00Z',
    });
  });

  it('finds no gap while the exchange is closed', () => {
    const friday = Date.UTC(2024, 1, 9, 20, 59);
    const monday = Date.UTC(2024, 1, 12, 14, 30);
    const bars = minutes(2, (bar, i) => {
      bar.timestamp = i === 0 ? friday : monday;
    });
    expect(kinds(bars, { calendar: 'XNYS' })).toEqual([]);
    expect(check(bars).missingBars).toBe((monday - friday) / MINUTE - 1);
  });

  it('drops a bar that is there twice and refuses one that contradicts the first', () => {
    const bars = minutes(6, (bar, i) => {
      if (i >= 3) bar.timestamp -= MINUTE;
      if (i === 3) Object.assign(bar, { ...barAtMinute(2) });
      if (i === 5) Object.assign(bar, { timestamp: 3 * MINUTE });
    });
    expect(kinds(bars)).toEqual([
      ['duplicate', 'drop', 3],
      ['duplicate', 'refuse', 5],
    ]);
  });

  it('refuses a bar that comes after a later one, and goes on from the later one', () => {
    const bars = minutes(6, (bar, i) => {
      if (i === 3) bar.timestamp = 0;
      if (i > 3) bar.timestamp -= MINUTE;
    });
    expect(kinds(bars)).toEqual([['order', 'refuse', 3]]);
  });

  it('refuses prices that are not finite and positive, volumes below zero and highs that are not the highest', () => {
    const bars = minutes(12, (bar, i) => {
      if (i === 2) bar.close = Number.NaN;
      if (i === 4) bar.low = 0;
      if (i === 6) bar.volume = -1;
      if (i === 8) bar.high = bar.open - 1;
      if (i === 10) bar.open = Number.POSITIVE_INFINITY;
    });
    expect(kinds(bars)).toEqual([
      ['price', 'refuse', 2],
      ['price', 'refuse', 4],
      ['volume', 'refuse', 6],
      ['ohlc', 'refuse', 8],
      ['price', 'refuse', 10],
    ]);
  });

  it('finds a jump and the way back, and no jump below the smallest return that counts', () => {
    const jump = (to: number) =>
      minutes(200, (bar, i) => {
        if (i === 150) Object.assign(bar, { open: to, high: to, low: to, close: to });
      });
    expect(kinds(jump(12_000)).map(([kind, , index]) => [kind, index])).toEqual([
      ['outlier', 150],
      ['outlier', 151],
    ]);
    expect(kinds(jump(10_150))).toEqual([]);
  });

  it('finds a stretch of equal closes without volume once', () => {
    const frozen = (volume: number) =>
      minutes(100, (bar, i) => {
        if (i >= 20 && i < 80) Object.assign(bar, { open: 10_000, high: 10_000, low: 10_000, close: 10_000, volume });
      });
    expect(kinds(frozen(0))).toEqual([['stale', 'accept', 50]]);
    expect(kinds(frozen(1))).toEqual([]);
  });

  it('finds bars off the grid of their timeframe', () => {
    const bars = minutes(3, (bar, i) => {
      if (i === 1) bar.timestamp += 3;
    });
    expect(kinds(bars).map(([kind]) => kind)).toEqual(['off-grid']);
  });

  it('says when a series is late, and not while the exchange is closed', () => {
    const late = createQualityCheck({ timeframe: '1m' });
    expect(late.checkAge(0)).toMatchObject({ kind: 'stale', detail: 'there is no bar at all' });
    late.advance(minutes(5), 0, 5);
    expect(late.checkAge(6 * MINUTE)).toBeUndefined();
    expect(late.checkAge(7 * MINUTE)?.detail).toContain('2 bars have closed since');
    const equity = createQualityCheck({ timeframe: '1m', calendar: 'XNYS' });
    equity.advance(
      minutes(1, (bar) => void (bar.timestamp = Date.UTC(2024, 1, 9, 20, 59))),
      0,
      1,
    );
    expect(equity.checkAge(Date.UTC(2024, 1, 12, 14, 31))).toBeUndefined();
    expect(equity.checkAge(Date.UTC(2024, 1, 12, 14, 32))).toBeDefined();
  });

  it('keeps a bounded list and counts on, with verdicts as asked', () => {
    const bars = minutes(50, (bar) => void (bar.timestamp *= 2));
    const report = check(bars, { maxFindings: 5, verdicts: { gap: 'refuse' } });
    expect([report.findings.length, report.counts.gap, report.verdict]).toEqual([5, 49, 'refuse']);
    expect(() => check(bars, { staleBars: 1 })).toThrowError(/staleBars/);
    expect(() => check(bars, { stalebars: 3 } as never)).toThrowError(/stalebars/);
  });

  it('continues from a snapshot at any bar as if it had not stopped', () => {
    const bars = minutes(260, (bar, i) => {
      if (i > 100) bar.timestamp += 5 * MINUTE;
      if (i === 200) bar.close = bar.high = 20_000;
      if (i === 230) bar.close = Number.NaN;
    });
    const whole = createQualityCheck({ timeframe: '1m' });
    whole.advance(bars, 0, bars.length);
    for (const cut of [0, 1, 50, 101, 199, 201, 230, 259]) {
      const first = createQualityCheck({ timeframe: '1m' });
      first.advance(bars, 0, cut);
      const second = createQualityCheck({ timeframe: '1m' });
      second.restore(structuredClone(first.snapshot()));
      second.advance(bars, cut, bars.length);
      expect(second.report()).toEqual(whole.report());
      expect(second.snapshot()).toEqual(whole.snapshot());
    }
  });

  it('infers the most common distance between bars', () => {
    expect(inferTimeframeMs(minutes(50, (bar, i) => void (bar.timestamp += i > 20 ? 9 * MINUTE : 0)).timestamp)).toBe(
      MINUTE,
    );
    expect(inferTimeframeMs(minutes(1).timestamp)).toBeUndefined();
  });
});

function barAtMinute(i: number): Bar {
  const bars = minutes(i + 1);
  return {
    timestamp: bars.timestamp[i],
    open: bars.open[i],
    high: bars.high[i],
    low: bars.low[i],
    close: bars.close[i],
    volume: bars.volume[i],
  };
}

describe.skipIf(!recordedFound)('on recorded bars', () => {
  it('finds the gaps that are really there', async () => {
    const found: Record<string, [number, number]> = {};
    for (const [name, timeframe] of [
      ['unittest_btc_1m_2017_11', '1m'],
      ['xrpeth_1m_2019', '1m'],
      ['coinbase_btcusd_1d_2014_2018', '1d'],
      ['bitfinex_btcusd_1h_2013_10', '1h'],
    ] as const) {
      const report = check(await recordedSeries(`crypto/${name}.parquet`), { timeframe });
      found[name] = [report.counts.gap, report.missingBars];
    }
    expect(found).toEqual({
      unittest_btc_1m_2017_11: [538, 717],
      xrpeth_1m_2019: [676, 1_091],
      coinbase_btcusd_1d_2014_2018: [8, 34],
      bitfinex_btcusd_1h_2013_10: [7, 9],
    });
  });

  it('finds the 33 bars in a row that ADA/BTC lacks', async () => {
    const ada = (await recorded('crypto/altbtc_5m_2018_01.parquet')).get('ADA/BTC')!;
    const report = check(ada, { timeframe: '5m' });
    expect([report.counts.gap, report.missingBars]).toEqual([5, 40]);
    expect(report.findings.map(({ detail }) => detail)).toContain('33 bars are missing after 2018-01-15T11:55:00Z');
  });

  it('finds no gap in daily equity on its own calendar', async () => {
    expect(check(await recordedSeries('equity/spy_1d.parquet'), { timeframe: '1d', calendar: 'XNYS' }).counts.gap).toBe(
      0,
    );
  });

  it('finds the 7 for 1 split in raw prices', async () => {
    const report = check(await recordedSeries('equity/aapl_1d.parquet'), { timeframe: '1d', calendar: 'XNYS' });
    const days = report.findings.filter(({ kind }) => kind === 'outlier').map(({ timestamp }) => timestamp);
    expect(days).toContain(Date.UTC(2014, 5, 9));
  });
});
