import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../../core/json.ts';
import { canonicalJson } from '../../core/json.ts';
import {
  type CommitOutcome,
  type CommitRequest,
  LEDGER_BOUNDS,
  type LedgerHead,
  type LedgerPort,
} from '../../core/ports/ledger.ts';
import { type PortUnderTest, unique } from './port-under-test.ts';

const START: LedgerHead = { commit: 0, sequence: 0 };

/** What every ledger adapter must do. The store may be shared between tests: each writes streams of its own. */
export function ledgerContract(name: string, makePort: () => Promise<PortUnderTest<LedgerPort>>): void {
  describe(`the ledger port on ${name}`, () => {
    let held: PortUnderTest<LedgerPort>;
    let ledger: LedgerPort;

    beforeAll(async () => {
      held = await makePort();
      ledger = held.port;
    });
    afterAll(() => held?.stop());

    describe('commits', () => {
      it('starts a stream at commit 0 and sequence 0', async () => {
        expect(await ledger.head(unique('stream'))).toEqual(START);
        expect(await ledger.read(unique('stream'), 0, 10)).toEqual([]);
      });

      it('counts commits and events, and reads back what was written', async () => {
        const stream = unique('stream');
        const first = await committed(ledger, request(stream, START, [{ kind: 'a' }, { kind: 'b', text: 'żółw 🐢' }]));
        const second = await committed(ledger, request(stream, first, [[1, 2.5, null, true]]));

        expect(first).toEqual({ commit: 1, sequence: 2 });
        expect(second).toEqual({ commit: 2, sequence: 3 });
        expect(await ledger.head(stream)).toEqual(second);
        expect(await ledger.read(stream, 0, 10)).toEqual([
          { stream, number: 1, firstSequence: 1, events: [{ kind: 'a' }, { kind: 'b', text: 'żółw 🐢' }], hash: 'c1' },
          { stream, number: 2, firstSequence: 3, events: [[1, 2.5, null, true]], hash: 'c2' },
        ]);
      });

      it('reads above a commit, ascending, up to the limit', async () => {
        const stream = unique('stream');
        await fill(ledger, stream, 12);

        expect((await ledger.read(stream, 0, 1000)).map((commit) => commit.number)).toEqual(count(1, 12));
        expect((await ledger.read(stream, 3, 4)).map((commit) => commit.number)).toEqual([4, 5, 6, 7]);
        expect(await ledger.read(stream, 12, 10)).toEqual([]);
      });

      it('gives one of 50 racing writers the commit number, and the others a conflict', async () => {
        const stream = unique('stream');
        const outcomes = await Promise.all(
          count(1, 50).map((racer) => ledger.commit(request(stream, START, [{ racer }]))),
        );

        const winners = outcomes.flatMap((outcome, at) => (outcome.kind === 'committed' ? [at + 1] : []));
        expect(winners).toHaveLength(1);
        expect(outcomes.filter((outcome) => outcome.kind === 'conflict')).toHaveLength(49);
        expect((await ledger.read(stream, 0, 10)).map((commit) => commit.events)).toEqual([[{ racer: winners[0] }]]);
      });

      it('leaves no gap and loses nothing when writers race and retry', async () => {
        const stream = unique('stream');
        await Promise.all(count(1, 8).map((writer) => appendWithRetry(ledger, stream, writer, 5)));

        const commits = await ledger.read(stream, 0, 1000);
        expect(commits.map((commit) => commit.number)).toEqual(count(1, 40));
        expect(commits.map((commit) => commit.firstSequence)).toEqual(count(1, 40));
        expect(new Set(commits.map((commit) => canonicalJson(commit.events))).size).toBe(40);
      });

      it.each([
        ['behind the head', { commit: 1, sequence: 1 }],
        ['ahead of the head', { commit: 9, sequence: 9 }],
        ['at the head with another sequence', { commit: 2, sequence: 7 }],
      ])('refuses an expected head that is %s, and writes nothing', async (_where, expected) => {
        const stream = unique('stream');
        await fill(ledger, stream, 2);
        const outcome = await ledger.commit({
          ...request(stream, expected, ['late']),
          documents: [{ key: 'd', value: 'late', expectedVersion: 'any' }],
        });

        expect(outcome).toEqual({ kind: 'conflict' });
        expect(await ledger.head(stream)).toEqual({ commit: 2, sequence: 2 });
        expect(await ledger.read(stream, 2, 10)).toEqual([]);
        expect(await ledger.document(stream, 'd')).toBeUndefined();
      });

      it('keeps streams apart, also where one name starts with another', async () => {
        const stream = unique('stream');
        await fill(ledger, stream, 3);
        await fill(ledger, `${stream}/b`, 1);

        expect(await ledger.head(stream)).toEqual({ commit: 3, sequence: 3 });
        expect(await ledger.head(`${stream}/b`)).toEqual({ commit: 1, sequence: 1 });
        expect(await ledger.read(stream, 0, 10)).toHaveLength(3);
      });

      it('names the streams that were written, ascending', async () => {
        const stream = unique('stream');
        for (const suffix of ['b', 'a', 'c']) await fill(ledger, `${stream}-${suffix}`, 1);

        const names = await ledger.streams();
        expect(names.filter((each) => each.startsWith(stream))).toEqual([`${stream}-a`, `${stream}-b`, `${stream}-c`]);
        expect(new Set(names).size).toBe(names.length);
        expect(names).toEqual(bytewise(names));
      });
    });

    describe('documents', () => {
      it('are absent until written, then read back with a version that counts writes', async () => {
        const stream = unique('stream');
        expect(await ledger.document(stream, 'cycle/1')).toBeUndefined();

        await committed(ledger, documents(stream, START, [{ key: 'cycle/1', value: { n: 1 }, expectedVersion: 0 }]));
        expect(await ledger.document(stream, 'cycle/1')).toEqual({ key: 'cycle/1', version: 1, value: { n: 1 } });

        await committed(ledger, documents(stream, START, [{ key: 'cycle/1', value: null, expectedVersion: 1 }]));
        await committed(ledger, documents(stream, START, [{ key: 'cycle/1', value: [], expectedVersion: 'any' }]));
        expect(await ledger.document(stream, 'cycle/1')).toEqual({ key: 'cycle/1', version: 3, value: [] });
      });

      it('are written without events, and the head stays', async () => {
        const stream = unique('stream');
        const head = await fill(ledger, stream, 2);
        const outcome = await ledger.commit(documents(stream, head, [{ key: 'd', value: 1, expectedVersion: 0 }]));

        expect(outcome).toEqual({ kind: 'committed', head });
        expect(await ledger.head(stream)).toEqual(head);
        expect((await ledger.document(stream, 'd'))?.value).toBe(1);
      });

      it('are refused without events too, when another writer has moved the head', async () => {
        const stream = unique('stream');
        await fill(ledger, stream, 2);
        const late = documents(stream, { commit: 1, sequence: 1 }, [{ key: 'd', value: 1, expectedVersion: 0 }]);

        expect(await ledger.commit(late)).toEqual({ kind: 'conflict' });
        expect(await ledger.document(stream, 'd')).toBeUndefined();
      });

      it('belong to their stream', async () => {
        const [one, other] = [unique('stream'), unique('stream')];
        await committed(ledger, documents(one, START, [{ key: 'd', value: 1, expectedVersion: 0 }]));
        expect(await ledger.document(other, 'd')).toBeUndefined();
        expect(await ledger.documents(other, { prefix: '', limit: 10 })).toEqual([]);
      });

      it('are written with the events or not at all', async () => {
        const stream = unique('stream');
        const write = { key: 'checkpoint', value: { bars: 1 }, expectedVersion: 0 };
        const head = await committed(ledger, { ...request(stream, START, ['e1']), documents: [write] });
        const again = await ledger.commit({ ...request(stream, head, ['e2']), documents: [write] });

        expect(again).toEqual({ kind: 'guarded', key: 'checkpoint' });
        expect(await ledger.head(stream)).toEqual({ commit: 1, sequence: 1 });
        expect((await ledger.document(stream, 'checkpoint'))?.version).toBe(1);
      });

      it('are all left alone when one of them is not at its expected version, and the first such is named', async () => {
        const stream = unique('stream');
        await committed(ledger, documents(stream, START, [{ key: 'b', value: 'old', expectedVersion: 0 }]));
        const outcome = await ledger.commit(
          documents(stream, START, [
            { key: 'a', value: 'new', expectedVersion: 0 },
            { key: 'b', value: 'new', expectedVersion: 7 },
            { key: 'c', value: 'new', expectedVersion: 1 },
          ]),
        );

        expect(outcome).toEqual({ kind: 'guarded', key: 'b' });
        expect(await ledger.documents(stream, { prefix: '', limit: 10 })).toEqual([
          { key: 'b', version: 1, value: 'old' },
        ]);
      });

      it('have one winner of 20 racing for the same version', async () => {
        const stream = unique('stream');
        const outcomes = await Promise.all(
          count(1, 20).map((racer) =>
            ledger.commit(documents(stream, START, [{ key: 'd', value: racer, expectedVersion: 0 }])),
          ),
        );
        const winners = outcomes.flatMap((outcome, at) => (outcome.kind === 'committed' ? [at + 1] : []));
        expect(winners).toHaveLength(1);
        expect(await ledger.document(stream, 'd')).toEqual({ key: 'd', version: 1, value: winners[0] });
      });

      it('keep what JSON can hold, exactly', async () => {
        const stream = unique('stream');
        const value: Json = {
          '': [],
          'a.b': { $: 'NaN' },
          text: '\u0000"\\\n\u2028😀',
          n: [0.1, 1e21, -5e-324, 2 ** 53],
        };
        await committed(ledger, documents(stream, START, [{ key: 'd', value, expectedVersion: 0 }]));
        expect((await ledger.document(stream, 'd'))?.value).toEqual(value);
      });
    });

    describe('guards', () => {
      it('let the commit through while the document has the version, and stop it once it has another', async () => {
        const stream = unique('stream');
        const guarded = (expected: LedgerHead): CommitRequest => ({
          ...request(stream, expected, ['order']),
          documents: [{ key: 'written', value: 1, expectedVersion: 'any' }],
          guards: [{ key: 'halt/instance', version: 1 }],
        });
        await committed(
          ledger,
          documents(stream, START, [{ key: 'halt/instance', value: 'Active', expectedVersion: 0 }]),
        );
        const head = await committed(ledger, guarded(START));
        await committed(
          ledger,
          documents(stream, head, [{ key: 'halt/instance', value: 'Halted', expectedVersion: 1 }]),
        );

        expect(await ledger.commit(guarded(head))).toEqual({ kind: 'guarded', key: 'halt/instance' });
        expect(await ledger.head(stream)).toEqual(head);
        expect((await ledger.document(stream, 'written'))?.version).toBe(1);
      });

      it('with version 0 hold while the document does not exist', async () => {
        const stream = unique('stream');
        const guards = [{ key: 'halt/venue', version: 0 }];
        const head = await committed(ledger, { ...request(stream, START, ['order']), guards });
        await committed(ledger, documents(stream, head, [{ key: 'halt/venue', value: 'Halted', expectedVersion: 0 }]));

        expect(await ledger.commit({ ...request(stream, head, ['order']), guards })).toEqual({
          kind: 'guarded',
          key: 'halt/venue',
        });
      });

      it('name the first of several that do not hold', async () => {
        const stream = unique('stream');
        const guards = [
          { key: 'absent', version: 0 },
          { key: 'first', version: 1 },
          { key: 'second', version: 1 },
        ];
        expect(await ledger.commit({ ...request(stream, START, ['e']), guards })).toEqual({
          kind: 'guarded',
          key: 'first',
        });
        expect(await ledger.head(stream)).toEqual(START);
      });
    });

    describe('documents by prefix', () => {
      const keys = ['Z', 'a', 'a/', 'a/1', 'a/10', 'a/2', 'a0', 'b', 'é', '\uffff', '😀'];
      let stream: string;

      beforeAll(async () => {
        stream = unique('stream');
        const shuffled = [...keys].reverse();
        await committed(
          ledger,
          documents(
            stream,
            START,
            shuffled.map((key) => ({ key, value: key, expectedVersion: 0 })),
          ),
        );
      });

      it('come in order of their bytes', async () => {
        expect(await keysOf(ledger, stream, { prefix: '', limit: 1000 })).toEqual(bytewise(keys));
      });

      it('come backwards in reverse', async () => {
        expect(await keysOf(ledger, stream, { prefix: '', reverse: true, limit: 1000 })).toEqual(
          bytewise(keys).reverse(),
        );
        expect(await keysOf(ledger, stream, { prefix: 'a/', reverse: true, limit: 2 })).toEqual(['a/2', 'a/10']);
      });

      it('are those that start with the prefix, itself included', async () => {
        expect(await keysOf(ledger, stream, { prefix: 'a/', limit: 10 })).toEqual(['a/', 'a/1', 'a/10', 'a/2']);
        expect(await keysOf(ledger, stream, { prefix: '\uffff', limit: 10 })).toEqual(['\uffff']);
        expect(await keysOf(ledger, stream, { prefix: '😀', limit: 10 })).toEqual(['😀']);
        expect(await keysOf(ledger, stream, { prefix: 'none', limit: 10 })).toEqual([]);
      });

      it('go on after a key, or before it in reverse, so that pages meet without a gap or a double', async () => {
        expect(await keysOf(ledger, stream, { prefix: 'a/', after: 'a/1', limit: 10 })).toEqual(['a/10', 'a/2']);
        expect(await keysOf(ledger, stream, { prefix: 'a/', after: 'a/2', reverse: true, limit: 2 })).toEqual([
          'a/10',
          'a/1',
        ]);
        expect(await keysOf(ledger, stream, { prefix: 'a/', after: 'a', limit: 1 })).toEqual(['a/']);
        expect(await pages(ledger, stream, 3, false, keys.length)).toEqual(bytewise(keys));
        expect(await pages(ledger, stream, 3, true, keys.length)).toEqual(bytewise(keys).reverse());
      });
    });

    describe('bounds', () => {
      const bytes = (size: number) => 'x'.repeat(size);
      const stream = unique('bounded');

      it.each<[string, Partial<CommitRequest>]>([
        ['too many events', { events: count(1, LEDGER_BOUNDS.eventsPerCommit + 1) }],
        ['too many bytes of events', { events: [bytes(LEDGER_BOUNDS.eventBytesPerCommit)] }],
        ['bytes counted as UTF-8', { events: ['é'.repeat(LEDGER_BOUNDS.eventBytesPerCommit / 2)] }],
        [
          'too many documents',
          {
            documents: count(0, LEDGER_BOUNDS.documentsPerCommit).map((n) => ({
              key: `${n}`,
              value: n,
              expectedVersion: 0,
            })),
          },
        ],
        [
          'too large a document',
          { documents: [{ key: 'd', value: bytes(LEDGER_BOUNDS.documentBytes), expectedVersion: 0 }] },
        ],
        ['too long a key', { documents: [{ key: bytes(LEDGER_BOUNDS.keyLength + 1), value: 1, expectedVersion: 0 }] }],
      ])('refuses %s, and writes nothing', async (_what, part) => {
        await expect(ledger.commit({ ...request(stream, START, ['e']), ...part })).rejects.toMatchObject({
          code: 'LEDGER_COMMIT_TOO_LARGE',
        });
        expect(await ledger.head(stream)).toEqual(START);
        expect(await ledger.documents(stream, { prefix: '', limit: 10 })).toEqual([]);
      });

      it('takes a commit with as many events, documents and bytes as the bounds allow', async () => {
        const full = unique('stream');
        const texts = count(1, 99).map((n) => `${n}`);
        const left = LEDGER_BOUNDS.eventBytesPerCommit - canonicalJson([...texts, '']).length;
        const events = [...texts, bytes(left)];
        const writes = count(1, LEDGER_BOUNDS.documentsPerCommit).map((n) => ({
          key: `${n}`,
          value: n,
          expectedVersion: 0,
        }));

        const head = await committed(ledger, { ...request(full, START, events), documents: writes });
        expect(head).toEqual({ commit: 1, sequence: 100 });
        expect((await ledger.read(full, 0, 1))[0].events).toEqual(events);
        expect(await ledger.documents(full, { prefix: '', limit: 1000 })).toHaveLength(
          LEDGER_BOUNDS.documentsPerCommit,
        );
      });

      it('takes a document and a key of the full length', async () => {
        const full = unique('stream');
        const key = bytes(LEDGER_BOUNDS.keyLength);
        const value = bytes(LEDGER_BOUNDS.documentBytes - 2);
        await committed(ledger, documents(full, START, [{ key, value, expectedVersion: 0 }]));
        expect((await ledger.document(full, key))?.value === value).toBe(true);
      });
    });
  });
}

function request(stream: string, expected: LedgerHead, events: readonly Json[]): CommitRequest {
  return { stream, expected, events, hash: `c${expected.commit + 1}`, documents: [], guards: [] };
}

function documents(stream: string, expected: LedgerHead, writes: CommitRequest['documents']): CommitRequest {
  return { stream, expected, events: [], hash: '', documents: writes, guards: [] };
}

async function committed(ledger: LedgerPort, asked: CommitRequest): Promise<LedgerHead> {
  const outcome: CommitOutcome = await ledger.commit(asked);
  if (outcome.kind !== 'committed') throw new Error(`expected a commit, got ${canonicalJson(outcome)}`);
  return outcome.head;
}

async function fill(ledger: LedgerPort, stream: string, commits: number): Promise<LedgerHead> {
  let head = START;
  for (const n of count(1, commits)) head = await committed(ledger, request(stream, head, [{ n }]));
  return head;
}

async function appendWithRetry(ledger: LedgerPort, stream: string, writer: number, times: number): Promise<void> {
  for (let n = 1; n <= times; ) {
    const outcome = await ledger.commit(request(stream, await ledger.head(stream), [{ writer, n }]));
    if (outcome.kind === 'committed') n += 1;
  }
}

async function keysOf(
  ledger: LedgerPort,
  stream: string,
  query: Parameters<LedgerPort['documents']>[1],
): Promise<string[]> {
  return (await ledger.documents(stream, query)).map((document) => document.key);
}

async function pages(
  ledger: LedgerPort,
  stream: string,
  limit: number,
  reverse: boolean,
  most: number,
): Promise<string[]> {
  const keys: string[] = [];
  for (
    let page = await keysOf(ledger, stream, { prefix: '', reverse, limit });
    page.length > 0 && keys.length <= most;
  ) {
    keys.push(...page);
    page = await keysOf(ledger, stream, { prefix: '', after: page[page.length - 1], reverse, limit });
  }
  return keys;
}

const count = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, k) => from + k);

const bytewise = (names: readonly string[]): string[] =>
  [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
