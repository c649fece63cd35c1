import type { Engine } from '../../core/engine/engine.ts';
import { PlimsollError } from '../../core/errors.ts';
import { waitsForVenue } from '../../core/execution/live/send.ts';
import type { Json } from '../../core/json.ts';
import type { DocumentWrite } from '../../core/ports/ledger.ts';
import {
  type AccountState,
  type Cursor,
  type CycleDocument,
  type Gap,
  KEYS,
  loadAccount,
  STEPS,
  type Step,
  type Verdict,
  type VerdictsDocument,
} from './account-state.ts';
import { commitEngine } from './commit-engine.ts';
import { engineOf, takeCycle } from './engines.ts';
import type { CycleMessage, StepPorts } from './ports.ts';
import { assertRunsUnder } from './runs-under.ts';

/** What a step's work leaves besides the engine's new state. */
export interface StepResult {
  /** For people: "2 fills". */
  readonly verdict: string;
  /** The step that follows; `settled` ends the cycle. */
  readonly next: Step | 'settled';
  readonly documents?: readonly DocumentWrite[];
}

export interface StepContext {
  /** Of the account document that was read; the commit makes it one more. */
  readonly version: number;
  readonly engine: Engine;
  readonly cycle: CycleDocument;
  readonly account: AccountState;
}

/** Times that a step starts over because another writer came first: by then something is wrong. */
const MAX_CONFLICTS = 20;

/**
 * Runs one step of a cycle: loads the account, does the work on it, and writes events, account and whatever the step adds in one
 * commit. A message that comes again finds the step done and only sends on what follows; so the message that led here is
 * acknowledged after everything it caused is durable, and no sooner.
 */
export async function runStep(
  ports: StepPorts,
  step: Step,
  message: CycleMessage,
  work: (context: StepContext) => Promise<StepResult> | StepResult,
): Promise<void> {
  const cursor = await takeStep(ports, step, message, work);
  if (cursor) await sendNext(ports, message.stream, cursor);
}

/** The same without sending on what follows from the cursor; undefined where the step was done before. */
export async function takeStep(
  ports: StepPorts,
  step: Step,
  message: CycleMessage,
  work: (context: StepContext) => Promise<StepResult> | StepResult,
): Promise<Cursor | undefined> {
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const { state, version } = await loadAccount(ports.ledger, message.stream);
    const due = dueState(state.cursor, step, message.cycle);
    if (due === 'done') {
      await sendAgain(ports, step, message, state);
      return undefined;
    }
    if (due === 'early') {
      throw new PlimsollError(
        'STEP_TOO_EARLY',
        `${step} of cycle ${message.cycle} came while cycle ${state.cursor.cycle} is at ${state.cursor.next}`,
        'it is delivered again',
      );
    }
    const cursor = await attempt(ports, step, message, state, version, work);
    if (cursor) return cursor;
  }
  throw new PlimsollError(
    'ACCOUNT_CONTENDED',
    `${step} of cycle ${message.cycle} met another writer ${MAX_CONFLICTS} times`,
    'it is delivered again',
    { kept: 'the ledger is as the other writers left it' },
  );
}

/** Changes an account as it stands, whatever step its cycle is at, in one commit: facts that must not wait for the step they belong to. */
export async function amendAccount(ports: StepPorts, stream: string, work: (engine: Engine) => void): Promise<void> {
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const { state, version } = await loadAccount(ports.ledger, stream);
    const engine = await engineOf(ports, stream, state.engine);
    engine.restore(state.engine);
    engine.proposals = [...state.proposals];
    work(engine);
    const { cursor, verdicts, runsUnder } = state;
    if (await commitEngine(ports, engine, { version, cursor, verdicts, runsUnder }, [])) return;
  }
  throw new PlimsollError('ACCOUNT_CONTENDED', `${stream} met another writer ${MAX_CONFLICTS} times`, 'try again', {
    kept: 'the ledger is as the other writers left it',
  });
}

/** What a message is to an account that stands at a cursor. */
export function dueState(cursor: Cursor, step: Step, cycle: number): 'due' | 'done' | 'early' {
  if (cycle < cursor.cycle) return 'done';
  if (cycle > cursor.cycle) return step === 'reconcile' && cursor.next === 'settled' ? 'due' : 'early';
  if (cursor.next === 'settled') return 'done';
  const wanted = STEPS.indexOf(step);
  const next = STEPS.indexOf(cursor.next);
  return wanted === next ? 'due' : wanted < next ? 'done' : 'early';
}

async function attempt(
  ports: StepPorts,
  step: Step,
  message: CycleMessage,
  state: AccountState,
  version: number,
  work: (context: StepContext) => Promise<StepResult> | StepResult,
): Promise<Cursor | undefined> {
  const startedAt = ports.now();
  const cycle = await loadCycle(ports, message);
  const engine = await engineOf(ports, message.stream, state.engine);
  assertRunsUnder(state, engine.definition);
  engine.restore(state.engine);
  engine.proposals = [...state.proposals];
  takeCycle(engine, cycle);
  const result = await work({ version, engine, cycle, account: state });
  const at = ports.now();
  const verdict: Verdict = { step, verdict: result.verdict, at, elapsedMs: at - startedAt };
  const verdicts = step === 'reconcile' ? [ingestVerdict(cycle), verdict] : [...state.verdicts, verdict];
  const isLeft = result.next === 'settled' && step !== 'execute' && waitsForVenue(engine);
  const cursor: Cursor = { cycle: message.cycle, next: isLeft ? 'execute' : result.next };
  const account = { version, cursor, verdicts, runsUnder: state.runsUnder };
  const committed = await commitEngine(ports, engine, account, [
    { key: KEYS.verdicts(message.cycle), value: verdictsDocument(engine, cycle, verdicts), expectedVersion: 'any' },
    ...(result.documents ?? []),
  ]);
  ports.faultPoint?.(`${step}:committed`);
  return committed ? cursor : undefined;
}

export function verdictsDocument(engine: Engine, cycle: CycleDocument, verdicts: readonly Verdict[], gap?: Gap): Json {
  const document: VerdictsDocument = {
    cycle: cycle.asOf,
    equity: engine.equity,
    missing: cycle.missing,
    lateByMs: cycle.lateByMs,
    verdicts,
    ...(gap ? { gap } : {}),
  };
  return document as unknown as Json;
}

export function ingestVerdict(cycle: CycleDocument): Verdict {
  const arrived = Object.keys(cycle.bars).length;
  const missing = cycle.missing.length > 0 ? `, missing ${cycle.missing.join(', ')}` : '';
  return {
    step: 'ingest',
    verdict: `${arrived} ${arrived === 1 ? 'bar' : 'bars'}${missing}`,
    at: cycle.openedAt,
    elapsedMs: 0,
  };
}

export async function loadCycle(ports: StepPorts, message: CycleMessage): Promise<CycleDocument> {
  const document = await ports.ledger.document(message.stream, KEYS.cycle(message.cycle));
  if (!document)
    throw new PlimsollError(
      'CYCLE_UNKNOWN',
      `cycle ${message.cycle} of ${message.stream} was never opened`,
      'let ingest open it',
    );
  return document.value as unknown as CycleDocument;
}

/**
 * A message came again: what follows is sent again where its own commit is the last one, since a crash may have come between the
 * two. Where the account has gone further, whoever took it there sees to what follows, and an echo would run beside it for ever.
 */
export async function sendAgain(
  ports: StepPorts,
  step: Step,
  { stream, cycle }: CycleMessage,
  { cursor, verdicts }: AccountState,
): Promise<void> {
  if (cursor.cycle === cycle && verdicts.at(-1)?.step === step) await sendNext(ports, stream, cursor);
}

/** Sends on what follows from where an account stands: the next step, or the next cycle that was opened. */
export async function sendNext(ports: StepPorts, stream: string, cursor: Cursor): Promise<void> {
  if (cursor.next !== 'settled') return sendStep(ports, stream, cursor.next, cursor.cycle);
  const following = await cycleFollowing(ports, stream, cursor);
  if (following !== undefined) await sendStep(ports, stream, 'reconcile', following);
}

/** The time of the first cycle after a cursor's that was opened. */
export async function cycleFollowing(
  { ledger }: StepPorts,
  stream: string,
  { cycle }: Cursor,
): Promise<number | undefined> {
  const [following] = await ledger.documents(stream, {
    prefix: KEYS.cyclePrefix,
    after: KEYS.cycle(cycle),
    limit: 1,
  });
  return (following?.value as unknown as CycleDocument | undefined)?.asOf;
}

async function sendStep(ports: StepPorts, stream: string, step: Step, cycle: number): Promise<void> {
  await ports.send(step, { id: `${stream}@${cycle}/${step}`, group: stream, body: { stream, cycle } });
  ports.faultPoint?.(`${step}:sent`);
}
