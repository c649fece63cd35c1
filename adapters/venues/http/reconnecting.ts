/**
 * A stream that is connected to again whenever it ends: connect, wait, connect again. What one connection is, the caller says, so that
 * the loop is the same for a socket and for an answer over HTTP that has no end.
 */
import type { VenueHint, VenueWatch } from '../../../core/ports/execution-venue.ts';

/** Calls after the milliseconds, once, unless what it returns is called before. */
export type After = (ms: number, call: () => void) => () => void;

/** What the waits are made of; a test has its own. */
export interface Timers {
  readonly after: After;
  /** From 0 up to 1. */
  readonly random: () => number;
}

/** What a connection tells of itself. */
export interface Stream {
  /** The venue has taken the key and will tell what happens from here on. */
  stands(): void;
  /** Something changed, in the venue's own word. */
  changed(what: string): void;
  /** Aborted when the connection is to end. */
  readonly closing: AbortSignal;
}

/** Why a connection is over, for a person: never a key or a token. */
export interface Ending {
  readonly reason: string;
  /** The venue said no, to a key above all. */
  readonly isRefusal?: boolean;
}

/** How a connection ends that is not wanted any more. */
export const CLOSED: Ending = { reason: 'it was closed here' };

/** The word of a hint for what cannot be read: it may have been a fill. */
export const UNREADABLE = 'a frame that cannot be read';

/** One connection, from its beginning to its end. */
export type Connect = (stream: Stream) => Promise<Ending>;

export const RECONNECTING_BOUNDS = {
  /** Before the second connection; doubled before each further one. Up to half of it is left out by chance. */
  firstWaitMs: 1_000,
  waitMaxMs: 60_000,
  /** The same after the venue said no, which it will say again until somebody changes the key there: some four times an hour in the end. */
  firstRefusedWaitMs: 60_000,
  refusedWaitMaxMs: 900_000,
  /** After a connection that stood for so long, the waits begin anew. Longer than it takes to notice that one is silent. */
  steadyMs: 180_000,
} as const;

const REAL: Timers = {
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    // Who only listens does not keep the process open.
    timer.unref();
    return () => clearTimeout(timer);
  },
  random: Math.random,
};

/** The streams of one venue, which end with it. */
export class Watches {
  readonly timers: Timers;
  readonly #open = new Set<VenueWatch>();

  constructor(timers: Timers = REAL) {
    this.timers = timers;
  }

  /** Connects until it is closed. Never throws, whatever the connection or the listener does. */
  open(connect: Connect, onHint: (hint: VenueHint) => void): VenueWatch {
    const watch = keepConnected(connect, onHint, this.timers);
    this.#open.add(watch);
    return {
      close: async () => {
        await watch.close();
        this.#open.delete(watch);
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((watch) => watch.close()));
    this.#open.clear();
  }
}

function keepConnected(connect: Connect, onHint: (hint: VenueHint) => void, timers: Timers): VenueWatch {
  const closing = new AbortController();
  const tell = (hint: VenueHint): void => {
    if (closing.signal.aborted) return;
    try {
      onHint(hint);
    } catch {
      // What a listener makes of a hint is its own affair; the stream goes on.
    }
  };
  const running = connectAgain(connect, tell, timers, closing.signal);
  return {
    close: () => {
      closing.abort();
      return running;
    },
  };
}

async function connectAgain(
  connect: Connect,
  tell: (hint: VenueHint) => void,
  timers: Timers,
  closing: AbortSignal,
): Promise<void> {
  let failures = 0;
  let refusals = 0;
  while (!closing.aborted) {
    let stopCounting = (): void => undefined;
    const stands = (): void => {
      refusals = 0;
      stopCounting = timers.after(RECONNECTING_BOUNDS.steadyMs, () => {
        failures = 0;
      });
      tell({ kind: 'connected' });
    };
    const { reason, isRefusal = false } = await endOf(connect, {
      stands,
      changed: (what) => tell({ kind: 'changed', what }),
      closing,
    });
    stopCounting();
    failures++;
    refusals = isRefusal ? refusals + 1 : 0;
    tell({ kind: 'disconnected', reason: isRefusal ? `the venue said no: ${reason}` : reason });
    const ms = isRefusal ? refusedWaitMs(refusals, timers.random()) : waitMs(failures, timers.random());
    await pause(ms, timers.after, closing);
  }
}

async function endOf(connect: Connect, stream: Stream): Promise<Ending> {
  try {
    return await connect(stream);
  } catch {
    // What it would say may hold a key: nobody has looked.
    return { reason: 'the connection ended in an error of this program' };
  }
}

/** Before the next connection, after so many that have ended. `chance` is from 0 up to 1. */
export const waitMs = (failures: number, chance: number): number =>
  waitWithin(RECONNECTING_BOUNDS.firstWaitMs, RECONNECTING_BOUNDS.waitMaxMs, failures, chance);

/** The same after so many refusals in a row. */
export const refusedWaitMs = (refusals: number, chance: number): number =>
  waitWithin(RECONNECTING_BOUNDS.firstRefusedWaitMs, RECONNECTING_BOUNDS.refusedWaitMaxMs, refusals, chance);

function waitWithin(firstMs: number, maxMs: number, times: number, chance: number): number {
  const whole = Math.min(maxMs, firstMs * 2 ** Math.min(times - 1, 30));
  return Math.round(whole * (0.5 + chance / 2));
}

function pause(ms: number, after: After, closing: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (closing.aborted) return resolve();
    const cancel = after(ms, () => done());
    const done = (): void => {
      cancel();
      closing.removeEventListener('abort', done);
      resolve();
    };
    closing.addEventListener('abort', done);
  });
}
