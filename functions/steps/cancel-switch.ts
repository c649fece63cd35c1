/** Setting the venue's own switch. When, and to what, is decided in core/execution/live/cancel-switch.ts. */
import type { SwitchOutcome, SwitchPlan } from '../../core/execution/live/cancel-switch.ts';
import type { Instrument } from '../../core/market/instrument.ts';
import type { ExecutionVenuePort } from '../../core/ports/execution-venue.ts';
import { venueProblem } from './venue.ts';

/** What became of the plan: a venue that says no, or cannot be heard, is part of it. What protects is looked after first. */
export async function setSwitch(venue: ExecutionVenuePort, { disarm, arm, ms }: SwitchPlan): Promise<SwitchOutcome> {
  const reasons = [await told(venue, disarm, 0), await told(venue, arm, ms)].filter((reason) => reason !== '');
  return { isSet: reasons.length === 0, reason: reasons.join('; ') };
}

/** Empty, or why it was not. */
async function told(venue: ExecutionVenuePort, instruments: readonly Instrument[], ms: number): Promise<string> {
  if (instruments.length === 0) return '';
  if (!venue.cancelAllAfter) return `${venue.venue} has no switch that cancels all orders after a time`;
  try {
    await venue.cancelAllAfter(instruments, ms);
    return '';
  } catch (error) {
    const problem = venueProblem(error);
    if (!problem) throw error;
    return problem.message;
  }
}
