import { invariant, PlimsollError } from '../../core/errors.ts';
import { canonicalJson, type Json } from '../../core/json.ts';
import {
  type Commit,
  type CommitOutcome,
  type CommitRequest,
  type DocumentQuery,
  type DocumentWrite,
  LEDGER_BOUNDS,
  type LedgerDocument,
  type LedgerHead,
  type LedgerPort,
} from '../../core/ports/ledger.ts';
import type { Database } from './database.ts';
import { type FaultPoint, noFault } from './faults.ts';

const MAX_LIMIT = 1_000;

/** A request whose parts are JSON already and within the bounds. */
interface EncodedCommit extends CommitRequest {
  readonly eventsJson: string;
  readonly values: readonly string[];
}

/** The ledger on the SQLite file: one row a commit, one row a document. */
export class EmbeddedLedger implements LedgerPort {
  readonly #database: Database;
  readonly #faultPoint: FaultPoint;

  constructor(database: Database, options: { faultPoint?: FaultPoint } = {}) {
    this.#database = database;
    this.#faultPoint = options.faultPoint ?? noFault;
  }

  async head(stream: string): Promise<LedgerHead> {
    return this.#database.read(() => this.#head(stream));
  }

  async commit(request: CommitRequest): Promise<CommitOutcome> {
    const encoded = encode(request);
    const outcome = this.#database.write(() => this.#commit(encoded));
    if (outcome.kind === 'committed') this.#faultPoint('ledger.committed');
    return outcome;
  }

  async read(stream: string, after: number, limit: number): Promise<Commit[]> {
    checkLimit(limit);
    return this.#database.read(() =>
      this.#database
        .statement(READ)
        .all(stream, after, limit)
        .map((row) => toCommit(stream, row)),
    );
  }

  async document(stream: string, key: string): Promise<LedgerDocument | undefined> {
    return this.#database.read(() => {
      const row = this.#database.statement(DOCUMENT).get(stream, key);
      return row && toDocument(row);
    });
  }

  async documents(stream: string, query: DocumentQuery): Promise<LedgerDocument[]> {
    checkLimit(query.limit);
    const { lower, upper } = range(query);
    const sql = query.reverse ? DOCUMENTS_REVERSE : DOCUMENTS;
    return this.#database.read(() =>
      this.#database
        .statement(sql)
        .all(stream, lower, upper, query.after ?? '', query.limit)
        .map(toDocument),
    );
  }

  async streams(): Promise<string[]> {
    return this.#database.read(() => {
      const names: string[] = [];
      for (let name = this.#streamAfter(''); name !== null; name = this.#streamAfter(name)) names.push(name);
      return names;
    });
  }

  #commit(request: EncodedCommit): CommitOutcome {
    const { stream, expected } = request;
    this.#faultPoint('ledger.begun');
    const head = this.#head(stream);
    if (head.commit !== expected.commit || head.sequence !== expected.sequence) return { kind: 'conflict' };
    const key = this.#firstUnexpected(request);
    if (key !== undefined) return { kind: 'guarded', key };

    const next = this.#writeEvents(request);
    for (const [at, { key }] of request.documents.entries()) {
      this.#database.statement(WRITE_DOCUMENT).run(stream, key, request.values[at]);
      this.#faultPoint('ledger.document-written');
    }
    return { kind: 'committed', head: next };
  }

  #writeEvents({ stream, expected, events, hash, eventsJson }: EncodedCommit): LedgerHead {
    if (events.length === 0) return expected;
    const next = { commit: expected.commit + 1, sequence: expected.sequence + events.length };
    this.#database.statement(APPEND).run(stream, next.commit, expected.sequence + 1, events.length, hash, eventsJson);
    this.#faultPoint('ledger.events-written');
    return next;
  }

  /** The first key that is not at the version the request names: documents in their order, then guards in theirs. */
  #firstUnexpected({ stream, documents, guards }: CommitRequest): string | undefined {
    const written = documents.find(
      ({ key, expectedVersion }) => expectedVersion !== 'any' && this.#version(stream, key) !== expectedVersion,
    );
    return (written ?? guards.find(({ key, version }) => this.#version(stream, key) !== version))?.key;
  }

  #head(stream: string): LedgerHead {
    const row = this.#database.statement(HEAD).get(stream);
    return row ? { commit: row.number as number, sequence: row.sequence as number } : { commit: 0, sequence: 0 };
  }

  #version(stream: string, key: string): number {
    return (this.#database.statement(VERSION).get(stream, key)?.version as number | undefined) ?? 0;
  }

  #streamAfter(name: string): string | null {
    return this.#database.statement(STREAM_AFTER).get(name)?.stream as string | null;
  }
}

const HEAD = `SELECT number, first_sequence + event_count - 1 AS sequence FROM commits
  WHERE stream = ? ORDER BY number DESC LIMIT 1`;
const APPEND = `INSERT INTO commits (stream, number, first_sequence, event_count, hash, events) VALUES (?, ?, ?, ?, ?, ?)`;
const READ = `SELECT number, first_sequence, hash, events FROM commits WHERE stream = ? AND number > ? ORDER BY number LIMIT ?`;
const VERSION = `SELECT version FROM documents WHERE stream = ? AND key = ?`;
const DOCUMENT = `SELECT key, version, value FROM documents WHERE stream = ? AND key = ?`;
const WRITE_DOCUMENT = `INSERT INTO documents (stream, key, version, value) VALUES (?, ?, 1, ?)
  ON CONFLICT (stream, key) DO UPDATE SET version = version + 1, value = excluded.value`;
const DOCUMENTS = `SELECT key, version, value FROM documents
  WHERE stream = ? AND key >= ? AND key < ? AND key <> ? ORDER BY key LIMIT ?`;
const DOCUMENTS_REVERSE = DOCUMENTS.replace('ORDER BY key', 'ORDER BY key DESC');
/** Jumps from name to name over the index, where DISTINCT would walk every commit. */
const STREAM_AFTER = `SELECT min(stream) AS stream FROM (
  SELECT min(stream) AS stream FROM commits WHERE stream > ?1
  UNION ALL SELECT min(stream) FROM documents WHERE stream > ?1)`;

function encode(request: CommitRequest): EncodedCommit {
  const keys = request.documents.map(({ key }) => key);
  invariant(new Set(keys).size === keys.length, 'a commit writes each document once');
  invariant(!keys.includes(''), 'a document has a key');
  bounded('events', request.events.length, LEDGER_BOUNDS.eventsPerCommit);
  bounded('documents', request.documents.length, LEDGER_BOUNDS.documentsPerCommit);
  const eventsJson = canonicalJson(request.events);
  bounded('bytes of events', Buffer.byteLength(eventsJson), LEDGER_BOUNDS.eventBytesPerCommit);
  return { ...request, eventsJson, values: request.documents.map(encodeDocument) };
}

function encodeDocument({ key, value }: DocumentWrite): string {
  bounded('characters of a key', key.length, LEDGER_BOUNDS.keyLength);
  const json = canonicalJson(value);
  bounded(`bytes of the document ${key}`, Buffer.byteLength(json), LEDGER_BOUNDS.documentBytes);
  return json;
}

function bounded(what: string, found: number, most: number): void {
  if (found <= most) return;
  throw new PlimsollError(
    'LEDGER_COMMIT_TOO_LARGE',
    `a commit may hold ${most} ${what}, and this one has ${found}`,
    'split it into several commits',
    { kept: 'nothing of it was written' },
  );
}

function checkLimit(limit: number): void {
  invariant(
    Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT,
    `a page has 1 to ${MAX_LIMIT} entries, not ${limit}`,
  );
}

type Row = Record<string, unknown>;

function toCommit(stream: string, row: Row): Commit {
  return {
    stream,
    number: row.number as number,
    firstSequence: row.first_sequence as number,
    events: eventsOf(stream, row),
    hash: row.hash as string,
  };
}

function eventsOf(stream: string, row: Row): Json[] {
  try {
    const events: unknown = JSON.parse(String(row.events));
    if (Array.isArray(events)) return events;
  } catch (cause) {
    throw unreadable(stream, row, cause);
  }
  throw unreadable(stream, row);
}

const unreadable = (stream: string, { number, first_sequence }: Row, cause?: unknown): PlimsollError =>
  new PlimsollError(
    'LEDGER_COMMIT_UNREADABLE',
    `commit ${number} of ${stream} is damaged: the events from ${first_sequence} on cannot be read`,
    'keep the files as they are and restore a backup beside them',
    { kept: 'nothing was changed', cause },
  );

function toDocument(row: Row): LedgerDocument {
  return { key: row.key as string, version: row.version as number, value: JSON.parse(row.value as string) as Json };
}

/** Where the keys that a query may return begin (inclusive) and end (exclusive). */
function range({ prefix, after, reverse }: DocumentQuery): { lower: string; upper: string | Uint8Array } {
  const end = prefixEnd(prefix);
  if (after === undefined) return { lower: prefix, upper: end ?? AFTER_ALL_TEXT };
  if (reverse) return { lower: prefix, upper: end === undefined || bytewise(after, end) < 0 ? after : end };
  return { lower: bytewise(after, prefix) > 0 ? after : prefix, upper: end ?? AFTER_ALL_TEXT };
}

/** In SQLite every blob sorts after every text. */
const AFTER_ALL_TEXT = new Uint8Array(0);

/** The least text above all that start with `prefix`; undefined when there is none. */
function prefixEnd(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0)!);
  while (points[points.length - 1] === 0x10ffff) points.pop();
  const last = points.pop();
  if (last === undefined) return undefined;
  // Surrogates are no characters, so the order of UTF-8 has nothing between the two.
  return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
}

const bytewise = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
