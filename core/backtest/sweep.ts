import type { EngineDefinition } from '../engine/engine.ts';
import type { BarColumns } from '../market/bars.ts';
import type { Timeframe } from '../market/timeframe.ts';
import { SharedIndicators } from '../strategies/shared-indicators.ts';
import { type BacktestRun, runBacktest } from './run.ts';

/**
 * Runs many definitions on the same bars, one after another: the same engine, gate and ledger as in a single run, and the same
 * result to the last byte. An indicator that several of them declare is computed once. A run is yielded before the next one
 * starts; who wants to use all cores gives each thread its share of the definitions.
 */
export function* sweepBacktests(
  definitions: Iterable<EngineDefinition>,
  bars: ReadonlyMap<string, BarColumns>,
): Generator<BacktestRun> {
  const shared = new Map<Timeframe, SharedIndicators>();
  for (const definition of definitions) {
    const indicators = shared.get(definition.timeframe) ?? new SharedIndicators(definition.timeframe);
    shared.set(definition.timeframe, indicators);
    yield runBacktest(definition, bars, { indicators });
  }
}
