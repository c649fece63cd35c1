/** How commits, documents and names of streams lie in the ledger's table: keys, and what an item holds. */
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { invariant, PlimsollError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import { type Commit, type DocumentQuery, LEDGER_BOUNDS } from '../../core/ports/ledger.ts';

export type Item = Record<string, AttributeValue>;

/** The table's key attributes; both are strings. */
export const PARTITION_KEY = 'pk';
export const SORT_KEY = 'sk';

/** The partition that lists the streams: one item each, under its name. */
export const STREAMS_PARTITION = 'streams';

const COMMIT = 'commit#';
const DOCUMENT = 'document#';
const CHUNK = 'chunk#';
/** Digits of the largest safe integer, so that commit numbers sort as text. */
const NUMBER_DIGITS = 16;

export const streamPartition = (stream: string): string => `stream#${stream}`;
export const commitSort = (number: number): string => COMMIT + String(number).padStart(NUMBER_DIGITS, '0');
export const commitKey = (stream: string, number: number): Item => keyOf(streamPartition(stream), commitSort(number));
export const documentKey = (stream: string, key: string): Item => keyOf(streamPartition(stream), DOCUMENT + key);
/** The chunks of a document keep their keys from version to version, so that those of a former one are written over. */
export const chunkKey = (stream: string, key: string, at: number): Item =>
  keyOf(streamPartition(stream), `${CHUNK}${key}#${at}`);
export const streamKey = (stream: string): Item => keyOf(STREAMS_PARTITION, stream);
const keyOf = (partition: string, sort: string): Item => ({
  [PARTITION_KEY]: { S: partition },
  [SORT_KEY]: { S: sort },
});

export const commitNumber = (item: Item): number => Number(textOf(item, SORT_KEY).slice(COMMIT.length));
export const documentName = (item: Item): string => textOf(item, SORT_KEY).slice(DOCUMENT.length);

/** The least and the largest sort key of all commits. */
export const COMMIT_RANGE = [commitSort(0), commitSort(Number.MAX_SAFE_INTEGER)] as const;

/** Sort keys of the documents a query asks for: from `low` (included) to `high` (excluded), by UTF-8 bytes. */
export function documentRange({ prefix, after, reverse }: DocumentQuery): {
  low: string;
  high: string;
  empty: boolean;
} {
  let low = DOCUMENT + prefix;
  let high = firstBeyond(low);
  if (after !== undefined && reverse) high = lesser(high, DOCUMENT + after);
  if (after !== undefined && !reverse) low = greater(low, `${DOCUMENT + after}\u0000`);
  return { low, high, empty: bytewise(low, high) >= 0 };
}

/** The least text that is larger than every text that starts with `prefix`. */
function firstBeyond(prefix: string): string {
  const points = Array.from(prefix, (character) => character.codePointAt(0)!);
  while (points.at(-1) === 0x10ffff) points.pop();
  const last = points.pop()!;
  return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
}

export const bytewise = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const lesser = (a: string, b: string): string => (bytewise(a, b) <= 0 ? a : b);
const greater = (a: string, b: string): string => (bytewise(a, b) >= 0 ? a : b);

/** JSON as it is stored: as text, compressed, or as the list of the chunks that hold it. */
export interface Content {
  readonly encoding: 'json' | 'gzip' | 'chunks';
  readonly payload: AttributeValue;
  /** Bytes it takes in the table. */
  readonly bytes: number;
}

/** A write costs by the kB, so JSON is compressed where at least one is to be saved. */
const COMPRESS_ABOVE_BYTES = 2_048;

export const utf8Bytes = (json: string): number => Buffer.byteLength(json);

export function inlineContent(json: string): Content {
  const bytes = utf8Bytes(json);
  if (bytes > COMPRESS_ABOVE_BYTES) {
    const compressed = gzipSync(json);
    if (compressed.length < bytes) return { encoding: 'gzip', payload: { B: compressed }, bytes: compressed.length };
  }
  return { encoding: 'json', payload: { S: json }, bytes };
}

export const contentAttributes = ({ encoding, payload }: Content): Item => ({ encoding: { S: encoding }, payload });

/** Reads what {@link contentAttributes} wrote, where the item holds it itself. Throws `LEDGER_ITEM_DAMAGED` for what cannot be read. */
export function readContent(item: Item): Json {
  const encoding = textOf(item, 'encoding');
  if (encoding !== 'json' && encoding !== 'gzip') {
    throw new PlimsollError(
      'LEDGER_ENCODING_UNKNOWN',
      `the ledger's table holds content encoded as ${encoding}`,
      'run the version that wrote it, or a later one',
    );
  }
  try {
    return JSON.parse(encoding === 'json' ? textOf(item, 'payload') : gunzipSync(item.payload.B!).toString());
  } catch (cause) {
    const [stream, key] = [item[PARTITION_KEY]?.S ?? 'a partition', item[SORT_KEY]?.S ?? 'an item'];
    throw new PlimsollError(
      'LEDGER_ITEM_DAMAGED',
      `the ledger's table holds under ${stream}, ${key} what cannot be read`,
      'restore the table to a point in time before it was written over',
      { kept: 'nothing was done with it', cause },
    );
  }
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** What a commit's item holds beside its content. */
export const commitAttributes = (firstSequence: number, count: number, hash: string, writer: string): Item => ({
  first: { N: String(firstSequence) },
  last: { N: String(firstSequence + count - 1) },
  hash: { S: hash },
  writer: { S: writer },
});

export function readCommit(stream: string, item: Item): Commit {
  const events = readContent(item);
  invariant(Array.isArray(events), 'a commit holds a list of events');
  return {
    stream,
    number: commitNumber(item),
    firstSequence: numberOf(item, 'first'),
    events,
    hash: textOf(item, 'hash'),
  };
}

export function textOf(item: Item, attribute: string): string {
  const value = item[attribute]?.S;
  invariant(value !== undefined, `a ledger item has the text ${attribute}`);
  return value;
}

export function numberOf(item: Item, attribute: string): number {
  const value = item[attribute]?.N;
  invariant(value !== undefined, `a ledger item has the number ${attribute}`);
  return Number(value);
}

/** Room for what surrounds a key within DynamoDB's 1,024 bytes of a sort key. */
const KEY_BYTES = 1_000;

/** Throws `LEDGER_COMMIT_TOO_LARGE` or `LEDGER_KEY_INVALID` for the name of a stream or document that the table cannot hold. */
export function assertKey(key: string): void {
  if (!key.isWellFormed()) {
    throw new PlimsollError(
      'LEDGER_KEY_INVALID',
      'a name in the ledger holds half a surrogate pair',
      'use well-formed text',
    );
  }
  assertWithin('characters of a key', key.length, LEDGER_BOUNDS.keyLength);
  assertWithin('bytes of a key', utf8Bytes(key), KEY_BYTES);
}

/** Throws `LEDGER_COMMIT_TOO_LARGE` where `count` is past `bound`. */
export function assertWithin(what: string, count: number, bound: number): void {
  if (count <= bound) return;
  throw new PlimsollError(
    'LEDGER_COMMIT_TOO_LARGE',
    `a commit has ${count} ${what}, the bound is ${bound}`,
    'split it into several commits, and what a document holds into several documents',
    { kept: 'nothing of it was written' },
  );
}
