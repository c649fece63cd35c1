/** Files out of a .tar.gz, in memory and within bounds: nothing is written anywhere, so no name in it can lead out of a folder. */
import { gunzipSync } from 'node:zlib';
import { PlimsollError } from '../../core/errors.ts';

/** What an archive may hold. */
export interface ArchiveBounds {
  /** Bytes of all that it unpacks to. */
  readonly mostBytes: number;
  readonly mostFiles: number;
}

const BLOCK = 512;
/** Places of a header's fields (POSIX ustar): where each begins, and its length. */
const NAME = [0, 100] as const;
const SIZE = [124, 12] as const;
const CHECKSUM = [148, 8] as const;
const TYPE = 156;
const MAGIC = [257, 5] as const;
const PREFIX = [345, 155] as const;
const [REGULAR, OLD_REGULAR, FOLDER, PAX, PAX_GLOBAL] = ['0', '\0', '5', 'x', 'g'];
/** A plain name in no folder: what jobs leave. */
const PLAIN = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;
/** Bytes of an extended header, which holds a path and times. */
const PAX_LIMIT = 65_536;

/**
 * The files of an archive by name, in its order; each a view of one buffer. Throws `ARCHIVE_INVALID` for one that is cut short, damaged, too
 * large, or holds anything but plain files in no folder: a path that leads elsewhere, a link, a device, a name twice.
 * @param what what it is, for an error: "the model of job 7"
 */
export function filesOfTarGz(what: string, bytes: Uint8Array, bounds: ArchiveBounds): Map<string, Uint8Array> {
  const tar = unzipped(what, bytes, bounds.mostBytes);
  const files = new Map<string, Uint8Array>();
  let longPath: string | undefined;
  for (let at = 0; ; ) {
    if (at + BLOCK > tar.length) throw invalid(what, 'it ends in the middle');
    const header = tar.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return files;
    const { name, size, type } = headerOf(what, header);
    const content = tar.subarray(at + BLOCK, at + BLOCK + size);
    if (content.length < size) throw invalid(what, 'it ends in the middle');
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    if (type === PAX) longPath = pathIn(what, content);
    else if (type !== PAX_GLOBAL) {
      keep(what, files, { name: longPath ?? name, type, content }, bounds);
      longPath = undefined;
    }
  }
}

function unzipped(what: string, bytes: Uint8Array, mostBytes: number): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: mostBytes });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw invalid(what, `it unpacks to more than ${mostBytes} bytes`);
    throw invalid(what, 'it is cut short or no gzip file', error);
  }
}

interface Header {
  readonly name: string;
  readonly size: number;
  readonly type: string;
}

function headerOf(what: string, header: Buffer): Header {
  if (textAt(header, MAGIC) !== 'ustar') throw invalid(what, 'it is no tar file');
  // The sum is taken with blanks in the place of the sum itself.
  let sum = CHECKSUM[1] * 0x20;
  for (let k = 0; k < BLOCK; k++) if (k < CHECKSUM[0] || k >= CHECKSUM[0] + CHECKSUM[1]) sum += header[k];
  if (sum !== octalAt(header, CHECKSUM)) throw invalid(what, 'a header in it is damaged');
  const prefix = textAt(header, PREFIX);
  const size = octalAt(header, SIZE);
  if (size === undefined) throw invalid(what, 'a file in it has no size');
  // GNU tar keeps times where others have the beginning of a path; it writes "ustar  ".
  const isPosix = header[MAGIC[0] + MAGIC[1]] === 0;
  const name = textAt(header, NAME);
  return { name: isPosix && prefix ? `${prefix}/${name}` : name, size, type: String.fromCharCode(header[TYPE]) };
}

function keep(
  what: string,
  files: Map<string, Uint8Array>,
  { name, type, content }: Omit<Header, 'size'> & { readonly content: Uint8Array },
  { mostFiles }: ArchiveBounds,
): void {
  const plain = name.replace(/^\.\//, '');
  // The folder that was packed.
  if (type === FOLDER && (plain === '' || plain === '.')) return;
  const shown = JSON.stringify(name.slice(0, 100));
  if (type !== REGULAR && type !== OLD_REGULAR) throw invalid(what, `${shown} in it is no plain file`);
  if (!PLAIN.test(plain)) throw invalid(what, `a file in it is called ${shown}`);
  if (files.has(plain)) throw invalid(what, `${shown} is in it twice`);
  if (files.size >= mostFiles) throw invalid(what, `it holds more than ${mostFiles} files`);
  files.set(plain, content);
}

/** The path in an extended header: records of "LENGTH KEY=VALUE\n". */
function pathIn(what: string, content: Buffer): string | undefined {
  if (content.length > PAX_LIMIT) throw invalid(what, 'an extended header in it is too long');
  let path: string | undefined;
  for (let at = 0; at < content.length; ) {
    const blank = content.indexOf(0x20, at);
    const length = Number(content.toString('latin1', at, blank));
    const isWhole = blank > at && Number.isInteger(length) && length > blank - at && at + length <= content.length;
    if (!isWhole) throw invalid(what, 'an extended header in it is damaged');
    const [key, ...value] = content.toString('utf8', blank + 1, at + length - 1).split('=');
    if (key === 'path') path = value.join('=');
    // The header's own size would not be the file's.
    if (key === 'size') throw invalid(what, 'a file in it is larger than a tar header can say');
    at += length;
  }
  return path;
}

const textAt = (header: Buffer, [from, length]: readonly [number, number]): string =>
  header.toString('utf8', from, from + length).replace(/\0.*$/s, '');

function octalAt(header: Buffer, field: readonly [number, number]): number | undefined {
  const text = textAt(header, field).trim();
  return /^[0-7]{1,12}$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

const invalid = (what: string, why: string, cause?: unknown): PlimsollError =>
  new PlimsollError('ARCHIVE_INVALID', `${what} cannot be unpacked: ${why}`, 'make it anew', {
    kept: 'nothing of it was used',
    ...(cause === undefined ? {} : { cause }),
  });
