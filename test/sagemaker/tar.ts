/** Archives as tests want them, the bad ones too. */
import { gzipSync } from 'node:zlib';

export interface TarEntry {
  readonly name: string;
  readonly bytes?: Uint8Array;
  /** '0' a file, '2' a symbolic link, '5' a folder, 'x' an extended header. */
  readonly type?: string;
  readonly link?: string;
}

const BLOCK = 512;

/** POSIX ustar, without the blocks of nothing at its end where it is `cut`. */
export function tarOf(entries: readonly TarEntry[], { cut = false }: { readonly cut?: boolean } = {}): Buffer {
  const parts = entries.flatMap((entry) => {
    const bytes = entry.bytes ?? new Uint8Array();
    return [headerOf(entry, bytes.length), Buffer.from(bytes), Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)];
  });
  return Buffer.concat([...parts, Buffer.alloc(cut ? 0 : 2 * BLOCK)]);
}

export const tarGz = (files: ReadonlyMap<string, Uint8Array>): Buffer =>
  gzipSync(tarOf([...files].map(([name, bytes]) => ({ name, bytes }))));

function headerOf({ name, type = '0', link = '' }: TarEntry, size: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number) =>
    header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at);
  header.write(name, 0, 100);
  octal(0o644, 100, 8);
  octal(size, 124, 12);
  header.write('        ', 148);
  header.write(type, 156);
  header.write(link, 157, 100);
  header.write('ustar\x0000', 257);
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return header;
}
