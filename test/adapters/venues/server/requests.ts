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
  /** Sent in place of the body: an answer that is not JSON. */
  readonly text?: string;
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
  /** Where the venue has one. */
  readonly passphrase?: string;
  trades: boolean;
  reads: boolean;
}

/** What a venue says of itself, and of its markets, in its own words. */
export interface Notices {
  readonly system?: string;
  readonly market?: string;
}
