import { type IndicatorSpec, indicatorSpec } from '../../indicators/indicator.ts';
import { RollingDeviation } from '../../indicators/kernels/rolling-deviation.ts';
import { indicatorOf, scratchColumns } from '../../indicators/memory.ts';
import { checkedLength } from '../../indicators/parameters.ts';
import { LogReturns } from './log-returns.ts';
import { checkRanking, PercentileRank, volatilityAt } from './percentile-rank.ts';

/**
 * Calm (0), normal (1) or turbulent (2) by where the realised volatility of the last `length` bars lies among its own last `history`
 * values, none of which is later. `volatility` is the population standard deviation of log returns, `percentile` the share of the past
 * that was below it.
 */
export function volatilityRule(
  length = 24,
  history = 1_000,
  calmBelow = 0.35,
  turbulentAbove = 0.8,
): IndicatorSpec<'regime' | 'volatility' | 'percentile'> {
  const name = 'volatilityRule';
  checkedLength(name, 'length', length, 2);
  const thresholds = { calmBelow, turbulentAbove };
  checkRanking(name, history, thresholds);
  const create = () =>
    indicatorOf(
      { returns: new LogReturns(), deviation: new RollingDeviation(length), rank: new PercentileRank(history) },
      (memory, bars, from, to, [regime, volatility, percentile], at) => {
        const [returns, sums] = scratchColumns;
        memory.returns.run(bars, from, to, returns, 0);
        // The first bar of all has no return, and sums would never lose it.
        const first = Number.isNaN(returns[0]) ? 1 : 0;
        volatility.fill(Number.NaN, at, at + first);
        memory.deviation.run(returns, first, to - from, sums, volatility, at + first, 1);
        for (let o = at; o < at + to - from; o++) {
          percentile[o] = Number.isNaN(volatility[o]) ? Number.NaN : memory.rank.next(volatility[o]);
          regime[o] = volatilityAt(percentile[o], thresholds);
        }
      },
    );
  const parameters = [length, history, calmBelow, turbulentAbove];
  return indicatorSpec(name, parameters, ['regime', 'volatility', 'percentile'], 1 + length + history, create);
}
