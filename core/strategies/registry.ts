import { PlimsollError } from '../errors.ts';
import type { IndicatorSpec } from '../indicators/indicator.ts';
import { type BatchesAtHand, withBatchesAtHand } from '../models/batch/batch.ts';
import { withEveryModel } from '../models/combined-opinion.ts';
import type { ModelsAtHand } from '../models/opinion.ts';
import { nearest } from '../nearest.ts';
import type { AnyStrategy } from './runner.ts';

/** A strategy that can be run: its declaration and the SHA-256 of its source file. */
export interface RegisteredStrategy {
  readonly definition: AnyStrategy;
  /** Hex. */
  readonly codeHash: string;
  /** `built-in`, or the file's name in `strategies/`. */
  readonly origin: string;
}

export type StrategyRegistry = ReadonlyMap<string, RegisteredStrategy>;

/** The strategies with their opinions given by the models at hand. What they had before does not matter. */
export const registryWith = (registry: StrategyRegistry, models: ModelsAtHand): StrategyRegistry =>
  definedAnew(registry, (definition) => definitionWith(definition, models));

/** The strategies with their batches given by those at hand. What they had before does not matter. */
export const registryWithBatches = (registry: StrategyRegistry, batches: BatchesAtHand): StrategyRegistry =>
  definedAnew(registry, (definition) => definitionWithBatches(definition, batches));

const definedAnew = (registry: StrategyRegistry, make: (definition: AnyStrategy) => AnyStrategy): StrategyRegistry =>
  new Map([...registry].map(([name, strategy]) => [name, madeOf(strategy, make)]));

function madeOf(strategy: RegisteredStrategy, make: (definition: AnyStrategy) => AnyStrategy): RegisteredStrategy {
  let made: AnyStrategy | undefined;
  return {
    codeHash: strategy.codeHash,
    origin: strategy.origin,
    // A deployed strategy's file is run when it is first asked for.
    get definition() {
      made ??= make(strategy.definition);
      return made;
    },
  };
}

/** A strategy with its opinions given by the models at hand. */
export const definitionWith = (definition: AnyStrategy, models: ModelsAtHand): AnyStrategy => ({
  ...definition,
  indicators: (params: Record<string, unknown>) =>
    withEveryModel(definition.indicators(params) as Record<string, IndicatorSpec>, models),
});

/** A strategy with its batches given by those at hand. */
export const definitionWithBatches = (definition: AnyStrategy, batches: BatchesAtHand): AnyStrategy => ({
  ...definition,
  indicators: (params: Record<string, unknown>) =>
    withBatchesAtHand(definition.indicators(params) as Record<string, IndicatorSpec>, batches),
});

/** The strategy of that name. Throws `STRATEGY_UNKNOWN` with the nearest known names. */
export function findStrategy(registry: StrategyRegistry, name: string): RegisteredStrategy {
  const found = registry.get(name);
  if (found) return found;
  throw new PlimsollError(
    'STRATEGY_UNKNOWN',
    `there is no strategy "${name}"`,
    `use ${nearest(name, [...registry.keys()])}, or put it in strategies/`,
  );
}

/** Parameters with defaults filled in. Throws `STRATEGY_PARAMS_INVALID` naming the first bad one. */
export function parseParams(strategy: AnyStrategy, params: Record<string, unknown>): Record<string, unknown> {
  const shape = Object.keys((strategy.params as unknown as { shape: Record<string, unknown> }).shape);
  const unknown = Object.keys(params).find((key) => !shape.includes(key));
  if (unknown !== undefined) {
    const remedy = shape.length > 0 ? `use ${nearest(unknown, shape)}` : 'set none: it has no parameters';
    throw new PlimsollError(
      'STRATEGY_PARAMS_INVALID',
      `the strategy "${strategy.name}" has no parameter "${unknown}"`,
      remedy,
    );
  }
  const parsed = strategy.params.safeParse(params);
  if (parsed.success) return parsed.data as Record<string, unknown>;
  const issue = parsed.error.issues[0];
  throw new PlimsollError(
    'STRATEGY_PARAMS_INVALID',
    `the parameter "${issue.path.join('.')}" of the strategy "${strategy.name}" is not valid (${issue.message})`,
    'correct that parameter',
  );
}
