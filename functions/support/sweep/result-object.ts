/** What the runs of one range of places came to, as an object of the bucket: their metrics and returns, and why some could not be run. */
import * as z from 'zod/mini';
import type { Metrics } from '../../../core/backtest/metrics.ts';
import type { PlaceRange } from '../../../core/research/sweep/ranges.ts';
import type { Tried } from '../../../core/research/sweep/sweep.ts';
import { columnBytes, damaged, readColumnBytes } from './column-object.ts';

/** A run, at its place in the grid. */
export interface RanAt extends Omit<Tried, 'definition'> {
  readonly place: number;
}

/** A run that threw, as a sweep on this machine would have. */
export interface FailedAt {
  readonly place: number;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

export interface RangeResult extends PlaceRange {
  readonly barsPerPeriod: number;
  readonly ran: readonly RanAt[];
  readonly failed: readonly FailedAt[];
}

const WHAT = 'a result of the sweep';
const place = z.int().check(z.nonnegative());

const descriptionSchema = z.strictObject({
  from: place,
  to: place,
  barsPerPeriod: z.int().check(z.positive()),
  metrics: z.array(z.string()),
  /** Returns of each run. */
  periods: place,
  ran: z.array(place),
  failed: z.array(z.strictObject({ place, code: z.string(), message: z.string(), remedy: z.string() })),
});

/** One column a run: its metrics, its Sharpe ratio, its returns. */
export function resultToBytes({ from, to, barsPerPeriod, ran, failed }: RangeResult): Uint8Array {
  const metrics = ran.length === 0 ? [] : (Object.keys(ran[0].metrics) as (keyof Metrics)[]);
  const columns = ran.flatMap((each) => [
    Float64Array.from([...metrics.map((name) => each.metrics[name]), each.sharpe]),
    each.returns,
  ]);
  const places = ran.map((each) => each.place);
  const periods = ran[0]?.returns.length ?? 0;
  return columnBytes({ from, to, barsPerPeriod, metrics, periods, ran: places, failed }, columns);
}

/** Throws `SWEEP_OBJECT_DAMAGED`, also where it is not the result of `range`. */
export function resultFromBytes(bytes: Uint8Array, range: PlaceRange): RangeResult {
  const { description, values } = readColumnBytes(bytes, WHAT);
  const parsed = descriptionSchema.safeParse(description);
  if (!parsed.success) throw damaged(WHAT, 'its description is none');
  const { from, to, barsPerPeriod, metrics, periods, ran, failed } = parsed.data;
  const words = metrics.length + 1 + periods;
  const places = [...ran, ...failed.map((each) => each.place)];
  const isOfRange = from === range.from && to === range.to && places.every((each) => each >= from && each < to);
  if (!isOfRange || new Set(places).size !== places.length || values.length !== ran.length * words)
    throw damaged(WHAT, 'it holds other runs than it says');
  return {
    ...range,
    barsPerPeriod,
    failed,
    ran: ran.map((at, k) => {
      const own = values.subarray(k * words, (k + 1) * words);
      const named = Object.fromEntries(metrics.map((name, m) => [name, own[m]]));
      // A copy, so that a result need not stay whole in memory for one of its runs.
      const returns = own.slice(metrics.length + 1);
      return { place: at, metrics: named as unknown as Metrics, sharpe: own[metrics.length], returns };
    }),
  };
}
