import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { naturalLog, wholeExp2 } from '../../../adapters/venues/simulated/noise.ts';
import { SIMULATED_SYMBOLS, SimulatedVenue } from '../../../adapters/venues/simulated.ts';
import type { BarColumns } from '../../../core/market/bars.ts';
import { resample } from '../../../core/market/resample.ts';
import { barOpenAt, type Timeframe, timeframeMs } from '../../../core/market/timeframe.ts';

const DAY = 86_400_000;
const YEAR = 365 * DAY;
const START = Date.UTC(2026, 10, 2);
const FAR = Date.UTC(2200, 0, 1);

const venueAt = (now: number, seed = 'test'): SimulatedVenue => new SimulatedVenue({ seed, now: () => now });

const columns = (from: number, to: number, timeframe: Timeframe, symbol = 'BTC/USDT', seed = 'test'): BarColumns =>
  venueAt(FAR, seed).columns(symbol, timeframe, from, to, 1_000_000);

const anySymbol = fc.constantFrom(...SIMULATED_SYMBOLS);
const anyTime = fc.integer({ min: 0, max: 100 * YEAR });

describe('the simulated exchange', () => {
  test('lists its instruments with fees, decimals and a smallest order, and calls itself simulated', async () => {
    const venue = venueAt(START);
    const instruments = await venue.instruments(SIMULATED_SYMBOLS);
    expect(venue.provenance).toBe('simulated');
    expect(instruments.map((one) => [one.symbol, one.venue, one.settlement])).toEqual([
      ['BTC/USDT', 'simulated', 'USDT'],
      ['ETH/USDT', 'simulated', 'USDT'],
      ['SOL/USDT', 'simulated', 'USDT'],
    ]);
    expect(instruments[0]).toMatchObject({ priceDecimals: 2, quantityDecimals: 5, makerFeeBps: 10, minNotional: 5e8 });
  });

  test('names the nearest symbol for one that it does not list', async () => {
    await expect(venueAt(START).instruments(['BTC/USD'])).rejects.toMatchObject({
      code: 'SYMBOL_UNKNOWN',
      remedy: expect.stringContaining('BTC/USDT'),
    });
  });

  test('gives the same bars today as in the first release', () => {
    const bars = columns(START, START + 120_000, '1m');
    const rows = [0, 1].map((i) => [bars.open[i], bars.high[i], bars.low[i], bars.close[i], bars.volume[i]]);
    expect(rows).toMatchInlineSnapshot(`
      [
        [
          2392765,
          2392957,
          2389795,
          2390501,
          23.36135,
        ],
        [
          2390501,
          2392225,
          2388561,
          2388574,
          26.94106,
        ],
      ]
    `);
  });

  test('makes longer bars that are exactly what shorter ones add up to', () => {
    const longer = fc.constantFrom<Timeframe>('5m', '7m', '15m', '1h', '4h', '1d');
    fc.assert(
      fc.property(anySymbol, anyTime, longer, (symbol, time, timeframe) => {
        const from = barOpenAt(time, timeframe) + timeframeMs(timeframe);
        const to = from + 2 * timeframeMs(timeframe);
        expectSameBars(
          resample(columns(from, to, '1m', symbol), '1m', timeframe).bars,
          columns(from, to, timeframe, symbol),
        );
      }),
      { numRuns: 60 },
    );
  });

  test('makes minutes that are exactly what seconds add up to', () => {
    fc.assert(
      fc.property(anyTime, (time) => {
        const from = barOpenAt(time, '1m');
        const to = from + 600_000;
        expectSameBars(resample(columns(from, to, '1s'), '1s', '1m').bars, columns(from, to, '1m'));
      }),
      { numRuns: 30 },
    );
  });

  test('opens weeks on Mondays, made of their days', () => {
    const from = barOpenAt(START, '1w');
    const to = from + 5 * 7 * DAY;
    const weeks = columns(from, to, '1w');
    expect(new Date(weeks.timestamp[0]).getUTCDay()).toBe(1);
    expectSameBars(resample(columns(from, to, '1d'), '1d', '1w').bars, weeks);
  });

  test('gives a bar asked for alone as it gives it among its neighbours', () => {
    const day = columns(START, START + DAY, '1m');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1439 }), (minute) => {
        const from = START + minute * 60_000;
        const alone = columns(from, from + 60_000, '1m');
        expect(fieldsAt(alone, 0)).toEqual(fieldsAt(day, minute));
      }),
    );
  });

  test('shows only bars that have closed, and never changes one with the clock', async () => {
    const [bitcoin] = await venueAt(START).instruments(['BTC/USDT']);
    const all = await venueAt(FAR).bars(bitcoin, '5m', START, START + DAY, 1000);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: DAY }), async (elapsed) => {
        const seen = await venueAt(START + elapsed).bars(bitcoin, '5m', START, START + DAY, 1000);
        expect(seen).toEqual(all.slice(0, Math.floor(elapsed / 300_000)));
      }),
      { numRuns: 40 },
    );
  });

  test('gives what opens in the span, from the first on, and at most the limit', async () => {
    const venue = venueAt(FAR);
    const [bitcoin] = await venue.instruments(['BTC/USDT']);
    const opens = async (from: number, to: number, limit: number) =>
      (await venue.bars(bitcoin, '1m', from, to, limit)).map((bar) => (bar.timestamp - START) / 60_000);
    expect(await opens(START, START + 180_000, 10)).toEqual([0, 1, 2]);
    expect(await opens(START + 1, START + 180_001, 10)).toEqual([1, 2, 3]);
    expect(await opens(START, START + DAY, 2)).toEqual([0, 1]);
    expect(await opens(START, START, 2)).toEqual([]);
    expect(await venue.bars(bitcoin, '1m', 0, 120_000, 5)).toHaveLength(2);
    await expect(venue.bars(bitcoin, '1m', 0, 1, 0)).rejects.toMatchObject({ code: 'RANGE_INVALID' });
    await expect(venue.bars(bitcoin, '1m', Number.NaN, 1, 1)).rejects.toMatchObject({ code: 'RANGE_INVALID' });
  });

  test.each(SIMULATED_SYMBOLS)(
    'keeps %s sound for 20 years: on its tick, within a factor of 16, without a jump between bars',
    async (symbol) => {
      const bars = columns(START, START + 20 * YEAR, '1h', symbol);
      const reference = { 'BTC/USDT': 6_000_000, 'ETH/USDT': 300_000, 'SOL/USDT': 15_000 }[symbol]!;
      let worst = 'none';
      for (let i = 0; i < bars.length; i++) {
        const [time, open, high, low, close, volume] = fieldsAt(bars, i);
        const sound =
          time === START + i * 3_600_000 &&
          [open, high, low, close].every((price) => Number.isInteger(price)) &&
          high >= Math.max(open, close) &&
          low <= Math.min(open, close) &&
          low >= reference / 16 - 1 &&
          high <= reference * 16 + 1 &&
          volume >= 0 &&
          (i === 0 || open === bars.close[i - 1]);
        if (!sound) worst = `bar ${i}: ${fieldsAt(bars, i)}`;
      }
      expect(bars.length).toBe(20 * 365 * 24);
      expect(worst).toBe('none');
    },
  );

  test('moves as a market does: about 60 % a year, fat tails, quiet and wild times', () => {
    const worlds = ['a', 'b', 'c', 'd', 'e', 'f'].map((seed) =>
      momentsOf(columns(START, START + YEAR, '5m', 'BTC/USDT', seed)),
    );
    const mean = (pick: (one: Moments) => number) => worlds.reduce((sum, one) => sum + pick(one), 0) / worlds.length;
    expect(mean((one) => one.annualVolatility)).toBeGreaterThan(0.45);
    expect(mean((one) => one.annualVolatility)).toBeLessThan(0.75);
    expect(mean((one) => one.kurtosis)).toBeGreaterThan(6);
    expect(mean((one) => one.sizeCorrelation)).toBeGreaterThan(0.15);
    expect(Math.abs(mean((one) => one.returnCorrelation))).toBeLessThan(0.1);
    expect(mean((one) => one.volumeWithSize)).toBeGreaterThan(0.2);
  });

  test('is another market for another seed and another symbol', () => {
    const closes = (symbol: string, seed: string) =>
      Array.from(columns(START, START + 3_600_000, '1m', symbol, seed).close);
    expect(closes('BTC/USDT', 'one')).not.toEqual(closes('BTC/USDT', 'two'));
    expect(closes('ETH/USDT', 'one')).not.toEqual(closes('SOL/USDT', 'one'));
  });
});

describe('noise that is the same everywhere', () => {
  test('takes logarithms and powers of two to what their definition allows', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-9, max: 1, noNaN: true }),
        fc.double({ min: 12, max: 51, noNaN: true }),
        (x, power) => {
          expect(Math.abs(naturalLog(x) - Math.log(x))).toBeLessThan(2e-9);
          expect(Math.abs(wholeExp2(power) / 2 ** power - 1)).toBeLessThan(2e-4);
        },
      ),
    );
  });

  test('never puts a larger power below a smaller one', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 51, noNaN: true }), fc.integer({ min: 0, max: 4 }), (x, ulps) => {
        expect(wholeExp2(x + ulps * 2 ** -47)).toBeGreaterThanOrEqual(wholeExp2(x));
      }),
      { numRuns: 1000 },
    );
  });
});

function fieldsAt(bars: BarColumns, i: number): number[] {
  return [bars.timestamp[i], bars.open[i], bars.high[i], bars.low[i], bars.close[i], bars.volume[i]];
}

function expectSameBars(actual: BarColumns, expected: BarColumns): void {
  for (const field of ['timestamp', 'open', 'high', 'low', 'close'] as const) {
    expect(Array.from(actual[field])).toEqual(Array.from(expected[field]));
  }
  expected.volume.forEach((volume, i) => {
    // Whole lots, divided once here and once a bar there: equal but for the last bit.
    expect(Math.abs(actual.volume[i] - volume)).toBeLessThanOrEqual(volume * 1e-13);
  });
}

interface Moments {
  readonly annualVolatility: number;
  readonly kurtosis: number;
  /** Of the size of a return with the size of the next. */
  readonly sizeCorrelation: number;
  readonly returnCorrelation: number;
  readonly volumeWithSize: number;
}

function momentsOf(bars: BarColumns): Moments {
  const returns = Array.from(bars.close, (close, i) => Math.log(close / bars.open[i]));
  const sizes = returns.map(Math.abs);
  const square = average(returns.map((r) => r * r));
  return {
    annualVolatility: Math.sqrt(square * (YEAR / 300_000)),
    kurtosis: average(returns.map((r) => r ** 4)) / square ** 2,
    sizeCorrelation: correlation(sizes.slice(1), sizes.slice(0, -1)),
    returnCorrelation: correlation(returns.slice(1), returns.slice(0, -1)),
    volumeWithSize: correlation(sizes, Array.from(bars.volume)),
  };
}

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function correlation(x: readonly number[], y: readonly number[]): number {
  const [mx, my] = [average(x), average(y)];
  const covariance = average(x.map((value, i) => (value - mx) * (y[i] - my)));
  return covariance / Math.sqrt(average(x.map((v) => (v - mx) ** 2)) * average(y.map((v) => (v - my) ** 2)));
}
