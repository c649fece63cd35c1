import { invariant } from '../../core/errors.ts';
import { dueTimes, type SchedulePlan, type SchedulePort } from '../../core/ports/schedule.ts';

type Due = (time: number, skipped: number) => Promise<void>;

export interface SimulatedScheduleOptions {
  /** ms UTC. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** The last settled time of each plan, which outlives the process. */
  readonly settled: Map<string, number>;
  readonly onFailure: (error: unknown, plan: SchedulePlan) => void;
}

/** A machine may sleep: nothing is waited for longer than this. */
const LONGEST_WAIT_MS = 30_000;
const FIRST_RETRY_MS = 1_000;

/** The schedule of one process on virtual time. */
export class SimulatedSchedule implements SchedulePort {
  readonly #options: SimulatedScheduleOptions;
  readonly #loops = new Map<string, Promise<void>>();
  #isStopping = false;
  #wake: () => void = () => undefined;

  constructor(options: SimulatedScheduleOptions) {
    this.#options = options;
  }

  async start(plan: SchedulePlan, due: Due): Promise<void> {
    invariant(!this.#loops.has(plan.name), `the schedule ${plan.name} is started once`);
    this.#isStopping = false;
    this.#loops.set(plan.name, this.#loop(plan, due));
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#wake();
    await Promise.all(this.#loops.values());
    this.#loops.clear();
  }

  async #loop(plan: SchedulePlan, due: Due): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      const before = this.#wake;
      this.#wake = () => {
        before();
        resolve();
      };
    });
    for (let failures = 0; !this.#isStopping; ) {
      try {
        await this.#catchUp(plan, due);
        failures = 0;
      } catch (error) {
        failures++;
        this.#options.onFailure(error, plan);
      }
      if (!this.#isStopping) await Promise.race([this.#options.sleep(this.#pause(plan, failures)), stopped]);
    }
  }

  async #catchUp(plan: SchedulePlan, due: Due): Promise<void> {
    const { settled, now } = this.#options;
    const last = settled.get(plan.name);
    const { times, skipped } = dueTimes(plan, last && Math.floor(last / plan.everyMs) * plan.everyMs, now());
    for (const [at, time] of times.entries()) {
      if (this.#isStopping) return;
      await due(time, at === 0 ? skipped : 0);
      settled.set(plan.name, time);
    }
  }

  #pause({ everyMs, delayMs }: SchedulePlan, failures: number): number {
    if (failures > 0) return Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_WAIT_MS);
    const sinceFired = (((this.#options.now() - delayMs) % everyMs) + everyMs) % everyMs;
    return Math.min(everyMs - sinceFired, LONGEST_WAIT_MS);
  }
}
