/** All methods on the same bars: what is fitted is fitted on the first of them, and frozen. */
import { columnsOf } from '../../indicators/indicator.ts';
import { type BarColumns, sliceBars } from '../../market/bars.ts';
import { changePoints } from './change-points.ts';
import { type ClusterModel, clusterRegime, fitClusters } from './clustering.ts';
import type { FittedHmm } from './gaussian-hmm.ts';
import { fitHmmRegime, hmmRegime } from './hmm-regime.ts';
import { type MacroObservation, type MacroRule, macroRegimes } from './macro.ts';
import type { RegimeAxis } from './regime.ts';
import { trendRule } from './trend-rule.ts';
import { volatilityRule } from './volatility-rule.ts';

/** What one method says of one axis, at the close of each bar. */
export interface MethodColumn {
  readonly method: string;
  readonly axis: RegimeAxis;
  readonly regime: Float64Array;
}

export interface RegimeMethods {
  readonly columns: readonly MethodColumn[];
  /** As they were fitted, for `hmmRegime` and `clusterRegime` in a strategy. */
  readonly hmm: FittedHmm;
  readonly clusters: ClusterModel;
}

export interface RegimeMethodsOptions {
  /** Bars that are fitted on: the first. */
  readonly fitBars: number;
  /** Of a bar, ms: its figures are known when it closes. */
  readonly intervalMs: number;
  /** States of the hidden Markov model. @default 3 */
  readonly states?: number;
  /** @default 3 */
  readonly clusters?: number;
  /** @default 0 */
  readonly seed?: number;
  readonly macro?: { readonly observations: readonly MacroObservation[]; readonly rules: readonly MacroRule[] };
}

/** Throws `REGIME_INPUT_INVALID` or `REGIME_ROWS_TOO_FEW`. */
export function regimeMethods(
  bars: BarColumns,
  { fitBars, intervalMs, states = 3, clusters: count = 3, seed = 0, macro }: RegimeMethodsOptions,
): RegimeMethods {
  const past = sliceBars(bars, 0, fitBars);
  const hmm = fitHmmRegime(past, { states, seed });
  const clusters = fitClusters(past, { clusters: count, seed });
  const clustered = columnsOf(clusterRegime(clusters), bars);
  const changes = columnsOf(changePoints(), bars);
  const columns: MethodColumn[] = [
    { method: 'hidden Markov', axis: 'volatility', regime: columnsOf(hmmRegime(hmm), bars).regime },
    { method: 'volatility rule', axis: 'volatility', regime: columnsOf(volatilityRule(), bars).regime },
    { method: 'change points', axis: 'volatility', regime: changes.volatility },
    { method: 'clusters', axis: 'volatility', regime: clustered.volatility },
    { method: 'trend rule', axis: 'trend', regime: columnsOf(trendRule(), bars).regime },
    { method: 'change points', axis: 'trend', regime: changes.trend },
    { method: 'clusters', axis: 'trend', regime: clustered.trend },
  ];
  if (macro === undefined) return { columns, hmm, clusters };
  const closes = bars.timestamp.map((opened) => opened + intervalMs);
  const regime = macroRegimes(macro.observations, macro.rules, closes);
  return {
    columns: [...columns.slice(0, 4), { method: 'macro', axis: 'volatility', regime }, ...columns.slice(4)],
    hmm,
    clusters,
  };
}
