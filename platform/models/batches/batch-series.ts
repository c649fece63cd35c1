/** Where the lake keeps the bars of batches. */
import type { SeriesId } from '../../../adapters/lake/lake.ts';
import { universeOf } from '../../../core/configuration/definition.ts';
import type { Configuration } from '../../../core/configuration/schema.ts';
import { PlimsollError } from '../../../core/errors.ts';
import { type Timeframe, timeframeMs } from '../../../core/market/timeframe.ts';
import { nearest } from '../../../core/nearest.ts';
import { provenanceOf } from '../../../operations/support/provenance.ts';
import type { NamedBatch } from './batch-file.ts';
import type { RunBatch } from './batch-runner.ts';

/**
 * The series that holds a batch's bars, or shorter ones that make them; undefined where no account keeps such. Of several the longest, which
 * needs the least to be put together.
 */
export function seriesOfBatch(
  { definition: { venue, symbol, timeframe } }: Pick<NamedBatch, 'definition'>,
  configuration: Configuration,
): SeriesId | undefined {
  const kind = configuration.venues[venue];
  // A venue of recorded bars keeps none in the lake: they are in its file.
  if (kind === undefined || provenanceOf(kind) === 'recorded') return undefined;
  const [longest] = configuration.accounts
    .map((account) => universeOf(configuration, account))
    .filter((universe) => universe.venue === venue && universe.symbols.includes(symbol))
    .map((universe) => universe.timeframe as Timeframe)
    .filter((shorter) => timeframeMs(timeframe) % timeframeMs(shorter) === 0)
    .sort((a, b) => timeframeMs(b) - timeframeMs(a));
  return longest && { provenance: provenanceOf(kind), venue, symbol, timeframe: longest };
}

/** Throws `BATCH_INVALID` where the configuration, as it was written, has no such venue. */
export function assertVenue({ name, definition }: NamedBatch, { venues }: Configuration): void {
  if (Object.hasOwn(venues, definition.venue)) return;
  throw new PlimsollError(
    'BATCH_INVALID',
    `the batch "${name}" is of the venue "${definition.venue}", which is not in the configuration`,
    `use ${nearest(definition.venue, Object.keys(venues))}`,
  );
}

export interface RunBatches {
  readonly run: readonly RunBatch[];
  /** One sentence for each batch that cannot be made as it is written. */
  readonly notes: readonly string[];
}

/**
 * What a platform makes by itself. An account that trades recorded bars, or on a stand-in for its venue, keeps none of the venue's own in the
 * lake: its batches are made of their file alone, and where they have none they are not made.
 * @param configuration as the venues have made it
 */
export function runBatches(
  batches: readonly NamedBatch[],
  { configuration }: { readonly configuration: Configuration },
): RunBatches {
  const notes: string[] = [];
  const run = batches.flatMap((batch): RunBatch[] => {
    const series = seriesOfBatch(batch, configuration);
    if (series) return [{ batch, series }];
    const { venue, symbol, timeframe } = batch.definition;
    notes.push(
      `No account keeps ${timeframe} bars of ${symbol} at ${venue} now: the batch "${batch.name}" is ${batch.file === undefined ? 'not brought up' : 'made of its file alone'}.`,
    );
    return batch.file === undefined ? [] : [{ batch }];
  });
  return { run, notes };
}
