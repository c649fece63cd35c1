/**
 * How much a run depends on the history before it. One span is run with several lengths of history: as many bars as the platform loads for
 * a new account, twice, four and eight times as many, and all there are. The history moves the indicators alone: strategies are asked from
 * the span on, with nothing held. What has settled is equal for all lengths.
 */
import type { EngineDefinition } from '../engine/engine.ts';
import { PlimsollError } from '../errors.ts';
import type { IndicatorSpec } from '../indicators/indicator.ts';
import type { BarColumns } from '../market/bars.ts';
import { formatInstant } from '../market/civil.ts';
import { timeframeMs } from '../market/timeframe.ts';
import type { RunningStrategy } from '../strategies/runner.ts';
import type { FreshRuns } from './trace/run.ts';
import type { DecisionTrace, IndicatorTrace, Trace } from './trace/trace.ts';
import { copyBars } from './trace/variants.ts';

/** Of the bars that the platform loads before a new account begins. */
const MULTIPLES = [1, 2, 4, 8] as const;

export interface HistoryLength {
  /** Null for the longest there is, which the others are compared with. */
  readonly multiple: number | null;
  /** Bars of the account's timeframe before the span. */
  readonly bars: number;
}

/**
 * - `settled`: within the tolerance with the history that the platform loads.
 * - `late`: only with more; `settledWith` says how many bars.
 * - `open`: not with eight times as many either (or as many as there were), but nearer.
 * - `first bar`: it does not come nearer; the value depends on where history begins, for ever.
 */
export type Settling = 'settled' | 'late' | 'open' | 'first bar';

export interface IndicatorSettling {
  readonly strategy: string;
  readonly symbol: string;
  readonly indicator: string;
  readonly call: string;
  readonly output: string;
  /**
   * For each shorter history: the largest |value - reference| in the first bars of the span ÷ the largest |reference| in them. Null where it is
   * not a number with one of the two.
   */
  readonly differences: readonly (number | null)[];
  readonly settling: Settling;
  readonly settledWith: number | null;
}

export interface DecisionSettling {
  readonly history: HistoryLength;
  /** Decisions in the span with this history, and how many are not those made with the longest; numbers in them may differ by the tolerance. */
  readonly decisions: number;
  readonly differing: number;
  readonly first: {
    readonly time: number;
    readonly strategy: string;
    readonly symbol: string;
    readonly longest: string;
    readonly here: string;
  } | null;
}

export interface RecursiveReport {
  /** First and last cycle of the span, ms UTC, and bars in it (of the instrument with most). */
  readonly from: number;
  readonly to: number;
  readonly spanBars: number;
  readonly tolerance: number;
  /** Bars of each indicator's timeframe at the start of the span that its differences are taken over. */
  readonly firstBars: number;
  readonly histories: readonly HistoryLength[];
  readonly indicators: readonly IndicatorSettling[];
  readonly decisions: readonly DecisionSettling[];
}

export interface RecursiveOptions {
  /** Open of the first bar of the span, ms UTC; by default the span begins in the middle of the bars. */
  readonly at?: number;
  readonly spanBars: number;
  /** Of a relative difference. */
  readonly tolerance: number;
}

const FIRST_BARS = 10;
export const MOST_SPAN_BARS = 1_000_000;

export async function findRecursion(
  definition: EngineDefinition,
  bars: ReadonlyMap<string, BarColumns>,
  run: FreshRuns,
  options: RecursiveOptions,
): Promise<RecursiveReport> {
  assertOptions(options);
  const intervalMs = timeframeMs(definition.timeframe);
  const at = options.at ?? middleOf(bars);
  const loaded = historyBars(definition);
  const histories = lengthsOf(longestBefore(bars, at), loaded, at);
  const spanOf = ({ timestamp }: BarColumns): [number, number] => {
    const from = firstFrom(timestamp, at);
    return [from, Math.min(timestamp.length, from + options.spanBars)];
  };
  const asksFrom = at + intervalMs;
  const traces: Trace[] = [];
  for (const history of histories) {
    const given = [...bars].map(([symbol, columns]) => {
      const [from, to] = spanOf(columns);
      return [symbol, copyBars(columns, Math.max(0, from - history.bars), to)] as const;
    });
    traces.push(...(await run([{ bars: new Map(given), asksFrom }])));
  }
  const broken = traces.find(({ brokenOff }) => brokenOff !== null)?.brokenOff;
  if (broken) {
    throw new PlimsollError(
      'RESEARCH_RUN_BROKEN_OFF',
      `a run ended after ${formatInstant(broken.at)} (${broken.why})`,
      'choose a shorter span, or less cash; look for decisions that know the future',
    );
  }
  const reference = traces[traces.length - 1];
  const shorter = histories.slice(0, -1);
  const spans = [...bars.values()].map((columns) => [columns, ...spanOf(columns)] as const);
  return {
    from: asksFrom,
    to: Math.max(...spans.map(([{ timestamp }, , to]) => timestamp[to - 1])) + intervalMs,
    spanBars: Math.max(...spans.map(([, from, to]) => to - from)),
    tolerance: options.tolerance,
    firstBars: FIRST_BARS,
    histories,
    indicators: reference.indicators.flatMap((indicator, k) =>
      settlingsOf(
        indicator,
        traces.slice(0, -1).map(({ indicators }) => indicators[k]),
        shorter,
        asksFrom,
        options.tolerance,
      ),
    ),
    decisions: shorter.map((history, k) =>
      decisionSettling(history, reference.decisions, traces[k].decisions, options.tolerance),
    ),
  };
}

function assertOptions({ spanBars, tolerance }: RecursiveOptions): void {
  if (!(Number.isInteger(spanBars) && spanBars >= 1 && spanBars <= MOST_SPAN_BARS)) {
    throw new PlimsollError('USAGE', `a span of ${spanBars} bars was asked for`, `ask for 1 to ${MOST_SPAN_BARS}`);
  }
  if (!(tolerance >= 0 && tolerance < 1)) {
    throw new PlimsollError(
      'USAGE',
      `the tolerance is ${tolerance}`,
      'give a fraction from 0 to below 1: 0.0001 is a basis point',
    );
  }
}

/** Bars of the account's timeframe that the platform loads before a new account begins, as functions/steps/warm-up.ts counts them. */
export function historyBars({ strategies, timeframe }: EngineDefinition): number {
  const interval = timeframeMs(timeframe);
  return Math.max(...strategies.map((running) => Math.ceil(historyMs(running) / interval)));
}

function historyMs({ definition, params, timeframe }: RunningStrategy): number {
  const own = timeframeMs(timeframe);
  const specs = Object.values(definition.indicators(params as never) as Record<string, IndicatorSpec>);
  const spans = specs.map((spec) => (spec.warmUp + 1) * timeframeMs(spec.timeframe ?? timeframe));
  return Math.max(((definition.warmUp?.(params as never) ?? 1) + 1) * own, ...spans);
}

function middleOf(bars: ReadonlyMap<string, BarColumns>): number {
  const [{ timestamp, length }] = bars.values();
  return timestamp[length >> 1];
}

/** The most bars of history that every instrument has. */
function longestBefore(bars: ReadonlyMap<string, BarColumns>, at: number): number {
  let longest = Number.POSITIVE_INFINITY;
  for (const [symbol, { timestamp }] of bars) {
    const from = firstFrom(timestamp, at);
    if (from === timestamp.length) {
      throw new PlimsollError(
        'RESEARCH_SPAN_EMPTY',
        `${symbol} has no bar from ${formatInstant(at)} on`,
        'let the span begin earlier (--at)',
      );
    }
    longest = Math.min(longest, from);
  }
  return longest;
}

function lengthsOf(longest: number, loaded: number, at: number): HistoryLength[] {
  if (longest <= loaded) {
    throw new PlimsollError(
      'RESEARCH_HISTORY_SHORT',
      `there are ${longest} bars before ${formatInstant(at)}, and the platform loads ${loaded}: there is no longer history to compare with`,
      'give more bars, or let the span begin later (--at)',
    );
  }
  const shorter = MULTIPLES.map((multiple) => ({ multiple, bars: multiple * loaded }));
  return [...shorter.filter((length) => length.bars < longest), { multiple: null, bars: longest }];
}

/** The first place from `time` on. */
export function firstFrom(timestamp: Float64Array, time: number): number {
  let [low, high] = [0, timestamp.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timestamp[middle] < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function settlingsOf(
  reference: IndicatorTrace,
  others: readonly IndicatorTrace[],
  lengths: readonly HistoryLength[],
  from: number,
  tolerance: number,
): IndicatorSettling[] {
  return reference.outputs.map((output, k) => {
    const differences = others.map((other) => relativeDifference(reference, other, k, from));
    const { strategy, symbol, name, call } = reference;
    return { strategy, symbol, indicator: name, call, output, differences, ...judged(differences, lengths, tolerance) };
  });
}

/** Of output `k`, over the first bars that closed from `from` on. */
function relativeDifference(reference: IndicatorTrace, other: IndicatorTrace, k: number, from: number): number | null {
  const atReference = firstFrom(reference.times, from);
  const atOther = firstFrom(other.times, from);
  const count = Math.min(FIRST_BARS, reference.times.length - atReference, other.times.length - atOther);
  let [largest, scale] = [0, 0];
  for (let bar = 0; bar < count; bar++) {
    const there = reference.values[k][atReference + bar];
    const here = other.values[k][atOther + bar];
    if (Number.isNaN(there) && Number.isNaN(here)) continue;
    if (!Number.isFinite(there) || !Number.isFinite(here)) return null;
    largest = Math.max(largest, Math.abs(here - there));
    scale = Math.max(scale, Math.abs(there));
  }
  if (largest === 0) return 0;
  return scale === 0 ? null : largest / scale;
}

function judged(
  differences: readonly (number | null)[],
  lengths: readonly HistoryLength[],
  tolerance: number,
): Pick<IndicatorSettling, 'settling' | 'settledWith'> {
  // Settled with a length means: with that and with every longer one.
  let settled = differences.length;
  while (settled > 0 && (differences[settled - 1] ?? Number.POSITIVE_INFINITY) <= tolerance) settled--;
  if (settled === 0) return { settling: 'settled', settledWith: lengths[0].bars };
  if (settled < differences.length) return { settling: 'late', settledWith: lengths[settled].bars };
  const first = differences[0] ?? Number.POSITIVE_INFINITY;
  const last = differences[differences.length - 1] ?? Number.POSITIVE_INFINITY;
  const isNearer = differences.length > 1 && last < first / 2;
  return { settling: isNearer || differences.length === 1 ? 'open' : 'first bar', settledWith: null };
}

/** Answers are set against each other cycle by cycle: one more or less does not make all that follow differ. */
function decisionSettling(
  history: HistoryLength,
  longest: readonly DecisionTrace[],
  here: readonly DecisionTrace[],
  tolerance: number,
): DecisionSettling {
  const [there, found] = [byPlace(longest), byPlace(here)];
  const places = [...new Set([...there.keys(), ...found.keys()])].filter(
    (place) => !isSameAnswer(there.get(place)?.text, found.get(place)?.text, tolerance),
  );
  const differing = places.map((place) => (there.get(place) ?? found.get(place))!);
  let first: DecisionTrace | undefined;
  for (const each of differing) if (first === undefined || each.time < first.time) first = each;
  return {
    history,
    decisions: here.length,
    differing: differing.length,
    first: first
      ? {
          time: first.time,
          strategy: first.strategy,
          symbol: first.symbol,
          longest: there.get(placeOf(first))?.text ?? 'nothing',
          here: found.get(placeOf(first))?.text ?? 'nothing',
        }
      : null,
  };
}

const placeOf = ({ time, strategy, symbol }: DecisionTrace): string => JSON.stringify([time, strategy, symbol]);

const byPlace = (decisions: readonly DecisionTrace[]): Map<string, DecisionTrace> =>
  new Map(decisions.map((decision) => [placeOf(decision), decision]));

/** The same but for numbers within the tolerance, such as the price of a stop, and for words. */
function isSameAnswer(a: string | undefined, b: string | undefined, tolerance: number): boolean {
  if (a === undefined || b === undefined || a === b) return a === b;
  return isJson(a) && isJson(b) && isNear(JSON.parse(a), JSON.parse(b), tolerance);
}

const isJson = (text: string): boolean => /^[[{]/.test(text);

function isNear(a: unknown, b: unknown, tolerance: number): boolean {
  if (typeof a === 'number' && typeof b === 'number')
    return Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  names.delete('reason');
  return [...names].every((name) =>
    isNear((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name], tolerance),
  );
}
