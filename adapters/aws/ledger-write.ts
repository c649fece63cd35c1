/** One commit as the single atomic write that DynamoDB is asked for, and what its refusal means. */
import { randomUUID } from 'node:crypto';
import type { CancellationReason, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { invariant } from '../../core/errors.ts';
import { canonicalJson } from '../../core/json.ts';
import {
  type CommitOutcome,
  type CommitRequest,
  type DocumentGuard,
  type DocumentWrite,
  LEDGER_BOUNDS,
  type LedgerHead,
} from '../../core/ports/ledger.ts';
import { type DocumentContent, documentContent } from './ledger-chunks.ts';
import {
  assertKey,
  assertWithin,
  type Content,
  chunkKey,
  commitAttributes,
  commitKey,
  contentAttributes,
  documentKey,
  type Item,
  inlineContent,
  PARTITION_KEY,
  streamKey,
  utf8Bytes,
} from './ledger-items.ts';

/** What an action of the write is for. The commit, or the check that there is none, comes first; then documents, then guards. */
export type Subject =
  | { readonly kind: 'commit' | 'stream' | 'chunk' }
  | { readonly kind: 'document' | 'guard'; readonly key: string };

export interface LedgerWrite {
  /** Unique to this write and stored with it, so that it is known again after an answer was lost. */
  readonly writer: string;
  readonly head: LedgerHead;
  readonly subjects: readonly Subject[];
  readonly actions: readonly TransactWriteItem[];
}

/** DynamoDB takes so many actions in a transaction. */
const TRANSACTION_ACTIONS = 100;
/** What is stored in one transaction: it may hold 4 MB, and binary grows by a third on its way; keys take the rest. */
const TRANSACTION_BYTES = 3_000_000;

/**
 * The write that a request asks for; a `guarded` outcome where the request contradicts itself.
 * Throws `LEDGER_COMMIT_TOO_LARGE`, also for what fits the bounds of the port but not, compressed, a transaction of DynamoDB.
 */
export function prepareWrite(request: CommitRequest, table: string): LedgerWrite | CommitOutcome {
  const { stream, expected, events } = request;
  const { eventsJson, documentsJson } = boundedJson(request);
  const guards = new Map(request.guards.map((guard) => [guard.key, guard.version]));
  const contradicted = contradiction(request, guards);
  if (contradicted !== undefined) return { kind: 'guarded', key: contradicted };

  const writer = randomUUID();
  const { eventsContent, contents } = boundedContents(eventsJson, documentsJson);
  const written = new Set(request.documents.map((document) => document.key));
  const parts: [Subject, TransactWriteItem][] = [];
  parts.push([
    { kind: 'commit' },
    events.length > 0 ? commitPut(request, eventsContent, writer, table) : headCheck(request, table),
  ]);
  request.documents.forEach((document, at) => {
    const put = documentPut(stream, document, guards.get(document.key), contents[at].content, writer, table);
    parts.push([{ kind: 'document', key: document.key }, put]);
  });
  for (const [key, version] of guards) {
    if (!written.has(key)) parts.push([{ kind: 'guard', key }, guardCheck(stream, { key, version }, table)]);
  }
  if (expected.commit === 0 && (events.length > 0 || written.size > 0)) {
    parts.push([{ kind: 'stream' }, { Put: { TableName: table, Item: streamKey(stream) } }]);
  }
  request.documents.forEach(({ key }, at) => {
    for (const put of chunkPuts(stream, key, contents[at].chunks, table)) parts.push([{ kind: 'chunk' }, put]);
  });
  assertWithin('documents, chunks of large ones and guards', parts.length, TRANSACTION_ACTIONS);
  return {
    writer,
    head: events.length > 0 ? { commit: expected.commit + 1, sequence: expected.sequence + events.length } : expected,
    subjects: parts.map(([subject]) => subject),
    actions: parts.map(([, action]) => action),
  };
}

/** The commit, the stream's name and the documents need the other actions. */
const GUARDS_PER_COMMIT = TRANSACTION_ACTIONS - 2 - LEDGER_BOUNDS.documentsPerCommit;

function boundedJson({ stream, events, documents, guards }: CommitRequest): {
  eventsJson: string;
  documentsJson: string[];
} {
  const keys = documents.map(({ key }) => key);
  invariant(new Set(keys).size === keys.length, 'a commit writes each document once');
  invariant(stream !== '' && !keys.includes(''), 'a stream and a document have a name');
  for (const key of [stream, ...keys, ...guards.map(({ key }) => key)]) assertKey(key);
  assertWithin('events', events.length, LEDGER_BOUNDS.eventsPerCommit);
  assertWithin('documents', documents.length, LEDGER_BOUNDS.documentsPerCommit);
  assertWithin('guards', guards.length, GUARDS_PER_COMMIT);
  const eventsJson = canonicalJson(events);
  assertWithin('bytes of events', utf8Bytes(eventsJson), LEDGER_BOUNDS.eventBytesPerCommit);
  const documentsJson = documents.map(({ value }) => canonicalJson(value));
  for (const json of documentsJson) assertWithin('bytes in a document', utf8Bytes(json), LEDGER_BOUNDS.documentBytes);
  return { eventsJson, documentsJson };
}

function boundedContents(
  eventsJson: string,
  documentsJson: readonly string[],
): { eventsContent: Content; contents: DocumentContent[] } {
  const eventsContent = inlineContent(eventsJson);
  const contents = documentsJson.map(documentContent);
  const bytes = contents.reduce((sum, { content }) => sum + content.bytes, eventsContent.bytes);
  assertWithin('bytes when compressed', bytes, TRANSACTION_BYTES);
  return { eventsContent, contents };
}

/** The first key of which two versions are asked at once, so that one of them cannot hold. */
function contradiction(
  { documents, guards }: CommitRequest,
  versions: ReadonlyMap<string, number>,
): string | undefined {
  const expected = documents.filter((document) => document.expectedVersion !== 'any');
  const asked = [...expected.map(({ key, expectedVersion }) => ({ key, version: expectedVersion })), ...guards];
  return asked.find(({ key, version }) => (versions.get(key) ?? version) !== version)?.key;
}

function commitPut(
  { stream, expected, events, hash }: CommitRequest,
  content: Content,
  writer: string,
  table: string,
): TransactWriteItem {
  const item: Item = {
    ...commitKey(stream, expected.commit + 1),
    ...commitAttributes(expected.sequence + 1, events.length, hash, writer),
    ...contentAttributes(content),
  };
  return { Put: { TableName: table, Item: item, ...ABSENT, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } };
}

/** Without events the stream must still end where the request says. */
const headCheck = ({ stream, expected }: CommitRequest, table: string): TransactWriteItem => ({
  ConditionCheck: { TableName: table, Key: commitKey(stream, expected.commit + 1), ...ABSENT },
});

const ABSENT = { ConditionExpression: `attribute_not_exists(${PARTITION_KEY})` };

const atVersion = (version: number) =>
  version === 0
    ? ABSENT
    : {
        ConditionExpression: '#version = :expected',
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: { ':expected': { N: String(version) } },
      };

function documentPut(
  stream: string,
  { key, expectedVersion }: DocumentWrite,
  guarded: number | undefined,
  content: Content,
  writer: string,
  table: string,
): TransactWriteItem {
  const version = expectedVersion === 'any' ? guarded : expectedVersion;
  if (version === undefined) return documentUpdate(stream, key, content, writer, table);
  const item: Item = {
    ...documentKey(stream, key),
    version: { N: String(version + 1) },
    writer: { S: writer },
    ...contentAttributes(content),
  };
  return {
    Put: { TableName: table, Item: item, ...atVersion(version), ReturnValuesOnConditionCheckFailure: 'ALL_OLD' },
  };
}

/** Of a document that may have any version only DynamoDB knows the next. */
function documentUpdate(
  stream: string,
  key: string,
  { encoding, payload }: Content,
  writer: string,
  table: string,
): TransactWriteItem {
  return {
    Update: {
      TableName: table,
      Key: documentKey(stream, key),
      UpdateExpression:
        'SET #version = if_not_exists(#version, :zero) + :one, #writer = :writer, #encoding = :encoding, #payload = :payload',
      ExpressionAttributeNames: {
        '#version': 'version',
        '#writer': 'writer',
        '#encoding': 'encoding',
        '#payload': 'payload',
      },
      ExpressionAttributeValues: {
        ':zero': { N: '0' },
        ':one': { N: '1' },
        ':writer': { S: writer },
        ':encoding': { S: encoding },
        ':payload': payload,
      },
    },
  };
}

/** Without a condition of their own: those of the document's version hold for the whole transaction. */
const chunkPuts = (stream: string, key: string, chunks: readonly Uint8Array[], table: string): TransactWriteItem[] =>
  chunks.map((chunk, at) => ({
    Put: { TableName: table, Item: { ...chunkKey(stream, key, at), payload: { B: chunk } } },
  }));

const guardCheck = (stream: string, { key, version }: DocumentGuard, table: string): TransactWriteItem => ({
  ConditionCheck: { TableName: table, Key: documentKey(stream, key), ...atVersion(version) },
});

const FAILED = 'ConditionalCheckFailed';

/**
 * What failed conditions mean, from one reason an action; undefined when no condition failed, as in a collision of transactions.
 * A condition that our own write broke, in an attempt whose answer was lost, means that it is committed.
 */
export function outcomeOf(write: LedgerWrite, reasons: readonly CancellationReason[]): CommitOutcome | undefined {
  const failed = write.subjects.flatMap((subject, at) =>
    reasons[at]?.Code === FAILED ? [{ subject, item: reasons[at].Item }] : [],
  );
  if (failed.some(({ item }) => item?.writer?.S === write.writer)) return { kind: 'committed', head: write.head };
  if (failed.some(({ subject }) => subject.kind === 'commit')) return { kind: 'conflict' };
  for (const { subject } of failed) {
    if (subject.kind === 'document' || subject.kind === 'guard') return { kind: 'guarded', key: subject.key };
  }
  return undefined;
}

/** Cancelled for a reason that passes: another transaction held one of the items, or the table was too busy. */
export const isPassing = (reasons: readonly CancellationReason[]): boolean =>
  reasons.some(
    ({ Code }) =>
      Code === 'TransactionConflict' || Code === 'ThrottlingError' || Code === 'ProvisionedThroughputExceeded',
  );
