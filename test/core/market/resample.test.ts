import { describe, expect, it } from 'vitest';
import { type BarColumns, barAt, barsFromRows } from '../../../core/market/bars.ts';
import { createResampler, type ResampledBar, resample } from '../../../core/market/resample.ts';
import { recorded, recordedFound, recordedSeries } from './recorded.ts';

const MINUTE = 60_000;

function barsAt(minutes: readonly number[]): BarColumns {
  return barsFromRows(
    minutes.map((minute) => ({
      timestamp: minute * MINUTE,
      open: 10 + minute,
      high: 20 + minute,
      low: 5,
      close: 11 + minute,
      volume: 0.1,
    })),
    2,
  );
}

describe('the resampler', () => {
  it('emits a bar when its last base bar has closed', () => {
    const emitted: [ResampledBar, number][] = [];
    createResampler('1m', '5m').advance(barsAt([0, 1, 2, 3, 4, 5]), 0, 6, (bar, index) => emitted.push([bar, index]));
    expect(emitted).toEqual([[{ timestamp: 0, open: 10, high: 24, low: 5, close: 15, volume: 0.5, count: 5 }, 4]]);
  });

  it('emits a bar that lacks its last base bars when a later period begins', () => {
    const { bars, counts, knownAt } = resample(barsAt([0, 1, 7, 9, 20]), '1m', '5m');
    expect([...bars.timestamp]).toEqual([0, 5 * MINUTE]);
    expect([...counts]).toEqual([2, 2]);
    expect([...knownAt]).toEqual([2, 3]);
  });

  it('ends a bar when the next period begins at once', () => {
    const { bars, counts } = resample(barsAt([0, 1, 5]), '1m', '5m');
    expect([[...bars.timestamp], [...counts]]).toEqual([[0], [2]]);
  });

  it('makes no bar for a period without base bars, and none of an unfinished period', () => {
    expect([...resample(barsAt([4, 14, 15, 16]), '1m', '5m').bars.timestamp]).toEqual([0, 10 * MINUTE]);
  });

  it('begins weeks on Monday', () => {
    const day = 24 * 60;
    const { bars } = resample(barsAt([3, 4, 5, 6, 7, 8, 9, 10, 11].map((d) => d * day)), '1d', '1w');
    expect([...bars.timestamp]).toEqual([-3 * day * MINUTE, 4 * day * MINUTE]);
  });

  it('sums volumes without drift: ten times a tenth is one', () => {
    expect(resample(barsAt([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), '1m', '10m').bars.volume[0]).toBe(1);
  });

  it('continues from a snapshot at every bar as if it had not stopped', () => {
    const bars = barsAt([1, 2, 3, 4, 5, 8, 11, 12, 13, 14, 15, 21]);
    // Too large to be taken for a decimal, so that the carried error shows.
    for (let i = 0; i < bars.length; i++) bars.volume[i] = i % 4 === 0 ? 1e16 : 1.5;
    const whole: ResampledBar[] = [];
    createResampler('1m', '5m').advance(bars, 0, bars.length, (bar) => whole.push(bar));
    for (let cut = 0; cut <= bars.length; cut++) {
      const parts: ResampledBar[] = [];
      const first = createResampler('1m', '5m');
      first.advance(bars, 0, cut, (bar) => parts.push(bar));
      const second = createResampler('1m', '5m');
      second.restore(structuredClone(first.snapshot()));
      for (let i = cut; i < bars.length; i++) second.advance(bars, i, i + 1, (bar) => parts.push(bar));
      expect(parts).toEqual(whole);
    }
  });

  it('refuses bars out of order and timeframes that do not divide', () => {
    expect(() => resample(barsAt([3, 2]), '1m', '5m')).toThrowError(/overlaps or precedes/);
    expect(() => resample(barsAt([3, 3]), '1m', '5m')).toThrowError(/overlaps or precedes/);
    expect(() => createResampler('1h', '90m')).toThrowError(/cannot be made/);
    expect(() => createResampler('1h', '1h')).toThrowError(/cannot be made/);
  });
});

describe.skipIf(!recordedFound)('against recorded bars', () => {
  /** Compares every complete resampled bar with the recorded one at its time; volumes to 1e-12, prices exactly. */
  function compare(
    made: ReturnType<typeof resample>,
    perBar: number,
    known: BarColumns,
  ): { equal: number; sameVolume: number } {
    const at = new Map([...known.timestamp].map((time, i) => [time, i]));
    let equal = 0;
    let sameVolume = 0;
    for (let i = 0; i < made.bars.length; i++) {
      if (made.counts[i] !== perBar) continue;
      const { volume, ...prices } = barAt(made.bars, i);
      const { volume: knownVolume, ...knownPrices } = barAt(known, at.get(prices.timestamp)!);
      expect(prices).toEqual(knownPrices);
      expect(Math.abs(volume - knownVolume)).toBeLessThanOrEqual(1e-12 * knownVolume);
      if (volume === knownVolume) sameVolume++;
      equal++;
    }
    return { equal, sameVolume };
  }

  it('adds up 1-minute bars to 395 of 395 complete 5-minute bars of another source', async () => {
    const minutes = await recordedSeries('crypto/binance_btcusdt_1m_2024_02.parquet');
    const known = (await recorded('crypto/binance_spot_5m_2024.parquet')).get('BTC/USDT')!;
    expect(compare(resample(minutes, '1m', '5m'), 5, known)).toEqual({ equal: 395, sameVolume: 395 });
  });

  it('adds up 5-minute bars to every 15-minute and hourly bar', async () => {
    const base = await recorded('crypto/binance_spot_5m_2024.parquet');
    for (const [longer, perBar] of [
      ['15m', 3],
      ['1h', 12],
    ] as const) {
      const known = await recorded(`crypto/binance_spot_${longer}_2024.parquet`);
      for (const [symbol, bars] of base) {
        const series = known.get(symbol);
        if (!series) continue;
        const { equal, sameVolume } = compare(resample(bars, '5m', longer), perBar, series);
        expect(equal).toBeGreaterThanOrEqual(Math.floor(bars.length / perBar) - 1);
        expect(sameVolume).toBe(equal);
      }
    }
  });
});
