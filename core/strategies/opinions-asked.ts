import type { IndicatorSpec } from '../indicators/indicator.ts';
import { type BatchAtHand, batchEntry, isBatch } from '../models/batch/batch.ts';
import { opinionsIn, outputOf } from '../models/combined-opinion.ts';
import type { OpinionSpec, ServedModel } from '../models/opinion.ts';
import { isTrial, isTrials, type ModelTrial, trialEntry, trialsOf } from '../models/trial.ts';
import type { AnyStrategy } from './runner.ts';

/**
 * The opinions that a strategy declares under its parameters, by the names of its indicators; several of one that combines them. What each of
 * them said stands in the indicator's `output`, NaN where it had no answer.
 */
export function opinionsAsked(
  definition: AnyStrategy,
  params: Record<string, unknown>,
): (readonly [name: string, spec: OpinionSpec, output: string])[] {
  const specs = Object.entries(definition.indicators(params) as Record<string, IndicatorSpec>);
  return specs.flatMap(([name, spec]) => opinionsIn(spec).map((each, k) => [name, each, outputOf(spec, k)] as const));
}

/** Whether a declared indicator is what models say. */
export const asksModels = (spec: IndicatorSpec): boolean =>
  isTrial(spec) || isTrials(spec) || opinionsIn(spec).length > 0;

/** The versions on trial that a strategy is given under its parameters, by the names of its indicators. */
export function trialsGiven(
  definition: AnyStrategy,
  params: Record<string, unknown>,
): (readonly [name: string, trial: ModelTrial])[] {
  const specs = Object.entries(definition.indicators(params) as Record<string, IndicatorSpec>);
  return specs.flatMap(([name, spec]) => trialsOf(spec).map((each) => [name, each] as const));
}

/** A version that a strategy is given, as the ledger names it: under its model, or as one on trial. */
export interface GivenModel {
  readonly entry: readonly [name: string, version: string];
  readonly served: ServedModel;
}

/** Every version that a strategy is given under its parameters: those that decide, and those on trial. */
export function modelsGiven(definition: AnyStrategy, params: Record<string, unknown>): GivenModel[] {
  const specs = Object.values(definition.indicators(params) as Record<string, IndicatorSpec>);
  return specs.flatMap((spec): GivenModel[] => [
    ...opinionsIn(spec).flatMap(({ model, served }): GivenModel[] =>
      served ? [{ entry: [model, served.version], served }] : [],
    ),
    ...trialsOf(spec).map(({ model, trial }) => ({ entry: trialEntry(model, trial), served: trial.served })),
  ]);
}

/** Every batch that a strategy is given under its parameters, once for each indicator that reads it. */
export function batchesGiven(definition: AnyStrategy, params: Record<string, unknown>): BatchAtHand[] {
  const specs = Object.values(definition.indicators(params) as Record<string, IndicatorSpec>);
  return specs.flatMap((spec) => (isBatch(spec) && spec.given ? [spec.given] : []));
}

/** What a strategy is given under its parameters, as the ledger names it: the versions of models, and those of batches. */
export const versionsGiven = (
  definition: AnyStrategy,
  params: Record<string, unknown>,
): (readonly [name: string, version: string])[] => [
  ...modelsGiven(definition, params).map(({ entry }) => entry),
  ...batchesGiven(definition, params).map(batchEntry),
];
