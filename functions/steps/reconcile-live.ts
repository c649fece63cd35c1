/** Reconciliation with a real venue: its orders, fills and balances become the ledger's, or the difference is told. */
import { reconcileLive } from '../../core/cycle.ts';
import type { Engine } from '../../core/engine/engine.ts';
import { alert, liveOf } from '../../core/engine/venue-bookkeeping.ts';
import type { PlimsollError } from '../../core/errors.ts';
import { takeOverSendings } from '../../core/execution/live/answers.ts';
import {
  type Difference,
  differences,
  type Figures,
  noteComparison,
  takeBaseline,
  venueFigures,
} from '../../core/execution/live/compare.ts';
import { protect } from '../../core/execution/live/protect.ts';
import { assertFills, takeFills, takeOver } from '../../core/execution/live/take-over.ts';
import type { ExecutionVenuePort } from '../../core/ports/execution-venue.ts';
import { countEvents } from './count-events.ts';
import type { CycleMessage, StepPorts } from './ports.ts';
import { runStep } from './step.ts';
import { gatherFacts, instrumentsOf, venueOf, venueProblem } from './venue.ts';

/** Times that balances are read again because fills came in between. */
const MAX_COMPARISONS = 3;

/**
 * What the venue says is taken over, with its cursor in the same commit; then prices, marks and breakers as ever. Where it cannot be
 * heard the cycle goes on with what is known: nothing new is opened in it, and what works stays as it is.
 */
export function reconcileLiveStep(ports: StepPorts, message: CycleMessage): Promise<void> {
  return runStep(ports, 'reconcile', message, async ({ engine }) => {
    const before = engine.journal.sequence;
    const problem = await hearVenue(ports, engine);
    reconcileLive(engine);
    const counted = countEvents(engine, before, 'no orders touched');
    return { verdict: problem ? `${counted}; ${problem.message}` : counted, next: 'signal' };
  });
}

async function hearVenue(ports: StepPorts, engine: Engine): Promise<PlimsollError | undefined> {
  const live = liveOf(engine);
  live.reconciled = false;
  takeOverSendings(engine);
  try {
    const venue = venueOf(ports, engine.definition.stream);
    const problem = await hear(venue, engine);
    protect(engine, venue.capabilities);
    if (problem) throw problem;
    live.settleAlert('venue');
    return undefined;
  } catch (error) {
    const problem = venueProblem(error);
    if (!problem) throw error;
    live.reconciled = false;
    alert(engine, 'venue', problem.code, { what: problem.message, since: engine.time });
    return problem;
  }
}

/** Stops that are watched here are looked at whether or not the venue can be heard. */
async function hear(venue: ExecutionVenuePort, engine: Engine): Promise<PlimsollError | undefined> {
  try {
    const facts = await gatherFacts(venue, engine);
    liveOf(engine).reconciled = true;
    const isComplete = takeOver(engine, facts, venue.capabilities);
    if (isComplete) await compare(venue, engine);
    else liveOf(engine).reconciled = false;
    return undefined;
  } catch (error) {
    const problem = venueProblem(error);
    if (problem) return problem;
    throw error;
  }
}

/** Balances are read after the fills; where they differ, fills may have come in between, so both are read again. */
async function compare(venue: ExecutionVenuePort, engine: Engine): Promise<void> {
  const live = liveOf(engine);
  for (let comparison = 1; ; comparison++) {
    const figures = venueFigures(engine, await venue.balances());
    const found = live.offsets ? differences(engine, figures) : [];
    if (live.offsets && found.length === 0) return noteComparison(engine, venue.venue, figures, found);
    const before = live.fillsToCompare;
    const more = await venue.fills(instrumentsOf(engine), live.fillsSince, live.fillCursor);
    assertFills(engine, more.fills);
    if (!takeFills(engine, more.fills, more.cursor)) {
      live.reconciled = false;
      return;
    }
    if (live.fillsToCompare > before && comparison < MAX_COMPARISONS) continue;
    return conclude(venue, engine, figures, found);
  }
}

function conclude(venue: ExecutionVenuePort, engine: Engine, figures: Figures, found: readonly Difference[]): void {
  const live = liveOf(engine);
  if (live.offsets) noteComparison(engine, venue.venue, figures, found);
  else if (live.fillsToCompare > 0 || !takeBaseline(engine, figures)) live.reconciled = false;
}
