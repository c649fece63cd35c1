/** A batch of a data directory, brought up with the bars that there are now. */
import { join } from 'node:path';
import { EmbeddedObjectStore } from '../../../adapters/embedded/objects.ts';
import { createLake, type Lake, type SeriesId } from '../../../adapters/lake/lake.ts';
import { timeframeMs } from '../../../core/market/timeframe.ts';
import { intervalOf } from '../../../core/models/batch/definition.ts';
import { barsOfBatch } from './batch-bars.ts';
import type { NamedBatch } from './batch-file.ts';
import { batchPython } from './batch-python.ts';
import { tableOf } from './batches-at-hand.ts';
import { type BringUp, type BroughtUp, bringUp } from './bring-up.ts';

export interface BatchHere extends Pick<BringUp, 'from' | 'signal' | 'onProgress' | 'anew'> {
  /** Data directory. */
  readonly directory: string;
  readonly batch: NamedBatch;
  /** Path of recorded bars, instead of the batch's own. */
  readonly file?: string;
  /** Of the lake, which goes on where the file ends. */
  readonly series?: SeriesId;
  /** A table that is there is only looked at again where the lake has a bar more: what is often asked must not read all bars. */
  readonly onlyNewer?: boolean;
  /**
   * Path of a Python that has the method's library.
   * @default one in the data directory, which is made where there is none
   */
  readonly python?: () => Promise<string>;
  /** ms UTC. */
  readonly now: number;
}

/** Of the bars that a fit may need, how many times as long they may take with what a market is closed. */
const SPAN_WITH_CLOSED_HOURS = 4;

/** Throws as `barsOfBatch` and `bringUp` do. */
export async function bringUpHere(here: BatchHere): Promise<BroughtUp> {
  const { directory, batch, file, series, onlyNewer, python, now, ...rest } = here;
  const objects = new EmbeddedObjectStore(join(directory, 'objects'));
  const lake = createLake(objects);
  const last = here.anew ? undefined : (await tableOf(objects, batch).last())?.time;
  if (onlyNewer && last !== undefined && !(series && (await hasNewer(here, lake, series, last))))
    return { added: 0, missing: 0, last, notes: [] };
  const bars = await barsOfBatch(batch, {
    now,
    ...(file === undefined ? {} : { file }),
    ...(series === undefined ? {} : { lake: { lake: since(lake, firstNeeded(batch, last)), series } }),
  });
  return bringUp({
    ...{ directory, objects, batch, bars, ...rest },
    python: python ?? (() => batchPython(directory, batch.entry)),
  });
}

async function hasNewer({ batch, now }: BatchHere, lake: Lake, series: SeriesId, last: number): Promise<boolean> {
  const interval = intervalOf(batch);
  const { bars } = await lake.readBars({ ...series, from: last + interval, to: now, knownAt: now });
  return bars.length > 0 && bars.timestamp[bars.length - 1] + timeframeMs(series.timeframe) >= last + 2 * interval;
}

/** Features may depend on the first bar of all; what is fitted to prices alone looks at its window. */
function firstNeeded(batch: NamedBatch, last: number | undefined): number {
  if (last === undefined || batch.features.length > 0) return 0;
  const { window, refit } = batch.definition;
  return last - SPAN_WITH_CLOSED_HOURS * (window + refit) * intervalOf(batch);
}

/** A lake of which earlier bars are not read. */
const since = (lake: Lake, from: number): Lake => ({
  appendBars: (request) => lake.appendBars(request),
  readBars: (request) => lake.readBars({ ...request, from: Math.max(request.from, from) }),
  compact: (request) => lake.compact(request),
});
