import { risk } from '../../core/cycle.ts';
import { countEvents } from './count-events.ts';
import type { CycleMessage, StepPorts } from './ports.ts';
import { runStep } from './step.ts';

/** Each proposal passes the risk line, or is denied. */
export function riskStep(ports: StepPorts, message: CycleMessage): Promise<void> {
  return runStep(ports, 'risk', message, ({ engine }) => {
    const before = engine.journal.sequence;
    risk(engine);
    const goesOn = engine.intents.length > 0 || engine.cancels.length > 0;
    return { verdict: countEvents(engine, before, 'nothing to change'), next: goesOn ? 'execute' : 'settled' };
  });
}
