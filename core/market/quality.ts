/**
 * What is wrong with a series of bars, one finding each, with a verdict: `accept` the bar and keep the finding, `drop` the
 * bar and go on, or `refuse` the series from here. It reads bars as they come and never looks ahead.
 */
import * as z from 'zod';
import { PlimsollError } from '../errors.ts';
import type { BarColumns } from './bars.ts';
import { type Calendar, calendarOf } from './calendar.ts';
import { formatInstant } from './civil.ts';
import { barOpenAt, timeframeMs } from './timeframe.ts';

/**
 * `gap`: bars that the calendar expects are missing. `duplicate`: the same open time again. `order`: an open time before
 * the latest. `off-grid`: an open time that is no multiple of the timeframe. `price`: a price that is not finite or not
 * positive. `volume`: one that is not finite or negative. `ohlc`: the high is not the highest or the low not the lowest.
 * `outlier`: a return far from the recent ones. `stale`: the same close without volume for long, or a series that is late.
 */
export const FINDING_KINDS = [
  'gap',
  'duplicate',
  'order',
  'off-grid',
  'price',
  'volume',
  'ohlc',
  'outlier',
  'stale',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];
export type Verdict = 'accept' | 'drop' | 'refuse';

export interface Finding {
  readonly kind: FindingKind;
  readonly verdict: Verdict;
  /** Index of the bar, counted from the first bar that was ever read. */
  readonly index: number;
  /** The bar's open, ms UTC; for a late series the time at which it was asked about. */
  readonly timestamp: number;
  /** A sentence with the figures. */
  readonly detail: string;
}

const verdict = z.enum(['accept', 'drop', 'refuse']);

export const QualityOptionsSchema = z.strictObject({
  timeframe: z.string(),
  /** Default `24/7`. */
  calendar: z.enum(['24/7', 'XNYS', 'FX']).default('24/7'),
  /** Log returns that an outlier is measured against. Default 100. */
  outlierWindow: z.int().min(10).max(10_000).default(100),
  /** Distance from the window's median, in robust standard deviations (1.4826 × the median absolute deviation). Default 15. */
  outlierDeviations: z.number().positive().default(15),
  /** A smaller absolute log return is never an outlier, however quiet the window was. Default 0.02. */
  outlierMinimumReturn: z.number().min(0).default(0.02),
  /** Bars in a row with the same close and no volume. Default 30. */
  staleBars: z.int().min(2).max(1_000_000).default(30),
  /** Expected bars that may be missing at the end before the series is late. Default 1. */
  lateBars: z.int().min(0).default(1),
  /** Findings kept; later ones are only counted. Default 1,000. */
  maxFindings: z.int().min(1).max(100_000).default(1_000),
  /** Verdicts in place of {@link DEFAULT_VERDICTS}. */
  verdicts: z.partialRecord(z.enum(FINDING_KINDS), verdict).default({}),
});
export type QualityOptions = z.input<typeof QualityOptionsSchema>;

/** A duplicate is dropped where it says the same as the first; where it differs nobody can tell which is right: refused. */
export const DEFAULT_VERDICTS: Readonly<Record<FindingKind, Verdict>> = {
  gap: 'accept',
  duplicate: 'drop',
  order: 'refuse',
  'off-grid': 'accept',
  price: 'refuse',
  volume: 'refuse',
  ohlc: 'refuse',
  outlier: 'accept',
  stale: 'accept',
};

export interface QualityReport {
  readonly bars: number;
  readonly counts: Readonly<Record<FindingKind, number>>;
  /** Expected bars that are missing, over all gaps. */
  readonly missingBars: number;
  /** The first `maxFindings` of them. */
  readonly findings: readonly Finding[];
  /** The gravest verdict of all findings. */
  readonly verdict: Verdict;
}

/** Everything that the check remembers, as plain data. */
export interface QualityState {
  readonly bars: number;
  readonly missingBars: number;
  readonly counts: Readonly<Record<FindingKind, number>>;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  /** The latest bar read: timestamp (-Infinity before the first), open, high, low, close, volume. */
  readonly latest: readonly number[];
  /** The latest usable close; NaN before the first. */
  readonly close: number;
  /** Recent log returns, oldest first. */
  readonly returns: readonly number[];
  /** Bars in a row with the same close and no volume. */
  readonly unchanged: number;
}

export interface QualityCheck {
  /**
   * Reads bars `from` (inclusive) to `to` (exclusive), which follow those read before; calls `emit` with each finding and the
   * bar's index in `bars`.
   */
  advance(bars: BarColumns, from: number, to: number, emit?: (finding: Finding, at: number) => void): void;
  /** Whether the series is late at `asOf` (ms UTC): more expected bars than `lateBars` have closed since the latest. */
  checkAge(asOf: number): Finding | undefined;
  report(): QualityReport;
  snapshot(): QualityState;
  restore(state: QualityState): void;
}

/** A check that reads bars as they come. Throws `QUALITY_OPTIONS_INVALID`. */
export function createQualityCheck(options: QualityOptions): QualityCheck {
  const parsed = QualityOptionsSchema.safeParse(options);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new PlimsollError(
      'QUALITY_OPTIONS_INVALID',
      `quality options: ${issue.path.join('.')}: ${issue.message}`,
      'correct that option',
    );
  }
  return new SeriesCheck(parsed.data);
}

/** The report on a whole series. */
export function checkBars(bars: BarColumns, options: QualityOptions): QualityReport {
  const check = createQualityCheck(options);
  check.advance(bars, 0, bars.length);
  return check.report();
}

type Emit = ((finding: Finding, at: number) => void) | undefined;

const GRAVITY: Readonly<Record<Verdict, number>> = { accept: 0, drop: 1, refuse: 2 };

class SeriesCheck implements QualityCheck {
  readonly #options: z.output<typeof QualityOptionsSchema>;
  readonly #verdicts: Readonly<Record<FindingKind, Verdict>>;
  readonly #length: number;
  readonly #calendar: Calendar;
  #bars = 0;
  #missingBars = 0;
  #counts = noCounts();
  #verdict: Verdict = 'accept';
  #findings: Finding[] = [];
  #latest: number[] = [Number.NEGATIVE_INFINITY, 0, 0, 0, 0, 0];
  #close = Number.NaN;
  #returns: Float64Array;
  #returnCount = 0;
  #unchanged = 0;

  constructor(options: z.output<typeof QualityOptionsSchema>) {
    this.#options = options;
    this.#verdicts = { ...DEFAULT_VERDICTS, ...options.verdicts };
    this.#length = timeframeMs(options.timeframe);
    this.#calendar = calendarOf(options.calendar);
    this.#returns = new Float64Array(options.outlierWindow);
  }

  advance(bars: BarColumns, from: number, to: number, emit?: (finding: Finding, at: number) => void): void {
    for (let i = from; i < to; i++) {
      if (this.#isNext(bars, i, emit)) this.#checkValues(bars, i, emit);
      this.#bars++;
    }
  }

  /** Time: false where the bar does not follow the latest one. */
  #isNext(bars: BarColumns, i: number, emit: Emit): boolean {
    const time = bars.timestamp[i];
    const latest = this.#latest[0];
    if (time === latest) {
      this.#duplicate(bars, i, emit);
      return false;
    }
    if (!(time > latest) || time === Number.POSITIVE_INFINITY) {
      this.#add(
        'order',
        bars,
        i,
        `the bar of ${formatInstant(time)} comes after the one of ${formatInstant(latest)}`,
        emit,
      );
      return false;
    }
    if (time !== latest + this.#length) this.#checkGrid(bars, i, emit);
    this.#latest = [time, bars.open[i], bars.high[i], bars.low[i], bars.close[i], bars.volume[i]];
    return true;
  }

  #duplicate(bars: BarColumns, i: number, emit: Emit): void {
    const fields = [bars.timestamp[i], bars.open[i], bars.high[i], bars.low[i], bars.close[i], bars.volume[i]];
    const same = fields.every((value, k) => Object.is(value, this.#latest[k]));
    const what = `the bar of ${formatInstant(fields[0])} is there twice`;
    const stated = this.#options.verdicts.duplicate;
    if (same) this.#add('duplicate', bars, i, what, emit);
    else this.#add('duplicate', bars, i, `${what} with different values`, emit, stated ?? 'refuse');
  }

  #checkGrid(bars: BarColumns, i: number, emit: Emit): void {
    const time = bars.timestamp[i];
    const latest = this.#latest[0];
    if (this.#slotOf(time) !== time) {
      this.#add('off-grid', bars, i, `${formatInstant(time)} is no multiple of ${this.#options.timeframe}`, emit);
    }
    if (latest === Number.NEGATIVE_INFINITY) return;
    const missing = this.#countBetween(this.#slotOf(latest) + 1, this.#slotOf(time));
    if (missing === 0) return;
    this.#missingBars += missing;
    this.#add('gap', bars, i, `${missing} bars are missing after ${formatInstant(latest)}`, emit);
  }

  #checkValues(bars: BarColumns, i: number, emit: Emit): void {
    const open = bars.open[i];
    const high = bars.high[i];
    const low = bars.low[i];
    const close = bars.close[i];
    const volume = bars.volume[i];
    if (!(low > 0 && high > 0 && open > 0 && close > 0 && open + high + low + close < Number.POSITIVE_INFINITY)) {
      this.#add('price', bars, i, `a price is not a positive number (${open}, ${high}, ${low}, ${close})`, emit);
      return;
    }
    if (!(volume >= 0 && volume < Number.POSITIVE_INFINITY)) {
      this.#add('volume', bars, i, `the volume is ${volume}`, emit);
    }
    if (high < open || high < close || high < low || low > open || low > close) {
      this.#add('ohlc', bars, i, `high ${high} and low ${low} do not hold open ${open} and close ${close}`, emit);
      return;
    }
    this.#checkMovement(bars, i, emit);
  }

  #checkMovement(bars: BarColumns, i: number, emit: Emit): void {
    const close = bars.close[i];
    if (close === this.#close && bars.volume[i] === 0) {
      this.#unchanged++;
      if (this.#unchanged === this.#options.staleBars) {
        this.#add('stale', bars, i, `${this.#unchanged} bars in a row have the same close and no volume`, emit);
      }
    } else {
      this.#unchanged = 0;
    }
    if (this.#close > 0) this.#checkReturn(Math.log(close / this.#close), bars, i, emit);
    this.#close = close;
  }

  #checkReturn(change: number, bars: BarColumns, i: number, emit: Emit): void {
    const window = this.#options.outlierWindow;
    // The window is sorted only for a return that could be one.
    if (Math.abs(change) >= this.#options.outlierMinimumReturn && this.#returnCount >= window / 2) {
      const recent = this.#returns.slice(0, Math.min(this.#returnCount, window));
      const median = medianOf(recent);
      const deviation = 1.4826 * medianOf(recent.map((value) => Math.abs(value - median)));
      if (Math.abs(change - median) > this.#options.outlierDeviations * deviation) {
        this.#add('outlier', bars, i, outlierDetail(change, deviation), emit);
      }
    }
    this.#returns[this.#returnCount % window] = change;
    this.#returnCount++;
  }

  #add(kind: FindingKind, bars: BarColumns, i: number, detail: string, emit: Emit, stated?: Verdict): void {
    const finding = {
      kind,
      verdict: stated ?? this.#verdicts[kind],
      index: this.#bars,
      timestamp: bars.timestamp[i],
      detail,
    };
    this.#keep(finding);
    emit?.(finding, i);
  }

  #keep(finding: Finding): void {
    this.#counts[finding.kind]++;
    if (GRAVITY[finding.verdict] > GRAVITY[this.#verdict]) this.#verdict = finding.verdict;
    if (this.#findings.length < this.#options.maxFindings) this.#findings.push(finding);
  }

  checkAge(asOf: number): Finding | undefined {
    const latest = this.#latest[0];
    const since = latest === Number.NEGATIVE_INFINITY ? undefined : this.#slotOf(latest) + 1;
    const closed = asOf - this.#length + 1;
    const late = since === undefined ? Number.POSITIVE_INFINITY : this.#countBetween(since, closed);
    if (late <= this.#options.lateBars) return undefined;
    const detail =
      since === undefined
        ? 'there is no bar at all'
        : `${late} bars have closed since the latest, which opened ${formatInstant(latest)}`;
    return { kind: 'stale', verdict: this.#verdicts.stale, index: this.#bars - 1, timestamp: asOf, detail };
  }

  /** A bar off the grid fills the place that it falls in. */
  #slotOf(time: number): number {
    return barOpenAt(time, this.#options.timeframe);
  }

  #countBetween(from: number, to: number): number {
    return to <= from ? 0 : this.#calendar.countExpectedBars(this.#options.timeframe, from, to);
  }

  report(): QualityReport {
    return {
      bars: this.#bars,
      counts: { ...this.#counts },
      missingBars: this.#missingBars,
      findings: [...this.#findings],
      verdict: this.#verdict,
    };
  }

  snapshot(): QualityState {
    const window = this.#options.outlierWindow;
    const start = this.#returnCount > window ? this.#returnCount % window : 0;
    const kept = Math.min(this.#returnCount, window);
    return {
      ...this.report(),
      latest: [...this.#latest],
      close: this.#close,
      returns: Array.from({ length: kept }, (_, k) => this.#returns[(start + k) % window]),
      unchanged: this.#unchanged,
    };
  }

  restore(state: QualityState): void {
    this.#bars = state.bars;
    this.#missingBars = state.missingBars;
    this.#counts = { ...state.counts };
    this.#verdict = state.verdict;
    this.#findings = [...state.findings];
    this.#latest = [...state.latest];
    this.#close = state.close;
    this.#returns = new Float64Array(this.#options.outlierWindow);
    this.#returns.set(state.returns);
    this.#returnCount = state.returns.length;
    this.#unchanged = state.unchanged;
  }
}

const noCounts = (): Record<FindingKind, number> =>
  Object.fromEntries(FINDING_KINDS.map((kind) => [kind, 0])) as Record<FindingKind, number>;

/** Sorts its argument. */
function medianOf(values: Float64Array): number {
  values.sort();
  const middle = values.length >> 1;
  return values.length % 2 === 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

function outlierDetail(change: number, deviation: number): string {
  const percent = (100 * Math.expm1(change)).toFixed(2);
  const times = deviation === 0 ? 'any number of' : (Math.abs(change) / deviation).toFixed(1);
  return `the close moved ${percent} %, ${times} robust standard deviations`;
}

/** Steps of a series that {@link inferTimeframeMs} looks at. */
const INFERENCE_STEPS = 10_000;

/** The most common distance between neighbouring opens (ms) at the start of a series; undefined below two bars. */
export function inferTimeframeMs(timestamps: Float64Array): number | undefined {
  const counts = new Map<number, number>();
  for (let i = 1; i < Math.min(timestamps.length, INFERENCE_STEPS); i++) {
    const step = timestamps[i] - timestamps[i - 1];
    if (step > 0) counts.set(step, (counts.get(step) ?? 0) + 1);
  }
  let best: number | undefined;
  for (const [step, count] of counts) {
    if (best === undefined || count > counts.get(best)! || (count === counts.get(best)! && step < best)) best = step;
  }
  return best;
}
