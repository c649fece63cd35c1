/**
 * Looks for decisions that know the future. A strategy is run over all bars, and again in ways in which the future is not there, or is
 * another one. Whatever the past led to must be the same to the last bit: every value of an indicator, every proposal, and the ledger.
 *
 * - `cut`: only the bars up to a point.
 * - `tail`: other bars after that point, as many and at the same times.
 * - `bar by bar`: each bar comes into memory when it closes, over the whole span. The two before look as a backtest does, at some points.
 * - `again`: a second run with the same strategies, which must not have learned from the first.
 * - `dates`: all bars 28 years later, on the same days of week and year. A table of prices by date is of no use then.
 *
 * What a run remembers cannot hide anything: points are looked at with strategies that were loaded afresh, from the earliest to the latest, so
 * that none of those runs has seen a bar after its own point.
 */
import type { EngineDefinition } from '../engine/engine.ts';
import { PlimsollError } from '../errors.ts';
import type { BarColumns } from '../market/bars.ts';
import { formatInstant } from '../market/civil.ts';
import { type Timeframe, timeframeMs } from '../market/timeframe.ts';
import { type Difference, firstDifference } from './trace/difference.ts';
import type { FreshRuns } from './trace/run.ts';
import type { BrokenOff, Trace } from './trace/trace.ts';
import { CALENDAR_MS, changedAfter, copiesOf, cutAt, yearsLater } from './trace/variants.ts';

export type LookaheadCheck = 'cut' | 'tail' | 'bar by bar' | 'again' | 'dates';

export interface LookaheadFinding extends Difference {
  readonly check: LookaheadCheck;
  /** Up to which cycle (ms UTC) the two runs had the same bars; null where they had all of them. */
  readonly point: number | null;
}

export interface LookaheadReport {
  readonly cycles: number;
  readonly decisions: number;
  readonly indicators: number;
  /** Cycles (ms UTC) at which the bars were cut off, and then changed; how many of them with a proposal. */
  readonly points: readonly number[];
  readonly pointsWithProposal: number;
  /** Whether `dates` could be looked at: every timeframe has to divide 28 years. */
  readonly datesChecked: boolean;
  /** Where the run over all bars could not go on: nothing after it was looked at. */
  readonly brokenOff: BrokenOff | null;
  /** At most one a check and point, the earliest; in order of time. */
  readonly findings: readonly LookaheadFinding[];
}

export interface LookaheadOptions {
  /** How many points. */
  readonly points: number;
  /** Whether a strategy may know dates: `dates` is then left out. */
  readonly allowDates?: boolean;
  readonly onProgress?: (done: number, total: number) => void;
}

export const MOST_POINTS = 1_000;

export async function findLookahead(
  definition: Pick<EngineDefinition, 'timeframe' | 'strategies'>,
  bars: ReadonlyMap<string, BarColumns>,
  run: FreshRuns,
  options: LookaheadOptions,
): Promise<LookaheadReport> {
  const intervalMs = timeframeMs(definition.timeframe);
  const [full, again] = await run([{ bars: copiesOf(bars) }, { bars: copiesOf(bars) }]);
  const points = choosePoints(bars, intervalMs, full, options.points);
  const datesChecked = options.allowDates !== true && timeframesOf(full, definition).every(dividesCalendar);
  const findings: LookaheadFinding[] = [];
  const compare = (check: LookaheadCheck, other: Trace, point: number | null, shiftMs = 0): void => {
    const until = point ?? Number.POSITIVE_INFINITY;
    const difference = firstDifference(full, other, { until, shiftMs });
    if (difference) findings.push({ check, point, ...difference });
  };
  compare('again', again, null);
  const remembers = findings.length > 0;

  const looks: (() => Promise<void>)[] = [
    async () => {
      const [shown] = await run([{ bars: copiesOf(bars), barByBar: true }]);
      compare('bar by bar', shown, null);
    },
  ];
  const lookAt = (check: 'cut' | 'tail', change: typeof cutAt): void => {
    for (const together of inParts(points, bars, remembers)) {
      looks.push(async () => {
        const others = await run(together.map((point) => ({ bars: change(bars, point, intervalMs) })));
        together.forEach((point, k) => {
          compare(check, others[k], point);
        });
      });
    }
  };
  lookAt('cut', cutAt);
  lookAt('tail', changedAfter);
  if (datesChecked) {
    looks.push(async () => {
      const [later] = await run([{ bars: yearsLater(bars) }]);
      compare('dates', later, null, CALENDAR_MS);
    });
  }
  await inPairs(looks, options.onProgress);
  if (full.brokenOff && findings.length === 0) throw unfinished(full.brokenOff);

  return {
    cycles: cyclesOf(bars, intervalMs).length,
    decisions: full.decisions.length,
    indicators: full.indicators.length,
    points,
    pointsWithProposal: points.filter((point) => full.decisions.some(({ time }) => time === point)).length,
    datesChecked,
    brokenOff: full.brokenOff,
    findings: findings.sort((a, b) => a.time - b.time || ORDER.indexOf(a.check) - ORDER.indexOf(b.check)),
  };
}

const unfinished = ({ at, why }: BrokenOff): PlimsollError =>
  new PlimsollError(
    'RESEARCH_RUN_BROKEN_OFF',
    `the run ended after ${formatInstant(at)} (${why}); up to there, nothing was found`,
    'choose a shorter span, or less cash',
  );

/** Of findings at the same bar, the plainest comes first. */
const ORDER: readonly LookaheadCheck[] = ['cut', 'tail', 'bar by bar', 'again', 'dates'];

/** Bars that one part may copy, since all its runs are kept at once. */
const PART_BARS = 1_000_000;

/**
 * Points whose runs may follow each other with the same strategies. They ascend: whatever a run remembers of those before it, it is nothing
 * that comes after its own point. Where `remembers`, each is a part of its own, so that what is remembered is not taken for a look ahead.
 */
function inParts(
  points: readonly number[],
  bars: ReadonlyMap<string, BarColumns>,
  remembers: boolean,
): readonly (readonly number[])[] {
  const each = [...bars.values()].reduce((sum, { length }) => sum + length, 0);
  const most = remembers ? 1 : Math.max(1, Math.floor(PART_BARS / each));
  return Array.from({ length: Math.ceil(points.length / most) }, (_, k) => points.slice(k * most, (k + 1) * most));
}

/** Two at a time: each holds copies of all bars. */
async function inPairs(
  looks: readonly (() => Promise<void>)[],
  onProgress: LookaheadOptions['onProgress'],
): Promise<void> {
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    while (next < looks.length) {
      await looks[next++]();
      onProgress?.(++done, looks.length);
    }
  };
  await Promise.all([work(), work()]);
}

/**
 * Cycles with something after them: half of them with a proposal, where there are so many, the first and the last among them; the rest
 * without. They are spread by the golden ratio, so that they do not all stand at the same hour.
 */
function choosePoints(
  bars: ReadonlyMap<string, BarColumns>,
  intervalMs: number,
  { decisions, brokenOff }: Trace,
  count: number,
): number[] {
  if (!(Number.isInteger(count) && count >= 1 && count <= MOST_POINTS)) {
    throw new PlimsollError('USAGE', `${count} points were asked for`, `ask for 1 to ${MOST_POINTS}`);
  }
  const cycles = cyclesOf(bars, intervalMs);
  const last = brokenOff?.at ?? cycles[cycles.length - 1];
  // A run needs a bar of every instrument.
  const first = Math.max(...[...bars.values()].map(({ timestamp }) => timestamp[0] + intervalMs));
  const asked = new Set(decisions.map(({ time }) => time).filter((time) => time >= first && time < last));
  const others = [...cycles].filter((time) => time >= first && time < last && !asked.has(time));
  const withProposal = spread([...asked], Math.max(Math.ceil(count / 2), count - others.length));
  const without = spread(others, count - withProposal.length);
  return [...withProposal, ...without].sort((a, b) => a - b);
}

const GOLDEN = (Math.sqrt(5) - 1) / 2;

function spread(times: readonly number[], count: number): number[] {
  if (count >= times.length) return [...times];
  const chosen = new Set<number>();
  if (count > 0) chosen.add(times[0]);
  if (count > 1) chosen.add(times[times.length - 1]);
  for (let k = 1; chosen.size < count; k++) chosen.add(times[Math.floor(((k * GOLDEN) % 1) * times.length)]);
  return [...chosen];
}

/** When any bar closes, in order. */
function cyclesOf(bars: ReadonlyMap<string, BarColumns>, intervalMs: number): Float64Array {
  const [only, ...more] = bars.values();
  if (more.length === 0) return only.timestamp.map((opened) => opened + intervalMs);
  const opens = new Set<number>();
  for (const { timestamp, length } of bars.values()) for (let k = 0; k < length; k++) opens.add(timestamp[k]);
  return Float64Array.from(opens, (opened) => opened + intervalMs).sort();
}

const timeframesOf = (
  { indicators }: Trace,
  { timeframe, strategies }: Pick<EngineDefinition, 'timeframe' | 'strategies'>,
): Timeframe[] => [timeframe, ...[...strategies, ...indicators].map((each) => each.timeframe)];

const dividesCalendar = (timeframe: Timeframe): boolean => CALENDAR_MS % timeframeMs(timeframe) === 0;
