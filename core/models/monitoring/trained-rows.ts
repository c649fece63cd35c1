import type { BarColumns } from '../../market/bars.ts';
import type { FeatureSet } from '../features/feature-set.ts';
import { featureTable, type LabelSpec, type TableRows } from '../table.ts';

/** What rows are made of. */
export interface RowRecipe {
  readonly set: FeatureSet;
  readonly label: LabelSpec;
  readonly symbol: string;
  /** Of the bars' timeframe. */
  readonly intervalMs: number;
}

/**
 * The rows of a table that are known at `from` or later and whose label is known by `to` (ms UTC), made again from the bars: what a
 * version was trained on, or what one is to be trained on. Bars before them warm features up, and no bar that is known after `to` is
 * looked at. Throws as `featureTable` does.
 * @param most the latest so many
 */
export function rowsBetween(
  bars: BarColumns,
  { set, label, symbol, intervalMs }: RowRecipe,
  { from, to, most = Number.POSITIVE_INFINITY }: { readonly from: number; readonly to: number; readonly most?: number },
): TableRows {
  const { rows } = featureTable(set, label, [{ symbol, bars }], { intervalMs, lockedFrom: to + 1 });
  const within = Array.from(rows.known.keys()).filter((k) => rows.known[k] >= from && rows.end[k] <= to);
  const places = within.slice(Math.max(0, within.length - most));
  const column = (values: Float64Array): Float64Array => Float64Array.from(places, (k) => values[k]);
  return {
    symbol: places.map((k) => rows.symbol[k]),
    known: column(rows.known),
    end: column(rows.end),
    close: column(rows.close),
    features: rows.features.map(column),
    label: column(rows.label),
    weight: column(rows.weight),
  };
}
