/**
 * The families of features. All are free of scale, so that a model that was trained on gold at 1,200 may be asked at 2,400, and every one
 * looks at bars that have closed and at nothing else.
 */

import { channelEdges } from '../../indicators/bands.ts';
import {
  adx,
  aroon,
  atr,
  cci,
  cmo,
  ema,
  type IndicatorSpec,
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
import { DAY_MS } from '../../market/civil.ts';
import {
  bandPosition,
  body,
  closeAbove,
  cyclic,
  difference,
  lowerShadow,
  percentOfClose,
  ratioOf,
  taken,
  upperShadow,
} from './combining.ts';
import type { Combine } from './feature.ts';

/** What a family makes of the numbers in a feature's name: `rsi-14`, `atr-ratio-14-100`. */
export interface Family {
  readonly doc: string;
  /** How many lengths it takes, in bars. */
  readonly lengths: number;
  readonly reads: (...lengths: number[]) => readonly IndicatorSpec[];
  readonly combine: Combine;
}

/** Bars of the true range that distances are measured in. */
const RANGE_BARS = 14;
const WEEK_MS = 7 * DAY_MS;
/** A Monday, 00:00 UTC. */
const MONDAY = 4 * DAY_MS;

/** An output of one indicator as it is, without anything else. */
const one = (doc: string, indicator: (length: number) => IndicatorSpec, combine = taken(0)): Family => ({
  doc,
  lengths: 1,
  reads: (length) => [indicator(length)],
  combine,
});

/** A level's distance from the close, in average true ranges. */
const above = (doc: string, level: (length: number) => IndicatorSpec): Family => ({
  doc,
  lengths: 1,
  reads: (length) => [level(length), atr(RANGE_BARS)],
  combine: closeAbove,
});

/** Of the bars alone. */
const plain = (doc: string, combine: Combine): Family => ({ doc, lengths: 0, reads: () => [], combine });

const converging = (doc: string, combine: Combine): Family => ({
  doc,
  lengths: 0,
  reads: () => [macd(12, 26, 9), atr(RANGE_BARS)],
  combine,
});

export const FAMILIES: { readonly [name: string]: Family } = {
  return: one('Change of the close over the bars, in percent', roc),
  rsi: one('Relative strength index', rsi),
  cci: one('Commodity channel index', cci),
  cmo: one('Chande momentum oscillator', cmo),
  mfi: one('Money flow index', mfi),
  'williams-r': one('Williams %R', williamsR),
  adx: one('Average directional index', adx),
  direction: one('+DI less −DI', adx, difference(1, 2)),
  aroon: one('Aroon up less down', aroon, taken(2)),
  stochastic: one('Stochastic %K, smoothed over 3 bars', (length) => stochastic(length, 3, 3)),
  macd: converging('MACD (12, 26) in average true ranges', ratioOf(0, 3)),
  'macd-histogram': converging('MACD (12, 26, 9) less its signal, in average true ranges', ratioOf(2, 3)),
  'above-sma': above('Close less its simple average, in average true ranges', sma),
  'above-ema': above('Close less its exponential average, in average true ranges', ema),
  slope: {
    doc: 'Slope of the least-squares line a bar, in average true ranges',
    lengths: 1,
    reads: (length) => [linearRegressionSlope(length), atr(RANGE_BARS)],
    combine: ratioOf(0, 1),
  },
  'band-position': {
    doc: 'Close less its average, in standard deviations',
    lengths: 1,
    reads: (length) => [sma(length), stddev(length)],
    combine: closeAbove,
  },
  'band-width': one(
    'Width of the Bollinger bands (2 deviations) in percent of the close',
    stddev,
    // From two deviations below the average to two above it.
    percentOfClose(4),
  ),
  'range-position': one('Where the close lies in the highs and lows of the bars, −1 to 1', channelEdges, bandPosition),
  'atr-share': one('Average true range in percent of the close', atr, percentOfClose()),
  'atr-ratio': {
    doc: 'A short average true range by a long one',
    lengths: 2,
    reads: (short, long) => [atr(short), atr(long)],
    combine: ratioOf(0, 1),
  },
  body: plain('Close less open by the bar’s range', body),
  'upper-shadow': plain('High less the higher of open and close, by the bar’s range', upperShadow),
  'lower-shadow': plain('The lower of open and close less low, by the bar’s range', lowerShadow),
  'hour-sin': plain('Hour of the bar’s open (UTC), as a sine', cyclic(Math.sin, 0, DAY_MS)),
  'hour-cos': plain('Hour of the bar’s open (UTC), as a cosine', cyclic(Math.cos, 0, DAY_MS)),
  'week-sin': plain('Time of the week at the bar’s open (UTC), as a sine', cyclic(Math.sin, MONDAY, WEEK_MS)),
  'week-cos': plain('Time of the week at the bar’s open (UTC), as a cosine', cyclic(Math.cos, MONDAY, WEEK_MS)),
};
