import type { IndicatorSpec } from '../indicators/indicator.ts';
import { isOpinion, type OpinionSpec } from '../models/opinion.ts';
import type { AnyStrategy } from './runner.ts';

/** The opinions that a strategy declares under its parameters, by the names of its indicators. */
export function opinionsAsked(
  definition: AnyStrategy,
  params: Record<string, unknown>,
): (readonly [name: string, spec: OpinionSpec])[] {
  const specs = Object.entries(definition.indicators(params) as Record<string, IndicatorSpec>);
  return specs.flatMap(([name, spec]) => (isOpinion(spec) ? [[name, spec] as const] : []));
}
