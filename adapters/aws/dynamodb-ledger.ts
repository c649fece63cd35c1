import {
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { invariant, PlimsollError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import type {
  Commit,
  CommitOutcome,
  CommitRequest,
  DocumentQuery,
  LedgerDocument,
  LedgerHead,
  LedgerPort,
} from '../../core/ports/ledger.ts';
import { awsError, awsFailure, isAmbiguous, isThrottled } from './aws-errors.ts';
import { chunkList, joinedContent } from './ledger-chunks.ts';
import {
  COMMIT_RANGE,
  chunkKey,
  commitKey,
  commitNumber,
  commitSort,
  documentKey,
  documentName,
  documentRange,
  type Item,
  numberOf,
  PARTITION_KEY,
  readCommit,
  readContent,
  SORT_KEY,
  STREAMS_PARTITION,
  streamPartition,
  textOf,
} from './ledger-items.ts';
import { isPassing, type LedgerWrite, outcomeOf, prepareWrite } from './ledger-write.ts';
import { type RetryPace, withRetries } from './retry.ts';

export interface DynamoLedgerOptions {
  /** Has the string keys `pk` and `sk`. */
  readonly table: string;
}

/** Long enough for 50 writers that collide. With the last attempt and a reading back it ends within 30 s at the worst. */
const WRITE_PACE: RetryPace = { attempts: 12, baseMs: 20, capMs: 1_000, withinMs: 8_000 };
/** Enough for a document that is written again and again while it is read. */
const READ_PACE: RetryPace = { attempts: 8, baseMs: 20, capMs: 500, withinMs: 3_000 };
const PAGE_LIMIT = 1_000;
const START: LedgerHead = { commit: 0, sequence: 0 };

/**
 * The ledger on one DynamoDB table. A commit is an item under its number, put on condition that the number is free; with
 * documents, guards or a stream's first commit it is one transaction. A document too large for an item lies in chunks that
 * the transaction writes with it. Every read is strongly consistent.
 *
 * A write whose answer is lost is sent again as it was: the transaction's token, or the writer's id in the item, tells that
 * it is done already. Where even that gets no answer the item is read back.
 */
export class DynamoLedger implements LedgerPort {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #known = new KnownHeads();

  constructor(client: DynamoDBClient, { table }: DynamoLedgerOptions) {
    this.#client = client;
    this.#table = table;
  }

  async head(stream: string): Promise<LedgerHead> {
    const [low, high] = COMMIT_RANGE;
    const [item] = await this.#query('read the head of a ledger stream', streamPartition(stream), low, high, {
      limit: 1,
      reverse: true,
    });
    if (!item) return START;
    const head = { commit: commitNumber(item), sequence: numberOf(item, 'last') };
    this.#known.set(stream, head);
    return head;
  }

  async commit(request: CommitRequest): Promise<CommitOutcome> {
    const write = prepareWrite(request, this.#table);
    if ('kind' in write) return write;
    if (request.events.length > 0 && !(await this.#isHead(request.stream, request.expected)))
      return { kind: 'conflict' };
    const outcome = await this.#write(write, request);
    if (outcome.kind === 'committed') this.#known.set(request.stream, write.head);
    return outcome;
  }

  async read(stream: string, after: number, limit: number): Promise<Commit[]> {
    assertLimit(limit);
    const items = await this.#query('read commits', streamPartition(stream), commitSort(after + 1), COMMIT_RANGE[1], {
      limit,
    });
    const commits = items.map((item) => readCommit(stream, item));
    for (const [at, commit] of commits.entries())
      invariant(commit.number === after + 1 + at, `commit ${after + 1 + at} of ${stream} exists`);
    return commits;
  }

  async document(stream: string, key: string): Promise<LedgerDocument | undefined> {
    const item = await this.#get('read a ledger document', documentKey(stream, key));
    return item && this.#readDocument(stream, item);
  }

  async documents(stream: string, query: DocumentQuery): Promise<LedgerDocument[]> {
    assertLimit(query.limit);
    const { low, high, empty } = documentRange(query);
    if (empty) return [];
    const options = { limit: query.limit, reverse: query.reverse, except: high };
    const items = await this.#query('read ledger documents', streamPartition(stream), low, high, options);
    const documents: LedgerDocument[] = [];
    // One after the other, so that the chunks of one alone are asked for at a time.
    for (const item of items) documents.push(await this.#readDocument(stream, item));
    return documents;
  }

  async streams(): Promise<string[]> {
    const names: string[] = [];
    for (;;) {
      const low = names.length === 0 ? '\u0000' : `${names[names.length - 1]}\u0000`;
      const items = await this.#query('list ledger streams', STREAMS_PARTITION, low, '\u{10ffff}', {
        limit: PAGE_LIMIT,
      });
      names.push(...items.map((item) => textOf(item, SORT_KEY)));
      if (items.length < PAGE_LIMIT) return names;
    }
  }

  /** Where the chunks are already those of a later version than the item, the item is read again. */
  async #readDocument(stream: string, item: Item): Promise<LedgerDocument> {
    const key = documentName(item);
    let latest: Item | undefined = item;
    const read = async (): Promise<LedgerDocument> => {
      const current = latest ?? (await this.#get('read a ledger document', documentKey(stream, key)));
      latest = undefined;
      invariant(current, `the document ${key} of ${stream} exists`);
      const value = await this.#valueOf(stream, key, current);
      if (value === undefined) throw chunksDiffer(stream, key);
      return { key, version: numberOf(current, 'version'), value };
    };
    return withRetries(read, (error) => (error as PlimsollError).code === CHUNKS_DIFFER, READ_PACE);
  }

  /** Undefined where the chunks are not those that the item describes. */
  async #valueOf(stream: string, key: string, item: Item): Promise<Json | undefined> {
    const list = chunkList(item);
    if (!list) return readContent(item);
    const chunks = Array.from({ length: list.count }, (_, at) =>
      this.#get('read a chunk of a ledger document', chunkKey(stream, key, at), 'payload'),
    );
    return joinedContent(list, await Promise.all(chunks));
  }

  /**
   * Whether the stream has reached `expected`; that it has not gone further is the write's own condition. Commits are never
   * changed or removed, so one that was once seen stays the proof, and no gap can come to be.
   */
  async #isHead(stream: string, expected: LedgerHead): Promise<boolean> {
    if (expected.commit === 0) return expected.sequence === 0;
    if (this.#known.has(stream, expected)) return true;
    const item = await this.#get('read a commit', commitKey(stream, expected.commit), 'last');
    return item !== undefined && numberOf(item, 'last') === expected.sequence;
  }

  async #write(write: LedgerWrite, request: CommitRequest): Promise<CommitOutcome> {
    let lost = false;
    const again = (error: unknown): boolean => {
      const failure = awsFailure(error);
      lost ||= isAmbiguous(failure) || failure.attempts > 1;
      return isAmbiguous(failure) || isThrottled(failure) || isCollision(error);
    };
    try {
      return await withRetries(() => this.#send(write), again, WRITE_PACE);
    } catch (error) {
      again(error);
      const outcome = lost ? await this.#readBack(write, request) : undefined;
      if (outcome) return outcome;
      if (lost) throw unknownOutcome(error);
      if (isCollision(error)) throw tooBusy();
      throw awsError('write a commit to DynamoDB', error);
    }
  }

  async #send(write: LedgerWrite): Promise<CommitOutcome> {
    try {
      await (isLoneCommit(write) ? this.#put(write) : this.#transact(write));
      return { kind: 'committed', head: write.head };
    } catch (error) {
      const outcome = outcomeOf(write, reasonsOf(error));
      if (outcome) return outcome;
      throw error;
    }
  }

  async #put({ actions }: LedgerWrite): Promise<void> {
    await this.#client.send(new PutItemCommand(actions[0].Put!));
  }

  async #transact({ actions, writer }: LedgerWrite): Promise<void> {
    await this.#client.send(new TransactWriteItemsCommand({ TransactItems: [...actions], ClientRequestToken: writer }));
  }

  /** What became of a write that got no answer, as far as the table tells; undefined when it does not. */
  async #readBack(
    { writer, head }: LedgerWrite,
    { stream, events, documents }: CommitRequest,
  ): Promise<CommitOutcome | undefined> {
    if (events.length === 0 && documents.length === 0) return undefined;
    const key = events.length > 0 ? commitKey(stream, head.commit) : documentKey(stream, documents[0].key);
    const item = await this.#get('read a commit back', key, 'writer').catch(() => undefined);
    if (item?.writer?.S === writer) return { kind: 'committed', head };
    return item && events.length > 0 ? { kind: 'conflict' } : undefined;
  }

  async #get(what: string, key: Item, attribute?: string): Promise<Item | undefined> {
    const projection = attribute && {
      ProjectionExpression: '#attribute',
      ExpressionAttributeNames: { '#attribute': attribute },
    };
    const command = new GetItemCommand({ TableName: this.#table, Key: key, ConsistentRead: true, ...projection });
    try {
      return (await this.#client.send(command)).Item;
    } catch (error) {
      throw awsError(`${what} from DynamoDB`, error);
    }
  }

  /** Items from `low` to `high`, both included but for `except`, in as many requests as it takes. */
  async #query(what: string, partition: string, low: string, high: string, options: RangeOptions): Promise<Item[]> {
    const items: Item[] = [];
    let start: Item | undefined;
    do {
      const page = await this.#page(what, {
        KeyConditionExpression: `${PARTITION_KEY} = :partition AND ${SORT_KEY} BETWEEN :low AND :high`,
        ExpressionAttributeValues: { ':partition': { S: partition }, ':low': { S: low }, ':high': { S: high } },
        ScanIndexForward: !options.reverse,
        Limit: options.limit - items.length,
        ExclusiveStartKey: start,
      });
      items.push(...(page.Items ?? []).filter((item) => textOf(item, SORT_KEY) !== options.except));
      start = page.LastEvaluatedKey;
    } while (start && items.length < options.limit);
    return items;
  }

  async #page(what: string, input: Omit<QueryCommandInput, 'TableName'>) {
    try {
      return await this.#client.send(new QueryCommand({ TableName: this.#table, ConsistentRead: true, ...input }));
    } catch (error) {
      throw awsError(`${what} from DynamoDB`, error);
    }
  }
}

interface RangeOptions {
  readonly limit: number;
  readonly reverse?: boolean;
  /** A sort key that is left out. */
  readonly except?: string;
}

/** The last head seen of each stream, for the streams seen last. */
class KnownHeads {
  static readonly #BOUND = 1_000;
  readonly #heads = new Map<string, LedgerHead>();

  set(stream: string, head: LedgerHead): void {
    this.#heads.delete(stream);
    this.#heads.set(stream, head);
    if (this.#heads.size > KnownHeads.#BOUND) this.#heads.delete(this.#heads.keys().next().value!);
  }

  has(stream: string, { commit, sequence }: LedgerHead): boolean {
    const known = this.#heads.get(stream);
    return known?.commit === commit && known.sequence === sequence;
  }
}

/**
 * A commit alone is put without a transaction, at half the cost. That is safe because commits never change: whoever finds
 * the number taken sees by whom. A document may have been changed again by then, so it needs the transaction's token.
 */
const isLoneCommit = ({ actions }: LedgerWrite): boolean => actions.length === 1 && actions[0].Put !== undefined;

/** One reason an action; a put alone gives its own in the same form. */
function reasonsOf(error: unknown) {
  const { name, CancellationReasons, Item } = error as { name?: string; CancellationReasons?: []; Item?: Item };
  if (name === 'ConditionalCheckFailedException') return [{ Code: 'ConditionalCheckFailed', Item }];
  return name === 'TransactionCanceledException' ? (CancellationReasons ?? []) : [];
}

const COLLISIONS = new Set([
  'TransactionConflictException',
  'TransactionInProgressException',
  'ReplicatedWriteConflictException',
]);
const isCollision = (error: unknown): boolean => COLLISIONS.has(awsFailure(error).name) || isPassing(reasonsOf(error));

function assertLimit(limit: number): void {
  invariant(
    Number.isInteger(limit) && limit >= 1 && limit <= PAGE_LIMIT,
    `a page of the ledger has 1 to ${PAGE_LIMIT} entries`,
  );
}

const CHUNKS_DIFFER = 'LEDGER_CHUNKS_DIFFER';

const chunksDiffer = (stream: string, key: string): PlimsollError =>
  new PlimsollError(
    CHUNKS_DIFFER,
    `the chunks of the document ${key} of ${stream} are not those of its version`,
    'read it again; where nobody writes it, restore the table to a time before it was damaged',
  );

const tooBusy = (): PlimsollError =>
  new PlimsollError('LEDGER_BUSY', 'other writers held the same part of the ledger for too long', 'try again', {
    kept: 'nothing was written',
  });

function unknownOutcome(error: unknown): PlimsollError {
  const { name } = awsFailure(error);
  return new PlimsollError(
    'LEDGER_OUTCOME_UNKNOWN',
    `DynamoDB gave no answer to a commit, nor can it be told whether it was written (${name})`,
    'read the head of the stream, and go on from there',
    { kept: 'the commit is there in full or not at all' },
  );
}
