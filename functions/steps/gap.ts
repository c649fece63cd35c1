/** A cycle that failed as often as the queue delivers a message: it is closed as a recorded gap, from which the next one goes on. */
import { openCycle } from '../../core/cycle.ts';
import { cancel, pauseStrategy, recordDocument } from '../../core/engine/bookkeeping.ts';
import type { Engine } from '../../core/engine/engine.ts';
import { PlimsollError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import type { DocumentWrite } from '../../core/ports/ledger.ts';
import { QUEUE_BOUNDS, type QueueName } from '../../core/ports/queue.ts';
import type { StrategyRunner } from '../../core/strategies/runner.ts';
import {
  type Cursor,
  type CycleDocument,
  type Gap,
  type GapDocument,
  KEYS,
  type LoadedAccount,
  loadAccount,
  type Step,
  type Verdict,
} from './account-state.ts';
import { commitEngine } from './commit-engine.ts';
import { engineOf } from './engines.ts';
import { checkpointsAfter, cyclesBehind } from './move-strategies.ts';
import type { CycleMessage, StepPorts } from './ports.ts';
import { assertRunsUnder } from './runs-under.ts';
import { cycleFollowing, dueState, ingestVerdict, loadCycle, sendAgain, sendNext, verdictsDocument } from './step.ts';

/** What became of a cycle that was given up. */
export interface RecordedGap extends Gap, CycleMessage {
  /** Intents that passed risk and were never sent. */
  readonly canceled: number;
  /** Strategies that have not seen the cycle's bars, since those cannot be read. */
  readonly behind: readonly string[];
  /** Strategies whose indicators were made again from the bars of the cycles behind. */
  readonly rebuilt: readonly string[];
  /** Strategies that are paused, since what they remembered is lost. */
  readonly paused: readonly string[];
}

const MAX_CONFLICTS = 20;
/** Characters kept of what a step failed with. */
const LONGEST_ERROR = 400;

/** The step that each queue's messages are for. */
export const STEP_OF: Readonly<Record<QueueName, Step>> = {
  reconcile: 'reconcile',
  signal: 'signal',
  risk: 'risk',
  execute: 'execute',
  urgent: 'execute',
};

/**
 * Keeps why a step failed, for the record of the gap that may come of it. Best effort: whoever failed goes on to say so. A message
 * that only came too early has not failed, and an account that was never opened keeps nothing.
 */
export async function noteFailure(
  { ledger }: Pick<StepPorts, 'ledger'>,
  { stream, cycle }: CycleMessage,
  step: Step,
  attempts: number,
  problem: unknown,
): Promise<void> {
  if (problem instanceof PlimsollError && problem.code === 'STEP_TOO_EARLY') return;
  const value: Gap = { step, error: sentenceOf(problem), attempts };
  const documents = [{ key: KEYS.failure(cycle), value: value as unknown as Json, expectedVersion: 'any' as const }];
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const expected = await ledger.head(stream);
    if (expected.sequence === 0) return;
    const outcome = await ledger.commit({ stream, expected, events: [], hash: '', documents, guards: [] });
    if (outcome.kind !== 'conflict') return;
  }
}

/**
 * Takes a dead letter: where its account still waits for that very step, the cycle is closed as it stands, in one commit, and the
 * next one is sent. Its proposals are dropped, intents that were not sent are canceled, since they would come late; orders that
 * work already meet the bars of the next cycle. Strategies move over the bars, so that the next cycle finds them where they would
 * be; one whose memory is lost is paused. Where the account has gone further, nothing is recorded: undefined.
 */
export async function recordGap(ports: StepPorts, step: Step, message: CycleMessage): Promise<RecordedGap | undefined> {
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const loaded = await loadAccount(ports.ledger, message.stream);
    const { cursor } = loaded.state;
    if (!(await isWaitedFor(ports, step, message, cursor))) {
      await sendAgain(ports, step, message, loaded.state);
      return undefined;
    }
    const gap = await close(ports, step, message, loaded);
    if (!gap) continue;
    await sendNext(ports, message.stream, { cycle: message.cycle, next: 'settled' });
    return gap;
  }
  throw new PlimsollError(
    'ACCOUNT_CONTENDED',
    `the gap of cycle ${message.cycle} met another writer ${MAX_CONFLICTS} times`,
    'it is tried again',
    { kept: 'the ledger is as the other writers left it' },
  );
}

/** A gap in words, for people. */
export function describeGap({ step, error, attempts, canceled, behind, rebuilt, paused }: RecordedGap): string {
  const list = (ids: readonly string[]): string => ids.map((id) => `"${id}"`).join(', ');
  return [
    `gap: ${step} failed ${attempts} times (${error})`,
    ...(canceled > 0 ? [`${canceled} ${canceled === 1 ? 'intent' : 'intents'} canceled`] : []),
    ...(behind.length > 0 ? [`without its bars ${list(behind)}`] : []),
    ...(rebuilt.length > 0 ? [`rebuilt ${list(rebuilt)}`] : []),
    ...(paused.length > 0 ? [`paused ${list(paused)}`] : []),
  ].join('; ');
}

/** Whether the account stands still before this step; a cycle further on is not the one that it waits for. */
async function isWaitedFor(ports: StepPorts, step: Step, message: CycleMessage, cursor: Cursor): Promise<boolean> {
  if (dueState(cursor, step, message.cycle) !== 'due') return false;
  return cursor.cycle === message.cycle || (await cycleFollowing(ports, message.stream, cursor)) === message.cycle;
}

/** Undefined where another writer came first. */
async function close(
  ports: StepPorts,
  step: Step,
  message: CycleMessage,
  { state, version }: LoadedAccount,
): Promise<RecordedGap | undefined> {
  const startedAt = ports.now();
  const cycle = await loadCycle(ports, message);
  const engine = await engineOf(ports, message.stream, state.engine);
  assertRunsUnder(state, engine.definition);
  engine.restore(state.engine);
  openCycle(engine, message.cycle);
  const canceled = dropIntents(engine);
  const failure = await failureOf(ports, step, message);
  const { documents, ...strategies } = await moveOver(ports, engine, step, cycle, state.cursor);
  const gap: RecordedGap = { ...message, ...failure, canceled, ...strategies };
  const { stream: _, ...body } = gap;
  recordDocument(engine, 'CycleFailed', body);
  const at = ports.now();
  const verdict: Verdict = { step, verdict: describeGap(gap), at, elapsedMs: at - startedAt };
  const verdicts = step === 'reconcile' ? [ingestVerdict(cycle), verdict] : [...state.verdicts, verdict];
  const cursor: Cursor = { cycle: message.cycle, next: 'settled' };
  const shown = verdictsDocument(engine, cycle, verdicts, failure);
  const listed: GapDocument = { cycle: message.cycle, verdict: verdict.verdict };
  const committed = await commitEngine(ports, engine, { version, cursor, verdicts, runsUnder: state.runsUnder }, [
    { key: KEYS.verdicts(message.cycle), value: shown, expectedVersion: 'any' },
    { key: KEYS.gap(message.cycle), value: listed as unknown as Json, expectedVersion: 'any' },
    ...documents,
  ]);
  ports.faultPoint?.('gap:committed');
  return committed ? gap : undefined;
}

/** What passed risk and was not sent ends here, as if it had not been decided: the same target may be asked for again. */
function dropIntents(engine: Engine): number {
  const { intents } = engine;
  for (const order of intents) {
    // Canceled with the order that it was a part of. A part that was to be sent by itself goes back to its order.
    if (order.state === 'Canceled') continue;
    if (order.carvedFrom === 0) engine.position(order.strategy, order.instrument).target = Number.NaN;
    cancel(engine, order, 'its cycle failed before it was sent');
  }
  engine.intents = [];
  engine.cancels = [];
  return intents.length;
}

interface MovedStrategies extends Pick<RecordedGap, 'behind' | 'rebuilt' | 'paused'> {
  readonly documents: readonly DocumentWrite[];
}

/** From risk on, signal has moved them already. */
async function moveOver(
  ports: StepPorts,
  engine: Engine,
  step: Step,
  cycle: CycleDocument,
  cursor: Cursor,
): Promise<MovedStrategies> {
  const documents: DocumentWrite[] = [];
  const strategies: Record<Exclude<Outcome, 'moved'>, string[]> = { behind: [], rebuilt: [], paused: [] };
  if (step !== 'reconcile' && step !== 'signal') return { documents, ...strategies };
  const history = new History(ports, engine.definition.stream, cursor, cycle);
  for (const runner of engine.runners) {
    const { id } = runner.running;
    const { outcome, checkpoint, version, problem } = await moveOne(ports, engine, runner, cycle, history);
    const value = { cycle: cycle.asOf, checkpoint };
    documents.push({ key: KEYS.checkpoint(id), value, expectedVersion: version });
    if (outcome !== 'moved') strategies[outcome].push(id);
    if (outcome === 'paused' && !engine.paused[runner.index])
      pauseStrategy(engine, runner.index, true, `what it remembered is lost: ${problem}`);
  }
  return { documents, ...strategies };
}

/** How a strategy comes over a cycle that failed: see {@link moveOne}. */
type Outcome = 'moved' | 'behind' | 'rebuilt' | 'paused';

interface MovedStrategy {
  readonly outcome: Outcome;
  readonly checkpoint: Json;
  /** Of the checkpoint that was there. */
  readonly version: number;
  /** Why it could not be moved. */
  readonly problem: string;
}

/**
 * Moved from its checkpoint over the cycle's bars. Where only the bars cannot be read it stays behind them, as with bars that are
 * missing. Where the checkpoint itself is at fault it is rebuilt from the bars of the cycles behind, which gives indicators and no
 * memory: a strategy that keeps one is paused, as is one that cannot be rebuilt and begins anew.
 */
async function moveOne(
  ports: StepPorts,
  engine: Engine,
  { index, running }: StrategyRunner,
  cycle: CycleDocument,
  history: History,
): Promise<MovedStrategy> {
  const { stream } = engine.definition;
  const document = await ports.ledger.document(stream, KEYS.checkpoint(running.id));
  const stored = (document?.value as { checkpoint?: Json } | undefined)?.checkpoint ?? null;
  const version = document?.version ?? 0;
  const after = async (from: Json, cycles: readonly CycleDocument[]): Promise<Json> =>
    (await checkpointsAfter(ports, stream, new Map([[index, from]]), cycles)).get(index)!;
  const remembers = running.definition.state !== undefined;
  const ways: readonly (readonly [Outcome, () => Promise<Json>])[] = [
    ['moved', () => after(stored, [cycle])],
    ['behind', () => after(stored, [])],
    [remembers ? 'paused' : 'rebuilt', async () => after(null, await history.cycles())],
  ];
  let problem = '';
  for (const [outcome, way] of ways) {
    try {
      return { outcome, checkpoint: await way(), version, problem };
    } catch (error) {
      problem ||= sentenceOf(error);
    }
  }
  return { outcome: 'paused', checkpoint: await after(null, []), version, problem };
}

/** The cycles behind an account and the one that failed; read once, and only where something must be rebuilt. */
class History {
  readonly #read: () => Promise<CycleDocument[]>;
  #cycles: Promise<CycleDocument[]> | undefined;

  constructor({ ledger }: StepPorts, stream: string, cursor: Cursor, failed: CycleDocument) {
    // A cycle that fails in reconcile leaves the cursor at the one before it, over which the strategies have moved.
    this.#read = async () => [...(await cyclesBehind(ledger, stream, cursor)), failed];
  }

  cycles(): Promise<CycleDocument[]> {
    this.#cycles ??= this.#read();
    return this.#cycles;
  }
}

/** As it was noted, or what can be said of a step that left nothing behind. */
async function failureOf({ ledger }: StepPorts, step: Step, { stream, cycle }: CycleMessage): Promise<Gap> {
  const noted = (await ledger.document(stream, KEYS.failure(cycle)))?.value as unknown as Gap | undefined;
  if (noted?.step === step) return { step, error: noted.error, attempts: noted.attempts };
  return {
    step,
    error: 'It did not come to its end and left no error behind',
    attempts: QUEUE_BOUNDS.maxReceives,
  };
}

function sentenceOf(problem: unknown): string {
  const text = problem instanceof Error ? problem.message : String(problem);
  return text.slice(0, LONGEST_ERROR).toWellFormed();
}
