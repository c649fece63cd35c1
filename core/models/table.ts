/**
 * What a model is trained on: features, label, weight and span of every row that has them, made from closed bars by the code that makes
 * them where the model decides. Rows whose label is decided in the locked period, or later, are kept apart: no training ever reads them.
 */
import * as z from 'zod';
import { PlimsollError } from '../errors.ts';
import { type BarColumns, sliceBars } from '../market/bars.ts';
import { pow10 } from '../numbers.ts';
import { type FeatureSet, featureColumns } from './features/feature-set.ts';
import { fixedHorizonSides } from './labels/fixed-horizon.ts';
import type { Labels } from './labels/labels.ts';
import { sampleWeights } from './labels/sample-weights.ts';
import { tripleBarrier } from './labels/triple-barrier.ts';
import { exponentialVolatility } from './labels/volatility.ts';

const bars = z.int().min(1).max(10_000);

/** How a row is labelled: 1 where the price went up, 0 where it did not. */
export const labelSchema = z.discriminatedUnion('kind', [
  /** By the return after so many bars. Rows that moved less than the cost, as a fraction, are left out. */
  z.strictObject({ kind: z.literal('fixed-horizon'), bars, costFraction: z.number().min(0).max(0.5).default(0) }),
  /**
   * By the barrier that is met first, each `width` deviations of a bar's return away (over the last `volatilityBars`, weighted
   * exponentially); where none is met, by the sign of the return at the end.
   */
  z.strictObject({
    kind: z.literal('triple-barrier'),
    bars,
    width: z.number().positive().max(1_000),
    volatilityBars: z.int().min(2).max(10_000).default(100),
  }),
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
  const closedBefore = ({ timestamp }: BarColumns): number => {
    const first = timestamp.findIndex((opened) => opened + intervalMs > lockedFrom);
    return first < 0 ? timestamp.length : first;
  };
  const before = series.map(({ symbol, bars }) => ({ symbol, bars: sliceBars(bars, 0, closedBefore(bars)) }));
  const part = (of: readonly TableSeries[], from: number): TableRows =>
    joined(
      set,
      of.map(({ symbol, bars }) => {
        const columns = columnsOfRows(set, label, bars, intervalMs);
        return { symbol, columns, at: placesOf(columns, from) };
      }),
    );
  const rows = part(before, Number.NEGATIVE_INFINITY);
  const locked = part(lockedFrom === Number.POSITIVE_INFINITY ? [] : series, lockedFrom);
  if (rows.label.length === 0)
    throw new PlimsollError(
      'TABLE_EMPTY',
      `no row is left to train on: ${series.reduce((sum, { bars }) => sum + bars.length, 0)} bars, of which the features need ${set.warmUp} first`,
      'take more bars, shorter features, or a later locked period',
    );
  const all = series.reduce((sum, { bars }) => sum + bars.length, 0);
  return { rows, locked, leftOut: all - rows.label.length - locked.label.length };
}

interface Columns {
  readonly known: Float64Array;
  readonly end: Float64Array;
  readonly close: Float64Array;
  readonly features: readonly Float64Array[];
  readonly label: Float64Array;
  readonly weight: Float64Array;
}

function columnsOfRows(set: FeatureSet, spec: LabelSpec, bars: BarColumns, intervalMs: number): Columns {
  const { label, end } = labelsOf(spec, bars);
  const known = bars.timestamp.map((opened) => opened + intervalMs);
  return {
    known,
    end: Float64Array.from(end, (bar) => (bar < 0 ? Number.NaN : known[bar])),
    close: bars.close.map((price) => price / pow10(bars.priceDecimals)),
    features: featureColumns(set, bars),
    label,
    weight: sampleWeights(end),
  };
}

/** 1, 0 or NaN a bar. */
function labelsOf(spec: LabelSpec, bars: BarColumns): Labels {
  const { label, end } =
    spec.kind === 'fixed-horizon'
      ? fixedHorizonSides(bars, { horizonBars: spec.bars, costFraction: spec.costFraction })
      : tripleBarrier(bars, {
          verticalBars: spec.bars,
          profitWidth: spec.width,
          lossWidth: spec.width,
          volatility: exponentialVolatility(bars, { spanBars: spec.volatilityBars }),
          atVertical: 'sign',
        });
  return { label: label.map((side) => (side > 0 ? 1 : side < 0 ? 0 : Number.NaN)), end };
}

/** Bars that are rows, from a time on: their features and their label are numbers. */
function placesOf({ known, features, label }: Columns, from: number): number[] {
  const places: number[] = [];
  for (let i = 0; i < known.length; i++) {
    if (!Number.isFinite(label[i]) || known[i] < from) continue;
    if (features.every((column) => Number.isFinite(column[i]))) places.push(i);
  }
  return places;
}

interface Part {
  readonly symbol: string;
  readonly columns: Columns;
  readonly at: readonly number[];
}

/** In order of time, and at equal times in that of the instruments. */
function joined(set: FeatureSet, parts: readonly Part[]): TableRows {
  const order = parts
    .flatMap(({ columns, at }, part) => at.map((i) => ({ part, i, known: columns.known[i] })))
    .sort((a, b) => a.known - b.known || a.part - b.part);
  const column = (of: (columns: Columns) => Float64Array): Float64Array =>
    Float64Array.from(order, ({ part, i }) => of(parts[part].columns)[i]);
  return {
    symbol: order.map(({ part }) => parts[part].symbol),
    known: column(({ known }) => known),
    end: column(({ end }) => end),
    close: column(({ close }) => close),
    features: set.names.map((_, k) => column(({ features }) => features[k])),
    label: column(({ label }) => label),
    weight: column(({ weight }) => weight),
  };
}
