/** Features of long series, on all processors. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { BarColumns } from '../../core/market/bars.ts';
import { type FeatureSet, featureColumns, featureSet } from '../../core/models/features/feature-set.ts';

/** Features that are computed together, at least: an indicator that several groups read is computed once in each. */
const LEAST_FEATURES = 2;
const LEAST_VALUES = 20_000_000;
const MOST_THREADS = 16;
const PROGRAM = new URL('./feature-thread.ts', import.meta.url);

/** What a thread is started with. All memory is shared with whoever started it. */
export interface FeatureOrder {
  readonly names: readonly string[];
  readonly bars: BarColumns;
  /** A column a feature. */
  readonly columns: readonly Float32Array[];
  /** Where each group of features begins, and the end of the last. */
  readonly edges: readonly number[];
  /** Whether the bars are there; how many groups have been taken; then by group whether it is done. */
  readonly state: Int32Array;
}

const BARS_THERE = 0;
const TAKEN = 1;
const DONE = 2;

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
  const others = Math.min(threads, MOST_THREADS, set.names.length) - 1;
  if (others < 1 || bars.length * set.names.length < leastValues) return featureColumns(set, bars);
  const edges = edgesOf(set.names.length, others + 1);
  const order: FeatureOrder = {
    names: set.names,
    bars: roomFor(bars),
    columns: set.names.map(() => new Float32Array(new SharedArrayBuffer(4 * bars.length))),
    edges,
    state: new Int32Array(new SharedArrayBuffer(4 * (DONE + edges.length - 1))),
  };
  // A thread takes longer to start than the bars to copy.
  const ends = Array.from({ length: others }, () => endOf(program, order));
  for (const name of BAR_COLUMNS) order.bars[name].set(bars[name]);
  Atomics.store(order.state, BARS_THERE, 1);
  Atomics.notify(order.state, BARS_THERE);
  takeGroups(order);
  await Promise.all(ends);
  for (let group = 0; group < edges.length - 1; group++)
    if (Atomics.load(order.state, DONE + group) === 0) make(order, group);
  return order.columns;
}

/**
 * Large groups first, each a share of what is left, so that indicators are shared; small ones last, so that all threads end together
 * (guided self-scheduling: Polychronopoulos and Kuck, IEEE Transactions on Computers C-36, 1987, with twice as many turns).
 */
function edgesOf(features: number, threads: number): readonly number[] {
  const edges = [0];
  for (let at = 0; at < features; edges.push(at))
    at = Math.min(features, at + Math.max(LEAST_FEATURES, Math.ceil((features - at) / (2 * threads))));
  return edges;
}

/** Waits for the bars, and makes groups for as long as there are any that nobody has taken. */
export function takeGroups(order: FeatureOrder): void {
  const { edges, state } = order;
  Atomics.wait(state, BARS_THERE, 0);
  const groupCount = edges.length - 1;
  for (let group = Atomics.add(state, TAKEN, 1); group < groupCount; group = Atomics.add(state, TAKEN, 1))
    make(order, group);
}

function make({ names, bars, columns, edges, state }: FeatureOrder, group: number): void {
  const [from, to] = [edges[group], edges[group + 1]];
  featureColumns(featureSet(names.slice(from, to)), bars, columns.slice(from, to));
  Atomics.store(state, DONE + group, 1);
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

const BAR_COLUMNS = ['timestamp', 'open', 'high', 'low', 'close', 'volume'] as const;

/** Columns that several threads may read, for as many bars. */
function roomFor({ length, priceDecimals }: BarColumns): BarColumns {
  const room = (): Float64Array => new Float64Array(new SharedArrayBuffer(8 * length));
  return {
    length,
    priceDecimals,
    timestamp: room(),
    open: room(),
    high: room(),
    low: room(),
    close: room(),
    volume: room(),
  };
}
