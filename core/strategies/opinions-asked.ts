import type { IndicatorSpec } from '../indicators/indicator.ts';
import { opinionsIn, outputOf } from '../models/combined-opinion.ts';
import type { OpinionSpec, ServedModel } from '../models/opinion.ts';
import { isTrial, trialEntry } from '../models/trial.ts';
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
export const asksModels = (spec: IndicatorSpec): boolean => isTrial(spec) || opinionsIn(spec).length > 0;

/** A version that a strategy is given, as the ledger names it: under its model, or as one on trial. */
export interface GivenModel {
  readonly entry: readonly [name: string, version: string];
  readonly served: ServedModel;
}

/** Every version that a strategy is given under its parameters: those that decide, and those on trial. */
export function modelsGiven(definition: AnyStrategy, params: Record<string, unknown>): GivenModel[] {
  const specs = Object.values(definition.indicators(params) as Record<string, IndicatorSpec>);
  return specs.flatMap((spec): GivenModel[] => {
    if (isTrial(spec))
      return spec.trial ? [{ entry: trialEntry(spec.trialOf, spec.trial), served: spec.trial.served }] : [];
    return opinionsIn(spec).flatMap(({ model, served }) =>
      served ? [{ entry: [model, served.version], served }] : [],
    );
  });
}
