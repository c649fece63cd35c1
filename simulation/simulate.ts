/** One seed, from its first cycle to the quiet after the last fault. */
import { setImmediate as endOfTurn } from 'node:timers/promises';
import type { Json } from '../core/json.ts';
import { QUEUES } from '../core/ports/queue.ts';
import { setTradingState } from '../functions/steps/commands.ts';
import type { Bug } from './bugs/bug.ts';
import { Cloud } from './cloud.ts';
import { type Fault, type FaultKind, FaultPlan } from './faults.ts';
import { REST, type Violation } from './invariants/watch.ts';
import { Laptop } from './laptop.ts';
import { COMMAND_KINDS, People } from './people.ts';
import type { Runtime } from './runtime.ts';
import { EVERY_MS, UNIVERSE } from './scenario.ts';
import { World } from './world.ts';

export interface SeedOptions {
  readonly seed: number;
  /** Turns of the virtual loop during which faults happen. */
  readonly steps?: number;
  /** Only these faults, instead of those of the seed. */
  readonly only?: readonly Fault[];
  readonly bug?: Bug;
  readonly traced?: boolean;
}

export interface SeedResult {
  readonly seed: number;
  /** Turns of the virtual loop, those after the last fault included. */
  readonly steps: number;
  readonly faults: ReadonlyMap<FaultKind, number>;
  readonly script: readonly Fault[];
  readonly violations: readonly Violation[];
  /** Empty unless it was asked for. */
  readonly trace: readonly string[];
  /** Hash of each stream's last commit: the same in every replay of the seed. */
  readonly heads: readonly string[];
}

export const SIMULATION_BOUNDS = {
  steps: 400,
  /** The same where an account is live: it has few orders, and what may happen to them is much. */
  stepsOfLive: 800,
  /** Kinds of fault that a seed has at least: it goes on for longer where they have not come by then. */
  kinds: 3,
  /**
   * Virtual time after the last fault within which everything is settled: the time for which ingest takes an account for being at
   * work (15 minutes), by clocks that may be off, and then each delivery of a message may have to time out.
   */
  settleMs: 2_400_000,
  /** Turns in all, whatever happens. */
  turns: 60_000,
} as const;

/** Turns after which people look whether live trading is stopped. */
const RELENT_TURNS = 50;
const noop = (): void => undefined;
const HAPPENINGS = [
  ...COMMAND_KINDS,
  'clock-jump',
  'restart',
  'poison-message',
  'configuration-changed',
] as const satisfies readonly FaultKind[];

export async function simulateSeed(options: SeedOptions): Promise<SeedResult> {
  const { seed, only, bug, traced = false } = options;
  const faults = new FaultPlan(seed, only);
  const world = new World({ seed, faults, defect: bug?.plant() ?? {}, traced });
  const { steps = world.liveStream ? SIMULATION_BOUNDS.stepsOfLive : SIMULATION_BOUNDS.steps } = options;
  const run = new Run(world);
  await run.open();
  faults.isActive = true;
  const isOver = (): boolean =>
    world.loop.turns >= steps && (faults.kinds >= SIMULATION_BOUNDS.kinds || world.loop.turns >= 4 * steps);
  while (!isOver() && !run.hasFailed) await run.turn();
  faults.isActive = false;
  world.skewMs = 0;
  if (!run.hasFailed) await run.settle();
  return {
    seed,
    steps: world.loop.turns,
    faults: faults.counts,
    script: faults.script,
    violations: world.watch.violations,
    trace: world.loop.trace ?? [],
    heads: await run.heads(),
  };
}

class Run {
  readonly #world: World;
  readonly #runtime: Runtime;
  readonly #people: People;

  constructor(world: World) {
    this.#world = world;
    this.#runtime = world.scenario.runtime === 'cloud' ? new Cloud(world) : new Laptop(world);
    this.#people = new People(world);
  }

  get hasFailed(): boolean {
    return this.#world.watch.violations.length > 0;
  }

  open(): Promise<void> {
    return this.#runtime.open();
  }

  /** One thing happens: a call goes on, something begins, or time passes until one of them can. False where time had to pass. */
  async turn(): Promise<boolean> {
    const { loop, random } = this.#world;
    this.#happen();
    const begin = this.#runtime.begin();
    const { ready } = loop;
    const choice = random.below(Math.max(1, begin.length + ready));
    if (choice < ready) await loop.step(choice);
    else if (begin.length > 0) {
      loop.turns++;
      begin[choice - ready]();
      await loop.drained();
    } else {
      loop.turns++;
      await endOfTurn();
      if (loop.ready > 0) return true;
      const next = [loop.nextAt, this.#runtime.nextAt].filter((at) => at > loop.now);
      loop.now = Math.min(loop.now + EVERY_MS, ...next);
      return false;
    }
    return true;
  }

  /** Without faults from here on: until nothing is left to do, or the time for it is over. */
  async settle(): Promise<void> {
    const { loop, watch, streams, poison, queue } = this.#world;
    const until = loop.now + SIMULATION_BOUNDS.settleMs;
    await this.#comeToRest(until);
    while (loop.now < until && loop.turns < SIMULATION_BOUNDS.turns && !this.hasFailed) {
      if (!(await this.turn()) && this.#isQuiet()) return;
    }
    if (this.hasFailed) return;
    for (const stream of streams) {
      const [first] = watch.unsettled(stream);
      if (first !== undefined)
        watch.report('settles', stream, `the cycle ${new Date(first).toISOString()} is neither settled nor a gap`);
    }
    const { waiting, dead } = queue.left;
    if (this.#world.isBusy)
      watch.report(
        'handled',
        UNIVERSE,
        `${waiting} messages wait, and ${dead} are dead letters, ${poison.size} of them poison`,
      );
    const parked = loop.waiting;
    if (!this.hasFailed)
      watch.report('settles', UNIVERSE, `something was at work all the time: ${parked.join(', ') || 'an invocation'}`);
  }

  async heads(): Promise<string[]> {
    const { ledger, streams } = this.#world;
    return Promise.all(
      streams.map(async (stream) => {
        const { commit } = await ledger.head(stream);
        const [last] = await ledger.read(stream, commit - 1, 1);
        return last.hash;
      }),
    );
  }

  /** A live account goes on for some cycles without faults; then trading is halted, and what its ledger says is compared with the exchange. */
  async #comeToRest(until: number): Promise<void> {
    const { liveStream: stream, watch, live } = this.#world;
    if (stream === undefined || this.hasFailed) return;
    live?.exchange.withdrawOthers();
    await this.#cycles(stream, REST.cycles, until);
    for (let tries = 1; watch.stateOf(stream)?.engine.tradingState !== 'Halted' && !this.#isOver(until); tries++) {
      const origin = this.#world.originOf(`halted at last ${tries}`);
      this.#runtime.run(({ steps }) => setTradingState(steps, stream, 'Halted', 'the end', origin).then(noop, noop));
      await this.#cycles(stream, 1, until);
    }
    await this.#cycles(stream, REST.cyclesAfterHalt, until);
    if (this.#isOver(until)) return;
    watch.atRest();
  }

  /** Until so many more cycles are settled, and as much time is over: those that are caught up with come fast. */
  async #cycles(stream: string, count: number, until: number): Promise<void> {
    const { watch, loop } = this.#world;
    const wanted = watch.settled(stream) + count;
    const end = loop.now + count * EVERY_MS;
    while ((watch.settled(stream) < wanted || loop.now < end) && !this.#isOver(until)) await this.turn();
  }

  #isOver(until: number): boolean {
    const { loop } = this.#world;
    return this.hasFailed || loop.now >= until || loop.turns >= SIMULATION_BOUNDS.turns;
  }

  #isQuiet(): boolean {
    const { watch, streams, loop } = this.#world;
    if (this.#runtime.isAtWork || this.#world.isBusy || loop.isCalled) return false;
    return streams.every((stream) => watch.unsettled(stream).length === 0);
  }

  /** People, deployments, clocks, restarts and other people's messages. */
  #happen(): void {
    const world = this.#world;
    const { liveStream } = world;
    if (liveStream !== undefined && world.faults.isActive && world.loop.turns % RELENT_TURNS === 0)
      this.#runtime.run((worker) => this.#people.relent(worker, liveStream));
    const kind = world.faults.strike(`turn ${world.loop.turns}`, HAPPENINGS);
    if (kind === undefined) return;
    world.loop.tell(undefined, kind);
    if (kind === 'clock-jump') world.jumpClock();
    else if (kind === 'restart') this.#runtime.restart();
    else if (kind === 'poison-message') this.#poison();
    else if (kind === 'configuration-changed') this.#deploy();
    else this.#runtime.run((worker) => this.#people.command(kind as (typeof COMMAND_KINDS)[number], worker));
  }

  #deploy(): void {
    const { deployed, scenario } = this.#world;
    if (deployed + 1 < scenario.configurations.length) this.#runtime.deploy(deployed + 1);
  }

  #poison(): void {
    const { faults, queue, poison, streams } = this.#world;
    const id = `poison-${poison.size + 1}`;
    const bodies: readonly Json[] = [
      null,
      { stream: 'nobody/at-all', cycle: 1 },
      { stream: streams[0], cycle: 1_000 },
      { stream: streams[0] },
    ];
    const detail = faults.detail(100, 4);
    poison.add(id);
    const group = detail % 2 === 0 ? streams[0] : 'nobody/at-all';
    queue.sendLate(QUEUES[detail % QUEUES.length], { id, group, body: bodies[detail % bodies.length] }, 0);
  }
}
