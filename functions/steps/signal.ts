import { signal } from '../../core/cycle.ts';
import type { Engine } from '../../core/engine/engine.ts';
import { failStrategy } from '../../core/engine/bookkeeping.ts';
import { PlimsollError } from '../../core/errors.ts';
import { fromCheckpointJson, type Json, toCheckpointJson } from '../../core/json.ts';
import type { DocumentWrite } from '../../core/ports/ledger.ts';
import type { StrategyCheckpoint, StrategyRunner } from '../../core/strategies/runner.ts';
import { type AccountState, type CycleDocument, KEYS } from './account-state.ts';
import type { CycleMessage, StepPorts } from './ports.ts';
import { runStep, type StepResult } from './step.ts';

/** Every strategy that is due moves forward over the cycle's bars and is asked. */
export function signalStep(ports: StepPorts, message: CycleMessage): Promise<void> {
  return runStep(ports, 'signal', message, async ({ engine, cycle, account }) => {
    const loaded = await Promise.all(engine.runners.map((runner) => loadCheckpoint(ports, message.stream, runner)));
    const before = engine.snapshot();
    askStrategies(ports, engine);
    const documents = engine.runners.map((runner, k): DocumentWrite => ({
      key: KEYS.checkpoint(runner.running.id),
      value: { cycle: message.cycle, checkpoint: runner.checkpoint() },
      expectedVersion: loaded[k].version,
    }));
    if (engine.proposals.length === 0) return settled(engine, before, documents);
    const pinned = pin(engine, cycle, account, loaded.map(({ value }) => value));
    return {
      verdict: engine.proposals.length === 1 ? '1 proposal' : `${engine.proposals.length} proposals`,
      next: 'risk',
      documents: [...documents, { key: KEYS.decision(message.cycle), value: pinned, expectedVersion: 'any' }],
    };
  });
}

function settled(engine: Engine, before: { journal: { sequence: number } }, documents: DocumentWrite[]): StepResult {
  const failed = engine.journal.sequence > before.journal.sequence;
  return { verdict: failed ? 'a strategy failed' : 'nothing proposed', next: 'settled', documents };
}

async function loadCheckpoint(ports: StepPorts, stream: string, runner: StrategyRunner): Promise<{ version: number; value: Json }> {
  const document = await ports.ledger.document(stream, KEYS.checkpoint(runner.running.id));
  if (!document) return { version: 0, value: null };
  const { checkpoint } = document.value as { checkpoint: Json };
  runner.restore(fromCheckpointJson(checkpoint) as StrategyCheckpoint);
  return { version: document.version, value: checkpoint };
}

/** Indicators over the new bars, then the callbacks, under the deadline for strategies. */
export function askStrategies(ports: StepPorts, engine: Engine): void {
  for (const runner of engine.runners) {
    for (let k = 0; k < engine.dueCount; k++) runner.prepare(engine.due[k], engine.due[k].at, engine.due[k].at + 1);
  }
  try {
    ports.withDeadline(ports.configuration.strategyTimeoutMs, 'the strategies of this cycle', () => signal(engine));
  } catch (error) {
    if (!(error instanceof PlimsollError) || error.code !== 'STRATEGY_TIMEOUT') throw error;
    // What was proposed before the time ran out may be half of a decision: none of it counts.
    engine.proposals = [];
    for (const runner of engine.runners) failStrategy(engine, runner.index, 0, error.message);
  }
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
