/** What a model of one window of a walk forward may learn from: rows whose features and label were known before its test window began. */
import { PlimsollError } from '../../errors.ts';
import type { BarColumns } from '../../market/bars.ts';
import { type RowRecipe, rowsBetween } from '../../models/monitoring/trained-rows.ts';
import type { TableRows } from '../../models/table.ts';
import { copyBars } from '../trace/variants.ts';
import { barsHashOf } from '../trials.ts';
import type { Span } from './stretches.ts';
import type { Window } from './windows.ts';

export interface Learning {
  /** ms UTC: the close of the first bar that may be a row, and when the last label may be known. */
  readonly span: Span;
  readonly rows: TableRows;
  /** Bars of the window that are no rows: without a label that is known in time, or without a feature. */
  readonly leftOut: number;
  /** SHA-256 of the bars that the rows were made from: all before the window's end, none after it. */
  readonly barsHash: string;
  /** Share of rows with a label of 1, by their weights: what one says of every row who knows nothing else. */
  readonly upShare: number;
}

/**
 * The rows of a window. They are made from a copy of the bars up to the end of what may be learned, so that no later bar is in memory:
 * labels that would be decided later are not there (purged). Features are warmed up on the bars before the window.
 * @param embargoBars bars before the test window that nothing is learned from, neither as rows nor through a label
 * Throws `USAGE` where the embargo leaves nothing of the window, and as `rowsBetween`.
 */
export function learningOf(
  bars: BarColumns,
  recipe: RowRecipe,
  { trainFrom, testFrom }: Window,
  embargoBars: number,
): Learning {
  const end = testFrom - embargoBars;
  if (!(Number.isInteger(embargoBars) && embargoBars >= 0 && end > trainFrom))
    throw new PlimsollError(
      'USAGE',
      `the embargo is ${embargoBars} bars of a training window of ${testFrom - trainFrom}`,
      'give a whole number of bars, fewer than a training window has',
    );
  const known = copyBars(bars, 0, end);
  const span = {
    from: known.timestamp[trainFrom] + recipe.intervalMs,
    to: known.timestamp[end - 1] + recipe.intervalMs,
  };
  const rows = rowsBetween(known, recipe, span);
  return {
    span,
    rows,
    leftOut: end - trainFrom - rows.label.length,
    barsHash: barsHashOf(new Map([[recipe.symbol, known]])),
    upShare: shareOf(rows),
  };
}

function shareOf({ label, weight }: TableRows): number {
  let [ones, all] = [0, 0];
  for (let k = 0; k < label.length; k++) {
    ones += weight[k] * label[k];
    all += weight[k];
  }
  return ones / all;
}
