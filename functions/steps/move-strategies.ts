/** Strategies moved over cycles that they are not asked about: their indicators come along, their callbacks are left alone. */
import type { Engine } from '../../core/engine/engine.ts';
import { fromCheckpointJson, type Json } from '../../core/json.ts';
import type { LedgerPort } from '../../core/ports/ledger.ts';
import type { StrategyCheckpoint, StrategyRunner } from '../../core/strategies/runner.ts';
import { type Cursor, type CycleDocument, KEYS } from './account-state.ts';
import { engineOf, takeCycle } from './engines.ts';
import type { StepPorts } from './ports.ts';

export const MOVE_BOUNDS = {
  /** Past cycles over which a new, changed or lost strategy is moved before it is asked. */
  cycles: 5_000,
} as const;
const PAGE = 1_000;

/** The checkpoints of some strategies of a stream, by their index, after `cycles`; each begins at `from`, or anew where that is null. */
export async function checkpointsAfter(
  ports: StepPorts,
  stream: string,
  from: ReadonlyMap<number, Json>,
  cycles: readonly CycleDocument[],
): Promise<Map<number, Json>> {
  const engine = await engineOf(ports, stream);
  const runners = engine.runners.filter(({ index }) => from.has(index));
  for (const runner of runners) {
    const checkpoint = from.get(runner.index) ?? null;
    if (checkpoint !== null) runner.restore(fromCheckpointJson(checkpoint) as StrategyCheckpoint);
  }
  engine.paused.fill(true);
  for (const cycle of cycles) {
    takeCycle(engine, cycle);
    prepareBars(engine, runners);
    for (const runner of runners) runner.decide(engine);
  }
  return new Map(runners.map((runner) => [runner.index, runner.checkpoint()]));
}

/** Indicators over the bars of the engine's cycle. */
export function prepareBars(engine: Engine, runners: readonly StrategyRunner[]): void {
  for (const runner of runners) {
    for (let k = 0; k < engine.dueCount; k++) runner.prepare(engine.due[k], engine.due[k].at, engine.due[k].at + 1);
  }
}

/** Cycles over which the strategies have moved already, oldest first. */
export async function cyclesBehind(
  ledger: LedgerPort,
  stream: string,
  { cycle, next }: Cursor,
): Promise<CycleDocument[]> {
  const isAsked = next !== 'reconcile' && next !== 'signal';
  const found: CycleDocument[] = [];
  for (let after = KEYS.cycle(isAsked ? cycle + 1 : cycle); found.length < MOVE_BOUNDS.cycles; ) {
    const page = await ledger.documents(stream, { prefix: KEYS.cyclePrefix, after, reverse: true, limit: PAGE });
    found.push(...page.map(({ value }) => value as unknown as CycleDocument));
    if (page.length < PAGE) break;
    after = page[page.length - 1].key;
  }
  return found.slice(0, MOVE_BOUNDS.cycles).reverse();
}
