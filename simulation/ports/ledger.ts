import { invariant, PlimsollError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import {
  type Commit,
  type CommitOutcome,
  type CommitRequest,
  type DocumentQuery,
  LEDGER_BOUNDS,
  type LedgerDocument,
  type LedgerHead,
  type LedgerPort,
} from '../../core/ports/ledger.ts';
import { frozenCopy } from './frozen-copy.ts';

/** What was written: copies that are frozen to the bottom, so that nobody changes what another sees, and whoever tries fails. */
interface Stream {
  head: LedgerHead;
  readonly commits: { readonly firstSequence: number; readonly events: readonly Json[]; readonly hash: string }[];
  readonly documents: Map<string, LedgerDocument>;
  /** Keys of the documents, in order of their bytes. */
  readonly keys: string[];
}

const START: LedgerHead = { commit: 0, sequence: 0 };
const MAX_LIMIT = 1_000;

/** The ledger in memory. Every effect happens at once, where the call is made. */
export class SimulatedLedger implements LedgerPort {
  readonly #streams = new Map<string, Stream>();
  #onCommitted: (request: CommitRequest, head: LedgerHead) => void = () => undefined;
  #onConflict: () => void = () => undefined;

  /** Told of every commit, after it was written. */
  onCommitted(listener: (request: CommitRequest, head: LedgerHead) => void): void {
    this.#onCommitted = listener;
  }

  onConflict(listener: () => void): void {
    this.#onConflict = listener;
  }

  async head(stream: string): Promise<LedgerHead> {
    return this.#streams.get(stream)?.head ?? START;
  }

  async commit(request: CommitRequest): Promise<CommitOutcome> {
    const { stream: name, expected, events, hash, documents } = request;
    const { kept, values } = keep(request);
    const stream: Stream = this.#streams.get(name) ?? { head: START, commits: [], documents: new Map(), keys: [] };
    const { head } = stream;
    if (head.commit !== expected.commit || head.sequence !== expected.sequence)
      return this.#refuse({ kind: 'conflict' });
    const key = firstUnexpected(stream, request);
    if (key !== undefined) return this.#refuse({ kind: 'guarded', key });
    this.#streams.set(name, stream);
    if (events.length > 0) {
      stream.commits.push({ firstSequence: head.sequence + 1, events: kept, hash });
      stream.head = { commit: head.commit + 1, sequence: head.sequence + events.length };
    }
    documents.forEach(({ key }, at) => {
      write(stream, key, values[at]);
    });
    this.#onCommitted(request, stream.head);
    return { kind: 'committed', head: stream.head };
  }

  async read(stream: string, after: number, limit: number): Promise<Commit[]> {
    checkLimit(limit);
    const commits = this.#streams.get(stream)?.commits ?? [];
    return commits.slice(after, after + limit).map(({ firstSequence, events, hash }, k) => ({
      stream,
      number: after + k + 1,
      firstSequence,
      events,
      hash,
    }));
  }

  async document(stream: string, key: string): Promise<LedgerDocument | undefined> {
    return this.peek(stream, key);
  }

  async documents(stream: string, { prefix, after, reverse, limit }: DocumentQuery): Promise<LedgerDocument[]> {
    checkLimit(limit);
    const keys = this.#streams.get(stream)?.keys ?? [];
    const found: LedgerDocument[] = [];
    const step = reverse ? -1 : 1;
    const isPast = (key: string): boolean =>
      after === undefined || (reverse ? compareBytes(key, after) < 0 : compareBytes(key, after) > 0);
    for (let k = reverse ? keys.length - 1 : 0; k >= 0 && k < keys.length && found.length < limit; k += step) {
      if (keys[k].startsWith(prefix) && isPast(keys[k])) found.push(this.peek(stream, keys[k])!);
    }
    return found;
  }

  async streams(): Promise<string[]> {
    return [...this.#streams.keys()].sort(compareBytes);
  }

  /** A document without waiting, for who looks at the world from outside. */
  peek(stream: string, key: string): LedgerDocument | undefined {
    return this.#streams.get(stream)?.documents.get(key);
  }

  /** Keys of a stream's documents that start with `prefix`, in order. */
  peekKeys(stream: string, prefix: string): string[] {
    return this.#streams.get(stream)?.keys.filter((key) => key.startsWith(prefix)) ?? [];
  }

  #refuse(outcome: CommitOutcome): CommitOutcome {
    this.#onConflict();
    return outcome;
  }
}

/** The first key that is not at the version that the request names: documents in their order, then guards in theirs. */
function firstUnexpected(stream: Stream, { documents, guards }: CommitRequest): string | undefined {
  const version = (key: string): number => stream.documents.get(key)?.version ?? 0;
  const written = documents.find(
    ({ key, expectedVersion }) => expectedVersion !== 'any' && version(key) !== expectedVersion,
  );
  return (written ?? guards.find((guard) => version(guard.key) !== guard.version))?.key;
}

function write({ documents, keys }: Stream, key: string, value: Json): void {
  const version = documents.get(key)?.version ?? 0;
  documents.set(key, Object.freeze({ key, version: version + 1, value }));
  if (version > 0) return;
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareBytes(keys[middle], key) < 0) low = middle + 1;
    else high = middle;
  }
  keys.splice(low, 0, key);
}

function keep({ events, documents }: CommitRequest): { kept: readonly Json[]; values: Json[] } {
  const keys = documents.map(({ key }) => key);
  invariant(new Set(keys).size === keys.length, 'a commit writes each document once');
  invariant(!keys.includes(''), 'a document has a key');
  bounded('events', events.length, LEDGER_BOUNDS.eventsPerCommit);
  bounded('documents', documents.length, LEDGER_BOUNDS.documentsPerCommit);
  const kept = keptWithin('bytes of events', events, LEDGER_BOUNDS.eventBytesPerCommit);
  const values = documents.map(({ key, value }) => {
    bounded('characters of a key', key.length, LEDGER_BOUNDS.keyLength);
    return keptWithin(`bytes of the document ${key}`, value, LEDGER_BOUNDS.documentBytes);
  });
  return { kept, values };
}

/** A frozen copy of plain data, of which the bytes of its text are counted only where they could come to as much as the bound. */
function keptWithin<T extends Json>(what: string, value: T, most: number): T {
  const copy = frozenCopy(value);
  if (copy.mostBytes > most) bounded(what, Buffer.byteLength(JSON.stringify(copy.value)), most);
  return copy.value as T;
}

function bounded(what: string, size: number, most: number): void {
  if (size <= most) return;
  throw new PlimsollError(
    'LEDGER_COMMIT_TOO_LARGE',
    `a commit may hold ${most} ${what}, and this one has ${size}`,
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

/** The order of the bytes of UTF-8, which is that of the code points: surrogates come after all other units. */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let k = 0; k < length; k++) {
    const [x, y] = [a.charCodeAt(k), b.charCodeAt(k)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

const rank = (unit: number): number => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit);
