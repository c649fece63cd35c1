import type { Configuration } from '../configuration/schema.ts';
import { opinionsAsked } from './opinions-asked.ts';
import { findStrategy, parseParams, type StrategyRegistry } from './registry.ts';

/**
 * The names of the models that the strategies of a configuration ask, sorted, each once; no model needs to be at hand. Throws
 * `STRATEGY_UNKNOWN` and `STRATEGY_PARAMS_INVALID`.
 */
export function modelsAsked({ accounts }: Configuration, strategies: StrategyRegistry): string[] {
  const asked = accounts
    .flatMap((account) => account.strategies)
    .flatMap(({ strategy, params }) => {
      const { definition } = findStrategy(strategies, strategy);
      return opinionsAsked(definition, parseParams(definition, params));
    });
  return [...new Set(asked.map(([, { model }]) => model))].sort();
}
