/**
 * The account as it would be without any fault: one engine in memory that is never written down or read back, taken through the
 * same bars and the same commands at the same places. What a step commits must be what it does, byte for byte.
 */
import { execute, isRiskDue, reconcile, risk, signal } from '../core/cycle.ts';
import { pauseStrategy, recordDocument } from '../core/engine/bookkeeping.ts';
import { Engine, type EngineDefinition, type EngineSnapshot } from '../core/engine/engine.ts';
import { openStream } from '../core/engine/genesis.ts';
import { fromCheckpointJson, type Json } from '../core/json.ts';
import { closeByHand } from '../core/risk/close-by-hand.ts';
import { cancelOne, halt, reduce, resume } from '../core/risk/kill-switch.ts';
import type { StrategyCheckpoint } from '../core/strategies/runner.ts';
import type { AccountState, Cursor, CycleDocument, Step } from '../functions/steps/account-state.ts';
import { takeCycle } from '../functions/steps/engines.ts';
import { prepareBars } from '../functions/steps/move-strategies.ts';

/** What a person asked for. */
export type Command =
  | {
      readonly kind: 'state';
      readonly to: 'Active' | 'Reducing' | 'Halted';
      readonly reason: string;
      readonly by: string;
    }
  | { readonly kind: 'cancel'; readonly order: number; readonly by: string }
  | { readonly kind: 'close'; readonly strategy: string; readonly symbol: string; readonly by: string }
  | { readonly kind: 'pause'; readonly strategy: string; readonly paused: boolean; readonly by: string };

export class Shadow {
  readonly #engine: Engine;
  /** The cycle whose bars the engine holds. */
  #cycle = Number.NaN;

  constructor(definition: EngineDefinition) {
    this.#engine = new Engine(definition);
  }

  /** Begins a stream; its events. */
  open(): Json[] {
    openStream(this.#engine);
    return this.#drain();
  }

  /** Goes on from a place that is taken as it is found: after a gap, or under another configuration. */
  restore(state: AccountState, checkpoints: ReadonlyMap<string, Json>): void {
    const engine = this.#engine;
    engine.restore(state.engine);
    engine.proposals = [...state.proposals];
    for (const runner of engine.runners) {
      const checkpoint = checkpoints.get(runner.running.id) ?? null;
      if (checkpoint !== null) runner.restore(fromCheckpointJson(checkpoint) as StrategyCheckpoint);
    }
    this.#cycle = Number.NaN;
  }

  /** Does a step; its events, and the step that follows. */
  step(step: Step, cycle: CycleDocument): { events: Json[]; next: Cursor['next'] } {
    const engine = this.#engine;
    if (this.#cycle !== cycle.asOf) takeCycle(engine, cycle);
    this.#cycle = cycle.asOf;
    const next = STEPS_DONE[step](engine);
    return { events: this.#drain(), next };
  }

  command(command: Command): Json[] {
    perform(this.#engine, command);
    return this.#drain();
  }

  /** The platform recorded that it was away. */
  missed(body: Json): Json[] {
    recordDocument(this.#engine, 'CyclesMissed', body as { readonly [key: string]: Json });
    return this.#drain();
  }

  /** The state that an account document holds. */
  snapshot(): EngineSnapshot {
    return this.#engine.snapshot();
  }

  #drain(): Json[] {
    return this.#engine.journal.drain() as unknown as Json[];
  }
}

const STEPS_DONE: Readonly<Record<Step, (engine: Engine) => Cursor['next']>> = {
  reconcile(engine) {
    reconcile(engine);
    return 'signal';
  },
  signal(engine) {
    prepareBars(engine, engine.runners);
    signal(engine);
    return engine.proposals.length > 0 || isRiskDue(engine) ? 'risk' : 'settled';
  },
  risk(engine) {
    risk(engine);
    return engine.intents.length > 0 || engine.cancels.length > 0 ? 'execute' : 'settled';
  },
  execute(engine) {
    execute(engine);
    return 'settled';
  },
};

function perform(engine: Engine, command: Command): void {
  const hand = `by hand (${command.by})`;
  if (command.kind === 'state') SWITCH[command.to](engine, `${command.reason} (${command.by})`);
  else if (command.kind === 'cancel') {
    const working = engine.markets.flatMap(({ orders, held }) => [...orders, ...held]);
    const order = working.find(({ id }) => id === command.order);
    if (order) cancelOne(engine, order, hand);
  } else {
    const strategy = engine.runners.findIndex(({ running }) => running.id === command.strategy);
    if (command.kind === 'close') {
      const market = engine.markets.find(({ instrument }) => instrument.symbol === command.symbol);
      if (market) closeByHand(engine, strategy, market, `closed ${hand}`);
    } else if (engine.paused[strategy] !== command.paused) pauseStrategy(engine, strategy, command.paused, hand);
  }
}

const SWITCH = { Active: resume, Reducing: reduce, Halted: halt } as const;
