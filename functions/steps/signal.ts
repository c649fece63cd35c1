import { isRiskDue } from '../../core/cycle.ts';
import { failStrategy, pauseStrategy } from '../../core/engine/bookkeeping.ts';
import type { Engine } from '../../core/engine/engine.ts';
import { PlimsollError } from '../../core/errors.ts';
import { fromCheckpointJson, type Json, toCheckpointJson } from '../../core/json.ts';
import type { DocumentWrite } from '../../core/ports/ledger.ts';
import { guardMargins } from '../../core/risk/margin-guard.ts';
import { closeOverdue } from '../../core/risk/time-stops.ts';
import type { StrategyCheckpoint, StrategyRunner } from '../../core/strategies/runner.ts';
import { purely } from '../support/purely.ts';
import { type AccountState, type CycleDocument, KEYS } from './account-state.ts';
import { answersDocument, askModels, underAnswers } from './ask-models.ts';
import { checkpointsAfter, prepareBars } from './move-strategies.ts';
import type { CycleMessage, StepPorts } from './ports.ts';
import { runStep, type StepResult } from './step.ts';

/** Every strategy that is due moves forward over the cycle's bars and is asked. */
export function signalStep(ports: StepPorts, message: CycleMessage): Promise<void> {
  return runStep(ports, 'signal', message, async ({ engine, cycle, account }) => {
    const loaded = await Promise.all(engine.runners.map((runner) => loadCheckpoint(ports, message.stream, runner)));
    const before = engine.journal.sequence;
    const said = cycle.warmUp ? [] : await askModels(ports, engine);
    const late = cycle.warmUp
      ? moveStrategies(ports, engine)
      : underAnswers(engine, said, () => askStrategies(ports, engine));
    const checkpoints = await Promise.all(
      engine.runners.map((runner) =>
        late.has(runner)
          ? unasked(ports, message.stream, runner, loaded[runner.index].value, cycle)
          : runner.checkpoint(),
      ),
    );
    const moved = engine.runners.map(
      (runner, k): DocumentWrite => ({
        key: KEYS.checkpoint(runner.running.id),
        value: { cycle: message.cycle, checkpoint: checkpoints[k] },
        expectedVersion: loaded[k].version,
      }),
    );
    const documents = [...moved, ...answersDocument(message.cycle, said)];
    if (engine.proposals.length === 0) {
      // The parts of an order that is worked follow from its decision, which pinned what it was made from.
      const rest = settled(engine, before, documents, cycle);
      return isRiskDue(engine) ? { ...rest, next: 'risk' } : rest;
    }
    const pinned = pin(
      engine,
      cycle,
      account,
      loaded.map(({ value }) => value),
    );
    return {
      verdict: engine.proposals.length === 1 ? '1 proposal' : `${engine.proposals.length} proposals`,
      next: 'risk',
      documents: [...documents, { key: KEYS.decision(message.cycle), value: pinned, expectedVersion: 'any' }],
    };
  });
}

function settled(engine: Engine, before: number, documents: DocumentWrite[], { warmUp }: CycleDocument): StepResult {
  const failed = engine.journal.sequence > before;
  return {
    verdict: failed ? 'a strategy failed' : warmUp ? 'warming up' : 'nothing proposed',
    next: 'settled',
    documents,
  };
}

/** Strategies move over the bars as if paused: what they would have done then is of no use now. */
function moveStrategies(ports: StepPorts, engine: Engine): ReadonlySet<StrategyRunner> {
  const paused = [...engine.paused];
  engine.paused.fill(true);
  const late = askStrategies(ports, engine);
  engine.runners.forEach((runner, k) => {
    engine.paused[k] = paused[k] || late.has(runner);
  });
  return late;
}

async function loadCheckpoint(
  ports: StepPorts,
  stream: string,
  runner: StrategyRunner,
): Promise<{ version: number; value: Json }> {
  const document = await ports.ledger.document(stream, KEYS.checkpoint(runner.running.id));
  if (!document) return { version: 0, value: null };
  const { checkpoint } = document.value as { checkpoint: Json };
  runner.restore(fromCheckpointJson(checkpoint) as StrategyCheckpoint);
  return { version: document.version, value: checkpoint };
}

/**
 * Indicators over the new bars, then the callbacks, all under one deadline. A strategy that is at work when it passes is paused
 * until a person resumes it, and what it proposed does not count; those behind it are asked under a deadline of their own.
 * Returns the late ones: what they left half done must not be kept.
 */
export function askStrategies(ports: StepPorts, engine: Engine): ReadonlySet<StrategyRunner> {
  prepareBars(engine, engine.runners);
  const late = new Set<StrategyRunner>();
  const { runners } = engine;
  let asked = 0;
  let proposed = 0;
  const askTheRest = (): void => {
    for (; asked < runners.length; asked++) {
      proposed = engine.proposals.length;
      runners[asked].decide(engine);
    }
  };
  while (asked < runners.length) {
    try {
      purely(() => ports.withDeadline(ports.configuration.strategyTimeoutMs, 'the strategies of a cycle', askTheRest));
    } catch (error) {
      if (!(error instanceof PlimsollError) || error.code !== 'STRATEGY_TIMEOUT') throw error;
      engine.proposals.length = proposed;
      giveUp(engine, runners[asked], error);
      late.add(runners[asked++]);
    }
  }
  closeOverdue(engine);
  guardMargins(engine);
  return late;
}

function giveUp(engine: Engine, runner: StrategyRunner, error: PlimsollError): void {
  failStrategy(engine, runner.index, engine.due[0]?.index ?? 0, error.message);
  pauseStrategy(engine, runner.index, true, 'it took too long');
}

/** The checkpoint of a strategy that moved over the cycle's bars and was not asked. */
async function unasked(
  ports: StepPorts,
  stream: string,
  { index }: StrategyRunner,
  before: Json,
  cycle: CycleDocument,
): Promise<Json> {
  const after = await checkpointsAfter(ports, stream, new Map([[index, before]]), [cycle]);
  return after.get(index)!;
}

/** What this cycle's decision rests on, by value: enough to make it again, byte for byte. */
function pin(engine: Engine, cycle: CycleDocument, account: AccountState, checkpoints: Json[]): Json {
  return {
    cycle: cycle.asOf,
    contentHash: cycle.contentHash,
    configurationHash: engine.definition.configurationHash,
    codeHashes: engine.runners.map((runner) => runner.running.codeHash),
    account: toCheckpointJson(account),
    checkpoints,
    proposals: engine.proposals as unknown as Json,
  };
}
