import { type BacktestRun, runBacktest } from '../core/backtest/run.ts';
import type { EngineDefinition } from '../core/engine/engine.ts';
import { PlimsollError } from '../core/errors.ts';
import type { BarColumns } from '../core/market/bars.ts';
import { withDeadline } from '../functions/support/deadline.ts';
import { outside, purely } from '../functions/support/purely.ts';

/** A whole run may take this long without coming to its next mark: far beyond what honest strategies need. */
const STALLED_MS = 60_000;

/**
 * A backtest whose strategies have no clock, randomness or network, and cannot hold it for ever. Throws `STRATEGY_TIMEOUT` when a
 * strategy does not come back.
 */
export function runGuarded(
  definition: EngineDefinition,
  bars: ReadonlyMap<string, BarColumns>,
  onProgress: (done: number, total: number) => void = () => undefined,
): BacktestRun {
  const names = definition.strategies.map(({ id }) => `"${id}"`).join(', ');
  const rows = [...bars.values()].reduce((sum, columns) => sum + columns.length, 0);
  try {
    return purely(() =>
      withDeadline(STALLED_MS + rows, `the strategy ${names}`, () =>
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
      `${names} did not come back for a minute`,
      'look for a loop that does not end in it',
      { kept: 'nothing was written', cause: error },
    );
  }
}
