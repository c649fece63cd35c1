/** The virtual event loop: every call of a port waits here until the seeded scheduler lets it go on. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { PlimsollError } from '../core/errors.ts';
import type { FaultKind, FaultPlan } from './faults.ts';
import type { Random } from './random.ts';

/** Something that can end at any moment, with everything that it has not written: a process, or one invocation of a function. */
export interface Process {
  readonly name: string;
  alive: boolean;
  /** Its clock, against the true one; ms. */
  readonly skewMs: number;
}

const works = new AsyncLocalStorage<object>();

/** Does one piece of work of a process that does several at a time, so that what one has seen is not taken for what another has. */
export const asOneWork = <T>(work: () => Promise<T>): Promise<T> => works.run({}, work);

/** The piece of work that runs now, of a process that tells them apart; else the process. */
export const workOf = (process: Process): object => works.getStore() ?? process;

/** The faults that a call of a port may meet, by what they do to it. */
export interface CallFaults {
  /** The process ends before the effect, or after it. */
  readonly crashBefore?: FaultKind;
  readonly crashAfter?: FaultKind;
  /** The caller hears of a failure: of what was not done, or of what was. */
  readonly failed?: FaultKind;
  readonly answerLost?: FaultKind;
  /** The effect is now, and the answer comes much later. */
  readonly answerLate?: FaultKind;
  /** Everything waits, effect included. */
  readonly slow?: FaultKind;
  /** How much more often one of them happens than elsewhere; 1 by default. */
  readonly weight?: number;
}

interface Parked {
  readonly process: Process;
  readonly what: string;
  readonly readyAt: number;
  readonly run: () => void;
}

const kinds = new WeakMap<CallFaults, readonly FaultKind[]>();

function kindsOf(possible: CallFaults): readonly FaultKind[] {
  const known = kinds.get(possible);
  if (known) return known;
  const { weight: _, ...named } = possible;
  const found = Object.values(named);
  kinds.set(possible, found);
  return found;
}

/** Longest time that a turn of the loop takes; virtual ms. */
const LONGEST_TURN_MS = 20;
/** How long an answer or a worker may be away; virtual ms. */
const AWAY_MS = { least: 5_000, most: 200_000 } as const;
const SLEEP = 'sleep';
/** Promises that resolve one after the other between two calls of a port, mostly. */
const LONGEST_CHAIN = 24;
/** Lines of a trace that are kept. */
const TRACE_LINES = 40_000;

export class VirtualLoop {
  /** The true time, ms UTC. */
  now: number;
  turns = 0;
  /** What happened, a line each, where it is asked for. */
  readonly trace: string[] | undefined;
  readonly #random: Random;
  readonly #faults: FaultPlan;
  #parked: Parked[] = [];
  #onCrash: (process: Process, why: FaultKind) => void = () => undefined;

  constructor(start: number, random: Random, faults: FaultPlan, traced: boolean) {
    this.now = start;
    this.#random = random;
    this.#faults = faults;
    this.trace = traced ? [] : undefined;
  }

  onCrash(listener: (process: Process, why: FaultKind) => void): void {
    this.#onCrash = listener;
  }

  /** A call of a port: its effect happens at a turn of its own, or does not; its answer comes then or later, or does not. */
  call<T>(process: Process, what: string, possible: CallFaults, effect: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const answer = (readyAt: number, outcome: Promise<T>): void => {
        const settle = (): void => {
          outcome.then(resolve, reject);
        };
        if (readyAt > this.now) {
          // Nobody may take a failure that comes late for one that nobody handles.
          outcome.catch(() => undefined);
          this.#park({ process, what: `answer of ${what}`, readyAt, run: settle });
        } else settle();
      };
      const strike = (kind: FaultKind): void => {
        const readyAt = this.now + this.#awayMs();
        if (kind === possible.crashBefore) this.crash(process, kind);
        else if (kind === possible.failed) reject(unavailable(what));
        else if (kind === possible.answerLate) answer(readyAt, effect());
        else if (kind === possible.slow) this.#park({ process, what, readyAt, run: () => answer(0, effect()) });
        else {
          effect().then(() => reject(unavailable(what)), reject);
          if (kind === possible.crashAfter) this.crash(process, kind);
        }
      };
      const run = (): void => {
        const kind = this.#faults.strike(what, kindsOf(possible), possible.weight);
        if (kind === undefined) answer(0, effect());
        else {
          this.tell(process, `${kind} at ${what}`);
          strike(kind);
        }
      };
      this.#park({ process, what, readyAt: this.now, run });
    });
  }

  sleep(process: Process, ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#park({ process, what: SLEEP, readyAt: this.now + ms, run: resolve });
    });
  }

  /** Ends a process where it stands: nothing that it waits for ever comes back. */
  crash(process: Process, why: FaultKind): void {
    if (!process.alive) return;
    process.alive = false;
    this.#parked = this.#parked.filter((each) => each.process !== process);
    this.#onCrash(process, why);
  }

  /** How many calls could go on now. */
  get ready(): number {
    let ready = 0;
    for (const { readyAt } of this.#parked) if (readyAt <= this.now) ready++;
    return ready;
  }

  /** Whether somebody waits for an answer, and not for time to pass. */
  get isCalled(): boolean {
    return this.#parked.some(({ what }) => what !== SLEEP);
  }

  /** When the next call that waits for its time may go on; infinity where there is none. */
  get nextAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { readyAt } of this.#parked) if (readyAt < next) next = readyAt;
    return next;
  }

  /** What waits, whether it is ready or not. */
  get waiting(): string[] {
    return this.#parked.map(({ process, what }) => `${process.name}: ${what}`);
  }

  /** Lets the n-th call that is ready go on, and everything run that follows from it until the next call of a port. */
  async step(n: number): Promise<void> {
    this.turns++;
    this.now += this.#random.below(LONGEST_TURN_MS);
    for (let k = 0; k < this.#parked.length; k++) {
      if (this.#parked[k].readyAt > this.now || n-- > 0) continue;
      const [parked] = this.#parked.splice(k, 1);
      this.tell(parked.process, parked.what);
      parked.run();
      break;
    }
    await this.drained();
  }

  /** Lets run what follows from an answer. What takes more than that goes on with the next turn, in the same order every time. */
  async drained(): Promise<void> {
    for (let k = 0; k < LONGEST_CHAIN; k++) await undefined;
  }

  tell(process: Process | undefined, what: string): void {
    if (!this.trace) return;
    if (this.trace.length >= TRACE_LINES) this.trace.splice(0, TRACE_LINES / 2);
    this.trace.push(`${new Date(this.now).toISOString().slice(11, 23)}  ${(process?.name ?? '').padEnd(14)} ${what}`);
  }

  #park(parked: Parked): void {
    if (parked.process.alive) this.#parked.push(parked);
  }

  #awayMs(): number {
    return AWAY_MS.least + this.#faults.detail(AWAY_MS.most - AWAY_MS.least);
  }
}

const unavailable = (what: string): PlimsollError =>
  new PlimsollError('SIMULATED_UNAVAILABLE', `there was no answer to ${what}`, 'try again', {
    kept: 'whether it was done is not known',
  });
