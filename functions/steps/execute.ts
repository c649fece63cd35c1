import { execute } from '../../core/cycle.ts';
import { countEvents } from './count-events.ts';
import { executeLiveStep } from './execute-live.ts';
import type { CycleMessage, StepPorts } from './ports.ts';
import { runStep } from './step.ts';
import { isLive } from './venue.ts';

/**
 * Intents go to the venue. A paper account's venue is the matching engine itself, which answers within the same commit; the
 * trading state is part of the account document that the commit is conditional on, so no submission follows a halt.
 */
export function executeStep(ports: StepPorts, message: CycleMessage): Promise<void> {
  if (isLive(ports, message.stream)) return executeLiveStep(ports, message);
  return runStep(ports, 'execute', message, ({ engine }) => {
    const before = engine.journal.sequence;
    execute(engine);
    return { verdict: countEvents(engine, before, 'nothing to send'), next: 'settled' };
  });
}
