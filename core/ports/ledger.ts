import type { Json } from '../json.ts';

/**
 * The ledger port: streams of commits, and the documents that live and change with them.
 *
 * One stream per (tenant, account). A commit is a batch of events under the next number of its stream; exactly one of any
 * number of racing writers gets that number. Documents (cycles, step results, checkpoints, snapshots, controls) belong to a
 * stream too, so that a step can store its events, what it decided and its checkpoint in one atomic write. What is written
 * together is read together or not at all; nothing is promised across streams or across ports.
 */
export interface LedgerPort {
  /** Where the stream ends. A stream that was never written has commit 0 and sequence 0. */
  head(stream: string): Promise<LedgerHead>;

  /**
   * Writes atomically: the events as commit `expected.commit + 1`, every document, and only while every guard holds.
   * Nothing is written unless the outcome is `committed`. With no events the head stays, and documents are still written.
   * Throws `LEDGER_COMMIT_TOO_LARGE` past {@link LEDGER_BOUNDS}.
   */
  commit(request: CommitRequest): Promise<CommitOutcome>;

  /** Commits numbered above `after`, ascending, at most `limit` (1 to 1,000). Throws `LEDGER_COMMIT_UNREADABLE` at damage. */
  read(stream: string, after: number, limit: number): Promise<Commit[]>;

  /** The document under `key`, or undefined. Read after write: a committed document is seen by the next read. */
  document(stream: string, key: string): Promise<LedgerDocument | undefined>;

  /** Documents whose key starts with `prefix`, in order of key (bytewise), at most `limit` (1 to 1,000). */
  documents(stream: string, query: DocumentQuery): Promise<LedgerDocument[]>;

  /** Names of the streams that have been written, ascending. */
  streams(): Promise<string[]>;
}

export interface LedgerHead {
  /** Number of the last commit; 0 before the first. */
  readonly commit: number;
  /** Sequence of the last event; 0 before the first. */
  readonly sequence: number;
}

export interface CommitRequest {
  readonly stream: string;
  readonly expected: LedgerHead;
  /** Plain JSON, at most {@link LEDGER_BOUNDS}.eventsPerCommit. May be empty. */
  readonly events: readonly Json[];
  /** Hash of the stream's chain after these events, hex; empty when there are none. */
  readonly hash: string;
  readonly documents: readonly DocumentWrite[];
  readonly guards: readonly DocumentGuard[];
}

export interface DocumentWrite {
  readonly key: string;
  readonly value: Json;
  /** The version the document must have now (0: it must not exist), or `any`. It becomes one more. */
  readonly expectedVersion: number | 'any';
}

/** Holds while the document under `key` has `version` (0: does not exist). A halt is a guarded document. */
export interface DocumentGuard {
  readonly key: string;
  readonly version: number;
}

export type CommitOutcome =
  | { readonly kind: 'committed'; readonly head: LedgerHead }
  /** Another writer has that commit number. */
  | { readonly kind: 'conflict' }
  /** A document was not at its expected version, or a guard did not hold: the first such key. */
  | { readonly kind: 'guarded'; readonly key: string };

export interface Commit {
  readonly stream: string;
  readonly number: number;
  /** Sequence of the first event; the events follow without a gap. */
  readonly firstSequence: number;
  readonly events: readonly Json[];
  readonly hash: string;
}

export interface LedgerDocument {
  readonly key: string;
  readonly version: number;
  readonly value: Json;
}

export interface DocumentQuery {
  readonly prefix: string;
  /** Only keys after this one (before it, when `reverse`). */
  readonly after?: string;
  readonly reverse?: boolean;
  readonly limit: number;
}

/** One commit is one item on every adapter, so the bounds are those of the tightest (DynamoDB: 400 kB an item, 100 actions). */
export const LEDGER_BOUNDS = {
  eventsPerCommit: 100,
  /** UTF-8 bytes of one commit's events as JSON. */
  eventBytesPerCommit: 300_000,
  documentsPerCommit: 50,
  /** UTF-8 bytes of one document as JSON; adapters split what exceeds their item limit. */
  documentBytes: 4_000_000,
  keyLength: 512,
} as const;
