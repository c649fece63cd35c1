import { invariant } from '../../core/errors.ts';
import type { ObjectStore } from '../../core/ports/object-store.ts';

/** The object store in memory. */
export class SimulatedObjects implements ObjectStore {
  readonly #objects = new Map<string, Uint8Array>();

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.#objects.get(key)?.slice();
  }

  async put(key: string, bytes: Uint8Array, { ifAbsent = false } = {}): Promise<'written' | 'exists'> {
    if (ifAbsent && this.#objects.has(key)) return 'exists';
    this.#objects.set(key, bytes.slice());
    return 'written';
  }

  async list(prefix: string, { after = '', limit }: { after?: string; limit: number }): Promise<string[]> {
    invariant(Number.isInteger(limit) && limit >= 1 && limit <= 1_000, 'a page has 1 to 1,000 keys');
    return [...this.#objects.keys()]
      .filter((key) => key.startsWith(prefix) && key > after)
      .sort()
      .slice(0, limit);
  }

  /** Whether there is an object, for who looks at the world from outside. */
  has(key: string): boolean {
    return this.#objects.has(key);
  }
}
