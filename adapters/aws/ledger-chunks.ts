/** Documents too large for one item: cut into chunks, each an item beside the document's, written and replaced with it. */
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Json } from '../../core/json.ts';
import { type Content, type Item, inlineContent, numberOf, sha256, textOf } from './ledger-items.ts';

/** What one item holds: DynamoDB's 400 kB, less its keys and other attributes. */
export const CHUNK_BYTES = 380_000;

export interface DocumentContent {
  readonly content: Content;
  /** What `content` describes; empty where it holds everything itself. */
  readonly chunks: readonly Uint8Array[];
}

/** The chunks that a document's item describes. */
export interface ChunkList {
  readonly count: number;
  readonly bytes: number;
  /** Of all chunks together, hex. */
  readonly sha256: string;
}

export function documentContent(json: string): DocumentContent {
  const inline = inlineContent(json);
  if (inline.bytes <= CHUNK_BYTES) return { content: inline, chunks: [] };
  const whole = inline.payload.B ?? gzipSync(json);
  const chunks = Array.from({ length: Math.ceil(whole.length / CHUNK_BYTES) }, (_, at) =>
    whole.subarray(at * CHUNK_BYTES, (at + 1) * CHUNK_BYTES),
  );
  const list = {
    count: { N: String(chunks.length) },
    bytes: { N: String(whole.length) },
    sha256: { S: sha256(whole) },
  };
  return { content: { encoding: 'chunks', payload: { M: list }, bytes: whole.length }, chunks };
}

/** The chunks to read for an item; undefined where it holds its content itself. */
export function chunkList(item: Item): ChunkList | undefined {
  if (textOf(item, 'encoding') !== 'chunks') return undefined;
  const list = item.payload?.M ?? {};
  return { count: numberOf(list, 'count'), bytes: numberOf(list, 'bytes'), sha256: textOf(list, 'sha256') };
}

/** What the chunks hold; undefined where they are not those of the list, as when the document was changed in between. */
export function joinedContent(list: ChunkList, chunks: readonly (Item | undefined)[]): Json | undefined {
  const whole = Buffer.concat(chunks.map((chunk) => chunk?.payload?.B ?? new Uint8Array()));
  if (whole.length !== list.bytes || sha256(whole) !== list.sha256) return undefined;
  return JSON.parse(gunzipSync(whole).toString());
}
