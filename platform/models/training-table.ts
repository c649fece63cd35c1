/** A table to train on, from a file of bars. */
import { type BarFileProvenance, readBarFile } from '../../adapters/files/bar-file.ts';
import { type WrittenTable, writeFeatureTable } from '../../adapters/files/feature-table.ts';
import { keepTableBars } from '../../adapters/files/table-bars.ts';
import { featureColumnsInThreads } from '../../adapters/models/feature-threads.ts';
import { PlimsollError } from '../../core/errors.ts';
import { type Timeframe, timeframeMs } from '../../core/market/timeframe.ts';
import { featureSet } from '../../core/models/features/feature-set.ts';
import { type FeatureTable, featureTable, type LabelSpec, type TableSeries } from '../../core/models/table.ts';

/** What a table is made of. */
export interface TableRecipe {
  /** Path of the file of bars. */
  readonly bars: string;
  /** All when left out; of one timeframe. */
  readonly symbols?: readonly string[];
  readonly features: readonly string[];
  readonly label: LabelSpec;
  /** ms UTC: rows from here on are locked away. */
  readonly lockedFrom?: number;
}

export interface TrainingTable extends TableRecipe {
  /** Path of the table's folder. */
  readonly out: string;
  /**
   * Whether a copy of the bars is kept beside it.
   * @default true
   */
  readonly keepsBars?: boolean;
}

/** A table, and what was found out about its bars. */
export interface MadeTable {
  readonly table: FeatureTable;
  readonly timeframe: Timeframe;
  readonly symbols: readonly string[];
  readonly provenance: BarFileProvenance;
}

/**
 * Writes a table, and beside it a copy of its bars, from which it is made again before it is trained on. Throws as {@link makeTrainingTable}
 * and writing files do.
 */
export async function writeTrainingTable(wanted: TrainingTable): Promise<WrittenTable & { readonly leftOut: number }> {
  const { bars, features, label, lockedFrom, out, keepsBars = true } = wanted;
  const { table, timeframe, symbols, provenance } = await makeTrainingTable(wanted);
  const { file, sha256, source } = provenance;
  const written = await writeFeatureTable(out, table, {
    features,
    label,
    timeframe,
    symbols,
    sources: [{ file, sha256, provenance: source }],
    ...(lockedFrom === undefined ? {} : { lockedFrom }),
  });
  if (keepsBars) await keepTableBars(out, bars, provenance);
  return { ...written, leftOut: table.leftOut };
}

/** Throws `USAGE` for bars of several timeframes, and as reading bars and making features do. */
export async function makeTrainingTable({
  bars: path,
  symbols,
  features,
  label,
  lockedFrom,
}: TableRecipe): Promise<MadeTable> {
  const set = featureSet(features);
  const { bars, timeframes, provenance } = await readBarFile(path, { symbols: symbols ?? 'all' });
  const [timeframe, ...others] = new Set(timeframes.values());
  if (timeframe === undefined || others.length > 0)
    throw new PlimsollError(
      'USAGE',
      `the bars of ${path} are of ${timeframe === undefined ? 'no known timeframe' : 'several timeframes'}`,
      'name symbols of one timeframe with --symbol',
    );
  const series: TableSeries[] = [];
  for (const [symbol, columns] of bars)
    series.push({ symbol, bars: columns, features: await featureColumnsInThreads(set, columns) });
  const locked = lockedFrom === undefined ? {} : { lockedFrom };
  const table = featureTable(set, label, series, { intervalMs: timeframeMs(timeframe), ...locked });
  return { table, timeframe, symbols: series.map(({ symbol }) => symbol), provenance };
}
