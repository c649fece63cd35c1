/**
 * The families of features. All are free of scale, so that a model that was trained on gold at 1,200 may be asked at 2,400, and every one
 * looks at bars that have closed and at nothing else.
 */
import {
  adx,
  aroon,
  atr,
  bollinger,
  cci,
  cmo,
  donchian,
  ema,
  linearRegressionSlope,
  macd,
  mfi,
  roc,
  rsi,
  sma,
  stddev,
  stochastic,
  williamsR,
} from '../../indicators/index.ts';
import type { IndicatorSpec } from '../../indicators/indicator.ts';
import type { BarColumns } from '../../market/bars.ts';
import { DAY_MS } from '../../market/civil.ts';
import { type Combine, feature, ratio } from './feature.ts';

/** What a family makes of the numbers in a feature's name: `rsi-14`, `atr-ratio-14-100`. */
export interface Family {
  /** Lengths that it takes, in bars. */
  readonly lengths: number;
  readonly doc: string;
  make(name: string, lengths: readonly number[]): IndicatorSpec<'value'>;
}

/** Bars of the true range that distances are measured in. */
const RANGE_BARS = 14;
const WEEK_MS = 7 * DAY_MS;
/** A Monday, 00:00 UTC. */
const MONDAY = 4 * DAY_MS;

/** A feature that is an indicator's output as it is, or a sum of its outputs. */
const outputs =
  (
    make: (length: number) => IndicatorSpec,
    of: (inputs: readonly Float64Array[], k: number) => number,
  ): Family['make'] =>
  (name, [length]) =>
    feature(name, [make(length)], (out, inputs, _bars, _from, count) => {
      for (let k = 0; k < count; k++) out[k] = of(inputs, k);
    });

/** A feature of the close and what the indicators say. */
const ofClose =
  (
    reads: (lengths: readonly number[]) => readonly IndicatorSpec[],
    of: (close: number, inputs: readonly Float64Array[], k: number) => number,
  ): Family['make'] =>
  (name, lengths) =>
    feature(name, reads(lengths), (out, inputs, { close }, from, count, unit) => {
      for (let k = 0; k < count; k++) out[k] = of(close[from + k] / unit, inputs, k);
    });

/** A feature of one bar alone. */
const ofBar =
  (of: (bars: BarColumns, i: number) => number): Family['make'] =>
  (name) =>
    feature(name, [], (out, _inputs, bars, from, count) => {
      for (let k = 0; k < count; k++) out[k] = of(bars, from + k);
    });

/** A feature of the hour or the day at which a bar opened. */
const cyclic = (wave: (angle: number) => number, start: number, period: number): Family['make'] => {
  const combine: Combine = (out, _inputs, { timestamp }, from, count) => {
    for (let k = 0; k < count; k++) {
      const since = (timestamp[from + k] - start) % period;
      out[k] = wave((2 * Math.PI * since) / period);
    }
  };
  return (name) => feature(name, [], combine);
};

const first = (inputs: readonly Float64Array[], k: number): number => inputs[0][k];

export const FAMILIES: { readonly [name: string]: Family } = {
  return: { lengths: 1, doc: 'Change of the close over the bars, in percent', make: outputs(roc, first) },
  rsi: { lengths: 1, doc: 'Relative strength index', make: outputs(rsi, first) },
  cci: { lengths: 1, doc: 'Commodity channel index', make: outputs(cci, first) },
  cmo: { lengths: 1, doc: 'Chande momentum oscillator', make: outputs(cmo, first) },
  mfi: { lengths: 1, doc: 'Money flow index', make: outputs(mfi, first) },
  'williams-r': { lengths: 1, doc: 'Williams %R', make: outputs(williamsR, first) },
  adx: { lengths: 1, doc: 'Average directional index', make: outputs(adx, first) },
  direction: { lengths: 1, doc: '+DI less −DI', make: outputs(adx, ([, plus, minus], k) => plus[k] - minus[k]) },
  aroon: { lengths: 1, doc: 'Aroon up less down', make: outputs(aroon, (inputs, k) => inputs[2][k]) },
  stochastic: {
    lengths: 1,
    doc: 'Stochastic %K, smoothed over 3 bars',
    make: outputs((length) => stochastic(length, 3, 3), first),
  },
  macd: {
    lengths: 0,
    doc: 'MACD (12, 26) in average true ranges',
    make: ofClose(
      () => [macd(12, 26, 9), atr(RANGE_BARS)],
      (_, [line, , , range], k) => ratio(line[k], range[k]),
    ),
  },
  'macd-histogram': {
    lengths: 0,
    doc: 'MACD (12, 26, 9) less its signal, in average true ranges',
    make: ofClose(
      () => [macd(12, 26, 9), atr(RANGE_BARS)],
      (_, [, , histogram, range], k) => ratio(histogram[k], range[k]),
    ),
  },
  'above-sma': {
    lengths: 1,
    doc: 'Close less its simple average, in average true ranges',
    make: ofClose(
      ([length]) => [sma(length), atr(RANGE_BARS)],
      (close, [average, range], k) => ratio(close - average[k], range[k]),
    ),
  },
  'above-ema': {
    lengths: 1,
    doc: 'Close less its exponential average, in average true ranges',
    make: ofClose(
      ([length]) => [ema(length), atr(RANGE_BARS)],
      (close, [average, range], k) => ratio(close - average[k], range[k]),
    ),
  },
  slope: {
    lengths: 1,
    doc: 'Slope of the least-squares line a bar, in average true ranges',
    make: ofClose(
      ([length]) => [linearRegressionSlope(length), atr(RANGE_BARS)],
      (_, [slope, range], k) => ratio(slope[k], range[k]),
    ),
  },
  'band-position': {
    lengths: 1,
    doc: 'Close less its average, in standard deviations',
    make: ofClose(
      ([length]) => [sma(length), stddev(length)],
      (close, [average, deviation], k) => ratio(close - average[k], deviation[k]),
    ),
  },
  'band-width': {
    lengths: 1,
    doc: 'Width of the Bollinger bands (2 deviations) in percent of the close',
    make: ofClose(
      ([length]) => [bollinger(length, 2)],
      (close, [upper, , lower], k) => ratio(100 * (upper[k] - lower[k]), close),
    ),
  },
  'range-position': {
    lengths: 1,
    doc: 'Where the close lies in the highs and lows of the bars, −1 to 1',
    make: ofClose(
      ([length]) => [donchian(length)],
      (close, [upper, , lower], k) => ratio(2 * close - upper[k] - lower[k], upper[k] - lower[k]),
    ),
  },
  'atr-share': {
    lengths: 1,
    doc: 'Average true range in percent of the close',
    make: ofClose(
      ([length]) => [atr(length)],
      (close, [range], k) => ratio(100 * range[k], close),
    ),
  },
  'atr-ratio': {
    lengths: 2,
    doc: 'A short average true range by a long one',
    make: ofClose(
      ([short, long]) => [atr(short), atr(long)],
      (_, [short, long], k) => ratio(short[k], long[k]),
    ),
  },
  body: {
    lengths: 0,
    doc: 'Close less open by the bar’s range',
    make: ofBar(({ open, high, low, close }, i) => ratio(close[i] - open[i], high[i] - low[i])),
  },
  'upper-shadow': {
    lengths: 0,
    doc: 'High less the higher of open and close, by the bar’s range',
    make: ofBar(({ open, high, low, close }, i) => ratio(high[i] - Math.max(open[i], close[i]), high[i] - low[i])),
  },
  'lower-shadow': {
    lengths: 0,
    doc: 'The lower of open and close less low, by the bar’s range',
    make: ofBar(({ open, high, low, close }, i) => ratio(Math.min(open[i], close[i]) - low[i], high[i] - low[i])),
  },
  'hour-sin': { lengths: 0, doc: 'Hour of the bar’s open (UTC), as a sine', make: cyclic(Math.sin, 0, DAY_MS) },
  'hour-cos': { lengths: 0, doc: 'Hour of the bar’s open (UTC), as a cosine', make: cyclic(Math.cos, 0, DAY_MS) },
  'week-sin': {
    lengths: 0,
    doc: 'Time of the week at the bar’s open (UTC), as a sine',
    make: cyclic(Math.sin, MONDAY, WEEK_MS),
  },
  'week-cos': {
    lengths: 0,
    doc: 'Time of the week at the bar’s open (UTC), as a cosine',
    make: cyclic(Math.cos, MONDAY, WEEK_MS),
  },
};
