import type { ObjectStore } from '../../core/ports/object-store.ts';
import { byCode } from '../embedded/objects.ts';

/** An object store over another that is only read: what is in both is taken from the upper one, and every write goes there. */
export class OverlaidObjects implements ObjectStore {
  readonly #upper: ObjectStore;
  readonly #lower: Pick<ObjectStore, 'get' | 'list'>;

  constructor(upper: ObjectStore, lower: Pick<ObjectStore, 'get' | 'list'>) {
    this.#upper = upper;
    this.#lower = lower;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return (await this.#upper.get(key)) ?? this.#lower.get(key);
  }

  async put(key: string, bytes: Uint8Array, options?: { readonly ifAbsent?: boolean }): Promise<'written' | 'exists'> {
    if (options?.ifAbsent && (await this.#lower.get(key)) !== undefined) return 'exists';
    return this.#upper.put(key, bytes, options);
  }

  /** Both pages hold the first keys of their store, so the first of both are among them. */
  async list(prefix: string, options: { readonly after?: string; readonly limit: number }): Promise<string[]> {
    const [upper, lower] = await Promise.all([this.#upper.list(prefix, options), this.#lower.list(prefix, options)]);
    return [...new Set([...upper, ...lower])].sort(byCode).slice(0, options.limit);
  }
}
