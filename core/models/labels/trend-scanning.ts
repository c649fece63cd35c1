/** Labels by the most significant straight line among windows that look forward. */
import type { BarColumns } from '../../market/bars.ts';
import { checkedSpan, type Labels, lastReached, refusedParameter, type SpanOptions, unknownLabels } from './labels.ts';

/** The longest window. Every row looks at all of them. */
export const MAX_TREND_BARS = 1_000;

/** What is left unexplained is not taken for less than this part: below it there is only rounding. */
const LEAST_UNEXPLAINED = 1e-12;

export interface TrendScanOptions extends SpanOptions {
  /** Closes in the shortest window, the first being that of the row itself. At least 3. */
  readonly minBars: number;
  /** Closes in the longest window. */
  readonly maxBars: number;
  /** From one window to the next, 1 where absent. */
  readonly stepBars?: number;
}

export interface TrendLabels extends Labels {
  /** Sign of the slope in the chosen window: -1, 1, or 0 where the closes of all windows lie flat. */
  readonly label: Float64Array;
  /** t-value of that slope; finite, since a perfect line counts as one that explains all but 1e-12. */
  readonly tValue: Float64Array;
  /** Closes in the chosen window, 0 where the label is not known. */
  readonly windowBars: Int32Array;
}

/**
 * The sign and t-value of the slope of closes on time, over the window of `minBars` … `maxBars` with the largest |t|, the
 * shortest of equals (Lopez de Prado, Machine Learning for Asset Managers, 2020, section 5.4). Unlike there, a label ends with the longest
 * window and not with the chosen one: which is chosen is only known then, and purging by the chosen end would leak.
 * Throws `LABEL_PARAMETER` or `LABEL_INPUT_INVALID`.
 */
export function trendScanning(bars: BarColumns, options: TrendScanOptions): TrendLabels {
  const shortest = checkedSpan('minBars', options.minBars, 3, MAX_TREND_BARS);
  const longest = checkedSpan('maxBars', options.maxBars, shortest, MAX_TREND_BARS);
  const step = checkedSpan('stepBars', options.stepBars ?? 1, 1, MAX_TREND_BARS);
  const last = lastReached(bars, options);
  const { label, end } = unknownLabels(bars.length);
  const tValue = new Float64Array(bars.length).fill(Number.NaN);
  const windowBars = new Int32Array(bars.length);
  const deciding = longest - ((longest - shortest) % step) - 1;
  for (let i = 0; i + deciding < bars.length; i++) {
    if (last[i] < i + deciding) continue;
    const { t, window } = steepest(bars.close, i, { shortest, longest, step });
    label[i] = Math.sign(t);
    tValue[i] = t;
    windowBars[i] = window;
    end[i] = i + deciding;
  }
  return { label, end, tValue, windowBars };
}

export interface TrendSideOptions extends TrendScanOptions {
  /** What |t| has to reach. 0 where absent. */
  readonly leastT?: number;
}

/**
 * 1 or -1, the way of the most significant line; not known where the closes lie flat, and where |t| is below what it has to reach.
 * Throws `LABEL_PARAMETER` or `LABEL_INPUT_INVALID`.
 */
export function trendSides(bars: BarColumns, { leastT = 0, ...options }: TrendSideOptions): Labels {
  if (!(leastT >= 0)) throw refusedParameter('leastT', leastT, 'use a t-value of 0 or more');
  const { label, end, tValue } = trendScanning(bars, options);
  for (let i = 0; i < bars.length; i++) {
    if (label[i] !== 0 && Math.abs(tValue[i]) >= leastT) continue;
    // A row that is none shares its time with nobody.
    label[i] = Number.NaN;
    end[i] = -1;
  }
  return { label, end };
}

interface Windows {
  readonly shortest: number;
  readonly longest: number;
  readonly step: number;
}

/** Sums grow with the window. Closes are taken from the first one, so that sums of whole prices stay whole and small. */
function steepest(
  close: Float64Array,
  from: number,
  { shortest, longest, step }: Windows,
): { t: number; window: number } {
  let best = { t: 0, window: shortest };
  let sum = 0;
  let products = 0;
  let squares = 0;
  let next = shortest;
  for (let x = 0; x < longest; x++) {
    const y = close[from + x] - close[from];
    sum += y;
    products += x * y;
    squares += y * y;
    if (x + 1 !== next) continue;
    const t = slopeT(next, sum, products, squares);
    if (Math.abs(t) > Math.abs(best.t)) best = { t, window: next };
    next += step;
  }
  return best;
}

/** t = r √((n - 2) / (1 - r²)): the slope over its standard error, by the correlation r of x = 0 … n-1 with y. */
function slopeT(n: number, sum: number, products: number, squares: number): number {
  const xx = (n * (n * n - 1)) / 12;
  const xy = products - ((n - 1) / 2) * sum;
  const yy = squares - (sum * sum) / n;
  if (!(yy > 0)) return 0;
  const explained = (xy * xy) / (xx * yy);
  return Math.sign(xy) * Math.sqrt((explained * (n - 2)) / Math.max(1 - explained, LEAST_UNEXPLAINED));
}
