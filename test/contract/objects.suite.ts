import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ObjectStore } from '../../core/ports/object-store.ts';
import { type PortUnderTest, unique } from './port-under-test.ts';

/** What every object store must do. The store may be shared between tests: each uses a prefix of its own. */
export function objectsContract(name: string, makePort: () => Promise<PortUnderTest<ObjectStore>>): void {
  describe(`the object store port on ${name}`, () => {
    let held: PortUnderTest<ObjectStore>;
    let objects: ObjectStore;

    beforeAll(async () => {
      held = await makePort();
      objects = held.port;
    });
    afterAll(() => held?.stop());

    it('gives back the bytes that were put', async () => {
      const key = `${unique('o')}/bars.parquet`;
      const bytes = Uint8Array.from({ length: 100_000 }, (_, at) => (at * 31) % 256);
      expect(await objects.put(key, bytes)).toBe('written');
      expect(sameBytes(await objects.get(key), bytes)).toBe(true);
    });

    it('gives back an object of no bytes, and nothing for a key that was never put', async () => {
      const prefix = unique('o');
      await objects.put(`${prefix}/empty`, new Uint8Array());
      expect((await objects.get(`${prefix}/empty`))?.length).toBe(0);
      expect(await objects.get(`${prefix}/absent`)).toBeUndefined();
      expect(await objects.get(prefix)).toBeUndefined();
      expect(await objects.get(`${prefix}/empty/below`)).toBeUndefined();
    });

    it('replaces an object', async () => {
      const key = `${unique('o')}/a`;
      await objects.put(key, text('first, and longer'));
      expect(await objects.put(key, text('second'))).toBe('written');
      expect(await read(objects, key)).toBe('second');
    });

    it('leaves an object alone when it is put only if absent', async () => {
      const key = `${unique('o')}/a`;
      expect(await objects.put(key, text('first'), { ifAbsent: true })).toBe('written');
      expect(await objects.put(key, text('second'), { ifAbsent: true })).toBe('exists');
      expect(await read(objects, key)).toBe('first');
    });

    it('lets one of 20 racing conditional puts write', async () => {
      const key = `${unique('o')}/deep/er/a`;
      const racers = Array.from({ length: 20 }, (_, racer) => objects.put(key, text(`${racer}`), { ifAbsent: true }));
      const outcomes = await Promise.all(racers);
      expect(outcomes.filter((outcome) => outcome === 'written')).toHaveLength(1);
      expect(await read(objects, key)).toBe(`${outcomes.indexOf('written')}`);
    });

    it('shows a reader the old bytes or the new ones, whole, while an object is replaced', async () => {
      const key = `${unique('o')}/a`;
      const size = 200_000;
      await objects.put(key, new Uint8Array(size).fill(0));
      const writing = (async () => {
        for (let round = 1; round <= 10; round++) await objects.put(key, new Uint8Array(size).fill(round));
      })();
      for (let round = 0; round < 10; round++) {
        const bytes = (await objects.get(key))!;
        expect(bytes.length).toBe(size);
        expect(bytes.every((byte) => byte === bytes[0])).toBe(true);
      }
      await writing;
    });

    describe('listing', () => {
      const names = ['a-b', 'a.b', 'a/b', 'a/b-1', 'a/c/d', 'a/c/e', 'a0', 'B', 'year=2024/x', 'year=2024/y', 'z'];
      let prefix: string;
      let keys: string[];

      beforeAll(async () => {
        prefix = `${unique('o')}/`;
        keys = names.map((each) => prefix + each).sort();
        for (const key of [...keys].reverse()) await objects.put(key, text(key));
      });

      it('names every key under a prefix once, in order of its bytes', async () => {
        expect(await objects.list(prefix, { limit: 1000 })).toEqual(keys);
      });

      it('takes any start of a key as the prefix', async () => {
        expect(await objects.list(`${prefix}a/`, { limit: 10 })).toEqual(
          keys.filter((key) => key.startsWith(`${prefix}a/`)),
        );
        expect(await objects.list(`${prefix}a`, { limit: 10 })).toEqual(
          keys.filter((key) => key.startsWith(`${prefix}a`)),
        );
        expect(await objects.list(`${prefix}year=2024/x`, { limit: 10 })).toEqual([`${prefix}year=2024/x`]);
        expect(await objects.list(`${prefix}none`, { limit: 10 })).toEqual([]);
      });

      it.each([1, 2, 3])('goes on after a key, so that pages of %i meet without a gap or a double', async (limit) => {
        const found: string[] = [];
        for (let page = await objects.list(prefix, { limit }); page.length > 0 && found.length <= keys.length; ) {
          expect(page.length).toBeLessThanOrEqual(limit);
          found.push(...page);
          page = await objects.list(prefix, { after: page[page.length - 1], limit });
        }
        expect(found).toEqual(keys);
      });

      it('goes on after a key that is not there', async () => {
        expect(await objects.list(prefix, { after: `${prefix}a/b-`, limit: 2 })).toEqual([
          `${prefix}a/b-1`,
          `${prefix}a/c/d`,
        ]);
        expect(await objects.list(prefix, { after: `${prefix}zz`, limit: 2 })).toEqual([]);
      });
    });
  });
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

async function read(objects: ObjectStore, key: string): Promise<string> {
  return new TextDecoder().decode(await objects.get(key));
}

const sameBytes = (a: Uint8Array | undefined, b: Uint8Array): boolean => a !== undefined && Buffer.compare(a, b) === 0;
