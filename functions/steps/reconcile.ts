import { reconcile } from '../../core/cycle.ts';
import { countEvents } from './count-events.ts';
import type { CycleMessage, StepPorts } from './ports.ts';
import { reconcileLiveStep } from './reconcile-live.ts';
import { runStep } from './step.ts';
import { isLive } from './venue.ts';

/** Working orders meet the cycle's bars, and the account is measured. */
export function reconcileStep(ports: StepPorts, message: CycleMessage): Promise<void> {
  if (isLive(ports, message.stream)) return reconcileLiveStep(ports, message);
  return runStep(ports, 'reconcile', message, ({ engine }) => {
    const before = engine.journal.sequence;
    reconcile(engine);
    return { verdict: countEvents(engine, before, 'no orders touched'), next: 'signal' };
  });
}
