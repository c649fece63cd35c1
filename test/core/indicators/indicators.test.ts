import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../../../core/indicators/catalogue.ts';
import {
  aroon,
  atr,
  bollinger,
  cci,
  cmo,
  columnsOf,
  donchian,
  ema,
  hma,
  ichimoku,
  keltner,
  linearRegressionSlope,
  macd,
  mfi,
  obv,
  parabolicSar,
  roc,
  rollingVwap,
  rsi,
  sma,
  stddev,
  stochastic,
  superTrend,
  vwap,
  williamsR,
  wma,
} from '../../../core/indicators/index.ts';
import { type BarColumns, barsFromRows } from '../../../core/market/bars.ts';

describe('parameters', () => {
  // biome-ignore lint/suspicious/noExplicitAny: what a person without types may write
  const factories = Object.fromEntries(catalogue.map(({ name, factory }) => [name, factory as any]));
  const lengths: readonly (readonly [string, (length: unknown) => unknown])[] = [
    ...catalogue
      .filter(({ name }) => !['obv', 'vwap', 'parabolicSar', 'macd'].includes(name))
      .map(({ name }) => [name, (length: unknown) => factories[name](length)] as const),
    ['macd fast', (length) => factories.macd(length, 26, 9)],
    ['macd slow', (length) => factories.macd(12, length, 9)],
    ['macd signal', (length) => factories.macd(12, 26, length)],
    ['stochastic smoothing', (length) => factories.stochastic(14, length, 3)],
    ['stochastic signal', (length) => factories.stochastic(14, 3, length)],
    ['keltner range', (length) => factories.keltner(20, 2, length)],
    ['ichimoku displacement', (length) => factories.ichimoku(9, 26, 52, length)],
  ];

  it.each(lengths)('%s refuses a length that is not a whole number from 1 to 100,000', (_, make) => {
    for (const length of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 100_001, '14', null]) {
      expect(() => make(length)).toThrow(expect.objectContaining({ code: 'INDICATOR_PARAMETER' }));
    }
  });

  it('multipliers must be above 0 and at most 1,000', () => {
    for (const factor of [0, -2, Number.NaN, 1_001, '2']) {
      expect(() => factories.bollinger(20, factor)).toThrow(expect.objectContaining({ code: 'INDICATOR_PARAMETER' }));
      expect(() => factories.keltner(20, factor)).toThrow(expect.objectContaining({ code: 'INDICATOR_PARAMETER' }));
      expect(() => factories.superTrend(10, factor)).toThrow(expect.objectContaining({ code: 'INDICATOR_PARAMETER' }));
      expect(() => factories.parabolicSar(factor)).toThrow(expect.objectContaining({ code: 'INDICATOR_PARAMETER' }));
    }
  });

  it('the fast length of a MACD must be below the slow one, the step of a parabolic stop at most its maximum', () => {
    expect(() => macd(26, 26, 9)).toThrow('macd cannot have 26 as its fast length');
    expect(() => parabolicSar(0.3, 0.2)).toThrow('parabolicSar cannot have 0.3 as its step');
  });

  it('an unknown source or anchor is refused with the known ones', () => {
    expect(() => factories.sma(3, { source: 'typical' })).toThrow(
      expect.objectContaining({
        code: 'INDICATOR_PARAMETER',
        remedy: 'use one of open, high, low, close, hl2, hlc3',
      }),
    );
    expect(() => factories.vwap({ anchor: 'week' })).toThrow('vwap cannot have week as its anchor');
  });

  it('options that are not an object, or have an unknown key, are refused', () => {
    for (const options of ['hl2', null, { src: 'hl2' }]) {
      expect(() => factories.ema(3, options)).toThrow(expect.objectContaining({ code: 'INDICATOR_PARAMETER' }));
      expect(() => factories.donchian(3, options)).toThrow(expect.objectContaining({ code: 'INDICATOR_PARAMETER' }));
      expect(() => factories.vwap(options)).toThrow(expect.objectContaining({ code: 'INDICATOR_PARAMETER' }));
    }
  });

  it('the longest windows are accepted', () => {
    expect(sma(100_000).warmUp).toBe(100_000);
    expect(donchian(100_000).create()).toBeDefined();
  });
});

describe('specs', () => {
  it('say what they are, on which timeframe', () => {
    const spec = macd(12, 26, 9, { source: 'hlc3' });
    expect(spec).toMatchObject({ name: 'macd', parameters: [12, 26, 9, 'hlc3'], warmUp: 34, timeframe: undefined });
    expect(spec.outputs).toEqual(['macd', 'signal', 'histogram']);
    expect(spec.on('1h')).toMatchObject({ name: 'macd', parameters: [12, 26, 9, 'hlc3'], warmUp: 34, timeframe: '1h' });
  });

  it('of the catalogue are there once each, under the name of their factory', () => {
    const names = catalogue.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, factory, call, outputs, standard } of catalogue) {
      expect(factory.name).toBe(name);
      expect(standard.outputs).toEqual(outputs);
      expect(call).toMatch(new RegExp(`^${name}\\([\\d., ]*\\)$`));
    }
  });

  it.each(catalogue)(
    '$call: every output is a number from the end of the warm-up on, and not all before',
    ({ standard }) => {
      const columns = Object.values(columnsOf(standard, walk(300)));
      const { warmUp } = standard;
      for (const column of columns) expect(column.subarray(warmUp - 1).findIndex(Number.isNaN)).toBe(-1);
      if (warmUp > 1) expect(columns.some((column) => Number.isNaN(column[warmUp - 2]))).toBe(true);
      // No number is followed by NaN: an output begins once.
      for (const column of columns) expect(column.findLastIndex(Number.isNaN)).toBeLessThan(warmUp - 1);
      for (const column of columns)
        expect(column.indexOf(column.find((x) => !Number.isNaN(x)) as number)).toBe(
          column.findLastIndex(Number.isNaN) + 1,
        );
    },
  );

  it('refuse a state that another indicator or other parameters wrote', () => {
    const state = sma(5).create().snapshot();
    for (const other of [sma(6), ema(5), rsi(5)]) {
      expect(() => other.create().restore(state)).toThrow(expect.objectContaining({ code: 'INDICATOR_STATE' }));
    }
    expect(() => sma(5).create().restore({})).toThrow('its fields differ');
    expect(() =>
      sma(5)
        .create()
        .restore(null as never),
    ).toThrow('its fields differ');
  });
});

describe('values computed by hand', () => {
  const closes = (...prices: number[]) => flat(prices);
  const value = (spec: ReturnType<typeof sma>, bars: BarColumns) => Array.from(columnsOf(spec, bars).value);
  const { NaN: none } = Number;

  it('sma(3) of 1, 2, 6, 7 is 3, then 5', () => {
    expect(value(sma(3), closes(1, 2, 6, 7))).toEqual([none, none, 3, 5]);
  });

  it('ema(3) starts from the simple average and moves half of the way', () => {
    expect(value(ema(3), closes(1, 2, 6, 7))).toEqual([none, none, 3, 5]);
    expect(value(ema(3), closes(1, 2, 6, 8))).toEqual([none, none, 3, 5.5]);
  });

  it('wma(3) of 1, 2, 6 is (1 + 4 + 18) / 6', () => {
    expect(value(wma(3), closes(1, 2, 6, 7))).toEqual([none, none, 23 / 6, 35 / 6]);
  });

  it('rsi(2) averages gains and losses as Wilder does', () => {
    // Changes +2, −1, +3: averages (1, 0.5), then (2, 0.25).
    expect(value(rsi(2), closes(10, 12, 11, 14))).toEqual([none, none, (100 * 1) / 1.5, (100 * 2) / 2.25]);
  });

  it('prices are in plain units, from each source', () => {
    const bars = barsFromRows([{ timestamp: 0, open: 110, high: 130, low: 100, close: 121, volume: 1 }], 2);
    const sources = { open: 1.1, high: 1.3, low: 1, close: 1.21, hl2: 1.15, hlc3: 1.17 } as const;
    for (const [source, expected] of Object.entries(sources)) {
      expect(value(sma(1, { source: source as keyof typeof sources }), bars)).toEqual([expected]);
      expect(value(ema(1, { source: source as keyof typeof sources }), bars)).toEqual([expected]);
    }
  });

  it('atr takes the gap from the close before into the range', () => {
    const bars = barsFromRows(
      [
        { timestamp: 0, open: 10, high: 12, low: 9, close: 10, volume: 0 },
        { timestamp: 1, open: 15, high: 16, low: 14, close: 15, volume: 0 },
        { timestamp: 2, open: 9, high: 10, low: 8, close: 9, volume: 0 },
      ],
      0,
    );
    expect(value(atr(2), bars)).toEqual([none, none, (6 + 7) / 2]);
  });

  it('donchian includes the bar itself, or leaves it out when told to', () => {
    const bars = closes(1, 5, 2, 3);
    expect(Array.from(columnsOf(donchian(2), bars).upper)).toEqual([none, 5, 5, 3]);
    expect(Array.from(columnsOf(donchian(2, { excludeCurrent: true }), bars).upper)).toEqual([none, none, 5, 5]);
  });

  it('vwap starts again with each UTC day and is the typical price while nothing trades', () => {
    const hour = 3_600_000;
    const rows = [22, 23, 24, 25].map((h, i) => ({
      timestamp: h * hour,
      open: 0,
      high: 10 * i + 2,
      low: 10 * i + 1,
      close: 10 * i,
      volume: [1, 3, 0, 5][i],
    }));
    expect(value(vwap(), barsFromRows(rows, 0))).toEqual([1, (1 + 33) / 4, 21, 31]);
    expect(value(vwap({ anchor: 'start' }), barsFromRows(rows, 0))).toEqual([1, 34 / 4, 34 / 4, (34 + 155) / 9]);
  });

  it('obv starts at 0', () => {
    const bars = barsFromRows(
      [5, 6, 6, 4].map((close, i) => ({ timestamp: i, open: close, high: close, low: close, close, volume: i + 1 })),
      0,
    );
    expect(value(obv(), bars)).toEqual([0, 2, 2, -2]);
  });

  it('aroon counts the bars since the extremes', () => {
    const { up, down } = columnsOf(aroon(4), closes(3, 9, 1, 5, 4));
    expect([up[4], down[4]]).toEqual([25, 50]);
  });

  it('superTrend changes side where the close reaches the stop', () => {
    const rises = Array.from({ length: 20 }, (_, i) => 100 + 2 * i);
    const { direction } = columnsOf(superTrend(5, 2), closes(...rises, 100, 60, 50));
    expect(direction[19]).toBe(1);
    expect(direction[22]).toBe(-1);
  });
});

describe('prices that never move', () => {
  const still = flat(Array.from({ length: 120 }, () => 123_45));
  const last = (columns: Record<string, Float64Array>) => Object.values(columns).map((column) => column[119]);

  it.each(catalogue)('give numbers only: $call', ({ standard }) => {
    expect(last(columnsOf(standard, still)).every(Number.isFinite)).toBe(true);
  });

  it('are in the middle of each oscillator', () => {
    expect(last(columnsOf(rsi(14), still))).toEqual([50]);
    expect(last(columnsOf(stochastic(), still))).toEqual([50, 50]);
    expect(last(columnsOf(williamsR(), still))).toEqual([-50]);
    expect(last(columnsOf(mfi(), still))).toEqual([50]);
    expect(last(columnsOf(cci(), still))).toEqual([0]);
    expect(last(columnsOf(cmo(), still))).toEqual([0]);
  });

  it('are their own averages, to the last bit', () => {
    const averages = [sma(7), ema(7), wma(7), hma(7), vwap(), rollingVwap(7)];
    for (const spec of averages) expect(columnsOf(spec, still).value[119]).toBe(12345);
    expect(last(columnsOf(bollinger(), still))).toEqual([12345, 12345, 12345]);
    expect(last(columnsOf(keltner(), still))).toEqual([12345, 12345, 12345]);
    expect(last(columnsOf(ichimoku(), still))).toEqual([12345, 12345, 12345, 12345, 12345]);
    expect(last(columnsOf(linearRegressionSlope(), still))).toEqual([0]);
    expect(last(columnsOf(roc(5), still))).toEqual([0]);
  });
});

describe('exactness', () => {
  const series = fc.array(fc.integer({ min: 1, max: 10_000_000_000 }), { minLength: 1, maxLength: 120 });
  const length = fc.integer({ min: 1, max: 30 });

  it('sma and wma are the correctly rounded quotient of the exact sums', () => {
    fc.assert(
      fc.property(series, length, (prices, n) => {
        const bars = flat(prices);
        const simple = columnsOf(sma(n), bars).value;
        const weighted = columnsOf(wma(n), bars).value;
        for (let i = n - 1; i < prices.length; i++) {
          const window = prices.slice(i - n + 1, i + 1);
          expect(simple[i]).toBe(window.reduce((sum, x) => sum + x, 0) / n);
          expect(weighted[i]).toBe(window.reduce((sum, x, j) => sum + (j + 1) * x, 0) / ((n * (n + 1)) / 2));
        }
      }),
    );
  });

  it('donchian is the highest and the lowest of the window', () => {
    fc.assert(
      fc.property(series, length, (prices, n) => {
        const { upper, lower } = columnsOf(donchian(n), flat(prices));
        for (let i = n - 1; i < prices.length; i++) {
          const window = prices.slice(i - n + 1, i + 1);
          expect([upper[i], lower[i]]).toEqual([Math.max(...window), Math.min(...window)]);
        }
      }),
    );
  });

  it('a deviation is right for prices whose squares are far beyond 2^53', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 30, maxLength: 90 }), (steps) => {
        const base = 2 ** 51;
        // The first lap is far away, and must not be what distances are taken from in the end.
        const prices = [...Array.from({ length: 20 }, () => 1), ...steps.map((step) => base + step)];
        const value = columnsOf(stddev(20), flat(prices)).value.subarray(20);
        for (let i = 20; i < steps.length; i++) {
          const window = steps.slice(i - 19, i + 1);
          const mean = window.reduce((sum, x) => sum + x, 0) / 20;
          const deviation = Math.sqrt(window.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 20);
          expect(Math.abs(value[i] - deviation)).toBeLessThanOrEqual(1e-9 * deviation);
        }
      }),
    );
  });

  it('a window without inflow has a money flow of exactly 0, whatever flowed before', () => {
    const closes = [
      ...Array.from({ length: 50 }, (_, i) => 1_000 + (i % 7) * 13),
      ...Array.from({ length: 6 }, (_, i) => 900 - i),
    ];
    const rows = closes.map((close, i) => ({
      timestamp: i,
      open: close,
      high: close,
      low: close,
      close,
      volume: 0.1 + i / 3,
    }));
    expect(columnsOf(mfi(5), barsFromRows(rows, 0)).value[55]).toBe(0);
  });

  it('averages of equal windows are equal after a million bars', () => {
    const bars = walk(1_000_000);
    const { value } = columnsOf(sma(30, { source: 'hlc3' }), bars);
    let sum = 0;
    for (let i = 999_970; i < 1_000_000; i++) sum += bars.high[i] + bars.low[i] + bars.close[i];
    expect(value[999_999]).toBe(sum / (90 * 100));
  });
});

/** Bars whose four prices are the same, with no decimals and a volume of 1, a minute apart. */
function flat(prices: readonly number[]): BarColumns {
  return barsFromRows(
    prices.map((price, i) => ({
      timestamp: i * 60_000,
      open: price,
      high: price,
      low: price,
      close: price,
      volume: 1,
    })),
    0,
  );
}

/** A random walk with two decimals, the same each time. */
function walk(length: number): BarColumns {
  let state = 12_345;
  let close = 1_000_000;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
  return barsFromRows(
    Array.from({ length }, (_, i) => {
      const open = close;
      close = Math.max(1_000, close + random(2_001) - 1_000);
      const high = Math.max(open, close) + random(300);
      return {
        timestamp: i * 60_000,
        open,
        high,
        low: Math.min(open, close) - random(300),
        close,
        volume: random(5_000),
      };
    }),
    2,
  );
}
