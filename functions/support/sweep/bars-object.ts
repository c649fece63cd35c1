/** The bars of a sweep as an object of its bucket, under their own hash. */
import * as z from 'zod/mini';
import type { BarColumns } from '../../../core/market/bars.ts';
import { barsHashOf } from '../../../core/research/trials.ts';
import { columnBytes, damaged, readColumnBytes } from './column-object.ts';

type Bars = ReadonlyMap<string, BarColumns>;

const COLUMNS = ['timestamp', 'open', 'high', 'low', 'close', 'volume'] as const;
const WHAT = 'the object with the bars';
const count = z.int().check(z.nonnegative());

const descriptionSchema = z.strictObject({
  series: z.array(z.strictObject({ symbol: z.string(), length: count, priceDecimals: count })),
});

export function barsToBytes(bars: Bars): Uint8Array {
  const series = [...bars].map(([symbol, { length, priceDecimals }]) => ({ symbol, length, priceDecimals }));
  const columns = [...bars.values()].flatMap((each) => COLUMNS.map((name) => each[name].subarray(0, each.length)));
  return columnBytes({ series }, columns);
}

/** Throws `SWEEP_OBJECT_DAMAGED`, also where the bars are not those of `hash`. */
export function barsFromBytes(bytes: Uint8Array, hash: string): Bars {
  const { description, values } = readColumnBytes(bytes, WHAT);
  const parsed = descriptionSchema.safeParse(description);
  if (!parsed.success) throw damaged(WHAT, 'its description is none');
  let at = 0;
  const bars = parsed.data.series.map(({ symbol, length, priceDecimals }) => {
    const columns = COLUMNS.map((name) => [name, values.subarray(at, (at += length))] as const);
    const named = Object.fromEntries(columns) as Pick<BarColumns, (typeof COLUMNS)[number]>;
    return [symbol, { length, priceDecimals, ...named }] as const;
  });
  const read = new Map(bars);
  if (at !== values.length || barsHashOf(read) !== hash) throw damaged(WHAT, 'it holds other bars than it says');
  return read;
}
