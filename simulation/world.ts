/** A world: the platform of a seed on simulated ports, with everybody who acts on it. */
import { definitionOf, streamOf } from '../core/configuration/definition.ts';
import type { Configuration } from '../core/configuration/schema.ts';
import { barOpenAt } from '../core/market/timeframe.ts';
import type { ExecutionVenuePort } from '../core/ports/execution-venue.ts';
import type { Principal } from '../core/ports/identity.ts';
import type { LedgerPort } from '../core/ports/ledger.ts';
import type { ObjectStore } from '../core/ports/object-store.ts';
import { type CycleDocument, KEYS, type Opening } from '../functions/steps/account-state.ts';
import type { CommandOrigin } from '../functions/steps/commands.ts';
import { type ArmingRequest, armingPhrase, armLive } from '../functions/steps/commands-live.ts';
import { executeStep } from '../functions/steps/execute.ts';
import { STEP_OF } from '../functions/steps/gap.ts';
import { openAccount } from '../functions/steps/ingest.ts';
import type { CycleMessage, StepPorts } from '../functions/steps/ports.ts';
import { reconcileStep } from '../functions/steps/reconcile.ts';
import { riskStep } from '../functions/steps/risk.ts';
import { signalStep } from '../functions/steps/signal.ts';
import type { Defect, Settlement, Steps } from './bugs/bug.ts';
import type { FaultPlan } from './faults.ts';
import { Watch } from './invariants/watch.ts';
import { LiveSide } from './live.ts';
import { type Process, VirtualLoop } from './loop.ts';
import { SimulatedIdentity } from './ports/identity.ts';
import { SimulatedLedger } from './ports/ledger.ts';
import { type BarFault, SimulatedMarket } from './ports/market.ts';
import { SimulatedObjects } from './ports/objects.ts';
import { SimulatedQueue } from './ports/queue.ts';
import { Random } from './random.ts';
import { type Scenario, scenarioOf, TIMEFRAME } from './scenario.ts';
import { type LedgerTold, lakeKey, type ScheduledQueue, scheduledLedger, scheduledQueue } from './scheduled-ports.ts';
import type { Command } from './shadow.ts';
import { simulatedStrategies } from './strategies.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly faults: FaultPlan;
  readonly defect: Defect;
  readonly traced: boolean;
}

/** A process with what it works with. */
export interface Worker extends Process {
  readonly steps: StepPorts;
  readonly queue: ScheduledQueue;
  readonly settlement: Settlement;
}

/** How far a clock may be off, ms. */
const MOST_SKEW_MS = 240_000;
const STEPS: Steps = { reconcile: reconcileStep, signal: signalStep, risk: riskStep, execute: executeStep };
/** How much more often a process ends within such a work than elsewhere: there are few of them. */
const PARTS_WEIGHT = 10;
/** What a person allows a live account. */
export const armingOf = (stream: string): ArmingRequest => ({
  typed: armingPhrase(stream),
  maxOrderNotional: 5_000,
  maxExposure: 20_000,
  reason: 'a person',
});
const TOKEN_TTL_MS = 3_600_000_000;

export class World {
  readonly scenario: Scenario;
  readonly random: Random;
  readonly faults: FaultPlan;
  readonly defect: Defect;
  readonly loop: VirtualLoop;
  readonly ledger = new SimulatedLedger();
  readonly queue: SimulatedQueue;
  /** As processes see it. */
  readonly objects: ObjectStore;
  readonly market: SimulatedMarket;
  readonly identity: SimulatedIdentity;
  readonly watch: Watch;
  /** Where the first account is a live one. */
  readonly live: LiveSide | undefined;
  readonly steps: Steps;
  readonly streams: readonly string[];
  /** By idempotency key, what people asked for. */
  readonly commands = new Map<string, Command>();
  /** Messages that name no cycle of an account, which nobody can handle. */
  readonly poison = new Set<string>();
  readonly trader: { readonly token: string; readonly principal: Principal };
  /** Which of the scenario's configurations new processes are started with. */
  deployed = 0;
  /** Clock of new processes. */
  skewMs = 0;
  readonly #objects = new SimulatedObjects();
  readonly #store: LedgerPort;
  /** By stream, who began the last work of several commits. */
  readonly #inParts = new Map<string, Process>();
  #processes = 0;

  constructor({ seed, faults, defect, traced }: WorldOptions) {
    this.scenario = scenarioOf(seed);
    this.random = new Random(seed, 202);
    this.faults = faults;
    this.defect = defect;
    const { start, instruments, configurations } = this.scenario;
    this.loop = new VirtualLoop(start, this.random, faults, traced);
    const now = (): number => this.loop.now;
    this.queue = new SimulatedQueue({ now, choose: (groups) => this.#choose(groups) });
    this.market = new SimulatedMarket({
      seed,
      instruments,
      now,
      provenance: this.scenario.exchange ? 'live' : 'simulated',
      faultOf: (symbol, open) => this.#faultOfBar(symbol, open),
    });
    this.identity = new SimulatedIdentity(now);
    const principal = { id: 'person', name: 'a person', roles: ['trader'] } as const;
    this.trader = { token: this.identity.issue(principal, TOKEN_TTL_MS), principal };
    this.objects = defect.objects?.(this.#objects) ?? this.#objects;
    this.#store = defect.store?.(this.ledger) ?? this.ledger;
    this.steps = defect.steps?.(STEPS) ?? STEPS;
    const [configuration] = configurations;
    this.streams = configuration.accounts.map((account) => streamOf(configuration, account));
    this.watch = new Watch({
      ledger: this.ledger,
      definitionsOf: (stream, opening) => this.#definitionsOf(stream, opening),
      commandOf: (key) => this.commands.get(key),
      isInLake: (_, cycle) => this.#isInLake(cycle),
      onGap: () => faults.count('gap'),
      exchange: () => this.live?.exchange,
    });
    this.live = this.#liveSide(seed);
    this.ledger.onConflict(() => faults.count('conflict'));
    this.queue.onHandled((name, { id, body }) => {
      if (!this.poison.has(id))
        this.watch.handled(STEP_OF[name], body as unknown as CycleMessage, (next) => this.queue.holds(next));
    });
    this.queue.onBuried((_, letter) => {
      faults.count('dead-letter');
      this.loop.tell(undefined, `dead letter ${letter.id}`);
    });
  }

  get configuration(): Configuration {
    return this.scenario.configurations[this.deployed];
  }

  /** Opens every account, without faults. */
  async open(prepare: (ports: StepPorts, stream: string) => Promise<void>): Promise<void> {
    const ports = this.#portsOf(this.configuration, this.#store, async () => undefined, 0, this.live?.exchange);
    this.live?.sync();
    const openedAt = barOpenAt(this.scenario.start, TIMEFRAME);
    for (const account of this.configuration.accounts) {
      await openAccount(ports, account, this.scenario.instruments, this.market.provenance, openedAt);
      const stream = streamOf(this.configuration, account);
      if (account.live) await armLive(ports, stream, armingOf(stream), this.originOf('armed at first'));
      await prepare(ports, stream);
    }
  }

  /** A person's command under a key. */
  originOf(idempotencyKey: string): CommandOrigin {
    return { principal: this.trader.principal, idempotencyKey, fingerprint: idempotencyKey };
  }

  /** The live account's, where there is one. */
  get liveStream(): string | undefined {
    return this.live && this.streams[0];
  }

  /** A process, with the configuration that was deployed last or another. */
  start(configuration = this.configuration): Worker {
    const { loop, defect } = this;
    const process: Process = { name: `process ${++this.#processes}`, alive: true, skewMs: this.skewMs };
    const queue = scheduledQueue(this.queue, loop, process, this.faults);
    const ledger = scheduledLedger(this.#store, loop, process, this.#toldOf(process));
    const send: StepPorts['send'] = (queueName, message) => queue.send(queueName, message);
    const steps = this.#portsOf(
      configuration,
      defect.ledger?.(ledger) ?? ledger,
      defect.send?.(send) ?? send,
      process.skewMs,
      this.#exchangeOf(process),
    );
    const settlement = defect.settlement?.(queue) ?? queue;
    return Object.assign(process, { steps, queue, settlement });
  }

  /** Puts a clock of new processes off, or right again. */
  jumpClock(): void {
    this.skewMs = this.skewMs === 0 ? this.faults.detail(2 * MOST_SKEW_MS) - MOST_SKEW_MS : 0;
  }

  /** Whether messages wait, are in flight or were given up on and might be handled. */
  get isBusy(): boolean {
    const { waiting, dead } = this.queue.left;
    return waiting > 0 || dead > this.poison.size;
  }

  #liveSide(seed: number): LiveSide | undefined {
    const { faults, loop, market, watch } = this;
    const { exchange, instruments } = this.scenario;
    return (
      exchange &&
      new LiveSide({
        ...{ seed, exchange, instruments, market, faults, loop },
        isCompared: () => (watch.stateOf(this.streams[0])?.engine.live?.offsets ?? null) !== null,
        onPlaced: (order) => watch.placed(order),
        onSubmit: (clientOrderId, seen) => watch.submits(clientOrderId, seen),
      })
    );
  }

  #exchangeOf(process: Process): ExecutionVenuePort | undefined {
    const exchange = this.live?.portOf(process);
    return exchange && (this.defect.exchange?.(exchange) ?? exchange);
  }

  #toldOf(process: Process): LedgerTold {
    return {
      read: (stream, key, by) => {
        const state = stream === this.liveStream && key === KEYS.account && this.watch.stateOf(stream);
        if (state) this.live?.saw(by, state.engine.tradingState);
      },
      committed: ({ stream, documents, guards }) => {
        const pending = documents.find(({ key }) => key === KEYS.pending);
        if (pending && pending.value !== null) {
          this.#inParts.set(stream, process);
          const kind = this.faults.strike(`parts of ${stream}`, ['crash-within-work'], PARTS_WEIGHT);
          if (kind) this.loop.crash(process, kind);
        } else if (pending || guards.some(({ key }) => key === KEYS.pending)) {
          if (this.#inParts.get(stream) !== process) this.faults.count('work-finished-by-another');
        }
      },
    };
  }

  #portsOf(
    configuration: Configuration,
    ledger: LedgerPort,
    send: StepPorts['send'],
    skewMs: number,
    exchange: ExecutionVenuePort | undefined,
  ): StepPorts {
    return {
      ...(exchange ? { venue: () => exchange } : {}),
      ledger,
      send,
      configuration,
      registry: simulatedStrategies,
      now: () => this.loop.now + skewMs,
      withDeadline: (_timeoutMs, _what, work) => work(),
    };
  }

  #choose(groups: number): number {
    const chosen = groups > 1 ? this.random.below(groups) : 0;
    if (chosen > 0) this.faults.count('reordered');
    return chosen;
  }

  #faultOfBar(symbol: string, open: number): BarFault {
    return this.faults.strike(`bar ${symbol} ${open}`, ['bar-late', 'bar-missing', 'bar-bad'], 4) as BarFault;
  }

  #definitionsOf(stream: string, { openedAt, provenance, instruments }: Opening) {
    return this.scenario.configurations.map((configuration) => {
      const account = configuration.accounts.find((candidate) => streamOf(configuration, candidate) === stream)!;
      return definitionOf({ configuration, account, instruments, provenance, registry: simulatedStrategies, openedAt });
    });
  }

  #isInLake({ bars }: CycleDocument): boolean {
    return Object.entries(bars).every(([symbol, figures]) => this.#objects.has(lakeKey(symbol, figures)));
  }
}
