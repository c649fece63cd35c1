// Two object stores for the tests of the lake: a map, and a directory.
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { ObjectStore } from '../../../core/ports/object-store.ts';

export class MemoryStore implements ObjectStore {
  readonly objects = new Map<string, Uint8Array>();

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.objects.get(key);
  }

  async put(key: string, bytes: Uint8Array, options?: { ifAbsent?: boolean }): Promise<'written' | 'exists'> {
    if (options?.ifAbsent && this.objects.has(key)) return 'exists';
    this.objects.set(key, bytes.slice());
    return 'written';
  }

  async list(prefix: string, { after = '', limit }: { after?: string; limit: number }): Promise<string[]> {
    return page([...this.objects.keys()], prefix, after, limit);
  }
}

export class DirectoryStore implements ObjectStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return readFile(join(this.#root, key)).catch(() => undefined);
  }

  async put(key: string, bytes: Uint8Array, options?: { ifAbsent?: boolean }): Promise<'written' | 'exists'> {
    const path = join(this.#root, key);
    const there = await stat(path).then(
      () => true,
      () => false,
    );
    if (options?.ifAbsent && there) return 'exists';
    await mkdir(dirname(path), { recursive: true });
    await writeFile(`${path}.partial`, bytes);
    await rename(`${path}.partial`, path);
    return 'written';
  }

  async list(prefix: string, { after = '', limit }: { after?: string; limit: number }): Promise<string[]> {
    const entries = await readdir(this.#root, { recursive: true, withFileTypes: true });
    const keys = entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.#root, join(entry.parentPath, entry.name)));
    return page(keys, prefix, after, limit);
  }
}

function page(keys: readonly string[], prefix: string, after: string, limit: number): string[] {
  return keys
    .filter((key) => key.startsWith(prefix) && key > after)
    .sort()
    .slice(0, limit);
}
