import type { BacktestRun } from '../../../core/backtest/run.ts';
import { sweepBacktests } from '../../../core/backtest/sweep.ts';
import { PlimsollError } from '../../../core/errors.ts';
import type { Backtests } from '../../../core/research/sweep/sweep.ts';
import { withDeadline } from '../../../functions/support/deadline.ts';
import { inlineMore } from '../../../functions/support/inlining.ts';
import { purely } from '../../../functions/support/purely.ts';

/**
 * A sweep whose strategies have no clock, randomness or network, and cannot hold it for ever. In this thread: each thread more would need
 * the indicators, which runs share, once more. Throws `STRATEGY_TIMEOUT`.
 */
export const guardedSweep: Backtests = function* guarded(definitions, bars): Generator<BacktestRun> {
  inlineMore();
  // As long as a single backtest may take: a minute, and a millisecond a bar.
  const limitMs = 60_000 + [...bars.values()].reduce((sum, { length }) => sum + length, 0);
  const runs = sweepBacktests(definitions, bars);
  for (;;) {
    const next = guardedNext(runs, limitMs);
    if (next.done) return;
    yield next.value;
  }
};

function guardedNext(runs: Generator<BacktestRun>, limitMs: number): IteratorResult<BacktestRun> {
  try {
    return purely(() => withDeadline(limitMs, 'the strategy', () => runs.next()));
  } catch (error) {
    if (!(error instanceof PlimsollError) || error.code !== 'STRATEGY_TIMEOUT') throw error;
    throw new PlimsollError(
      'STRATEGY_TIMEOUT',
      `a run was not over after ${Math.round(limitMs / 1_000)} s`,
      'look for a loop that does not end in the strategy, or choose a shorter span',
      { kept: 'nothing was written', cause: error },
    );
  }
}
