/** Features of long series, on all processors. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { BarColumns } from '../../core/market/bars.ts';
import { type FeatureSet, featureColumns, featureSet } from '../../core/models/features/feature-set.ts';

/** Features that are computed together: an indicator that several groups read is computed once in each. */
const GROUP_FEATURES = 10;
const LEAST_VALUES = 20_000_000;
const MOST_THREADS = 16;
const PROGRAM = new URL('./feature-thread.ts', import.meta.url);

/** What a thread is started with. All memory is shared with whoever started it. */
export interface FeatureOrder {
  readonly names: readonly string[];
  readonly bars: BarColumns;
  /** A column a feature. */
  readonly columns: readonly Float32Array[];
  /** How many groups have been taken; then by group whether it is done. */
  readonly groups: Int32Array;
}

export interface FeatureThreadOptions {
  /**
   * The calling one included; 16 at most.
   * @default one a processor
   */
  readonly threads?: number;
  /**
   * Fewer values than this are made by the calling thread alone.
   * @default 20 million, some tenths of a second
   */
  readonly leastValues?: number;
  /** What the threads run. @default feature-thread.ts beside this file */
  readonly program?: URL;
}

/**
 * The columns of `featureColumns`, to the last bit, made by several threads where there are many values. The calling thread works with
 * the others, and makes again what one of them left undone: a thread that cannot start or that ends early costs time and nothing else.
 */
export async function featureColumnsInThreads(
  set: FeatureSet,
  bars: BarColumns,
  { threads = availableParallelism(), leastValues = LEAST_VALUES, program = PROGRAM }: FeatureThreadOptions = {},
): Promise<readonly Float32Array[]> {
  const groupCount = Math.ceil(set.names.length / GROUP_FEATURES);
  const others = Math.min(threads, MOST_THREADS, groupCount) - 1;
  if (others < 1 || bars.length * set.names.length < leastValues) return featureColumns(set, bars);
  const order: FeatureOrder = {
    names: set.names,
    bars: shared(bars),
    columns: set.names.map(() => new Float32Array(new SharedArrayBuffer(4 * bars.length))),
    groups: new Int32Array(new SharedArrayBuffer(4 * (1 + groupCount))),
  };
  const ends = Array.from({ length: others }, () => endOf(program, order));
  takeGroups(order);
  await Promise.all(ends);
  for (let group = 0; group < groupCount; group++) if (Atomics.load(order.groups, 1 + group) === 0) make(order, group);
  return order.columns;
}

/** Makes groups, as long as there are any that nobody has taken. */
export function takeGroups(order: FeatureOrder): void {
  const groupCount = order.groups.length - 1;
  for (let group = Atomics.add(order.groups, 0, 1); group < groupCount; group = Atomics.add(order.groups, 0, 1))
    make(order, group);
}

function make({ names, bars, columns, groups }: FeatureOrder, group: number): void {
  const from = group * GROUP_FEATURES;
  const to = from + GROUP_FEATURES;
  featureColumns(featureSet(names.slice(from, to)), bars, columns.slice(from, to));
  Atomics.store(groups, 1 + group, 1);
}

/** Starts a thread, which works while this one does, and resolves once it has ended, well or not. */
function endOf(program: URL, order: FeatureOrder): Promise<void> {
  const worker = new Worker(program, { workerData: order });
  const { promise, resolve } = Promise.withResolvers<void>();
  // What went wrong in it goes wrong again where its groups are made again, and is said there.
  worker.on('error', () => resolve());
  worker.on('exit', () => resolve());
  return promise;
}

/** Bars that several threads may read. */
function shared(bars: BarColumns): BarColumns {
  const copied = (column: Float64Array): Float64Array => {
    const copy = new Float64Array(new SharedArrayBuffer(column.byteLength));
    copy.set(column);
    return copy;
  };
  const { length, priceDecimals, timestamp, open, high, low, close, volume } = bars;
  return {
    length,
    priceDecimals,
    timestamp: copied(timestamp),
    open: copied(open),
    high: copied(high),
    low: copied(low),
    close: copied(close),
    volume: copied(volume),
  };
}
