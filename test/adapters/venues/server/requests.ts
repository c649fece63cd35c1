/** Requests as the venue server sees them, and what it makes of them. */

export interface VenueRequest {
  readonly method: string;
  readonly path: string;
  /** As it came, without the question mark. */
  readonly query: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** An order that was let in, and has not reached the matching engine. */
export interface Pending {
  /** The venue refuses it for sure after this, ms UTC. */
  readonly validUntil: number;
  /** What the matching engine makes of it, at its time. */
  readonly run: (now: number) => Answer;
}

export const isPending = (outcome: Answer | Pending): outcome is Pending => 'run' in outcome;

/** A key of the account, and what it may do. */
export interface ServedKey {
  readonly key: string;
  readonly secret: string;
  trades: boolean;
  reads: boolean;
}
