/** Files that are whole or absent, also after a power cut. */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface AtomicWrite {
  readonly path: string;
  readonly bytes: Uint8Array | string;
  /** Where the file is written before it gets its name; on the same file system as `path`. */
  readonly temporaryDirectory: string;
  /** Leaves a file that is already there alone. */
  readonly ifAbsent?: boolean;
  readonly mode?: number;
  /** Called when the bytes are on the disk and the name is not. */
  readonly beforeNaming?: () => void;
}

/** Writes, syncs, then names. The name appears with all of the bytes, or the old file stays. */
export function writeAtomically(write: AtomicWrite): 'written' | 'exists' {
  const temporary = join(write.temporaryDirectory, `${randomBytes(12).toString('hex')}.tmp`);
  try {
    writeFileSync(temporary, write.bytes, { mode: write.mode ?? 0o666, flag: 'wx', flush: true });
    write.beforeNaming?.();
    if (write.ifAbsent) {
      if (!linked(temporary, write.path)) return 'exists';
    } else {
      renameSync(temporary, write.path);
    }
    syncDirectory(dirname(write.path));
    return 'written';
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Creates a directory and its parents; each new name is on the disk when this returns. */
export function makeDirectory(path: string, mode?: number): void {
  const first = mkdirSync(path, { recursive: true, mode });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) syncDirectory(dirname(made));
}

export function syncFile(path: string): void {
  const descriptor = openSync(path, 'r+');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Makes the names in a directory durable. Windows has no such call, and keeps them by itself. */
export function syncDirectory(path: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
