import { expect, test } from 'vitest';
import { fitClusters } from '../../../../core/models/regimes/clustering.ts';
import { fitHmmRegime } from '../../../../core/models/regimes/hmm-regime.ts';
import {
  changePoints,
  clusterRegime,
  hmmRegime,
  trendRule,
  volatilityRule,
} from '../../../../core/models/regimes/index.ts';
import { findLookahead } from '../../../../core/research/lookahead.ts';
import { strategy, z } from '../../../../core/strategies/index.ts';
import { definitionOf, freshRuns, wavingBars } from '../../research/support.ts';

test('a strategy declares regimes as it declares any indicator, and knows nothing of the future by them', async () => {
  const past = wavingBars(600, 2);
  const hmm = fitHmmRegime(past, { states: 2, starts: 1 });
  const clusters = fitClusters(past, { volatilityFeature: 'atr-share-12', trendFeature: 'return-12', features: [] });
  const make = () =>
    strategy({
      name: 'calm-trend',
      params: z.object({}),
      indicators: () => ({
        trend: trendRule(20, 8, 15),
        volatility: volatilityRule(12, 50),
        markov: hmmRegime(hmm),
        run: changePoints({ scaleBars: 30, history: 50, runs: 40, expectedRun: 60 }),
        cluster: clusterRegime(clusters),
      }),
      onBar({ trend, volatility, markov, run, cluster, position, target }) {
        const stress = [volatility.regime, markov.regime, run.volatility, cluster.volatility].filter(
          ({ value }) => value === 2,
        );
        const wants = trend.regime.value > 0 && stress.length < 2;
        if (wants !== position.isLong) return target(wants ? 0.9 : 0, wants ? 'it rises calmly' : 'no longer');
      },
    });
  const bars = new Map([['A/USD', wavingBars(700)]]);
  const report = await findLookahead(definitionOf(make(), ['A/USD']), bars, freshRuns(make, ['A/USD']), { points: 4 });
  expect(report.findings).toEqual([]);
  expect(report.indicators).toBe(5);
  expect(report.decisions).toBeGreaterThan(8);
});
