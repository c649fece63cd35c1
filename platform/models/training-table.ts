/** A table to train on, from a file of bars. */
import { readBarFile } from '../../adapters/files/bar-file.ts';
import { type WrittenTable, writeFeatureTable } from '../../adapters/files/feature-table.ts';
import { featureColumnsInThreads } from '../../adapters/models/feature-threads.ts';
import { PlimsollError } from '../../core/errors.ts';
import { timeframeMs } from '../../core/market/timeframe.ts';
import { featureSet } from '../../core/models/features/feature-set.ts';
import { featureTable, type LabelSpec, type TableSeries } from '../../core/models/table.ts';

export interface TrainingTable {
  /** Path of the file of bars. */
  readonly bars: string;
  /** All when left out; of one timeframe. */
  readonly symbols?: readonly string[];
  readonly features: readonly string[];
  readonly label: LabelSpec;
  /** ms UTC: rows from here on are locked away. */
  readonly lockedFrom?: number;
  /** Path of the table's folder. */
  readonly out: string;
}

/** Throws `USAGE` for bars of several timeframes, and as reading bars, making features and writing files do. */
export async function writeTrainingTable({
  bars: path,
  symbols,
  features,
  label,
  lockedFrom,
  out,
}: TrainingTable): Promise<WrittenTable & { readonly leftOut: number }> {
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
  const made = featureTable(set, label, series, { intervalMs: timeframeMs(timeframe), ...locked });
  const written = await writeFeatureTable(out, made, {
    features: set.names,
    label,
    timeframe,
    symbols: series.map(({ symbol }) => symbol),
    sources: [{ file: provenance.file, sha256: provenance.sha256, provenance: provenance.source }],
    ...locked,
  });
  return { ...written, leftOut: made.leftOut };
}
