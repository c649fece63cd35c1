/** Reconciliation with a real venue: its orders, fills and balances become the ledger's, or the difference is told. */
import { reconcileLive } from '../../core/cycle.ts';
import type { Engine } from '../../core/engine/engine.ts';
import { alert, liveOf } from '../../core/engine/venue-bookkeeping.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { Occasion } from '../../core/execution/live/account.ts';
import { takeOverSendings } from '../../core/execution/live/answers.ts';
import { planSwitch, takeSwitch } from '../../core/execution/live/cancel-switch.ts';
import {
  type Difference,
  differences,
  entryRounding,
  type Figures,
  noteComparison,
  takeBaseline,
  venueFigures,
} from '../../core/execution/live/compare.ts';
import { takeStatus } from '../../core/execution/live/market-status.ts';
import { takeFeesAhead } from '../../core/execution/live/payments.ts';
import { protect } from '../../core/execution/live/protect.ts';
import { assertFills, takeFills, takeOver } from '../../core/execution/live/take-over.ts';
import type { ExecutionVenuePort } from '../../core/ports/execution-venue.ts';
import { findAccount } from './account-state.ts';
import { callBackNow } from './call-back.ts';
import { setSwitch } from './cancel-switch.ts';
import { commitEngine } from './commit-engine.ts';
import { countEvents } from './count-events.ts';
import { engineOf } from './engines.ts';
import type { CycleMessage, StepPorts } from './ports.ts';
import { assertRunsUnder } from './runs-under.ts';
import { runStep } from './step.ts';
import { gatherFacts, instrumentsOf, venueOf, venueProblem } from './venue.ts';

/** Times that balances are read again because fills came in between. */
const MAX_COMPARISONS = 3;
/** Writers that a reconciliation outside of a cycle yields to; each costs the venue's answers again. */
const MAX_CONFLICTS = 10;

/**
 * What the venue says is taken over, with its cursor in the same commit; then prices, marks and breakers as ever. Where it cannot be
 * heard the cycle goes on with what is known: nothing new is opened in it, and what works stays as it is.
 */
export function reconcileLiveStep(ports: StepPorts, message: CycleMessage): Promise<void> {
  return runStep(ports, 'reconcile', message, async ({ engine, cycle }) => {
    const before = engine.journal.sequence;
    // Of history the venue has nothing to say.
    const problem = cycle.warmUp ? undefined : await hearVenue(ports, engine, 'cycle');
    reconcileLive(engine);
    const counted = countEvents(engine, before, 'no orders touched');
    return { verdict: problem ? `${counted}; ${problem.message}` : counted, next: 'signal' };
  });
}

/** What came of a reconciliation outside of a cycle. */
export interface Reconciliation {
  /** Why the venue could not be heard. */
  readonly problem: PlimsollError | undefined;
  /** Whether everything was heard and in order. */
  readonly reconciled: boolean;
}

/**
 * Asks the venue outside of any cycle, in one commit: when a platform starts, when a venue can be reached again, and when it hints
 * that something changed. Then asks it at once to cancel what is to be canceled. Undefined for an account that has no ledger yet.
 * `whenIdle` is waited for before it is tried again: a cycle that came in between goes first, as a whole.
 */
export async function reconcileNow(
  ports: StepPorts,
  stream: string,
  on: Exclude<Occasion, 'cycle'>,
  whenIdle?: () => Promise<void>,
): Promise<Reconciliation | undefined> {
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    await whenIdle?.();
    const found = await findAccount(ports.ledger, stream);
    if (!found) return undefined;
    const { state, version } = found;
    const engine = await engineOf(ports, stream, state.engine);
    assertRunsUnder(state, engine.definition);
    engine.restore(state.engine);
    engine.proposals = [...state.proposals];
    const before = engine.journal.sequence;
    const problem = await hearVenue(ports, engine, on);
    const outcome = { problem, reconciled: liveOf(engine).reconciled };
    const isNews = !problem || engine.journal.sequence > before || state.engine.live?.reconciled === true;
    if (!isNews) return outcome;
    const { cursor, verdicts, runsUnder } = state;
    if (!(await commitEngine(ports, engine, { version, cursor, verdicts, runsUnder }, []))) continue;
    ports.faultPoint?.(`reconcile:${on}`);
    if (!problem) await callBackNow(ports, stream);
    return outcome;
  }
  throw new PlimsollError('ACCOUNT_CONTENDED', `${stream} met another writer ${MAX_CONFLICTS} times`, 'try again', {
    kept: 'the ledger is as the other writers left it',
  });
}

/** The alert that stands while a venue cannot be heard, in a live account's state. */
export const VENUE_ALERT = 'venue';

async function hearVenue(ports: StepPorts, engine: Engine, on: Occasion): Promise<PlimsollError | undefined> {
  const live = liveOf(engine);
  live.reconciled = false;
  takeOverSendings(engine);
  try {
    const venue = await venueOf(ports, engine.definition.stream);
    const problem = await hear(venue, engine, on);
    protect(engine, venue.capabilities);
    if (problem) throw problem;
    await keepSwitch(venue, engine);
    live.settleAlert(VENUE_ALERT);
    return undefined;
  } catch (error) {
    const problem = venueProblem(error);
    if (!problem) throw error;
    live.reconciled = false;
    if (live.alertUnder(VENUE_ALERT)?.code !== problem.code) live.settleAlert(VENUE_ALERT);
    alert(engine, VENUE_ALERT, problem.code, { what: problem.message, since: engine.time });
    return problem;
  }
}

/**
 * Stops that are watched here are looked at whether or not the venue can be heard. What it says of its markets is asked for even where
 * the account cannot be read, and the other way round: in maintenance it is all that it says. Nothing new is opened without both.
 */
async function hear(venue: ExecutionVenuePort, engine: Engine, on: Occasion): Promise<PlimsollError | undefined> {
  const live = liveOf(engine);
  let at = 0;
  const aboutAccount = await problemOf(async () => {
    at = await hearAccount(venue, engine, on);
  });
  const aboutMarkets = await problemOf(async () => {
    takeStatus(engine, venue.venue, await venue.status?.(instrumentsOf(engine)));
  });
  const problem = aboutAccount ?? aboutMarkets;
  if (problem) live.reconciled = false;
  if (live.reconciled) live.heard = { at, on };
  return problem;
}

/** The venue's clock (ms UTC) before everything else that it said. */
async function hearAccount(venue: ExecutionVenuePort, engine: Engine, on: Occasion): Promise<number> {
  const live = liveOf(engine);
  const facts = await gatherFacts(venue, engine);
  live.reconciled = true;
  const isComplete = takeOver(engine, facts, venue.capabilities);
  if (isComplete) await compare(venue, engine, on);
  else live.reconciled = false;
  return facts.clock;
}

async function problemOf(ask: () => Promise<void>): Promise<PlimsollError | undefined> {
  try {
    await ask();
    return undefined;
  } catch (error) {
    const problem = venueProblem(error);
    if (problem) return problem;
    throw error;
  }
}

/** Not asked of a venue that has just not answered: execute asks again, before it sends anything. */
async function keepSwitch(venue: ExecutionVenuePort, engine: Engine): Promise<void> {
  const plan = planSwitch(engine, venue.capabilities);
  if (plan) takeSwitch(engine, plan, await setSwitch(venue, plan));
}

/** Balances are read after the fills; where they differ, fills may have come in between, so both are read again. */
async function compare(venue: ExecutionVenuePort, engine: Engine, on: Occasion): Promise<void> {
  const live = liveOf(engine);
  for (let comparison = 1; ; comparison++) {
    const positions = engine.hasPerpetuals ? await venue.positions(instrumentsOf(engine)) : [];
    const figures = venueFigures(engine, await venue.balances(), positions);
    const found = live.offsets ? differences(engine, figures, entryRounding(positions)) : [];
    if (live.offsets && found.length === 0) return noteComparison(engine, venue.venue, figures, found);
    const before = live.fillsToCompare;
    const more = await venue.fills(instrumentsOf(engine), live.fillsSince, live.fillCursor);
    assertFills(engine, more.fills);
    if (!takeFills(engine, more.fills, more.cursor)) {
      live.reconciled = false;
      return;
    }
    if (live.fillsToCompare > before && comparison < MAX_COMPARISONS) continue;
    // A hint can come ahead of the venue's own lists: a difference then is no more than a fill that is late, and is not counted.
    if (on === 'hint' && live.offsets) live.reconciled = false;
    else conclude(venue, engine, figures, found);
    return;
  }
}

function conclude(venue: ExecutionVenuePort, engine: Engine, figures: Figures, found: readonly Difference[]): void {
  const live = liveOf(engine);
  if (live.offsets) noteComparison(engine, venue.venue, figures, takeFeesAhead(engine, found));
  else if (live.fillsToCompare > 0 || !takeBaseline(engine, figures)) live.reconciled = false;
}
