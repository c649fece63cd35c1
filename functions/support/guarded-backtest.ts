import { type BacktestRun, runBacktest } from '../../core/backtest/run.ts';
import type { EngineDefinition } from '../../core/engine/engine.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { BarColumns } from '../../core/market/bars.ts';
import { withDeadline } from './deadline.ts';
import { inlineMore } from './inlining.ts';
import { outside, purely } from './purely.ts';

/** Far beyond what honest strategies need: a minute, and a millisecond a bar. */
export const patienceMs = (bars: ReadonlyMap<string, BarColumns>): number =>
  60_000 + [...bars.values()].reduce((sum, columns) => sum + columns.length, 0);

/**
 * A backtest whose strategies have no clock, randomness or network, and cannot hold it for ever. Throws `STRATEGY_TIMEOUT` when a
 * strategy does not come back.
 */
export function runGuarded(
  definition: EngineDefinition,
  bars: ReadonlyMap<string, BarColumns>,
  onProgress: (done: number, total: number) => void = () => undefined,
): BacktestRun {
  inlineMore();
  const limitMs = patienceMs(bars);
  const names = definition.strategies.map(({ id }) => `"${id}"`).join(', ');
  try {
    return purely(() =>
      withDeadline(limitMs, `the strategy ${names}`, () =>
        runBacktest(definition, bars, {
          onProgress(done, total) {
            outside(() => onProgress(done, total));
            return true;
          },
        }),
      ),
    );
  } catch (error) {
    if (!(error instanceof PlimsollError) || error.code !== 'STRATEGY_TIMEOUT') throw error;
    throw new PlimsollError(
      'STRATEGY_TIMEOUT',
      `the run of ${names} was not over after ${Math.round(limitMs / 1_000)} s`,
      'look for a loop that does not end in it, or choose a shorter span',
      { kept: 'nothing was written', cause: error },
    );
  }
}
