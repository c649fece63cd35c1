/** Archives that jobs leave: those of real programs are read, and nothing else. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { filesOfTarGz } from '../../../adapters/files/tar.ts';
import { type TarEntry, tarOf } from '../../sagemaker/tar.ts';

const BOUNDS = { mostBytes: 2 ** 20, mostFiles: 4 };
const CARD = Buffer.from('{"rows":1}');
const MODEL = Buffer.alloc(1_300, 7);

const unpacked = (bytes: Uint8Array, bounds = BOUNDS): Record<string, Buffer> =>
  Object.fromEntries([...filesOfTarGz('the model', bytes, bounds)].map(([name, own]) => [name, Buffer.from(own)]));

describe('an archive', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-tar-'));
  beforeAll(() => {
    writeFileSync(join(folder, 'card.json'), CARD);
    writeFileSync(join(folder, 'line.model'), MODEL);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(['ustar', 'pax', 'gnu'])('of tar in the format %s is read', (format) => {
    const packed = execFileSync('tar', ['-C', folder, `--format=${format}`, '-czf', '-', '.']);
    expect(unpacked(packed)).toEqual({ 'card.json': CARD, 'line.model': MODEL });
  });

  test('says a name in an extended header, and other headers of the kind are passed over', () => {
    const path = `${'9 path=a'.length + 1} path=a\n`;
    const packed = tarOf([
      { name: 'g', type: 'g', bytes: Buffer.from('12 comment=\n') },
      { name: 'x', type: 'x', bytes: Buffer.from(path) },
      { name: 'other', bytes: CARD },
      { name: 'line.model', bytes: MODEL },
    ]);
    expect(unpacked(gzipSync(packed))).toEqual({ a: CARD, 'line.model': MODEL });
  });
});

describe('bad input: an archive is refused', () => {
  const card: TarEntry = { name: 'card.json', bytes: CARD };
  const pax = (record: string): TarEntry => ({ name: 'x', type: 'x', bytes: Buffer.from(record) });

  test.each<[string, readonly TarEntry[], RegExp]>([
    ['with a path that leads out of it', [{ name: '../card.json', bytes: CARD }], /"\.\.\/card\.json"/],
    ['with a path from the root', [{ name: '/etc/passwd', bytes: CARD }], /"\/etc\/passwd"/],
    ['with a folder in it', [{ name: 'models', type: '5' }], /"models" in it is no plain file/],
    ['with a file in a folder', [{ name: 'models/card.json', bytes: CARD }], /"models\/card\.json"/],
    ['with a link', [{ name: 'card.json', type: '2', link: '/etc/passwd' }], /no plain file/],
    ['with a device', [{ name: 'card.json', type: '3' }], /no plain file/],
    ['with a name twice', [card, card], /in it twice/],
    ['with too many files', ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name })), /more than 4 files/],
    ['with a hidden name', [{ name: '.profile', bytes: CARD }], /"\.profile"/],
    ['with a path in an extended header', [pax('16 path=../../a\n'), card], /"\.\.\/\.\.\/a"/],
    ['with a size in an extended header', [pax('14 size=99999\n'), card], /larger than a tar header/],
    ['with a damaged extended header', [pax('99 path=a\n'), card], /extended header in it is damaged/],
  ])('%s', (_, entries, sentence) => {
    expect(() => unpacked(gzipSync(tarOf(entries)))).toThrow(sentence);
  });

  const whole = tarOf([card, { name: 'line.model', bytes: MODEL }]);
  const damaged = Buffer.from(whole);
  damaged[0] ^= 1;
  test.each<[string, Uint8Array, RegExp]>([
    ['that is no gzip', whole, /cut short or no gzip/],
    ['that is empty', Buffer.alloc(0), /cut short or no gzip/],
    ['whose gzip is cut short', gzipSync(whole).subarray(0, -20), /cut short or no gzip/],
    ['that ends in a file', gzipSync(whole.subarray(0, 1_700)), /ends in the middle/],
    ['that ends between two files', gzipSync(tarOf([card], { cut: true })), /ends in the middle/],
    ['that is no tar', gzipSync(Buffer.alloc(600, 1)), /no tar file/],
    ['with a damaged header', gzipSync(damaged), /header in it is damaged/],
    ['that unpacks to too much', gzipSync(Buffer.alloc(2 ** 21)), /more than 1048576 bytes/],
  ])('%s', (_, bytes, sentence) => {
    expect(() => unpacked(bytes)).toThrow(sentence);
    expect(() => unpacked(bytes)).toThrow(expect.objectContaining({ code: 'ARCHIVE_INVALID' }));
  });
});
