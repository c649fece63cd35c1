/** The platform as one process: a worker, a feed for each account, sweeps; and all of it ends together. */
import type { EmbeddedQueue } from '../adapters/embedded/queue.ts';
import { drain, type QueueHandlers } from '../adapters/embedded/worker.ts';
import { QUEUES, type QueueName, type ReceivedMessage } from '../core/ports/queue.ts';
import { applyConfiguration } from '../functions/steps/configure.ts';
import { noteFailure, STEP_OF } from '../functions/steps/gap.ts';
import { resume } from '../functions/steps/ingest.ts';
import { CycleFeed } from '../platform/cycle-feed.ts';
import { recordDeadLetters } from '../platform/dead-letters.ts';
import type { PlatformLog } from '../platform/log.ts';
import { cycleOf, describe, isForPeople, isPassing } from './failures.ts';
import { asOneWork } from './loop.ts';
import { SimulatedSchedule } from './ports/schedule.ts';
import type { Runtime } from './runtime.ts';
import { EVERY_MS, TIMEFRAME } from './scenario.ts';
import { scheduledMarket, simulatedLake } from './scheduled-ports.ts';
import type { Worker, World } from './world.ts';

/** As platform/embedded.ts does it, a little slower: turns of the loop in which nothing happens show nothing. */
const POLL_MS = 3_000;
const SWEEP_MS = 60_000;
const DRAIN_POLL_MS = 1_000;
/** Cancels and reductions first, then what finishes a cycle before what begins one. */
const PRECEDENCE = ['urgent', 'execute', 'risk', 'signal', 'reconcile'] as const satisfies readonly QueueName[];
/** Until somebody, or the system, has started the process again. */
const START_AGAIN_MS = 5_000;
const SILENT = { tell: () => undefined, error: () => undefined } as unknown as PlatformLog;

export class Laptop implements Runtime {
  readonly #world: World;
  /** The last time that each account's schedule has settled; it outlives the process. */
  readonly #settled = new Map<string, number>();
  readonly #kicked = new Set<string>();
  #process: Worker | undefined;
  #startAt: number;

  constructor(world: World) {
    this.#world = world;
    this.#startAt = world.scenario.start;
    world.loop.onCrash((process) => {
      if (process === this.#process) this.#gone();
    });
  }

  async open(): Promise<void> {
    const settledUntil = Math.floor(this.#world.scenario.start / EVERY_MS) * EVERY_MS;
    await this.#world.open(async (_, stream) => {
      this.#settled.set(stream, settledUntil);
    });
  }

  run(work: (worker: Worker) => Promise<void>): void {
    if (this.#process) void work(this.#process);
  }

  restart(): void {
    if (this.#process) this.#world.loop.crash(this.#process, 'restart');
  }

  deploy(next: number): void {
    this.#world.deployed = next;
    this.restart();
  }

  begin(): (() => void)[] {
    return !this.#process && this.#startAt <= this.#world.loop.now ? [() => this.#start()] : [];
  }

  get nextAt(): number {
    return this.#process ? this.#world.queue.nextVisibleAt() : this.#startAt;
  }

  get isAtWork(): boolean {
    return !this.#process || this.#kicked.size > 0;
  }

  #gone(): void {
    this.#process = undefined;
    this.#kicked.clear();
    this.#startAt = this.#world.loop.now + START_AGAIN_MS;
  }

  #start(): void {
    const { loop, queue } = this.#world;
    const worker = this.#world.start();
    this.#process = worker;
    queue.recover();
    loop.tell(worker, 'starts');
    this.#boot(worker).catch((error) => {
      this.#judge(worker, 'the start', error);
      loop.crash(worker, 'restart');
    });
  }

  async #boot(worker: Worker): Promise<void> {
    const { steps } = worker;
    for (const account of steps.configuration.accounts) await applyConfiguration(steps, account);
    void this.#work(worker);
    void this.#sweep(worker);
    const schedule = this.#schedule(worker);
    for (const account of steps.configuration.accounts) await this.#feed(worker, schedule, account);
  }

  async #feed(
    worker: Worker,
    schedule: SimulatedSchedule,
    account: Worker['steps']['configuration']['accounts'][number],
  ): Promise<void> {
    const { market, loop, objects, scenario } = this.#world;
    const feed = new CycleFeed({
      ports: worker.steps,
      account,
      venue: scheduledMarket(market, loop, worker),
      instruments: scenario.instruments,
      timeframe: TIMEFRAME,
      lake: simulatedLake(objects, loop, worker),
      log: SILENT,
      sleep: (ms) => loop.sleep(worker, ms),
      kick: (stream) => this.#kick(worker, stream),
    });
    await schedule.start(feed.plan, (time, skipped) => feed.due(time, skipped));
  }

  #schedule(worker: Worker): SimulatedSchedule {
    const { loop } = this.#world;
    return new SimulatedSchedule({
      now: worker.steps.now,
      sleep: (ms) => loop.sleep(worker, ms),
      settled: this.#settled,
      onFailure: (error) => this.#judge(worker, 'the schedule', error),
    });
  }

  /** One message at a time. */
  async #work(worker: Worker): Promise<void> {
    const { loop } = this.#world;
    const handlers = Object.fromEntries(
      QUEUES.map((name) => [name, (message: ReceivedMessage) => this.#handle(worker, name, message)]),
    ) as unknown as QueueHandlers;
    const queue = { ...worker.queue, ...worker.settlement };
    while (worker.alive) {
      await drain({ queue, queues: PRECEDENCE, handlers, onFailure: () => undefined }).catch((error) =>
        this.#judge(worker, 'the queue', error),
      );
      do await loop.sleep(worker, POLL_MS);
      while (!QUEUES.some((name) => this.#world.queue.hasVisible(name)));
    }
  }

  async #handle(worker: Worker, name: QueueName, message: ReceivedMessage): Promise<void> {
    const { defect, faults, steps, poison } = this.#world;
    if (message.receives > 1) faults.count('redelivery');
    if (defect.acknowledgesFirst) await worker.settlement.acknowledge(name, message);
    const body = cycleOf(message);
    try {
      // People, feeds and sweeps read the account at the same time.
      await asOneWork(() => steps[STEP_OF[name]](worker.steps, body));
    } catch (error) {
      if (!poison.has(message.id)) this.#judge(worker, name, error);
      await noteFailure(worker.steps, body, STEP_OF[name], message.receives, error).catch(() => undefined);
      throw error;
    }
  }

  async #sweep(worker: Worker): Promise<void> {
    const { loop, defect, queue, streams } = this.#world;
    while (worker.alive) {
      if (defect.dropsDeadLetters) {
        for (const name of QUEUES) for (const letter of queue.peekDeadLetters(name)) await queue.forget(name, letter);
      } else {
        await recordDeadLetters({
          ports: worker.steps,
          queue: worker.queue as unknown as EmbeddedQueue,
          onGap: () => undefined,
          onFailure: (error) => this.#judge(worker, 'a dead letter', error),
        }).catch((error) => this.#judge(worker, 'the dead letters', error));
      }
      for (const stream of streams) this.#kick(worker, stream);
      await loop.sleep(worker, SWEEP_MS);
    }
  }

  /** Sets an account going once nothing is under way. */
  #kick(worker: Worker, stream: string): void {
    if (this.#kicked.has(stream)) return;
    this.#kicked.add(stream);
    this.#whenIdle(worker)
      .then(() => resume(worker.steps, stream))
      .catch((error) => this.#judge(worker, 'a kick', error))
      .finally(() => {
        if (worker.alive) this.#kicked.delete(stream);
      });
  }

  async #whenIdle(worker: Worker): Promise<void> {
    const isBusy = async (): Promise<boolean> => {
      for (const name of QUEUES) if ((await worker.queue.depth(name)) > 0) return true;
      return false;
    };
    while (await isBusy()) await this.#world.loop.sleep(worker, DRAIN_POLL_MS);
  }

  #judge(worker: Worker, what: string, error: unknown): void {
    const { loop, watch, streams } = this.#world;
    loop.tell(worker, `${what} failed: ${describe(error)}`);
    if (!isPassing(error) && !isForPeople(error))
      watch.report('no-surprise', streams[0], `${what} failed with ${describe(error)}`);
  }
}
