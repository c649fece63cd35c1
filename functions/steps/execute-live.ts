/** Orders go to a real venue: persisted as about to be sent, then sent one by one, then the answers are kept. */
import { submitIntents } from '../../core/cycle.ts';
import type { Engine } from '../../core/engine/engine.ts';
import { liveOf } from '../../core/engine/venue-bookkeeping.ts';
import type { PlimsollError } from '../../core/errors.ts';
import { type SendOutcome, takeOverSendings, takeSubmitAnswer } from '../../core/execution/live/answers.ts';
import {
  planSwitch,
  type SwitchOutcome,
  type SwitchPlan,
  takeSwitch,
} from '../../core/execution/live/cancel-switch.ts';
import { giveUpStaleOnes, prepareSends, type Sending } from '../../core/execution/live/send.ts';
import { takeAnswers } from '../../core/execution/live/take-over.ts';
import type { ExecutionVenuePort, QueryAnswer } from '../../core/ports/execution-venue.ts';
import { callBack, type Stray } from './call-back.ts';
import { setSwitch } from './cancel-switch.ts';
import { standsAt } from './commit-engine.ts';
import { countEvents } from './count-events.ts';
import type { CycleMessage, StepPorts } from './ports.ts';
import { amendAccount, runStep, sendNext, takeStep } from './step.ts';
import { instrumentsOf, type Outstanding, outstanding, venueOrProblem, venueProblem } from './venue.ts';

/** What the venue is told in one execute, fixed in the commit before. */
interface Plan {
  /** Of the account document after that commit: while it stands, nobody else has changed the account. */
  readonly version: number;
  /** How long a look at the account counts, ms: what is sent after it might be sent once it counts as lost. */
  readonly lookHoldsMs: number;
  readonly sendings: readonly Sending[];
  readonly outstanding: readonly Outstanding[];
  readonly strays: readonly Stray[];
  readonly cancelSwitch: SwitchPlan | undefined;
}

/** What the venue said. */
interface Heard {
  readonly queried: ReadonlyMap<number, QueryAnswer>;
  /** The venue's clock (ms UTC) before the queries, and after everything; 0 where it could not be read. */
  readonly before: number;
  readonly after: number;
  readonly sent: ReadonlyMap<number, SendOutcome>;
  /** Undefined where there was nothing to set. */
  readonly cancelSwitch: SwitchOutcome | undefined;
}

/**
 * Two commits, with the venue between them. The first marks what will be sent, so that whoever comes after a crash knows what may have
 * been: such an order is asked for by its id, never sent again as if it were new. The first commit is on condition of the account as
 * it was read, trading state and arming included, so no submission follows a halt.
 */
export async function executeLiveStep(ports: StepPorts, message: CycleMessage): Promise<void> {
  const found = await venueOrProblem(ports, message.stream);
  if ('problem' in found) return settleWithoutVenue(ports, message, found.problem);
  const { venue } = found;
  const plan = await planSends(ports, message, venue);
  if (!plan) return;
  const heard = await tellVenue(ports, message.stream, venue, plan);
  ports.faultPoint?.('venue:answered');
  const take = (engine: Engine): void => takeHeard(engine, plan, heard, venue);
  const cursor = await takeStep(ports, 'execute', message, ({ engine }) => {
    const before = engine.journal.sequence;
    take(engine);
    return { verdict: countEvents(engine, before, 'nothing new from the venue'), next: 'settled' };
  });
  if (cursor) await sendNext(ports, message.stream, cursor);
  // Another delivery has ended the step meanwhile; what was heard here counts all the same.
  else await amendAccount(ports, message.stream, take);
}

/** There is no way to the venue: nothing is sent, what lowers a position waits, and what would open one ends once it is old. */
function settleWithoutVenue(ports: StepPorts, message: CycleMessage, problem: PlimsollError): Promise<void> {
  return runStep(ports, 'execute', message, ({ engine }) => {
    const before = engine.journal.sequence;
    takeOverSendings(engine);
    submitIntents(engine);
    engine.intents = [];
    giveUpStaleOnes(engine);
    return { verdict: `${countEvents(engine, before, 'nothing sent')}; ${problem.message}`, next: 'settled' };
  });
}

async function planSends(
  ports: StepPorts,
  message: CycleMessage,
  venue: ExecutionVenuePort,
): Promise<Plan | undefined> {
  let plan: Plan | undefined;
  const cursor = await takeStep(ports, 'execute', message, ({ engine, version }) => {
    const before = engine.journal.sequence;
    takeOverSendings(engine);
    submitIntents(engine);
    engine.intents = [];
    const sendings = prepareSends(engine, venue.capabilities, ports.now());
    const sent = new Set(sendings.map(({ order }) => order));
    plan = {
      version: version + 1,
      // The rest of the margin is for clocks that differ.
      lookHoldsMs: liveOf(engine).settings.marginMs / 2,
      sendings,
      outstanding: outstanding(engine).filter(({ order }) => !sent.has(order)),
      strays: straysOf(engine),
      cancelSwitch: planSwitch(engine, venue.capabilities),
    };
    return { verdict: countEvents(engine, before, 'nothing to send'), next: 'execute' };
  });
  return cursor && plan;
}

/**
 * Cancels first, then the venue's switch, then what is not clear is asked for, then orders are sent; of those that open none without the
 * switch.
 */
async function tellVenue(ports: StepPorts, stream: string, venue: ExecutionVenuePort, plan: Plan): Promise<Heard> {
  await callBack(ports, venue, plan);
  const cancelSwitch = plan.cancelSwitch && (await setSwitch(venue, plan.cancelSwitch));
  const before = await clockOf(venue);
  const queried = new Map<number, QueryAnswer>();
  for (const { order, instrument, clientOrderId, isCanceled, isKnown } of plan.outstanding)
    if (before > 0 && (isCanceled || !isKnown)) queried.set(order, await venue.query(instrument, clientOrderId));
  const sent = new Map<number, SendOutcome>();
  for (const sending of plan.sendings) {
    const stays = sending.opens && cancelSwitch?.isSet === false;
    sent.set(sending.order, stays ? { kind: 'not-sent' } : await send(ports, stream, venue, plan, sending));
  }
  return { queried, before, sent, cancelSwitch, after: await clockOf(venue) };
}

/** Sends one order, unless somebody has changed the account since it was marked, or may have since that was looked at. */
async function send(
  ports: StepPorts,
  stream: string,
  venue: ExecutionVenuePort,
  { version, lookHoldsMs }: Plan,
  { request }: Sending,
): Promise<SendOutcome> {
  const lookedAt = ports.now();
  if (!(await standsAt(ports.ledger, stream, version))) return { kind: 'not-sent' };
  if (ports.now() - lookedAt > lookHoldsMs) return { kind: 'not-sent' };
  ports.faultPoint?.('venue:before-submit');
  const answer = await venue.submit(request);
  ports.faultPoint?.('venue:submitted');
  return answer;
}

async function clockOf(venue: ExecutionVenuePort): Promise<number> {
  try {
    return await venue.clock();
  } catch (error) {
    if (venueProblem(error)) return 0;
    throw error;
  }
}

function takeHeard(
  engine: Engine,
  plan: Plan,
  { queried, before, after, sent, cancelSwitch }: Heard,
  { capabilities }: ExecutionVenuePort,
): void {
  takeAnswers(engine, queried, before, capabilities);
  if (plan.cancelSwitch && cancelSwitch) takeSwitch(engine, plan.cancelSwitch, cancelSwitch);
  for (const [order, outcome] of sent) takeSubmitAnswer(engine, order, outcome, after);
}

function straysOf(engine: Engine): Stray[] {
  const live = liveOf(engine);
  const instruments = instrumentsOf(engine);
  return live.lost
    .filter(({ clientOrderId }) => live.found.has(clientOrderId))
    .map(({ clientOrderId, instrument }) => ({ clientOrderId, instrument: instruments[instrument] }));
}
