import type { BarColumns } from '../market/bars.ts';
import type { Timeframe } from '../market/timeframe.ts';

/** Plain data that {@link Indicator.restore} accepts: numbers (NaN and -0 included) and arrays of them, by name. */
export type IndicatorState = { readonly [field: string]: number | readonly number[] | IndicatorState };

/**
 * An indicator at work. The one implementation is a loop over a block of bars: a whole series is one long block, a live bar
 * is a block of one, so that both give the same numbers to the last bit. The cost of a bar is bounded by the window.
 */
export interface Indicator {
  /**
   * Reads bars `from` (inclusive) to `to` (exclusive), which follow those read before, and writes output k of bar i to
   * `out[k][at + i - from]`. Values are in plain units (a price as 69123.45, not scaled); NaN before the output's warm-up is over.
   */
  advance(bars: BarColumns, from: number, to: number, out: readonly Float64Array[], at: number): void;
  /** The state as plain data; restoring it continues with bit-equal values. */
  snapshot(): IndicatorState;
  restore(state: IndicatorState): void;
}

/** What a strategy declares: which indicator, on which timeframe. `sma(10)`, `macd(12, 26, 9).on('1h')`. */
export interface IndicatorSpec<Output extends string = string> {
  readonly name: string;
  /** In the order of the factory's arguments. */
  readonly parameters: readonly (number | string)[];
  /** `['value']`, or the names of several outputs (`['macd', 'signal', 'histogram']`). */
  readonly outputs: readonly Output[];
  /**
   * Bars that must have been read before every output is a number. Some are one earlier (the line of a MACD before its
   * signal); an indicator with one output is NaN on exactly the first `warmUp - 1` bars.
   */
  readonly warmUp: number;
  /** Timeframe to compute on; undefined: the strategy's own. */
  readonly timeframe: Timeframe | undefined;
  /** A fresh one, before its first bar. */
  create(): Indicator;
  /** The same indicator on bars of a longer timeframe; its value changes when such a bar closes. */
  on(timeframe: Timeframe): IndicatorSpec<Output>;
}

/** Makes a spec; the one way in which the factories (`sma`, `rsi`, …) build theirs. */
export function indicatorSpec<Output extends string>(
  name: string,
  parameters: readonly (number | string)[],
  outputs: readonly Output[],
  warmUp: number,
  create: () => Indicator,
  timeframe?: Timeframe,
): IndicatorSpec<Output> {
  return {
    name,
    parameters,
    outputs,
    warmUp,
    timeframe,
    create,
    on: (longer) => indicatorSpec(name, parameters, outputs, warmUp, create, longer),
  };
}

/**
 * The column form: the whole series of an indicator, one column an output. `room` are the columns to write to, one an output
 * and at least as long as the bars: fresh memory costs more than most indicators do, so who computes many hands it back in.
 */
export function columnsOf<Output extends string>(
  spec: IndicatorSpec<Output>,
  bars: BarColumns,
  room: readonly Float64Array[] = spec.outputs.map(() => new Float64Array(bars.length)),
): Record<Output, Float64Array> {
  spec.create().advance(bars, 0, bars.length, room, 0);
  return Object.fromEntries(spec.outputs.map((name, k) => [name, room[k]])) as Record<Output, Float64Array>;
}
