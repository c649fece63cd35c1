/** What positions would lose if days that happened came again. */
import type { BarColumns } from '../../market/bars.ts';
import { DAY_MS, formatInstant } from '../../market/civil.ts';
import type { ValuedPosition } from './portfolio-risk.ts';
import { invalid } from './sample.ts';
import type { ScenarioWindow } from './scenarios.ts';

/** How one instrument moved over a window, as fractions of the last close before it (-0.4 is a fall by 40 %). */
export interface ScenarioMove {
  /** At the last close within. */
  readonly change: number;
  /** At the lowest low within, and at the highest high. */
  readonly lowest: number;
  readonly highest: number;
}

export interface Scenario {
  readonly window: ScenarioWindow;
  readonly moves: ReadonlyMap<string, ScenarioMove>;
  /** Why an instrument has no move, as a sentence's end: "its bars end at 2024-09-06". */
  readonly missing: ReadonlyMap<string, string>;
}

export interface ScenarioOptions {
  /** Length of a bar, ms. */
  readonly intervalMs: number;
  /** The last bar before the window may be this old, ms. Default 5 days, for weekends with holidays. */
  readonly staleAfterMs?: number;
}

/**
 * The moves of a window in recorded bars. The base is the last close before the window. An instrument without a bar before or in the
 * window, or whose bars end within it, has no move and says why. Throws `RISK_INPUT_INVALID` for options that are no lengths of time.
 */
export function scenarioOf(
  window: ScenarioWindow,
  bars: ReadonlyMap<string, BarColumns>,
  { intervalMs, staleAfterMs = 5 * DAY_MS }: ScenarioOptions,
): Scenario {
  if (!(intervalMs > 0 && staleAfterMs > 0 && window.to > window.from))
    throw invalid('the lengths of time of a scenario are not positive', 'pass milliseconds above zero');
  const moves = new Map<string, ScenarioMove>();
  const missing = new Map<string, string>();
  for (const [instrument, series] of bars) {
    const move = moveOf(window, series, intervalMs, staleAfterMs);
    if (typeof move === 'string') missing.set(instrument, move);
    else moves.set(instrument, move);
  }
  return { window, moves, missing };
}

function moveOf(
  { from, to }: ScenarioWindow,
  bars: BarColumns,
  intervalMs: number,
  staleAfterMs: number,
): ScenarioMove | string {
  const first = firstAtOrAfter(bars, from);
  const end = firstAtOrAfter(bars, to);
  if (bars.length === 0) return 'it has no bars';
  if (first === 0) return `its bars begin at ${formatInstant(bars.timestamp[0])}`;
  if (first === bars.length) return `its bars end at ${formatInstant(bars.timestamp[bars.length - 1])}`;
  if (first === end) return 'it has no bar in the window';
  if (from - bars.timestamp[first - 1] > staleAfterMs)
    return `its last bar before the window is of ${formatInstant(bars.timestamp[first - 1])}`;
  if (end === bars.length && bars.timestamp[end - 1] + intervalMs < to)
    return `its bars end at ${formatInstant(bars.timestamp[end - 1])}`;
  const base = bars.close[first - 1];
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let k = first; k < end; k++) {
    low = Math.min(low, bars.low[k]);
    high = Math.max(high, bars.high[k]);
  }
  const move = { change: bars.close[end - 1] / base - 1, lowest: low / base - 1, highest: high / base - 1 };
  return Object.values(move).every(Number.isFinite) ? move : 'its bars have a price that is no number';
}

/** Index of the first bar that opens at `time` or later; the length where there is none. */
function firstAtOrAfter({ timestamp, length }: BarColumns, time: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timestamp[middle] < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * `close`: every instrument at its last close of the window. `worst`: every position at its own worst price of the window, the low
 * when long and the high when short, which need not have been at one time.
 */
export type StressAt = 'close' | 'worst';

export interface StressedPosition extends ValuedPosition {
  readonly change: number;
  /** Money: value × change, negative for a loss. */
  readonly profit: number;
}

export interface StressResult {
  readonly window: ScenarioWindow;
  readonly at: StressAt;
  readonly positions: readonly StressedPosition[];
  /** Sum over the positions that have a move, in money. */
  readonly knownProfit: number;
  /** The same where every position has one; undefined where one is missing, since its loss is unknown and not zero. */
  readonly profit: number | undefined;
  readonly missing: readonly MissingMove[];
}

export interface MissingMove extends ValuedPosition {
  readonly because: string;
}

/**
 * What the positions gain or lose in the scenario; linear in the move, so for options it is no more than a first look. Throws
 * `RISK_INPUT_INVALID` for a value that is not finite.
 */
export function applyScenario(
  { window, moves, missing }: Scenario,
  positions: readonly ValuedPosition[],
  at: StressAt = 'close',
): StressResult {
  const stressed: StressedPosition[] = [];
  const unknown: MissingMove[] = [];
  let knownProfit = 0;
  for (const { instrument, value } of positions) {
    if (!Number.isFinite(value)) throw invalid(`the position in ${instrument} is worth ${value}`, 'price it first');
    const move = moves.get(instrument);
    if (!move) {
      unknown.push({ instrument, value, because: missing.get(instrument) ?? 'it has no recorded bars' });
      continue;
    }
    const change = at === 'close' ? move.change : value < 0 ? move.highest : move.lowest;
    stressed.push({ instrument, value, change, profit: value * change });
    knownProfit += value * change;
  }
  const profit = unknown.length === 0 ? knownProfit : undefined;
  return { window, at, positions: stressed, knownProfit, profit, missing: unknown };
}
