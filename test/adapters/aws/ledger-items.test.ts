import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bytewise,
  COMMIT_RANGE,
  chunkKey,
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

describe('the keys of chunks', () => {
  const sort = (name: string, at: number): string => textOf(chunkKey('s', name, at), 'sk');

  it('are one for each chunk of each document, whatever the documents are called', () => {
    const name = fc.string({ unit: fc.constantFrom('a', '#', '0', '1'), maxLength: 6 });
    const index = fc.integer({ min: 0, max: 12 });
    fc.assert(
      fc.property(name, index, name, index, (a, i, b, j) => {
        expect(sort(a, i) === sort(b, j)).toBe(a === b && i === j);
      }),
      { numRuns: 5_000 },
    );
  });

  it('lie outside every range of documents and of commits', () => {
    const { low, high } = documentRange({ prefix: '', limit: 1 });
    for (const [from, to] of [[low, high], COMMIT_RANGE]) {
      fc.assert(
        fc.property(key, fc.nat(12), (name, at) => {
          const within = bytewise(from, sort(name, at)) <= 0 && bytewise(sort(name, at), to) <= 0;
          expect(within).toBe(false);
        }),
      );
    }
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

  it('gives back any JSON, compressed or not', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 600 }), (value, repeats) => {
        const json = JSON.stringify(Array.from({ length: repeats }, () => value));
        const { encoding, payload } = inlineContent(json);
        expect(readContent({ encoding: { S: encoding }, payload })).toEqual(JSON.parse(json));
      }),
    );
    expect(inlineContent('x'.repeat(5_000)).encoding).toBe('gzip');
    expect(inlineContent('x'.repeat(500)).encoding).toBe('json');
  });

  it('refuses an encoding that it does not know', () => {
    const item = { encoding: { S: 'zstd' }, payload: { S: '' } };
    expect(() => readContent(item)).toThrow(expect.objectContaining({ code: 'LEDGER_ENCODING_UNKNOWN' }));
  });

  it.each([
    ['json', { S: '[{"kind":' }],
    ['gzip', { B: Buffer.from('no archive') }],
    ['gzip', { B: gzipSync('[').subarray(0, 12) }],
  ] as const)('says which item of %s is damaged, and shows nothing of it', (encoding, payload) => {
    const item = { ...commitKey('local/paper', 7), encoding: { S: encoding }, payload };
    expect(() => readContent(item)).toThrow(
      expect.objectContaining({
        code: 'LEDGER_ITEM_DAMAGED',
        message: "the ledger's table holds under stream#local/paper, commit#0000000000000007 what cannot be read",
      }),
    );
  });
});
