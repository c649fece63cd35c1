/** Whether a run can be made where nobody is asked: in a thread, in a function, ahead of time. */
import type { EngineDefinition } from '../engine/engine.ts';
import { PlimsollError } from '../errors.ts';
import { modelsGiven } from '../strategies/opinions-asked.ts';
import type { RunningStrategy } from '../strategies/runner.ts';
import type { Answers } from './answers.ts';
import type { ServedModel } from './opinion.ts';

/** A version that is not evaluated in this process. */
export interface AskedElsewhere extends ServedModel {
  readonly answers: Answers;
}

/** Looked up in every cycle: most strategies ask none. */
const known = new WeakMap<RunningStrategy, readonly AskedElsewhere[]>();

/** The models of a strategy that are not evaluated in this process, each once. */
export function modelsElsewhere(running: RunningStrategy): readonly AskedElsewhere[] {
  const found = known.get(running);
  if (found) return found;
  const models = new Map<Answers, AskedElsewhere>();
  for (const { served } of modelsGiven(running.definition, running.params))
    if (served.answers) models.set(served.answers, { ...served, answers: served.answers });
  const each = [...models.values()];
  known.set(running, each);
  return each;
}

/** Whether a run waits for answers. */
export const asksElsewhere = ({ strategies }: EngineDefinition): boolean =>
  strategies.some((running) => modelsElsewhere(running).length > 0);

/**
 * Throws `MODEL_ASKED_ELSEWHERE`.
 * @param where the run is to be made, as the subject of "ask nobody": "jobs"
 */
export function assertEvaluatedHere(definition: EngineDefinition, where: string): void {
  for (const running of definition.strategies) {
    for (const { name, manifest } of modelsElsewhere(running))
      throw new PlimsollError(
        'MODEL_ASKED_ELSEWHERE',
        `"${running.id}" asks the model "${name}", which is served as ${manifest?.served}, and ${where} ask nobody`,
        'use `plimsoll backtest`, or promote a version that the platform evaluates itself',
      );
  }
}
