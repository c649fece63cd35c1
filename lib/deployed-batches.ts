/** Batches on AWS: nothing makes their tables there yet. */
import type { Configuration } from '../core/configuration/schema.ts';
import { PlimsollError } from '../core/errors.ts';
import type { IndicatorSpec } from '../core/indicators/indicator.ts';
import { isBatch } from '../core/models/batch/batch.ts';
import { findStrategy, parseParams, type StrategyRegistry } from '../core/strategies/registry.ts';

/**
 * Throws `BATCH_NOT_DEPLOYABLE` where a configured strategy reads a batch: deployed, it would be refused in every cycle. Throws `STRATEGY_UNKNOWN`
 * and `STRATEGY_PARAMS_INVALID`.
 */
export function assertNoBatches({ accounts }: Configuration, strategies: StrategyRegistry): void {
  for (const { id, strategy, params } of accounts.flatMap((account) => account.strategies)) {
    const { definition } = findStrategy(strategies, strategy);
    const specs = Object.values(
      definition.indicators(parseParams(definition, params)) as Record<string, IndicatorSpec>,
    );
    const read = specs.find(isBatch);
    if (read === undefined) continue;
    throw new PlimsollError(
      'BATCH_NOT_DEPLOYABLE',
      `the strategy "${id ?? strategy}" reads the batch "${read.batch}", and on AWS nothing makes its table yet`,
      'run its account with `plimsoll start`, or take the strategy out of the deployment',
      { kept: 'nothing was synthesized' },
    );
  }
}
