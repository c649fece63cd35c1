import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { createLake, LAKE_LIMITS, type Lake, type SeriesId } from '../../../adapters/lake/lake.ts';
import { type BarColumns, barsFromRows } from '../../../core/market/bars.ts';
import { recordedFound, recordedSeries } from '../../core/market/recorded.ts';
import { DirectoryStore, MemoryStore } from './stores.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const series: SeriesId = { provenance: 'recorded', venue: 'binance', symbol: 'BTC/USDT:USDT', timeframe: '1m' };

/** One-minute bars at the given minutes, all of one price. */
const barsAt = (times: readonly number[], price: number, decimals = 2): BarColumns =>
  barsFromRows(
    times.map((time) => ({
      timestamp: time,
      open: price,
      high: price + 2,
      low: price - 1,
      close: price + 1,
      volume: 0.5,
    })),
    decimals,
  );

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

const stores = {
  memory: async () => new MemoryStore(),
  directory: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'plimsoll-lake-'));
    folders.push(folder);
    return new DirectoryStore(folder);
  },
};

const everything = (lake: Lake, knownAt?: number) => lake.readBars({ ...series, from: 0, to: 10 * DAY, knownAt });

describe.each(Object.entries(stores))('the lake in %s', (_, store) => {
  it('gives back what was appended, over the border of a day, within the span', async () => {
    const lake = createLake(await store());
    const bars = barsAt([DAY - MINUTE, DAY, DAY + MINUTE], 6_912_345);
    const keys = await lake.appendBars({ ...series, bars, knownAt: DAY + 2 * MINUTE });
    expect(keys.map((key) => key.replace(/[0-9a-f]{32}/, 'hash'))).toEqual([
      'bars/recorded/binance/BTC%2FUSDT%3AUSDT/1m/1970-01-01/a000000086520000-hash.parquet',
      'bars/recorded/binance/BTC%2FUSDT%3AUSDT/1m/1970-01-02/a000000086520000-hash.parquet',
    ]);
    const read = await everything(lake);
    expect(read.bars).toEqual(bars);
    expect([...read.knownAt]).toEqual(Array(3).fill(DAY + 2 * MINUTE));
    expect(read.segments).toEqual(keys);
    expect([...(await lake.readBars({ ...series, from: DAY, to: DAY + MINUTE })).bars.timestamp]).toEqual([DAY]);
  });

  it('sees a revision from when it was known, and not before', async () => {
    const lake = createLake(await store());
    await lake.appendBars({ ...series, bars: barsAt([0, MINUTE], 100), knownAt: 1_000 });
    await lake.appendBars({ ...series, bars: barsAt([MINUTE], 300), knownAt: 2_000 });
    const opens = async (knownAt?: number): Promise<number[]> => [...(await everything(lake, knownAt)).bars.open];
    expect(await opens(999)).toEqual([]);
    expect(await opens(1_000)).toEqual([100, 100]);
    expect(await opens(1_999)).toEqual([100, 100]);
    expect(await opens(2_000)).toEqual([100, 300]);
    expect(await opens()).toEqual([100, 300]);
  });

  it('stores the same content once', async () => {
    const objects = await store();
    const lake = createLake(objects);
    const request = { ...series, bars: barsAt([0], 100), knownAt: 1_000 };
    expect(await lake.appendBars(request)).toEqual(await lake.appendBars(request));
    expect(await objects.list('bars/', { limit: 10 })).toHaveLength(1);
  });

  it('keeps simulated and recorded bars of one venue apart', async () => {
    const lake = createLake(await store());
    await lake.appendBars({ ...series, provenance: 'simulated', bars: barsAt([0], 100), knownAt: 1 });
    expect((await everything(lake)).bars.length).toBe(0);
  });

  it('shows every old time the same before and after compaction, again and again, with bars that came meanwhile', async () => {
    const objects = await store();
    const lake = createLake(objects);
    await lake.appendBars({ ...series, bars: barsAt([0, MINUTE, DAY], 100), knownAt: 1_000 });
    await lake.appendBars({ ...series, bars: barsAt([MINUTE, 2 * MINUTE], 1_234, 3), knownAt: 2_000 });
    const times = [500, 1_000, 1_500, 2_000, 2_500, 3_000, 9_000, undefined];
    const view = async () =>
      Promise.all(times.map(async (time) => ({ ...(await everything(lake, time)), segments: [] })));
    const before = await view();
    const first = await lake.compact({ ...series, from: 0, to: 10 * DAY });
    expect(first).toHaveLength(1);
    expect(await view()).toEqual(before);
    await lake.appendBars({ ...series, bars: barsAt([0], 777), knownAt: 3_000 });
    const grown = await view();
    expect(grown.slice(0, 5)).toEqual(before.slice(0, 5));
    expect(grown.at(-1)!.bars.open[0]).toBe(7_770);
    await lake.compact({ ...series, from: 0, to: 10 * DAY });
    expect(await view()).toEqual(grown);
    expect(await lake.compact({ ...series, from: 0, to: 10 * DAY })).toEqual([]);
    expect((await everything(lake)).segments.filter((key) => key.includes('/c'))).toHaveLength(1);
  });
});

describe('the lake', () => {
  it('agrees with a plain list of what was known when, whatever is appended and compacted', async () => {
    const append = fc.record({
      known: fc.integer({ min: 0, max: 5 }),
      times: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 }),
      price: fc.integer({ min: 2, max: 1_000 }),
    });
    const step = fc.oneof(append, fc.constant('compact' as const));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        const lake = createLake(new MemoryStore());
        const known: { known: number; time: number; price: number }[] = [];
        for (const each of steps) {
          if (each === 'compact') {
            await lake.compact({ ...series, from: 0, to: 10 * DAY });
            continue;
          }
          // A price of its own for each known-at time, so that no two segments tie.
          const price = each.known * 1_000 + 500;
          const times = [...each.times].sort((a, b) => a - b);
          await lake.appendBars({
            ...series,
            bars: barsAt(
              times.map((time) => time * 12 * 3_600_000),
              price,
            ),
            knownAt: each.known,
          });
          for (const time of times) known.push({ known: each.known, time: time * 12 * 3_600_000, price });
        }
        for (let asOf = 0; asOf <= 5; asOf++) {
          const latest = new Map<number, { known: number; price: number }>();
          for (const row of known) {
            if (row.known <= asOf && row.known >= (latest.get(row.time)?.known ?? -1)) latest.set(row.time, row);
          }
          const read = await everything(lake, asOf);
          expect([...read.bars.timestamp].map((time, i) => [time, read.bars.open[i]])).toEqual(
            [...latest].sort((a, b) => a[0] - b[0]).map(([time, { price }]) => [time, price]),
          );
        }
      }),
      { numRuns: 40 },
    );
  });

  it('reads beyond one page of a listing', async () => {
    const store = new MemoryStore();
    const lake = createLake(store);
    const count = LAKE_LIMITS.listPage + 50;
    for (let i = 0; i < count; i++) await lake.appendBars({ ...series, bars: barsAt([i * MINUTE], 100), knownAt: i });
    expect((await everything(lake)).bars.length).toBe(count);
  });

  it('decides between two segments known at the same time alike in any order of arrival', async () => {
    const opens: number[] = [];
    const priceOfKey = new Map<string, number>();
    for (const prices of [
      [100, 200],
      [200, 100],
    ]) {
      const lake = createLake(new MemoryStore());
      for (const price of prices) {
        const [key] = await lake.appendBars({ ...series, bars: barsAt([0], price), knownAt: 7 });
        priceOfKey.set(key, price);
      }
      opens.push((await everything(lake)).bars.open[0]);
      await lake.compact({ ...series, from: 0, to: DAY });
      opens.push((await everything(lake)).bars.open[0]);
    }
    const greatest = [...priceOfKey.keys()].sort().at(-1)!;
    expect(opens).toEqual(Array(4).fill(priceOfKey.get(greatest)));
  });

  it('refuses a segment whose content is not what its name states, and one that is gone', async () => {
    const store = new MemoryStore();
    const lake = createLake(store);
    const [key] = await lake.appendBars({ ...series, bars: barsAt([0], 100), knownAt: 1 });
    const bytes = store.objects.get(key)!;
    bytes[40] ^= 1;
    await expect(everything(lake)).rejects.toThrowError(/does not have the content/);
    store.get = async () => undefined;
    await expect(everything(lake)).rejects.toThrowError(/is not there/);
  });

  it('refuses bars out of order, not finite or not scaled', async () => {
    const lake = createLake(new MemoryStore());
    const append = (bars: BarColumns, knownAt = 1) => lake.appendBars({ ...series, bars, knownAt });
    await expect(append(barsAt([MINUTE, 0], 100))).rejects.toThrowError(/out of order/);
    await expect(append(barsAt([0], Number.NaN))).rejects.toThrowError(/the open NaN/);
    await expect(append(barsAt([0], 1.5))).rejects.toThrowError(/the open 1.5/);
    await expect(append(barsAt([0], 100), -1)).rejects.toThrowError(/known-at time of -1/);
    await expect(lake.appendBars({ ...series, symbol: '', bars: barsAt([0], 100), knownAt: 1 })).rejects.toThrowError(
      /without venue or symbol/,
    );
  });

  it.skipIf(!recordedFound)('holds recorded bars to the last digit', async () => {
    const lake = createLake(new MemoryStore());
    const bars = await recordedSeries('crypto/binance_btcusdt_1m_2024_02.parquet');
    await lake.appendBars({ ...series, bars, knownAt: 1_707_500_000_000 });
    expect((await lake.readBars({ ...series, from: 0, to: 1e13 })).bars).toEqual(bars);
  });
});
