import { Malformed } from './json.ts';

/** A list that is no longer than is read. Throws `Malformed`. */
export function within<T>(most: number, list: T[], what: string): T[] {
  if (list.length > most) throw new Malformed(`${list.length} ${what}, where at most ${most} are read`);
  return list;
}
