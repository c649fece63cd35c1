import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { invariant, PlimsollError } from '../../core/errors.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';
import { openedToRead, reporting } from './failures.ts';
import { type FaultPoint, noFault } from './faults.ts';
import { makeDirectory, writeAtomically } from './files.ts';

/** Where objects are written before they get their name. No key leads here: none has a tilde. */
const TEMPORARY = '~unnamed';
const MAX_KEY_BYTES = 900;
/** File systems take no longer name. */
const MAX_NAME_BYTES = 255;
const MAX_LIMIT = 1_000;
const NAME = /^(?!\.{1,2}$)[A-Za-z0-9._%=-]+$/;

/**
 * Objects as files: the key is the path under one directory, and its characters are ASCII, so that they sort as its bytes.
 * Unlike in S3, one key cannot be the directory of another (`a` and `a/b`), and no part of it may be longer than 255 bytes;
 * both are refused with `OBJECT_KEY_INVALID`, as is every key that the port does not allow.
 */
export class EmbeddedObjectStore implements ObjectStore {
  readonly #directory: string;
  readonly #temporary: string;
  readonly #readOnly: boolean;
  readonly #faultPoint: FaultPoint;

  constructor(directory: string, options: { readOnly?: boolean; faultPoint?: FaultPoint } = {}) {
    this.#directory = directory;
    this.#readOnly = options.readOnly ?? false;
    this.#temporary = join(directory, TEMPORARY);
    this.#faultPoint = options.faultPoint ?? noFault;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return reporting(this.#directory, () => readIfThere(this.#path(key)));
  }

  async put(key: string, bytes: Uint8Array, options: { ifAbsent?: boolean } = {}): Promise<'written' | 'exists'> {
    const path = this.#path(key);
    if (this.#readOnly) throw openedToRead(this.#directory);
    return reporting(this.#directory, () => {
      makeDirectory(this.#temporary);
      this.#reserve(key, path);
      const outcome = writeAtomically({
        path,
        bytes,
        temporaryDirectory: this.#temporary,
        ifAbsent: options.ifAbsent,
        beforeNaming: () => this.#faultPoint('objects.file-written'),
      });
      this.#faultPoint('objects.named');
      return outcome;
    });
  }

  async list(prefix: string, options: { after?: string; limit: number }): Promise<string[]> {
    const { limit, after = '' } = options;
    invariant(
      Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT,
      `a page has 1 to ${MAX_LIMIT} entries, not ${limit}`,
    );
    return reporting(this.#directory, () => {
      const keys: string[] = [];
      for (const key of walk(this.#directory, '', { prefix, after })) {
        keys.push(key);
        if (keys.length === limit) break;
      }
      return keys;
    });
  }

  /** Removes what a killed process had not yet named. Only for the one process that runs the platform. */
  removeUnnamed(): void {
    reporting(this.#directory, () => rmSync(this.#temporary, { recursive: true, force: true }));
  }

  #path(key: string): string {
    const names = key.split('/');
    const valid =
      key.length <= MAX_KEY_BYTES && names.every((name) => name.length <= MAX_NAME_BYTES && NAME.test(name));
    if (!valid) throw keyInvalid(key);
    return join(this.#directory, ...names);
  }

  #reserve(key: string, path: string): void {
    try {
      makeDirectory(dirname(path));
    } catch (error) {
      if (['ENOTDIR', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw keyTaken(key);
      throw error;
    }
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw keyTaken(key);
  }
}

interface Walk {
  readonly prefix: string;
  /** Only keys after this one. */
  readonly after: string;
}

/** Keys in order of their bytes. A directory sorts with the `/` that follows it, so that `a-b` comes before `a/b`. */
function* walk(directory: string, above: string, query: Walk): Generator<string> {
  const names = entries(directory)
    .filter((entry) => NAME.test(entry.name))
    .map((entry) => above + entry.name + (entry.isDirectory() ? '/' : ''))
    .sort(byCode);
  for (const key of names) {
    if (!key.endsWith('/')) {
      if (key.startsWith(query.prefix) && key > query.after) yield key;
    } else if (mayHold(key, query)) {
      yield* walk(join(directory, key.slice(above.length, -1)), key, query);
    }
  }
}

function mayHold(directory: string, { prefix, after }: Walk): boolean {
  const underPrefix = directory.startsWith(prefix) || prefix.startsWith(directory);
  return underPrefix && (directory > after || after.startsWith(directory));
}

function entries(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Order of keys: that of their bytes, since they are ASCII. */
export const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function keyInvalid(key: string): PlimsollError {
  return new PlimsollError(
    'OBJECT_KEY_INVALID',
    `${JSON.stringify(key.slice(0, 100))} is not a key`,
    'join parts of letters, digits and . _ - % = with /, in 900 bytes',
  );
}

function keyTaken(key: string): PlimsollError {
  return new PlimsollError(
    'OBJECT_KEY_INVALID',
    `${key} and another key would be a file and a directory of the same name`,
    'choose a key that no other key goes on from',
  );
}
