import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bytewise,
  commitKey,
  commitNumber,
  documentKey,
  documentRange,
  inlineContent,
  readContent,
  textOf,
} from '../../../adapters/aws/ledger-items.ts';

const sortKey = (key: string): string => textOf(documentKey('s', key), 'sk');
/** Few characters, among them those at the edges of UTF-8's and UTF-16's ranges, so that prefixes are met. */
const key = fc.string({
  unit: fc.constantFrom('a', 'b', '/', '\u0000', '\u007f', '\ud7ff', '\ue000', '\uffff', '😀', '\u{10ffff}'),
  maxLength: 4,
});

describe('the range of sort keys for a query of documents', () => {
  it('holds exactly the keys with the prefix, after the key or before it', () => {
    fc.assert(
      fc.property(key, key, fc.option(key, { nil: undefined }), fc.boolean(), (candidate, prefix, after, reverse) => {
        const { low, high, empty } = documentRange({ prefix, after, reverse, limit: 1 });
        const sort = sortKey(candidate);
        const inside = !empty && bytewise(low, sort) <= 0 && bytewise(sort, high) < 0;
        const side =
          after === undefined ? true : reverse ? bytewise(candidate, after) < 0 : bytewise(candidate, after) > 0;
        expect(inside).toBe(candidate.startsWith(prefix) && side);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('what an item holds', () => {
  it('keeps the order of commit numbers in the order of text', () => {
    const numbers = [1, 9, 10, 99, 2 ** 31, Number.MAX_SAFE_INTEGER];
    const keys = numbers.map((number) => commitKey('s', number));
    expect(keys.map(commitNumber)).toEqual(numbers);
    const sorts = keys.map((item) => textOf(item, 'sk'));
    expect([...sorts].sort()).toEqual(sorts);
  });

  it('gives back any JSON, compressed or not', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.integer({ min: 0, max: 600 }), async (value, repeats) => {
        const json = JSON.stringify(Array.from({ length: repeats }, () => value));
        const { encoding, payload } = inlineContent(json);
        expect(await readContent({ encoding: { S: encoding }, payload }, undefined)).toEqual(JSON.parse(json));
      }),
    );
    expect(inlineContent('x'.repeat(5_000)).encoding).toBe('gzip');
    expect(inlineContent('x'.repeat(500)).encoding).toBe('json');
  });

  it('refuses an encoding that it does not know', async () => {
    const item = { encoding: { S: 'zstd' }, payload: { S: '' } };
    await expect(readContent(item, undefined)).rejects.toMatchObject({ code: 'LEDGER_ENCODING_UNKNOWN' });
  });
});
