/** The test windows of a walk forward, one after another: what whoever chose, or trained, as time went on would have earned. */
import { drawdownOf } from '../../backtest/equity.ts';
import { probabilisticSharpeRatio, type SharpeMoments, sharpeMoments } from '../overfitting/probabilistic-sharpe.ts';
import { type Deflation, figureOr } from '../sweep/doubts.ts';
import { sharpeOf } from '../sweep/returns.ts';
import type { Outcome, Span } from './stretches.ts';

/** A window in which nothing was chosen or learned on its own bars. */
export interface TestedWindow {
  readonly test: Span;
  readonly outOfSample: Outcome;
  /** Of the test window, bar by bar, net of all costs. */
  readonly returns: Float64Array;
}

export interface StitchedFigures {
  /** The test windows, one after another, compounded. */
  readonly outOfSample: Outcome & { readonly bars: number; readonly windowsWithProfit: number };
  /** Of the returns per bar. */
  readonly moments: SharpeMoments | null;
  /** That the true ratio out of sample is above 0. */
  readonly probabilisticSharpe: number | null;
  readonly deflation: Deflation | null;
  readonly missing: readonly { readonly figure: string; readonly why: string }[];
}

/**
 * A figure that cannot be had is null, and `missing` says why.
 * @param deflate by what was tried; null where nothing else was
 */
export function judgeStitched(
  windows: readonly TestedWindow[],
  deflate: (moments: SharpeMoments) => Deflation | null,
): StitchedFigures {
  const missing: { figure: string; why: string }[] = [];
  const had = <T>(figure: string, work: () => T): T | null => figureOr(work, (why) => missing.push({ figure, why }));
  const returns = stitched(windows.map((window) => window.returns));
  const moments = had('the Sharpe ratio out of sample', () => sharpeMoments(returns));
  const equity = compoundedFrom(1, returns);
  return {
    outOfSample: {
      bars: returns.length,
      sharpe: sharpeOf(returns),
      totalReturn: equity[returns.length] - 1,
      maxDrawdown: drawdownOf(equity, 1).depth,
      trades: windows.reduce((sum, { outOfSample }) => sum + outOfSample.trades, 0),
      windowsWithProfit: windows.filter(({ outOfSample }) => outOfSample.totalReturn > 0).length,
    },
    moments,
    probabilisticSharpe: moments && had('its probability', () => probabilisticSharpeRatio(moments)),
    deflation: moments && had('the deflated Sharpe ratio', () => deflate(moments)),
    missing,
  };
}

/** Columns, one after another. */
export function stitched(columns: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(columns.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const column of columns) {
    whole.set(column, at);
    at += column.length;
  }
  return whole;
}

/** What `first` becomes with each return after another: one value more than there are returns. */
export function compoundedFrom(first: number, returns: Float64Array): Float64Array {
  const values = new Float64Array(returns.length + 1).fill(first);
  for (let k = 0; k < returns.length; k++) values[k + 1] = values[k] * (1 + returns[k]);
  return values;
}
