/**
 * What a model is trained on: features, label, weight and span of every row that has them, made from closed bars by the code that makes
 * them where the model decides. Rows whose label is decided in the locked period, or later, are kept apart: no training ever reads them.
 */
import * as z from 'zod';
import { PlimsollError } from '../errors.ts';
import { type BarColumns, sliceBars } from '../market/bars.ts';
import { pow10 } from '../numbers.ts';
import type { FeatureColumn } from './features/feature.ts';
import { type FeatureSet, featureColumns } from './features/feature-set.ts';
import type { Labels } from './labels/labels.ts';
import { primaryPlace, primarySide } from './labels/primary.ts';
import { sampleWeights } from './labels/sample-weights.ts';
import { labelSides } from './labels/sides.ts';
import { MAX_TREND_BARS } from './labels/trend-scanning.ts';
import { exponentialVolatility } from './labels/volatility.ts';

const bars = z.int().min(1).max(10_000);
const barriers = { bars, width: z.number().positive().max(1_000), volatilityBars: bars.min(2).default(100) };

/** How a row is labelled: 1 where the price went up, 0 where it did not; of a meta label 1 where its primary was right. */
export const labelSchema = z.discriminatedUnion('kind', [
  /** By the return after so many bars. Rows that moved less than the cost, as a fraction, are left out. */
  z.strictObject({ kind: z.literal('fixed-horizon'), bars, costFraction: z.number().min(0).max(0.5).default(0) }),
  /**
   * By the barrier that is met first, each `width` deviations of a bar's return away (over the last `volatilityBars`, weighted
   * exponentially); where none is met, by the sign of the return at the end.
   */
  z.strictObject({ kind: z.literal('triple-barrier'), ...barriers }),
  /**
   * By the slope of the line through the next closes, up to `bars` of them, that has the largest |t|. Lines have `minBars` closes or more,
   * that of the row among them. Rows of which no line reaches `leastT` are left out.
   */
  z
    .strictObject({
      kind: z.literal('trend-scanning'),
      bars: z
        .int()
        .min(2)
        .max(MAX_TREND_BARS - 1),
      minBars: z.int().min(3).max(MAX_TREND_BARS).default(5),
      stepBars: z.int().min(1).max(MAX_TREND_BARS).default(1),
      leastT: z.number().min(0).max(1_000).default(0),
    })
    .refine(({ bars: ahead, minBars }) => minBars <= ahead + 1, {
      path: ['minBars'],
      message: 'the shortest line is longer than `bars` and the row itself',
    }),
  /**
   * Whether a rule is right: `primary` is a feature of the row, and points up where it is 0 or more, else down. 1 where the barriers of a
   * triple barrier, taken in that direction, ended in a gain: that of profit was met first, or none and the end was better than the row.
   */
  z.strictObject({ kind: z.literal('meta'), primary: z.string().min(1).max(63), ...barriers }),
]);
export type LabelSpec = z.infer<typeof labelSchema>;

/** Rows of one instrument, or of several one after the other, in columns of equal length. */
export interface TableRows {
  readonly symbol: readonly string[];
  /** When the features are known: the close of their bar, ms UTC. */
  readonly known: Float64Array;
  /** When the label is known, ms UTC. */
  readonly end: Float64Array;
  /** Close of the row's bar, in plain units: for the checks that look for a feature that knows the next one. No model takes it. */
  readonly close: Float64Array;
  /** By feature, in the order of the set. */
  readonly features: readonly Float64Array[];
  /** 1 or 0. */
  readonly label: Float64Array;
  /** By average uniqueness, 1 on average. */
  readonly weight: Float64Array;
}

/** What is locked away where nothing is. */
export const NO_ROWS: TableRows = {
  symbol: [],
  known: new Float64Array(),
  end: new Float64Array(),
  close: new Float64Array(),
  features: [],
  label: new Float64Array(),
  weight: new Float64Array(),
};

export interface FeatureTable {
  /** Made from the bars before the locked period alone. */
  readonly rows: TableRows;
  /** Rows whose features are known in the locked period. */
  readonly locked: TableRows;
  /** Bars that are rows of neither: in the warm-up of a feature, or without a label; those whose label would reach into the locked period too. */
  readonly leftOut: number;
}

/** The bars of one instrument, of one timeframe. */
export interface TableSeries {
  readonly symbol: string;
  readonly bars: BarColumns;
  /**
   * Every feature of the set over these bars, where they have been made already (by several threads, as a rule): the columns of
   * `featureColumns`, in which no value depends on a later bar.
   */
  readonly features?: readonly Float32Array[];
}

/**
 * @param intervalMs of the bars' timeframe
 * @param lockedFrom ms UTC; none is locked without it
 * Throws `TABLE_EMPTY` where no row is left to train on, and as labels and features do.
 */
export function featureTable(
  set: FeatureSet,
  label: LabelSpec,
  series: readonly TableSeries[],
  { intervalMs, lockedFrom = Number.POSITIVE_INFINITY }: { readonly intervalMs: number; readonly lockedFrom?: number },
): FeatureTable {
  const primary = primaryPlace(label, set.names);
  const closedBefore = ({ timestamp }: BarColumns): number => {
    const first = timestamp.findIndex((opened) => opened + intervalMs > lockedFrom);
    return first < 0 ? timestamp.length : first;
  };
  const before = series.map(({ symbol, bars, features }): TableSeries => {
    const count = closedBefore(bars);
    const made = features && { features: features.map((column) => column.subarray(0, count)) };
    return { symbol, bars: sliceBars(bars, 0, count), ...made };
  });
  const part = (of: readonly TableSeries[], from: number): TableRows =>
    joined(
      set,
      of.map((one) => {
        const columns = columnsOfRows(set, { label, primary }, one, intervalMs);
        return { symbol: one.symbol, columns, at: placesOf(columns, from) };
      }),
    );
  const rows = part(before, Number.NEGATIVE_INFINITY);
  const locked = part(lockedFrom === Number.POSITIVE_INFINITY ? [] : series, lockedFrom);
  if (rows.label.length === 0)
    throw new PlimsollError(
      'TABLE_EMPTY',
      `no row is left to train on: ${series.reduce((sum, { bars }) => sum + bars.length, 0)} bars, of which the features need ${set.warmUp} first`,
      'take more bars, shorter features, a later locked period, or a label that more rows have',
    );
  const all = series.reduce((sum, { bars }) => sum + bars.length, 0);
  return { rows, locked, leftOut: all - rows.label.length - locked.label.length };
}

interface Columns {
  readonly known: Float64Array;
  readonly end: Float64Array;
  readonly close: Float64Array;
  readonly features: readonly Float32Array[];
  readonly label: Float64Array;
  readonly weight: Float64Array;
}

/** A label, and the place of its primary among the features. */
interface Wanted {
  readonly label: LabelSpec;
  readonly primary: number;
}

function columnsOfRows(
  set: FeatureSet,
  wanted: Wanted,
  { bars, features = featureColumns(set, bars) }: TableSeries,
  intervalMs: number,
): Columns {
  const { label, end } = labelsOf(wanted, bars, features);
  const known = bars.timestamp.map((opened) => opened + intervalMs);
  const isLabelled = end.some((bar) => bar >= 0);
  return {
    known,
    end: Float64Array.from(end, (bar) => (bar < 0 ? Number.NaN : known[bar])),
    close: bars.close.map((price) => price / pow10(bars.priceDecimals)),
    features,
    label,
    weight: isLabelled ? sampleWeights(end) : new Float64Array(bars.length).fill(Number.NaN),
  };
}

/** 1, 0 or NaN a bar. */
function labelsOf({ label: spec, primary }: Wanted, bars: BarColumns, features: readonly ArrayLike<number>[]): Labels {
  const { label, end } = labelSides(spec, bars, {
    volatility: (spanBars) => exponentialVolatility(bars, { spanBars }),
    primary: () => Float64Array.from(features[primary], primarySide),
  });
  return { label: label.map((side) => (side > 0 ? 1 : side < 0 ? 0 : Number.NaN)), end };
}

/** Bars that are rows, from a time on: their features and their label are numbers. */
function placesOf({ known, features, label }: Columns, from: number): Int32Array {
  const left = Uint8Array.from(label, (side, i) => Number(Number.isFinite(side) && known[i] >= from));
  // By column: a row at a time would be a jump in memory for every value.
  for (const column of features) for (let i = 0; i < left.length; i++) left[i] &= Number(Number.isFinite(column[i]));
  const places = new Int32Array(left.reduce((sum, is) => sum + is, 0));
  for (let i = 0, k = 0; i < left.length; i++) if (left[i] === 1) places[k++] = i;
  return places;
}

interface Part {
  readonly symbol: string;
  readonly columns: Columns;
  readonly at: Int32Array;
}

/** In order of time, and at equal times in that of the instruments. */
function joined(set: FeatureSet, parts: readonly Part[]): TableRows {
  const { part, at } = orderOf(parts);
  const column = (of: (columns: Columns) => FeatureColumn): Float64Array => {
    const from = parts.map(({ columns }) => of(columns));
    const values = new Float64Array(at.length);
    for (let k = 0; k < values.length; k++) values[k] = from[part[k]][at[k]];
    return values;
  };
  return {
    symbol: Array.from(part, (of) => parts[of].symbol),
    known: column(({ known }) => known),
    end: column(({ end }) => end),
    close: column(({ close }) => close),
    features: set.names.map((_, k) => column(({ features }) => features[k])),
    label: column(({ label }) => label),
    weight: column(({ weight }) => weight),
  };
}

/** By row: the part that it comes from, and its place there. */
function orderOf(parts: readonly Part[]): { readonly part: Int32Array; readonly at: Int32Array } {
  const count = parts.reduce((sum, { at }) => sum + at.length, 0);
  const rows = { part: new Int32Array(count), at: new Int32Array(count), known: new Float64Array(count) };
  let first = 0;
  for (const [part, { columns, at }] of parts.entries()) {
    rows.part.fill(part, first, first + at.length);
    rows.at.set(at, first);
    for (let k = 0; k < at.length; k++) rows.known[first + k] = columns.known[at[k]];
    first += at.length;
  }
  // One part is in order of time as it is.
  if (parts.length < 2) return rows;
  const { part, at, known } = rows;
  const order = Int32Array.from(known.keys()).sort((a, b) => known[a] - known[b] || a - b);
  return { part: order.map((row) => part[row]), at: order.map((row) => at[row]) };
}
