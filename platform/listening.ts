/** Listens to the venue of a live account, so that it is reconciled within a moment of a fill, and tells where that fails. */
import { PlimsollError } from '../core/errors.ts';
import { formatInstant } from '../core/market/civil.ts';
import type { Instrument } from '../core/market/instrument.ts';
import type { ExecutionVenuePort, VenueHint, VenueWatch } from '../core/ports/execution-venue.ts';
import type { StreamAway } from '../functions/steps/stream-away.ts';
import { FoldedHints } from './folded-hints.ts';

export const LISTENING_BOUNDS = {
  /** How often it is looked whether the venue is opened with other keys, or with none any more, ms. */
  lookEveryMs: 5_000,
  /** What does not stand for so long is told, ms. */
  tellAfterMs: 60_000,
} as const;

export interface ListeningParts {
  /** The account's venue as its keys are now. Throws where it has none. */
  readonly venue: () => Promise<ExecutionVenuePort>;
  /** Undefined before the account is open. */
  readonly instruments: () => Promise<readonly Instrument[] | undefined>;
  /** Reconciles the account. Must not throw. */
  readonly reconcile: () => Promise<void>;
  /** That the stream is away for long; then that it is back, or that nobody listens any more. Must not throw. */
  readonly tell: (what: StreamAway | 'back' | 'over') => Promise<void>;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

export class Listening {
  readonly #parts: ListeningParts;
  readonly #hints: FoldedHints;
  #venue: ExecutionVenuePort | undefined;
  #watch: VenueWatch | undefined;
  #hasStood = false;
  #away: StreamAway | undefined;
  #isTold = false;
  #lookAt = Number.NEGATIVE_INFINITY;

  constructor(parts: ListeningParts) {
    this.#parts = parts;
    const { now, sleep, reconcile } = parts;
    this.#hints = new FoldedHints({ now, sleep, ask: reconcile });
  }

  /** Called again and again: begins to listen, follows the keys, and tells what stands for long. Never throws. */
  async look(): Promise<void> {
    const now = this.#parts.now();
    if (now >= this.#lookAt) {
      this.#lookAt = now + LISTENING_BOUNDS.lookEveryMs;
      await this.#follow();
    }
    const away = this.#away;
    if (away === undefined || this.#isTold || now - away.since < LISTENING_BOUNDS.tellAfterMs) return;
    this.#isTold = true;
    await this.#parts.tell(away);
  }

  /** Resolves when nothing is listened to and no question is under way. */
  async stop(): Promise<void> {
    await this.#end();
    await this.#hints.stop();
  }

  async #follow(): Promise<void> {
    const venue = await this.#venueNow();
    if (venue === this.#venue) return;
    await this.#end();
    const instruments = venue?.watch && (await this.#parts.instruments());
    if (!venue?.watch || !instruments) return;
    this.#venue = venue;
    this.#hasStood = false;
    this.#watch = venue.watch(instruments, (hint) => {
      if (this.#venue === venue) this.#hear(hint);
    });
  }

  /** Undefined without keys; an account whose keys cannot be read is told of elsewhere. */
  async #venueNow(): Promise<ExecutionVenuePort | undefined> {
    try {
      return await this.#parts.venue();
    } catch (error) {
      if (error instanceof PlimsollError) return undefined;
      throw error;
    }
  }

  async #end(): Promise<void> {
    const watch = this.#watch;
    this.#watch = undefined;
    this.#venue = undefined;
    await watch?.close();
    await this.#settle('over');
  }

  #hear(hint: VenueHint): void {
    if (hint.kind === 'disconnected') {
      this.#away = { since: this.#away?.since ?? this.#parts.now(), reason: hint.reason };
      return;
    }
    if (hint.kind === 'connected') {
      void this.#settle('back');
      // At first the account has just been reconciled.
      if (this.#hasStood) this.#hints.hint();
      this.#hasStood = true;
      return;
    }
    this.#hints.hint();
  }

  async #settle(how: 'back' | 'over'): Promise<void> {
    const wasTold = this.#isTold;
    this.#away = undefined;
    this.#isTold = false;
    if (wasTold) await this.#parts.tell(how);
  }
}

/** For people. */
export const streamAwayInWords = ({ since, reason }: StreamAway): string =>
  `has not been listened to since ${formatInstant(since)} (${reason}): it is reconciled in each cycle, and not sooner`;
