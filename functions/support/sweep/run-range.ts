/** The runs of a range of places, each under the guards of any backtest. */
import { type BacktestRun, runBacktest } from '../../../core/backtest/run.ts';
import type { EngineDefinition } from '../../../core/engine/engine.ts';
import { PlimsollError } from '../../../core/errors.ts';
import type { PlaceRange } from '../../../core/research/sweep/ranges.ts';
import { barsPerPeriodOf } from '../../../core/research/sweep/returns.ts';
import { triedOf } from '../../../core/research/sweep/sweep.ts';
import { SharedIndicators } from '../../../core/strategies/shared-indicators.ts';
import { withDeadline } from '../deadline.ts';
import { patienceMs } from '../guarded-backtest.ts';
import { inlineMore } from '../inlining.ts';
import { purely } from '../purely.ts';
import type { PreparedSweep } from './prepared.ts';
import type { FailedAt, RanAt, RangeResult } from './result-object.ts';

/**
 * What the runs of a range come to, as those of a sweep on one machine, to the last bit; undefined where the time did not suffice. A run
 * that throws is kept as what it threw. Runs of a range share their indicators.
 * @param leftMs ms until the runs have to be over
 */
export function runRange(sweep: PreparedSweep, range: PlaceRange, leftMs: () => number): RangeResult | undefined {
  inlineMore();
  const { plan, bars } = sweep;
  const ran: RanAt[] = [];
  const failed: FailedAt[] = [];
  let barsPerPeriod = 1;
  let indicators = new SharedIndicators(plan.definition.timeframe);
  for (let place = range.from; place < range.to; place++) {
    const definition = sweep.definitionAt(place);
    if (definition === undefined) continue;
    const left = leftMs();
    if (left <= 0) return undefined;
    try {
      const run = guarded(definition, sweep, { indicators, limitMs: Math.min(left, patienceMs(bars)) });
      barsPerPeriod = barsPerPeriodOf(run.equity.length, plan.runs);
      const { metrics, returns, sharpe } = triedOf({ run, definition, bars }, barsPerPeriod);
      ran.push({ place, metrics, returns, sharpe });
    } catch (error) {
      const why = failureOf(error);
      // It had less than its patience, so that nothing is said against the strategy.
      if (why.code === 'STRATEGY_TIMEOUT' && left < patienceMs(bars)) return undefined;
      failed.push({ place, ...why });
      // What was interrupted may be half computed.
      indicators = new SharedIndicators(plan.definition.timeframe);
    }
  }
  return { ...range, barsPerPeriod, ran, failed };
}

/** A strategy is anybody's code, and may throw anything. */
function failureOf(error: unknown): Omit<FailedAt, 'place'> {
  if (error instanceof PlimsollError) return { code: error.code, message: error.message, remedy: error.remedy };
  return { code: 'STRATEGY_FAILED', message: `a run threw "${String(error)}"`, remedy: 'correct the strategy' };
}

interface Guards {
  readonly indicators: SharedIndicators;
  readonly limitMs: number;
}

const guarded = (definition: EngineDefinition, { bars }: PreparedSweep, { indicators, limitMs }: Guards): BacktestRun =>
  purely(() => withDeadline(limitMs, 'the strategy', () => runBacktest(definition, bars, { indicators })));
