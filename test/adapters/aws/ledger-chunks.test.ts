import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CHUNK_BYTES, chunkList, documentContent, joinedContent } from '../../../adapters/aws/ledger-chunks.ts';
import { contentAttributes, type Item } from '../../../adapters/aws/ledger-items.ts';

/** JSON of a text that shrinks by a quarter, and no further. */
const jsonOf = (bytes: number): string => JSON.stringify(randomBytes(bytes).toString('base64'));

/** As the table holds them: the document's item and those of its chunks. */
function stored(json: string): { item: Item; chunks: Item[] } {
  const { content, chunks } = documentContent(json);
  return { item: contentAttributes(content), chunks: chunks.map((chunk) => ({ payload: { B: chunk } })) };
}

describe('the content of a document', () => {
  it('lies in its item as long as it fits', () => {
    const { item, chunks } = stored(jsonOf(CHUNK_BYTES - 20_000));
    expect(chunkList(item)).toBeUndefined();
    expect(item.payload.B!.length).toBeGreaterThan(CHUNK_BYTES - 20_000);
    expect(chunks).toEqual([]);
  });

  it.each([CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 2_600_000])(
    'of %i bytes comes back from chunks that each fit an item',
    (bytes) => {
      const json = jsonOf(bytes);
      const { item, chunks } = stored(json);
      const list = chunkList(item)!;
      expect(list.count).toBe(chunks.length);
      expect(chunks.length).toBe(Math.ceil(list.bytes / CHUNK_BYTES));
      for (const { payload } of chunks) expect(payload.B!.length).toBeLessThanOrEqual(CHUNK_BYTES);
      expect(joinedContent(list, chunks) === JSON.parse(json)).toBe(true);
    },
  );

  it('is not made of chunks that are missing, of another version, or in another order', () => {
    const { item, chunks } = stored(jsonOf(3 * CHUNK_BYTES));
    const other = stored(jsonOf(3 * CHUNK_BYTES));
    const list = chunkList(item)!;
    expect(joinedContent(list, [undefined, ...chunks.slice(1)])).toBeUndefined();
    expect(joinedContent(list, [other.chunks[0], ...chunks.slice(1)])).toBeUndefined();
    expect(joinedContent(list, [chunks[1], chunks[0], ...chunks.slice(2)])).toBeUndefined();
    expect(joinedContent(list, other.chunks)).toBeUndefined();
  });
});
