/**
 * The object store port: bytes under a key. The lake, models and reports live here: a directory when embedded, S3 on AWS.
 *
 * A put is atomic: a reader sees all of an object or nothing, also after a crash. A read after a write sees it. Keys are
 * `/`-separated, of the characters A–Z a–z 0–9 `.` `_` `-` `%` `=`, at most 900 bytes; no part is empty, `.` or `..`.
 */
export interface ObjectStore {
  /** The whole object, or undefined where there is none. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Writes an object. With `ifAbsent`, one that is there stays as it is and the answer is `exists`: one of racing writers wins. */
  put(key: string, bytes: Uint8Array, options?: { readonly ifAbsent?: boolean }): Promise<'written' | 'exists'>;
  /** Keys that start with `prefix` and come after `after`, ascending bytewise, at most `limit` (1 to 1,000). */
  list(prefix: string, options: { readonly after?: string; readonly limit: number }): Promise<string[]>;
}
