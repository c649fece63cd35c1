/** Regimes as indicators, which a strategy declares beside others: each tells them at the close of a bar, from that bar and those before it. */
export { changePoints } from './change-points.ts';
export { clusterRegime } from './clustering.ts';
export { hmmRegime } from './hmm-regime.ts';
export { trendRule } from './trend-rule.ts';
export { volatilityRule } from './volatility-rule.ts';
