import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../../../core/indicators/catalogue.ts';
import {
  adx,
  aroon,
  atr,
  bollinger,
  cci,
  cmo,
  columnsOf,
  dema,
  donchian,
  ema,
  hma,
  type IndicatorSpec,
  type IndicatorState,
  ichimoku,
  keltner,
  linearRegressionSlope,
  macd,
  mfi,
  roc,
  rollingVwap,
  rsi,
  sma,
  stddev,
  stochastic,
  superTrend,
  tema,
  trix,
  vwap,
  williamsR,
  wma,
} from '../../../core/indicators/index.ts';
import { type BarColumns, barsFromRows } from '../../../core/market/bars.ts';

// Windows far shorter than the series, so that each is passed many times, and one of a single bar.
const specs: readonly IndicatorSpec[] = [
  ...catalogue.map(({ standard }) => standard),
  adx(3),
  aroon(4),
  atr(1),
  bollinger(5, 1.5, { source: 'hlc3' }),
  cci(6),
  cmo(4, { source: 'open' }),
  dema(4),
  donchian(1),
  donchian(7, { excludeCurrent: true }),
  ema(1),
  ema(3, { source: 'hlc3' }),
  hma(5, { source: 'hl2' }),
  ichimoku(2, 3, 5, 4),
  keltner(3, 1, 6),
  linearRegressionSlope(5),
  macd(2, 5, 3, { source: 'hl2' }),
  mfi(3),
  roc(1),
  rollingVwap(4),
  rsi(2, { source: 'low' }),
  sma(1),
  sma(7, { source: 'hl2' }),
  stddev(4, { source: 'high' }),
  stochastic(4, 1, 2),
  superTrend(3, 1),
  tema(2),
  trix(3),
  vwap({ anchor: 'start' }),
  williamsR(3),
  wma(4),
];

const cases = specs.map((spec) => ({ title: `${spec.name}(${spec.parameters.join(', ')})`, spec }));

const price = fc.integer({ min: 1, max: 2_000_000 });
const row = fc.record({
  step: fc.integer({ min: 1, max: 50_000_000 }),
  prices: fc.tuple(price, price, price, price),
  // Quantities of 0, in fractions, and very large.
  volume: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e12, noNaN: true }), fc.integer({ min: 0, max: 1_000 })),
});
const barRows = fc.array(row, { minLength: 1, maxLength: 160 });

const seriesOf = (rows: readonly { step: number; prices: readonly number[]; volume: number }[]): BarColumns => {
  let timestamp = 1_700_000_000_000;
  return barsFromRows(
    rows.map(({ step, prices, volume }) => {
      timestamp += step;
      const [open, , , close] = prices;
      return { timestamp, open, high: Math.max(...prices), low: Math.min(...prices), close, volume };
    }),
    2,
  );
};

describe.each(cases)('$title', ({ spec }) => {
  it('gives the same bits however the bars are cut into blocks', () => {
    fc.assert(
      fc.property(
        barRows,
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
        (rows, sizes) => {
          const bars = seriesOf(rows);
          const out = room(spec, bars.length);
          const indicator = spec.create();
          for (let from = 0, k = 0; from < bars.length; k++) {
            const to = Math.min(bars.length, from + sizes[k % sizes.length]);
            indicator.advance(bars, from, to, out, from);
            from = to;
          }
          expectSameBits(out, whole(spec, bars));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('gives the same bits bar by bar, and after its state went through JSON at any bar', () => {
    fc.assert(
      fc.property(barRows, fc.nat(), (rows, cut) => {
        const bars = seriesOf(rows);
        const out = room(spec, bars.length);
        let indicator = spec.create();
        for (let i = 0; i < bars.length; i++) {
          if (i === cut % bars.length) {
            const state = fromJson(toJson(indicator.snapshot()));
            indicator = spec.create();
            indicator.restore(state);
          }
          indicator.advance(bars, i, i + 1, out, i);
        }
        expectSameBits(out, whole(spec, bars));
      }),
      { numRuns: 30 },
    );
  });

  it('writes where it is told to and nowhere else', () => {
    const bars = seriesOf(fc.sample(barRows, { numRuns: 1, seed: 7 })[0]);
    const out = spec.outputs.map(() => new Float64Array(bars.length + 5).fill(-7));
    spec.create().advance(bars, 0, bars.length, out, 2);
    const expected = whole(spec, bars);
    for (const [k, column] of out.entries()) {
      expectSameBits([column.subarray(2, 2 + bars.length)], [expected[k]]);
      expect([...column.subarray(0, 2), ...column.subarray(2 + bars.length)]).toEqual([-7, -7, -7, -7, -7]);
    }
  });
});

it('series longer than the loop takes at once give the same bits bar by bar', () => {
  const rows = fc.sample(row, { numRuns: 2_500, seed: 11 });
  const bars = seriesOf(rows);
  for (const spec of specs) {
    const out = room(spec, bars.length);
    const indicator = spec.create();
    for (let i = 0; i < bars.length; i++) indicator.advance(bars, i, i + 1, out, i);
    expectSameBits(out, whole(spec, bars));
  }
});

const room = (spec: IndicatorSpec, length: number) => spec.outputs.map(() => new Float64Array(length));

function whole(spec: IndicatorSpec, bars: BarColumns): readonly Float64Array[] {
  const columns: Record<string, Float64Array> = columnsOf(spec, bars);
  return spec.outputs.map((output) => columns[output]);
}

function expectSameBits(actual: readonly Float64Array[], expected: readonly Float64Array[]): void {
  for (const [k, column] of expected.entries()) {
    const differing = column.findIndex((value, i) => !Object.is(value, actual[k][i]));
    if (differing >= 0)
      expect(`bar ${differing}: ${actual[k][differing]}`).toBe(`bar ${differing}: ${column[differing]}`);
  }
}

// JSON has neither NaN nor −0.
const toJson = (state: IndicatorState): string =>
  JSON.stringify(state, (_, value) =>
    typeof value === 'number' && (Number.isNaN(value) || Object.is(value, -0))
      ? { text: Object.is(value, -0) ? '-0' : 'NaN' }
      : value,
  );

const fromJson = (json: string): IndicatorState =>
  JSON.parse(json, (_, value) => (typeof value?.text === 'string' ? Number(value.text) : value));
