import type { GridPoint } from '../sweep/grid.ts';

/** How much what was chosen changed from window to window. An edge that is there is mostly found near the same parameters. */
export interface Stability {
  /** Combinations that were chosen, the most frequent first. */
  readonly chosen: readonly { readonly params: GridPoint; readonly windows: number }[];
  /** Windows whose choice is not that of the window before. */
  readonly changes: number;
  /** Windows in which nothing was chosen. */
  readonly none: number;
}

/** @param choices of each window; null where nothing was chosen */
export function stabilityOf(choices: readonly (GridPoint | null)[]): Stability {
  const counts = new Map<GridPoint, number>();
  for (const choice of choices) if (choice) counts.set(choice, (counts.get(choice) ?? 0) + 1);
  return {
    chosen: [...counts].map(([params, windows]) => ({ params, windows })).sort((a, b) => b.windows - a.windows),
    changes: choices.filter((choice, k) => k > 0 && choice !== choices[k - 1]).length,
    none: choices.filter((choice) => choice === null).length,
  };
}
