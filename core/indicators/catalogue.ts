import { aroon } from './aroon.ts';
import { bollinger, donchian, keltner } from './bands.ts';
import { adx } from './directional.ts';
import type { IndicatorSpec } from './indicator.ts';
import { macd, trix } from './macd.ts';
import { cmo, roc, rsi } from './momentum.ts';
import { dema, ema, hma, sma, tema, wma } from './moving-averages.ts';
import { cci, stochastic, williamsR } from './oscillators.ts';
import { parabolicSar } from './parabolic-sar.ts';
import { ichimoku, linearRegressionSlope, superTrend } from './trend.ts';
import { atr, stddev } from './volatility.ts';
import { mfi, obv, rollingVwap, vwap } from './volume.ts';

/** One indicator, for documentation and for lists to choose from. */
export interface CatalogueEntry {
  /** The factory's name, which is also the name of its specs. */
  readonly name: string;
  /** Makes the spec, from arguments as in `call`. */
  readonly factory: (...parameters: never[]) => IndicatorSpec;
  /** How it is usually written in a strategy. */
  readonly call: string;
  /** What it is, in one line. */
  readonly doc: string;
  readonly outputs: readonly string[];
  /** The spec that `call` makes. */
  readonly standard: IndicatorSpec;
}

/** Every indicator, by name. */
export const catalogue: readonly CatalogueEntry[] = [
  entry(adx, adx(14), 'Average directional index with +DI and −DI: the strength of a trend and its side, 0 to 100'),
  entry(aroon, aroon(25), 'Bars since the highest high and lowest low, as 0 to 100, and their difference'),
  entry(atr, atr(14), 'Average true range, in price units (Wilder)'),
  entry(bollinger, bollinger(20, 2), 'Simple average, and two standard deviations above and below it'),
  entry(cci, cci(20), 'Commodity channel index: distance from the average in mean deviations'),
  entry(cmo, cmo(14), 'Chande momentum oscillator: gains less losses over their sum, −100 to 100'),
  entry(dema, dema(20), 'Double exponential moving average, with less lag than the single one'),
  entry(donchian, donchian(20), 'Highest high, lowest low and their middle'),
  entry(ema, ema(20), 'Exponential moving average'),
  entry(hma, hma(20), 'Hull moving average: weighted averages combined for little lag'),
  entry(ichimoku, ichimoku(9, 26, 52, 26), 'Ichimoku Kinko Hyo: conversion and base line, and the cloud at this bar'),
  entry(keltner, keltner(20, 2, 10), 'Exponential average, and two average true ranges above and below it'),
  entry(linearRegressionSlope, linearRegressionSlope(14), 'Slope of the least-squares line, in price units a bar'),
  entry(macd, macd(12, 26, 9), 'Fast less slow exponential average, its signal line and their difference'),
  entry(mfi, mfi(14), 'Money flow index: share of volume-weighted price that flowed upwards, 0 to 100'),
  entry(obv, obv(), 'On-balance volume: volume added on rises and taken off on falls'),
  entry(parabolicSar, parabolicSar(0.02, 0.2), 'Parabolic stop and reverse, in price units, and its side (1 or −1)'),
  entry(roc, roc(10), 'Rate of change in percent'),
  entry(rollingVwap, rollingVwap(50), 'Volume-weighted average price over a number of bars'),
  entry(rsi, rsi(14), 'Relative strength index, 0 to 100 (Wilder)'),
  entry(sma, sma(20), 'Simple moving average, exact: equal averages compare equal'),
  entry(stddev, stddev(20), 'Population standard deviation, in price units'),
  entry(
    stochastic,
    stochastic(14, 3, 3),
    'Where the close lies in the recent range, 0 to 100: smoothed %K and its average %D',
  ),
  entry(
    superTrend,
    superTrend(10, 3),
    'Stop that trails at a multiple of the average true range, and its side (1 or −1)',
  ),
  entry(tema, tema(20), 'Triple exponential moving average, with less lag than the double one'),
  entry(trix, trix(15), 'Change in percent of a triple-smoothed exponential average'),
  entry(vwap, vwap(), 'Volume-weighted average price since the start of the UTC day'),
  entry(williamsR, williamsR(14), 'Williams %R: how far the close lies below the recent high, −100 to 0'),
  entry(wma, wma(20), 'Linearly weighted moving average'),
];

function entry(factory: CatalogueEntry['factory'], standard: IndicatorSpec, doc: string): CatalogueEntry {
  const numbers = standard.parameters.filter((parameter) => typeof parameter === 'number');
  const call = `${standard.name}(${numbers.join(', ')})`;
  return { name: standard.name, factory, call, doc, outputs: standard.outputs, standard };
}
