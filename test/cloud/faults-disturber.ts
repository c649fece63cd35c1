/**
 * Trouble for an account of a deployed instance while it trades, from a seed: messages sent again, out of order and to two functions
 * at once, functions ended under way, and functions held up until their account has gone on without them.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { OutgoingMessage } from '../../core/ports/queue.ts';
import { type Cursor, STEPS, type Step } from '../../functions/steps/account-state.ts';
import type { DeployedInstance } from '../../lib/deployed-instance.ts';
import { Random } from '../../simulation/random.ts';
import type { DeployedSteps } from './faults-steps.ts';
import { signalAll, workersOf } from './faults-workers.ts';
import type { Cloud } from './harness/cloud.ts';

export interface DisturberOptions {
  readonly cloud: Cloud;
  readonly instance: DeployedInstance;
  readonly steps: DeployedSteps;
  readonly stream: string;
  /** The first and the last cycle, ms UTC, and the time between two. */
  readonly first: number;
  readonly last: number;
  readonly interval: number;
  readonly seed: number;
}

/** A step of a cycle. */
interface Place {
  readonly step: Step;
  readonly cycle: number;
}

const LOOK_EVERY_MS = 2;
/** A step takes about so long, so that a blow within it falls anywhere. */
const STEP_MS = 12;
/** Cycles back of which messages come again. */
const REACH = 8;
/** A function is let go at the latest after so long. */
const HOLD_LIMIT_MS = 5_000;

export class Disturber {
  /** What was done so far. */
  readonly done = { sentAgain: 0, delivered: 0, killed: 0, overtaken: 0 };
  readonly #options: DisturberOptions;
  readonly #random: Random;
  readonly #underWay: Promise<unknown>[] = [];
  #over = false;
  #killAt = 3;
  #holdAt = 6;
  /** Deliveries that were lost before the last blow. */
  #lostBefore = 0;

  constructor(options: DisturberOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  /** Disturbs while the work is done, and settles with it once everything that was begun has ended. */
  async during(work: Promise<void>): Promise<void> {
    const worked = work.finally(() => {
      this.#over = true;
    });
    await Promise.all([worked, this.#disturb()]);
    await Promise.all(this.#underWay);
  }

  async #disturb(): Promise<void> {
    for (let last = 0; !this.#over; await delay(LOOK_EVERY_MS)) {
      const cursor = await this.#cursor();
      if (!cursor || cursor.cycle <= last) continue;
      last = cursor.cycle;
      await this.#atCycle(cursor);
    }
  }

  async #atCycle(cursor: Cursor): Promise<void> {
    const index = (cursor.cycle - this.#options.first) / this.#options.interval;
    this.#countKill(index);
    if (index >= this.#killAt) await this.#kill();
    else if (index >= this.#holdAt) {
      this.#holdAt = index + this.#random.between(3, 7);
      await this.#hold();
    } else if (this.#random.chance(0.6)) await this.#sendAgain(cursor);
    else if (this.#random.chance(0.5)) this.#deliverAgain(cursor);
  }

  /** A blow may miss, where the function has just ended; the next cycle gets another then. */
  #countKill(index: number): void {
    const lost = this.#options.cloud.logs().match(/failed processing SQS batch/g)?.length ?? 0;
    if (lost === this.#lostBefore) return;
    this.#lostBefore = lost;
    this.done.killed++;
    this.#killAt = index + this.#random.between(9, 15);
  }

  /** Ends the function of a step while it is at work. In no cycle thrice, after which it would be given up. */
  async #kill(): Promise<void> {
    const step = this.#random.pick(STEPS);
    const workers = await workersOf(this.#options.steps.functionOf(step));
    if (!(await this.#reached(step))) return;
    await delay(this.#random.below(STEP_MS));
    signalAll(workers, 'SIGKILL');
  }

  /**
   * Holds the function of a step up where it is, and hands its message to another one. It goes on when the account has done the cycle
   * without it, with what it read of the account before.
   */
  async #hold(): Promise<void> {
    // A reconciliation that touches no order writes no event: nothing but the account's version can tell that it came late.
    const step = this.#random.chance(0.5) ? 'reconcile' : this.#random.pick(STEPS);
    const workers = await workersOf(this.#options.steps.functionOf(step));
    const place = await this.#reached(step);
    if (!place) return;
    await delay(this.#random.below(STEP_MS));
    signalAll(workers, 'SIGSTOP');
    try {
      // Those that are held and at rest take one each and keep it.
      for (const _ of workers) this.#deliver(place);
      if (await this.#passed(place)) this.done.overtaken++;
    } finally {
      signalAll(workers, 'SIGCONT');
    }
  }

  /** Messages of this cycle and of those before, as they were sent, in any order. */
  async #sendAgain(cursor: Cursor): Promise<void> {
    const { first, interval, steps } = this.#options;
    for (let k = this.#random.between(1, 3); k > 0; k--) {
      const cycle = cursor.cycle - interval * this.#random.below(REACH);
      const was = STEPS.indexOf(cursor.next as Step);
      const sent = cycle < cursor.cycle || was < 0 ? STEPS : STEPS.slice(0, was + 1);
      const step = this.#random.pick(sent);
      if (cycle < first) continue;
      const queue = step === 'execute' && this.#random.chance(0.5) ? 'urgent' : step;
      await steps.send(queue, this.#message({ step, cycle }));
      this.done.sentAgain++;
    }
  }

  /** The step that is at work is given to a second function as well, and one that is not due yet comes before its time. */
  #deliverAgain(cursor: Cursor): void {
    const place = this.#placeOf(cursor);
    if (!place) return;
    this.#deliver(place);
    const later = STEPS[STEPS.indexOf(place.step) + 2];
    if (later) this.#deliver({ ...place, step: later });
  }

  #deliver(place: Place): void {
    const { steps } = this.#options;
    this.#underWay.push(steps.deliver(place.step, this.#message(place)));
    this.done.delivered++;
  }

  #message({ step, cycle }: Place): OutgoingMessage {
    const { stream } = this.#options;
    return { id: `${stream}@${cycle}/${step}`, group: stream, body: { stream, cycle } };
  }

  /** The next time that the account waits for a step; undefined where the work is over before. */
  async #reached(step: Step): Promise<Place | undefined> {
    for (; !this.#over; await delay(LOOK_EVERY_MS)) {
      const cursor = await this.#cursor();
      const place = cursor && this.#placeOf(cursor);
      if (place?.step === step) return place;
    }
    return undefined;
  }

  /** Whether the account comes to the end of a cycle before the limit. */
  async #passed({ cycle }: Place): Promise<boolean> {
    const deadline = performance.now() + HOLD_LIMIT_MS;
    for (; performance.now() < deadline; await delay(LOOK_EVERY_MS)) {
      const cursor = await this.#cursor();
      if (cursor && cursor.cycle >= cycle && cursor.next === 'settled') return true;
    }
    return false;
  }

  /** What an account waits for; undefined where it is at its end. */
  #placeOf({ cycle, next }: Cursor): Place | undefined {
    if (next !== 'settled') return { step: next, cycle };
    const { first, last, interval } = this.#options;
    if (cycle >= last) return undefined;
    return { step: 'reconcile', cycle: cycle < first ? first : cycle + interval };
  }

  #cursor(): Promise<Cursor | undefined> {
    return this.#options.instance.cursor(this.#options.stream);
  }
}
