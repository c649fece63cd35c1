/** What an engine did, written in one commit; where that is too much for one, in parts that whoever comes next can finish. */
import { createHash } from 'node:crypto';
import type { Engine } from '../../core/engine/engine.ts';
import { PlimsollError } from '../../core/errors.ts';
import { canonicalJson, type Json } from '../../core/json.ts';
import {
  type CommitRequest,
  type DocumentGuard,
  type DocumentWrite,
  LEDGER_BOUNDS,
  type LedgerHead,
  type LedgerPort,
} from '../../core/ports/ledger.ts';
import { type AccountWrite, accountDocument, KEYS } from './account-state.ts';
import type { StepPorts } from './ports.ts';

/** Everything that a work writes. */
interface Work {
  readonly events: readonly Json[];
  /** Of the chain after them, hex. */
  readonly hash: string;
  readonly documents: readonly DocumentWrite[];
}

/** A work of which a part is written. */
interface PendingWork extends Work {
  /** Of the stream before the work's first event. */
  readonly sequence: number;
  /** Of the document that says that it is pending. */
  readonly version: number;
}

/** The document that says it; null where nothing is pending. */
interface PendingDocument {
  readonly sequence: number;
  /** How many texts hold the work, cut one after the other, and the SHA-256 of them together, hex. */
  readonly texts: number;
  readonly sha256: string;
}

/** UTF-16 units of one text: what it takes as JSON stays below the bound of a document, whatever the characters. */
const TEXT_UNITS = 1_000_000;
/** Commits of a pending work that others may come before. */
const MAX_CONFLICTS = 1_000;
const { eventsPerCommit } = LEDGER_BOUNDS;

/**
 * Writes what an engine did: its events, the account document and the others. False when another writer came first; then nothing of
 * it counts. Work of more events than a commit holds is written in parts, the last one together with the documents; the first one
 * writes all of the work beside its own events, so that from then on it is certain, and a crash leaves nothing that only its writer
 * could go on with. Whoever meets work in parts that is not at its end finishes it, and is told that another came first.
 */
export async function commitEngine(
  ports: StepPorts,
  engine: Engine,
  write: AccountWrite,
  documents: readonly DocumentWrite[],
): Promise<boolean> {
  const { stream } = engine.definition;
  const events = engine.journal.drain() as unknown as Json[];
  const hash = events.length > 0 ? engine.journal.head() : '';
  const account = { key: KEYS.account, value: accountDocument(engine, write), expectedVersion: write.version };
  const work: Work = { events, hash, documents: [account, ...documents] };
  const head = await ports.ledger.head(stream);
  if (head.sequence !== engine.journal.sequence - events.length) {
    await finishPending(ports, stream);
    return false;
  }
  if (events.length <= eventsPerCommit)
    return (await commit(ports.ledger, { stream, expected: head, ...work, guards: [] })) !== undefined;
  return commitInParts(ports, stream, head, work);
}

/** Whether an account stands at a version of its document, and no work that changes it has begun. */
export async function standsAt(ledger: LedgerPort, stream: string, version: number): Promise<boolean> {
  const [account, pending] = await Promise.all([
    ledger.document(stream, KEYS.account),
    ledger.document(stream, KEYS.pending),
  ]);
  return account?.version === version && (pending?.value ?? null) === null;
}

async function commitInParts(ports: StepPorts, stream: string, head: LedgerHead, work: Work): Promise<boolean> {
  assertWritable(work);
  const version = (await ports.ledger.document(stream, KEYS.pending))?.version ?? 0;
  const begun = await commit(ports.ledger, {
    stream,
    expected: head,
    events: work.events.slice(0, eventsPerCommit),
    hash: '',
    documents: pendingDocuments(work, head.sequence, version),
    guards: guardsOf(work),
  });
  if (!begun) return false;
  ports.faultPoint?.('commit:part');
  const pending: PendingWork = { ...work, sequence: head.sequence, version: version + 1 };
  // Where another comes in between, it finishes this very work.
  if (!(await writeRest(ports, stream, begun, pending))) await finishPending(ports, stream);
  return true;
}

/** Finishes the work of which a part was written, whoever began it. */
async function finishPending(ports: StepPorts, stream: string): Promise<void> {
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const document = await ports.ledger.document(stream, KEYS.pending);
    if (!document || document.value === null) return;
    const work = await readWork(ports.ledger, stream, document.value as unknown as PendingDocument);
    const head = await ports.ledger.head(stream);
    if (work && (await writeRest(ports, stream, head, { ...work, version: document.version }))) return;
  }
  throw new PlimsollError(
    'ACCOUNT_CONTENDED',
    `work of ${stream} that is written in parts met other writers ${MAX_CONFLICTS} times`,
    'it is tried again',
    { kept: 'the ledger is as the other writers left it' },
  );
}

/** From where the stream ends to the end of the work; false where another writer came in between. */
async function writeRest(
  ports: StepPorts,
  stream: string,
  head: LedgerHead,
  { events, hash, documents, sequence, version }: PendingWork,
): Promise<boolean> {
  let expected = head;
  for (;;) {
    const written = expected.sequence - sequence;
    if (written <= 0 || written >= events.length) return false;
    const part = events.slice(written, written + eventsPerCommit);
    const isLast = written + part.length === events.length;
    const next = await commit(ports.ledger, {
      stream,
      expected,
      events: part,
      hash: isLast ? hash : '',
      documents: isLast ? [...documents, { key: KEYS.pending, value: null, expectedVersion: version }] : [],
      guards: isLast ? [] : [{ key: KEYS.pending, version }],
    });
    if (!next || isLast) return next !== undefined;
    ports.faultPoint?.('commit:part');
    expected = next;
  }
}

/** What is refused here would be refused with the last part, when it is too late. */
function assertWritable({ events, documents }: Work): void {
  const found: [what: string, count: number, bound: number][] = [
    ['documents', documents.length + 1, LEDGER_BOUNDS.documentsPerCommit],
    ...documents.map(({ key, value }): [string, number, number] => [
      `bytes in the document ${key}`,
      Buffer.byteLength(canonicalJson(value)),
      LEDGER_BOUNDS.documentBytes,
    ]),
  ];
  for (let from = 0; from < events.length; from += eventsPerCommit) {
    const bytes = Buffer.byteLength(canonicalJson(events.slice(from, from + eventsPerCommit)));
    found.push(['bytes of events', bytes, LEDGER_BOUNDS.eventBytesPerCommit]);
  }
  for (const [what, count, bound] of found) {
    if (count > bound)
      throw new PlimsollError(
        'LEDGER_COMMIT_TOO_LARGE',
        `a part of a long work has ${count} ${what}, the bound is ${bound}`,
        'spread the strategies over several accounts',
        { kept: 'nothing of it was written' },
      );
  }
}

/** What must hold with the last part must hold with the first: nobody changes these documents while the work is pending. */
const guardsOf = ({ documents }: Work): DocumentGuard[] =>
  documents.flatMap(({ key, expectedVersion }) =>
    expectedVersion === 'any' ? [] : [{ key, version: expectedVersion }],
  );

function pendingDocuments(work: Work, sequence: number, version: number): DocumentWrite[] {
  const text = canonicalJson(work as unknown as Json);
  const texts = cut(text);
  const pending: PendingDocument = { sequence, texts: texts.length, sha256: sha256(text) };
  return [
    { key: KEYS.pending, value: pending as unknown as Json, expectedVersion: version },
    ...texts.map((value, k) => ({ key: KEYS.pendingText(k), value, expectedVersion: 'any' as const })),
  ];
}

/** No cut comes between the two halves of a character. */
function cut(text: string): string[] {
  const texts: string[] = [];
  for (let from = 0; from < text.length; ) {
    let to = Math.min(text.length, from + TEXT_UNITS);
    if (to < text.length && (text.charCodeAt(to) & 0xfc00) === 0xdc00) to--;
    texts.push(text.slice(from, to));
    from = to;
  }
  return texts;
}

/** Undefined where another has finished it meanwhile, and written over its texts. */
async function readWork(
  ledger: LedgerPort,
  stream: string,
  { sequence, texts, sha256: expected }: PendingDocument,
): Promise<Omit<PendingWork, 'version'> | undefined> {
  const parts: string[] = [];
  for (let k = 0; k < texts; k++)
    parts.push(((await ledger.document(stream, KEYS.pendingText(k)))?.value as string | undefined) ?? '');
  const text = parts.join('');
  return sha256(text) === expected ? { ...(JSON.parse(text) as Work), sequence } : undefined;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

async function commit(ledger: LedgerPort, request: CommitRequest): Promise<LedgerHead | undefined> {
  const outcome = await ledger.commit(request);
  return outcome.kind === 'committed' ? outcome.head : undefined;
}
