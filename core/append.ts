/**
 * The list with `item` at its end, for lists that mostly hold one thing or nothing: one that starts with an item takes the room
 * of one, while one that grows from nothing takes room for many.
 */
export function append<T>(list: T[], item: T): T[] {
  if (list.length === 0) return [item];
  list.push(item);
  return list;
}
