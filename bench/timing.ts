/** Times of a shared machine: things that are compared take turns, and the least of all turns counts. */

/** Least milliseconds of each task over `rounds` rounds, in each of which every task runs once. */
export function leastMs<Name extends string>(rounds: number, tasks: Record<Name, () => unknown>): Record<Name, number> {
  const least = {} as Record<Name, number>;
  for (let round = 0; round < rounds; round++) {
    for (const name of Object.keys(tasks) as Name[]) {
      const start = performance.now();
      tasks[name]();
      const taken = performance.now() - start;
      least[name] = Math.min(least[name] ?? Number.POSITIVE_INFINITY, taken);
    }
  }
  return least;
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** With so many digits that count. */
export const rounded = (value: number, digits = 3): number => Number(value.toPrecision(digits));
