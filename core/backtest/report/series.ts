/** What a chart draws: points in a box, few enough to be small and enough to look the same. */

/** Width and height of a chart in its own units; the page stretches it. */
export const CHART = { width: 1_000, height: 300 } as const;

export interface Line {
  /** ms UTC, ascending. */
  readonly times: ArrayLike<number>;
  readonly values: ArrayLike<number>;
  /** Values are divided by it. */
  readonly scale: number;
  readonly length: number;
}

/** The box of values and times that a chart shows. */
export interface Range {
  readonly from: number;
  readonly to: number;
  readonly low: number;
  readonly high: number;
}

/** The range of a line, with the values of `include` in it, and never empty. */
export function rangeOf(line: Line, include: Iterable<number> = []): Range {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  const widen = (value: number): void => {
    if (value < low) low = value;
    if (value > high) high = value;
  };
  for (const value of include) widen(value);
  for (let k = 0; k < line.length; k++) widen(line.values[k] / line.scale);
  if (!(low <= high)) return { from: 0, to: 1, low: 0, high: 1 };
  const margin = high > low ? 0 : Math.abs(high) * 0.01 || 1;
  const from = line.length > 0 ? line.times[0] : 0;
  const to = line.length > 0 ? line.times[line.length - 1] : 0;
  return { from, to: Math.max(from + 1, to), low: low - margin, high: high + margin };
}

export const xOf = (range: Range, time: number): number =>
  ((time - range.from) / (range.to - range.from)) * CHART.width;

export const yOf = (range: Range, value: number): number =>
  ((range.high - value) / (range.high - range.low)) * CHART.height;

/**
 * A line as an SVG path. Of all points in one column of a unit's width, the first, the lowest, the highest and the last are
 * drawn, in their order: every extreme stays in sight however many points there are.
 */
export function pathOf(line: Line, range: Range): string {
  const path: string[] = [];
  for (let k = 0; k < line.length; ) {
    const column = columnAt(range, line.times[k]);
    const first = k;
    let lowest = k;
    let highest = k;
    for (; k < line.length && columnAt(range, line.times[k]) === column; k++) {
      if (line.values[k] < line.values[lowest]) lowest = k;
      if (line.values[k] > line.values[highest]) highest = k;
    }
    path.push(path.length === 0 ? 'M' : 'L');
    if (k - first === 1) path.push(point(range, line.times[first], line.values[first] / line.scale));
    else
      path.push(columnPath(line, range, column, [first, Math.min(lowest, highest), Math.max(lowest, highest), k - 1]));
  }
  return path.join('');
}

/** Several points above one another. */
function columnPath(line: Line, range: Range, column: number, places: readonly number[]): string {
  const heights = places.map((place) => rounded(yOf(range, line.values[place] / line.scale)));
  const steps = heights.slice(1).filter((height, k) => height !== heights[k]);
  return `${column} ${heights[0]}${steps.map((height) => `V${height}`).join('')}`;
}

const columnAt = (range: Range, time: number): number => Math.floor(xOf(range, time));

export const point = (range: Range, time: number, value: number): string =>
  `${rounded(xOf(range, time))} ${rounded(yOf(range, value))}`;

const rounded = (value: number): number => Math.round(value * 10) / 10;

/** Round values within a range, three to six of them, and the decimals that they need. */
export interface Ticks {
  readonly values: readonly number[];
  readonly decimals: number;
}

/** Steps are 1, 2 or 5 × 10^n. */
export function ticksOf({ low, high }: Range, wanted = 6): Ticks {
  const rough = (high - low) / wanted;
  const exponent = Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * 10 ** exponent >= rough) ?? 10;
  const step = factor * 10 ** exponent;
  const values: number[] = [];
  for (let k = Math.ceil(low / step); k * step <= high && values.length <= wanted; k++) values.push(k * step);
  return { values, decimals: Math.min(12, Math.max(0, -exponent)) };
}
