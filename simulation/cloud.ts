/** The platform in the cloud: an invocation for every message, every tick of the schedule and every dead letter, each on its own. */
import { settledKey } from '../adapters/aws/scheduler-ticks.ts';
import { PlimsollError } from '../core/errors.ts';
import { type DeadLetter, QUEUES, type QueueName, type ReceivedMessage } from '../core/ports/queue.ts';
import { noteFailure, recordGap, STEP_OF } from '../functions/steps/gap.ts';
import { type IngestPorts, ingestScheduled, planOf } from '../functions/support/ingest-cycles.ts';
import { cycleOf, describe, isForPeople, isPassing } from './failures.ts';
import type { Runtime } from './runtime.ts';
import { EVERY_MS, UNIVERSE } from './scenario.ts';
import { scheduledMarket, simulatedLake } from './scheduled-ports.ts';
import type { Worker, World } from './world.ts';

/** How long a message is hidden while its function works, ms. */
const VISIBILITY_MS = 90_000;
/** The pause before a failed message comes again, as functions/support/batch.ts has it. */
const RETRY_PAUSE = { firstMs: 1_000, mostMs: 30_000, deploymentMs: 60_000 } as const;
/** Times that a failed invocation of the schedule is made again, and how long after. */
const TICK_RETRIES = { times: 2, afterMs: 20_000 } as const;
const LETTER_AGAIN_MS = 20_000;
/** Invocations at one time. */
const MOST_AT_ONCE = 6;
/** Of new invocations after a deployment, those that still run the release before; and for how long. */
const OLD_RELEASE = { oneIn: 3, forMs: 90_000 } as const;

/** A time of the schedule, and when its invocation begins. */
interface Tick {
  readonly at: number;
  readonly time: number;
  readonly tries: number;
}

export class Cloud implements Runtime {
  readonly #world: World;
  /** At work, with the message that each has. */
  readonly #invocations = new Map<Worker, string>();
  /** Ticks that are to come, by time. */
  readonly #ticks: Tick[] = [];
  /** Dead letters by when they are looked at next; infinity for those that people look at. */
  readonly #letters = new Map<string, number>();
  /** Processes that wait for their next invocation. */
  readonly #warm: Worker[] = [];
  #deployedAt = Number.NEGATIVE_INFINITY;
  #lastTick: number;

  constructor(world: World) {
    this.#world = world;
    this.#lastTick = Math.floor(world.scenario.start / EVERY_MS) * EVERY_MS;
    world.loop.onCrash((process) => {
      this.#invocations.delete(process as Worker);
    });
  }

  async open(): Promise<void> {
    const settledUntil = this.#lastTick;
    await this.#world.open(async ({ ledger, configuration }, stream) => {
      const documents = [
        { key: settledKey(planOf(configuration, UNIVERSE)), value: { settledUntil }, expectedVersion: 0 },
      ];
      await ledger.commit({ stream, expected: await ledger.head(stream), events: [], hash: '', documents, guards: [] });
    });
  }

  /** Does something in an invocation of its own, of the release that was deployed last. */
  run(work: (worker: Worker) => Promise<void>): void {
    const worker = this.#start('', true);
    work(worker).finally(() => this.#end(worker));
  }

  get isAtWork(): boolean {
    return this.#invocations.size > 0;
  }

  /** Everything that is at work ends at once. */
  restart(): void {
    for (const worker of [...this.#invocations.keys()]) this.#world.loop.crash(worker, 'restart');
  }

  deploy(next: number): void {
    this.#world.deployed = next;
    this.#deployedAt = this.#world.loop.now;
  }

  /** What could begin now. */
  begin(): (() => void)[] {
    const { queue, loop } = this.#world;
    const possible: (() => void)[] = [];
    this.#schedule();
    for (const tick of this.#ticks) if (tick.at <= loop.now) possible.push(() => this.#ingest(tick));
    if (this.#invocations.size >= MOST_AT_ONCE) return possible;
    for (const name of QUEUES) if (queue.hasVisible(name)) possible.push(() => this.#deliver(name));
    const letter = this.#nextLetter();
    if (letter) possible.push(() => this.#closeCycle(...letter));
    return possible;
  }

  /** When the next thing may begin that waits for its time. */
  get nextAt(): number {
    const letters = [...this.#letters.values()];
    const ticks = this.#ticks.map(({ at }) => at);
    return Math.min(this.#lastTick + EVERY_MS, this.#world.queue.nextVisibleAt(), ...letters, ...ticks);
  }

  /** The ticks that fell due. */
  #schedule(): void {
    const { loop, faults } = this.#world;
    while (this.#lastTick + EVERY_MS <= loop.now) {
      this.#lastTick += EVERY_MS;
      const time = this.#lastTick;
      const kind = faults.strike(`tick ${time}`, ['tick-doubled', 'tick-late', 'tick-lost'], 4);
      if (kind !== undefined) loop.tell(undefined, `${kind} at ${new Date(time).toISOString()}`);
      if (kind === 'tick-lost') continue;
      const at = loop.now + (kind === 'tick-late' ? faults.detail(2 * EVERY_MS) : 0);
      this.#ticks.push({ at, time, tries: 0 });
      if (kind === 'tick-doubled') this.#ticks.push({ at: loop.now + faults.detail(EVERY_MS), time, tries: 0 });
    }
  }

  #ingest(tick: Tick): void {
    const { market, objects, loop, watch } = this.#world;
    this.#ticks.splice(this.#ticks.indexOf(tick), 1);
    const worker = this.#start();
    const ports: IngestPorts = {
      steps: worker.steps,
      lake: simulatedLake(objects, loop, worker),
      venue: () => scheduledMarket(market, loop, worker),
      sleep: (ms) => loop.sleep(worker, ms),
      report: () => undefined,
      tell: () => undefined,
    };
    const event = { schedule: UNIVERSE, scheduledTime: new Date(tick.time).toISOString() };
    loop.tell(worker, `ingest ${event.scheduledTime}`);
    ingestScheduled(ports, event)
      .catch((error) => {
        if (!isPassing(error)) watch.report('no-surprise', UNIVERSE, `ingest failed with ${describe(error)}`);
        loop.tell(worker, `failed: ${describe(error)}`);
        if (tick.tries < TICK_RETRIES.times)
          this.#ticks.push({ ...tick, at: loop.now + TICK_RETRIES.afterMs, tries: tick.tries + 1 });
      })
      .finally(() => this.#end(worker));
  }

  #deliver(name: QueueName): void {
    const { queue, faults, loop } = this.#world;
    queue.receive(name, 1, VISIBILITY_MS).then(([message]) => {
      if (!message) return;
      if (message.receives > 1) faults.count('redelivery');
      if ([...this.#invocations.values()].includes(message.id)) faults.count('visibility-expired');
      const kind = faults.strike(`receive ${message.id}`, ['receive-lost']);
      if (kind !== undefined) return;
      const worker = this.#start(message.id);
      loop.tell(worker, `${message.id}, delivery ${message.receives}`);
      this.#handle(worker, name, message).finally(() => this.#end(worker));
    });
  }

  async #handle(worker: Worker, name: QueueName, message: ReceivedMessage): Promise<void> {
    const { defect, loop } = this.#world;
    const { settlement } = worker;
    try {
      if (defect.acknowledgesFirst) await settlement.acknowledge(name, message);
      await this.#step(worker, name, message);
    } catch (error) {
      loop.tell(worker, `failed: ${describe(error)}`);
      await settlement.release(name, message, pauseMs(message.receives, error)).catch(() => undefined);
      return;
    }
    await settlement.acknowledge(name, message).catch(() => undefined);
  }

  async #step({ steps }: Worker, name: QueueName, message: ReceivedMessage): Promise<void> {
    const { watch } = this.#world;
    const body = cycleOf(message);
    try {
      await this.#world.steps[STEP_OF[name]](steps, body);
    } catch (error) {
      if (!isPassing(error) && !this.#world.poison.has(message.id))
        watch.report('no-surprise', body.stream, `${name} failed with ${describe(error)}`);
      await noteFailure(steps, body, STEP_OF[name], message.receives, error).catch(() => undefined);
      throw error;
    }
  }

  #nextLetter(): [QueueName, DeadLetter] | undefined {
    const { queue, loop, defect } = this.#world;
    for (const name of QUEUES) {
      for (const letter of queue.peekDeadLetters(name)) {
        if (defect.dropsDeadLetters) void queue.forget(name, letter);
        else if ((this.#letters.get(letterKey(name, letter)) ?? 0) <= loop.now) return [name, letter];
      }
    }
    return undefined;
  }

  #closeCycle(name: QueueName, letter: DeadLetter): void {
    const { loop, watch } = this.#world;
    const key = letterKey(name, letter);
    this.#letters.set(key, loop.now + LETTER_AGAIN_MS);
    const worker = this.#start();
    const work = async (): Promise<void> => {
      await recordGap(worker.steps, STEP_OF[name], cycleOf(letter));
      await worker.queue.forget(name, letter);
      this.#letters.delete(key);
    };
    work()
      .catch((error) => {
        loop.tell(worker, `failed: ${describe(error)}`);
        if (isForPeople(error)) this.#letters.set(key, Number.POSITIVE_INFINITY);
        else if (!isPassing(error))
          watch.report('no-surprise', letter.group, `a dead letter failed with ${describe(error)}`);
      })
      .finally(() => this.#end(worker));
  }

  /** A process that is warm, as most are, or a new one. */
  #start(message = '', isCurrent = false): Worker {
    const { scenario, deployed, loop, random, skewMs } = this.#world;
    const isOld =
      !isCurrent && loop.now - this.#deployedAt < OLD_RELEASE.forMs && random.below(OLD_RELEASE.oneIn) === 0;
    const configuration = scenario.configurations[isOld ? Math.max(0, deployed - 1) : deployed];
    const warm = this.#warm.findIndex(
      (idle) => idle.alive && idle.steps.configuration === configuration && idle.skewMs === skewMs,
    );
    const worker = warm < 0 ? this.#world.start(configuration) : this.#warm.splice(warm, 1)[0];
    this.#invocations.set(worker, message);
    return worker;
  }

  #end(worker: Worker): void {
    this.#invocations.delete(worker);
    if (worker.alive) this.#warm.push(worker);
  }
}

const letterKey = (name: QueueName, { id }: DeadLetter): string => `${name} ${id}`;

function pauseMs(receives: number, error: unknown): number {
  if (error instanceof PlimsollError && error.code === 'CONFIGURATION_NOT_IN_FORCE') return RETRY_PAUSE.deploymentMs;
  return Math.min(RETRY_PAUSE.mostMs, RETRY_PAUSE.firstMs * 2 ** (receives - 1));
}
