/** What a backtest over kept bars is asked for, checked before it is queued. */
import { universeOf } from '../../core/configuration/definition.ts';
import { PlimsollError } from '../../core/errors.ts';
import { timeframeMs } from '../../core/market/timeframe.ts';
import { nearest } from '../../core/nearest.ts';
import { findStrategy, parseParams } from '../../core/strategies/registry.ts';
import type { OperationContext } from '../operation.ts';
import { accountNamed } from '../support/account.ts';

/** The kind of its job. */
export const BACKTEST_JOB = 'backtest';

export interface BacktestRequest {
  readonly account?: string | undefined;
  readonly strategy: string;
  readonly params: Record<string, unknown>;
  readonly symbols?: string[] | undefined;
  readonly timeframe?: string | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly cash: number;
  readonly feeBps?: number | undefined;
  readonly slippageBps: number;
}

/** Throws `STRATEGY_UNKNOWN`, `STRATEGY_PARAMS_INVALID`, `SYMBOL_UNKNOWN`, `TIMEFRAME_UNKNOWN`, `TIMEFRAME_NOT_MULTIPLE`. */
export function assertRequest(context: OperationContext, request: BacktestRequest): void {
  const { registry, configuration } = context.steps;
  const universe = universeOf(configuration, accountNamed(context, request.account));
  parseParams(findStrategy(registry, request.strategy).definition, request.params);
  const stranger = request.symbols?.find((symbol) => !universe.symbols.includes(symbol));
  if (stranger !== undefined) {
    const remedy = `use ${nearest(stranger, universe.symbols)}`;
    throw new PlimsollError('SYMBOL_UNKNOWN', `${stranger} is not in the universe`, remedy);
  }
  if (request.timeframe === undefined) return;
  if (timeframeMs(request.timeframe) % timeframeMs(universe.timeframe) === 0) return;
  throw new PlimsollError(
    'TIMEFRAME_NOT_MULTIPLE',
    `${request.timeframe} bars cannot be made from ${universe.timeframe} bars`,
    `use a multiple of ${universe.timeframe}`,
  );
}
