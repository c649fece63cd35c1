import { beforeEach, describe, expect, it } from 'vitest';
import { goneOn } from '../../../adapters/lake/gone-on.ts';
import { createLake, type Lake } from '../../../adapters/lake/lake.ts';
import { type BarColumns, barAt, barsFromRows, sliceBars } from '../../../core/market/bars.ts';
import { resample } from '../../../core/market/resample.ts';
import { HOUR_MS, walk } from '../../core/models/walk.ts';
import { MemoryStore } from './stores.ts';

const MINUTE_MS = 60_000;
const HOURS = walk(48);
const SERIES = { provenance: 'live', venue: 'kept', symbol: 'A', timeframe: '1h' } as const;
let lake: Lake;
beforeEach(() => {
  lake = createLake(new MemoryStore());
});

const closeOf = (count: number): number => HOURS.timestamp[count - 1] + HOUR_MS;
const rowsOf = (bars: BarColumns) => Array.from({ length: bars.length }, (_, k) => barAt(bars, k));

describe('recorded bars and the lake', () => {
  it('are one series, from the end of the recorded ones on, as it was known by then', async () => {
    await lake.appendBars({ ...SERIES, bars: sliceBars(HOURS, 10, 30), knownAt: closeOf(30) });
    await lake.appendBars({ ...SERIES, bars: sliceBars(HOURS, 30, 48), knownAt: closeOf(48) });
    const whole = await goneOn(sliceBars(HOURS, 0, 20), '1h', { lake, series: SERIES }, closeOf(48));
    expect(rowsOf(whole)).toEqual(rowsOf(HOURS));
    const earlier = await goneOn(sliceBars(HOURS, 0, 20), '1h', { lake, series: SERIES }, closeOf(30));
    expect(rowsOf(earlier)).toEqual(rowsOf(sliceBars(HOURS, 0, 30)));
  });

  it('of which the lake has nothing are the recorded ones, and the other way round', async () => {
    expect(rowsOf(await goneOn(HOURS, '1h', { lake, series: SERIES }, closeOf(48)))).toEqual(rowsOf(HOURS));
    await lake.appendBars({ ...SERIES, bars: HOURS, knownAt: closeOf(48) });
    const none = sliceBars(HOURS, 0, 0);
    expect(rowsOf(await goneOn(none, '1h', { lake, series: SERIES }, closeOf(48)))).toEqual(rowsOf(HOURS));
  });

  it('of a shorter timeframe begin after the last recorded bar, and not within it', async () => {
    const quarters = barsFromRows(
      Array.from({ length: 4 * 6 }, (_, k) => ({
        ...barAt(HOURS, 0),
        timestamp: HOURS.timestamp[0] + k * 15 * MINUTE_MS,
      })),
      2,
    );
    const series = { ...SERIES, timeframe: '15m' } as const;
    await lake.appendBars({ ...series, bars: quarters, knownAt: closeOf(6) });
    const made = await goneOn(sliceBars(HOURS, 0, 3), '1h', { lake, series }, closeOf(6));
    const expected = resample(quarters, '15m', '1h').bars;
    expect(rowsOf(made)).toEqual([...rowsOf(sliceBars(HOURS, 0, 3)), ...rowsOf(sliceBars(expected, 3, 6))]);
  });

  it('have prices at the most decimals of the two', async () => {
    const fine = barsFromRows(
      rowsOf(sliceBars(HOURS, 2, 4)).map((bar) => ({
        ...bar,
        open: bar.open * 10,
        high: bar.high * 10,
        low: bar.low * 10,
        close: bar.close * 10,
      })),
      3,
    );
    await lake.appendBars({ ...SERIES, bars: fine, knownAt: closeOf(4) });
    const made = await goneOn(sliceBars(HOURS, 0, 2), '1h', { lake, series: SERIES }, closeOf(4));
    expect(made.priceDecimals).toBeGreaterThanOrEqual(2);
    const price = (bars: BarColumns, k: number): number => bars.close[k] / 10 ** bars.priceDecimals;
    for (let k = 0; k < 4; k++) expect(price(made, k)).toBe(price(HOURS, k));
  });
});
