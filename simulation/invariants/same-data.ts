/**
 * Whether two pieces of plain data are the same, -0 and NaN told apart; members that are undefined are not there, and their order does
 * not matter. `isEqualAs` may take other values of a member for equal.
 */
export function isSameData(
  found: unknown,
  meant: unknown,
  isEqualAs: (key: string, found: unknown, meant: unknown) => boolean = never,
): boolean {
  if (Object.is(found, meant)) return true;
  if (typeof found !== 'object' || found === null || typeof meant !== 'object' || meant === null) return false;
  if (Array.isArray(found)) {
    if (!Array.isArray(meant) || found.length !== meant.length) return false;
    for (let k = 0; k < found.length; k++) if (!isSameData(found[k], meant[k], isEqualAs)) return false;
    return true;
  }
  if (Array.isArray(meant)) return false;
  const [mine, others] = [found as Record<string, unknown>, meant as Record<string, unknown>];
  for (const key in mine)
    if (!isSameData(mine[key], others[key], isEqualAs) && !isEqualAs(key, mine[key], others[key])) return false;
  for (const key in others) if (others[key] !== undefined && mine[key] === undefined) return false;
  return true;
}

const never = (): boolean => false;
