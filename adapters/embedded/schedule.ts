import { invariant } from '../../core/errors.ts';
import { dueTimes, type SchedulePlan, type SchedulePort } from '../../core/ports/schedule.ts';
import type { Database } from './database.ts';
import { type FaultPoint, noFault } from './faults.ts';

/** Calls back once after `ms`; returns how to call that off. */
export type Timer = (callback: () => void, ms: number) => () => void;

export interface EmbeddedScheduleOptions {
  /** ms UTC. */
  readonly now: () => number;
  readonly timer: Timer;
  readonly faultPoint?: FaultPoint;
  /** Told when `due` rejects or the time cannot be settled; the time comes again. */
  readonly onFailure: (error: unknown, plan: SchedulePlan) => void;
}

/** Timers stand still while the machine sleeps, so none is set for longer than this. */
const LONGEST_WAIT_MS = 30_000;
const FIRST_RETRY_MS = 1_000;

type Due = (time: number, skipped: number) => Promise<void>;

/** Timers of this process; the last settled time of each plan is in the SQLite file. Several plans may run at a time. */
export class EmbeddedSchedule implements SchedulePort {
  readonly #database: Database;
  readonly #options: EmbeddedScheduleOptions;
  readonly #loops = new Map<string, Promise<void>>();
  #stopping = new AbortController();

  constructor(database: Database, options: EmbeddedScheduleOptions) {
    this.#database = database;
    this.#options = options;
  }

  async start(plan: SchedulePlan, due: Due): Promise<void> {
    invariant(!this.#loops.has(plan.name), `the schedule ${plan.name} is started once`);
    this.#loops.set(plan.name, this.#loop(plan, due, this.#stopping.signal));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#loops.values());
    this.#loops.clear();
    this.#stopping = new AbortController();
  }

  async #loop(plan: SchedulePlan, due: Due, stopping: AbortSignal): Promise<void> {
    let failures = 0;
    while (!stopping.aborted) {
      try {
        await this.#catchUp(plan, due, stopping);
        failures = 0;
      } catch (error) {
        failures += 1;
        this.#options.onFailure(error, plan);
      }
      if (!stopping.aborted) await this.#wait(this.#pause(plan, failures), stopping);
    }
  }

  async #catchUp(plan: SchedulePlan, due: Due, stopping: AbortSignal): Promise<void> {
    const { times, skipped } = dueTimes(plan, this.#settled(plan), this.#options.now());
    for (const [at, time] of times.entries()) {
      if (stopping.aborted) return;
      await due(time, at === 0 ? skipped : 0);
      this.#settle(plan.name, time);
    }
  }

  /** The last settled time, as a multiple of the plan's period also where the plan has changed since. */
  #settled({ name, everyMs }: SchedulePlan): number | undefined {
    const row = this.#database.read(() => this.#database.statement(SETTLED).get(name));
    return row && Math.floor((row.settled as number) / everyMs) * everyMs;
  }

  #settle(name: string, time: number): void {
    this.#options.faultPoint?.('schedule.handled');
    this.#database.write(() => this.#database.statement(SETTLE).run(name, time));
    (this.#options.faultPoint ?? noFault)('schedule.settled');
  }

  #pause({ everyMs, delayMs }: SchedulePlan, failures: number): number {
    if (failures > 0) return Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_WAIT_MS);
    const sinceFired = (((this.#options.now() - delayMs) % everyMs) + everyMs) % everyMs;
    return Math.min(everyMs - sinceFired, LONGEST_WAIT_MS);
  }

  #wait(ms: number, stopping: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        cancel();
        stopping.removeEventListener('abort', finish);
        resolve();
      };
      const cancel = this.#options.timer(finish, ms);
      stopping.addEventListener('abort', finish);
    });
  }
}

const SETTLED = `SELECT settled FROM schedules WHERE name = ?`;
const SETTLE = `INSERT INTO schedules (name, settled) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET settled = excluded.settled`;
