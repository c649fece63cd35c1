import fc from 'fast-check';
import { expect, it } from 'vitest';
import { append, openTemporary, readAll } from './temporary.ts';

const bytewise = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const START = { commit: 0, sequence: 0 };

/** Characters at the seams of UTF-8 and UTF-16, so that prefixes meet. */
const text = fc.string({
  unit: fc.constantFrom('\u0001', 'a', 'b', '/', '\u007f', 'é', '\ud7ff', '\ue000', '\uffff', '😀', '\u{10ffff}'),
  maxLength: 4,
});

it('finds the documents that a scan of all keys finds', async () => {
  const { ledger } = openTemporary();
  let streams = 0;
  const query = fc.record({
    prefix: text,
    after: fc.option(text, { nil: undefined }),
    reverse: fc.boolean(),
    limit: fc.integer({ min: 1, max: 12 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(
        text.filter((key) => key !== ''),
        { maxLength: 20 },
      ),
      fc.array(query, { minLength: 1, maxLength: 10 }),
      async (keys, queries) => {
        const stream = `s${streams++}`;
        const documents = keys.map((key) => ({ key, value: key, expectedVersion: 0 }));
        await ledger.commit({ stream, expected: START, events: [], hash: '', documents, guards: [] });
        for (const { prefix, after, reverse, limit } of queries) {
          const sorted = keys
            .filter((key) => key.startsWith(prefix))
            .sort((a, b) => (reverse ? -1 : 1) * bytewise(a, b));
          const beyond = (key: string) =>
            after === undefined || (reverse ? bytewise(key, after) < 0 : bytewise(key, after) > 0);
          const found = await ledger.documents(stream, { prefix, after, reverse, limit });
          expect(found.map((document) => document.key)).toEqual(sorted.filter(beyond).slice(0, limit));
        }
      },
    ),
    { numRuns: 200 },
  );
});

it('names the streams that have documents only', async () => {
  const { ledger } = openTemporary();
  const write = (stream: string, events: string[]) =>
    ledger.commit({
      stream,
      expected: START,
      events,
      hash: events.length ? 'h' : '',
      documents: [{ key: 'd', value: 1, expectedVersion: 0 }],
      guards: [],
    });
  await write('b', []);
  await write('c', ['e']);
  await write('a', ['e']);
  expect(await ledger.streams()).toEqual(['a', 'b', 'c']);
});

it('writes nothing of a commit that fails between two writes, and takes the next one', async () => {
  let failing = true;
  const { ledger } = openTemporary({
    faultPoint: (name) => {
      if (failing && name === 'ledger.document-written') throw new Error('here');
    },
  });
  await expect(append(ledger, 's', 'lost')).rejects.toThrow('here');
  expect(await ledger.head('s')).toEqual(START);
  expect(await ledger.document('s', 'count')).toBeUndefined();

  failing = false;
  await append(ledger, 's', 'kept');
  expect((await readAll(ledger, 's')).map((commit) => commit.events)).toEqual([['kept']]);
});
