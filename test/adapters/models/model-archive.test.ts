/** What SageMaker unpacks into /opt/ml/model, taken apart by the tar of Python. */
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { packedForSageMaker } from '../../../adapters/models/model-archive.ts';
import { findPython } from '../../../adapters/python/environment.ts';

const FILES = new Map([
  ['manifest.json', new TextEncoder().encode('{"format":"plimsoll-model/1"}')],
  ['forest.pickle', Uint8Array.from({ length: 1_025 }, (_, k) => (k * 7) % 256)],
  ['empty.bin', new Uint8Array()],
  ['card.json', new Uint8Array(512).fill(32)],
]);
const packed = (...of: ReadonlyMap<string, Uint8Array>[]) =>
  packedForSageMaker(of.map((files, k) => ({ name: 'gold', version: `${k}`.repeat(16), files })));
const READ = `
import io, json, sys, tarfile
with tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read()), mode="r:gz") as archive:
    print(json.dumps([[m.name, m.isfile(), m.mode, m.mtime, m.uid, archive.extractfile(m).read().hex()] for m in archive]))
`;

describe('the archive of a version', () => {
  test('holds its files and nothing else, of nobody and of no day', async () => {
    const { python } = await findPython({ what: 'the test of archives' });
    const read = execFileSync(python, ['-c', READ], { input: packed(FILES), encoding: 'utf8' });
    expect(JSON.parse(read)).toEqual(
      [...FILES.keys()].sort().map((name) => [name, true, 0o644, 0, 0, Buffer.from(FILES.get(name)!).toString('hex')]),
    );
  });

  test('is the same in whichever order the files are named', () => {
    const once = packed(FILES);
    expect(Buffer.compare(packed(new Map([...FILES].reverse())), once)).toBe(0);
    expect([...once.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
  });

  test('holds several versions in folders of their own, whatever the length of their names together', async () => {
    const { python } = await findPython({ what: 'the test of archives' });
    const long = new Map([[`${'a'.repeat(90)}.bin`, Uint8Array.of(7)]]);
    const read = execFileSync(python, ['-c', READ], { input: packed(FILES, long), encoding: 'utf8' });
    expect(JSON.parse(read).map(([name]: [string]) => name)).toEqual([
      ...[...FILES.keys()].sort().map((name) => `gold/${'0'.repeat(16)}/${name}`),
      `gold/${'1'.repeat(16)}/${'a'.repeat(90)}.bin`,
    ]);
  });

  test('bad input: a name that it cannot hold is refused', () => {
    const long = `${'a'.repeat(97)}.bin`;
    expect(() => packed(new Map([[long, new Uint8Array()]]))).toThrow(
      expect.objectContaining({ code: 'MODEL_ARCHIVE_NAME', message: expect.stringContaining(long) }),
    );
  });
});
