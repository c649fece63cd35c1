/** An account whose strategy asks a model that is trained as a walk forward goes on. */
import type { EngineDefinition } from '../../core/engine/engine.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { ServedModel } from '../../core/models/opinion.ts';
import type { AccountWith } from '../../core/research/walk-forward/retrained.ts';
import { opinionsAsked } from '../../core/strategies/opinions-asked.ts';
import { findStrategy, parseParams, registryWith, type StrategyRegistry } from '../../core/strategies/registry.ts';

export interface AskingAccount {
  /** Strategies to prepare a run with, before any version is there. They cannot be run. */
  readonly untrained: StrategyRegistry;
  /** The account of a run with its strategies asking another version each time. */
  of(definition: EngineDefinition): AccountWith;
}

export function askingAccount(strategies: StrategyRegistry, model: string): AskingAccount {
  return {
    untrained: registryWith(strategies, () => untrained(model)),
    of: (definition) => (served) => {
      const asking = registryWith(strategies, () => served);
      const given = definition.strategies.map((running) => ({
        ...running,
        definition: findStrategy(asking, running.definition.name).definition,
      }));
      return { ...definition, strategies: given };
    },
  };
}

/** A version that is not there yet. */
const untrained = (name: string): ServedModel => ({
  name,
  version: 'untrained',
  manifest: undefined,
  ensemble: () => {
    throw new PlimsollError('MODEL_NOT_AT_HAND', `the model "${name}" is not trained yet`, 'train it first');
  },
});

/**
 * The one model that a strategy asks under its parameters. Throws `USAGE` where it asks none or several: another one would have learned from
 * bars that a window must not know.
 */
export function modelAsked(strategies: StrategyRegistry, strategy: string, set: Record<string, unknown>): string {
  const { definition } = findStrategy(strategies, strategy);
  const asked = new Set(opinionsAsked(definition, parseParams(definition, set)).map(([, { model }]) => model));
  const [only] = asked;
  if (asked.size === 1) return only;
  throw new PlimsollError(
    'USAGE',
    asked.size === 0
      ? `the strategy "${strategy}" asks no model`
      : `the strategy "${strategy}" asks ${asked.size} models: ${[...asked].join(', ')}`,
    'train anew with a strategy that asks one, as in --strategy model-opinion --set model=NAME',
  );
}
