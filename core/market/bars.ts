/**
 * Bars as columns: one typed array a field, in order of time.
 *
 * Prices are scaled integers (`price × 10^priceDecimals`) held in float64, exact below 2^53. Volume is a measurement, not
 * money: it stays a plain number in the unit of its source.
 */
export interface BarColumns {
  readonly length: number;
  /** Decimals of every price column: 2 means that 6912345 stands for 69123.45. */
  readonly priceDecimals: number;
  /** Milliseconds UTC of each bar's OPEN, strictly ascending. */
  readonly timestamp: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
}

/** One bar as a row, in the same units as {@link BarColumns}. Used at the ports, never in the hot loop. */
export interface Bar {
  /** Milliseconds UTC of the bar's open. */
  readonly timestamp: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/** Room for `length` bars, all zero. */
export function emptyBars(length: number, priceDecimals: number): BarColumns {
  return {
    length,
    priceDecimals,
    timestamp: new Float64Array(length),
    open: new Float64Array(length),
    high: new Float64Array(length),
    low: new Float64Array(length),
    close: new Float64Array(length),
    volume: new Float64Array(length),
  };
}

/** Rows to columns. */
export function barsFromRows(rows: readonly Bar[], priceDecimals: number): BarColumns {
  const bars = emptyBars(rows.length, priceDecimals);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    bars.timestamp[i] = row.timestamp;
    bars.open[i] = row.open;
    bars.high[i] = row.high;
    bars.low[i] = row.low;
    bars.close[i] = row.close;
    bars.volume[i] = row.volume;
  }
  return bars;
}

/** The bar at `index` as a row. */
export function barAt(bars: BarColumns, index: number): Bar {
  return {
    timestamp: bars.timestamp[index],
    open: bars.open[index],
    high: bars.high[index],
    low: bars.low[index],
    close: bars.close[index],
    volume: bars.volume[index],
  };
}

/** Bars `from` (inclusive) to `to` (exclusive) as views on the same memory. */
export function sliceBars(bars: BarColumns, from: number, to: number): BarColumns {
  return {
    length: Math.max(0, to - from),
    priceDecimals: bars.priceDecimals,
    timestamp: bars.timestamp.subarray(from, to),
    open: bars.open.subarray(from, to),
    high: bars.high.subarray(from, to),
    low: bars.low.subarray(from, to),
    close: bars.close.subarray(from, to),
    volume: bars.volume.subarray(from, to),
  };
}
