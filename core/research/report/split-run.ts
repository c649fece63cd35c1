/** A strategy on bars that its parameters were chosen on, and on those after them, each with the whole account. */
import type { BacktestRun } from '../../backtest/run.ts';
import { sweepBacktests } from '../../backtest/sweep.ts';
import type { BacktestResult } from '../../backtest/trades.ts';
import type { EngineDefinition } from '../../engine/engine.ts';
import { PlimsollError } from '../../errors.ts';
import type { BarColumns } from '../../market/bars.ts';
import { formatInstant } from '../../market/civil.ts';
import { timeframeMs } from '../../market/timeframe.ts';
import { firstFrom, historyBars } from '../recursive.ts';
import type { Backtests } from '../sweep/sweep.ts';
import { askedFrom, lastCycles } from '../walk-forward/stretches.ts';
import { barsBetween, opensOf } from '../walk-forward/windows.ts';

type Bars = ReadonlyMap<string, BarColumns>;

/** Fewer bars on either side say nothing. */
const FEWEST_BARS = 20;

export interface SplitRun {
  /** Over the bars before the split alone: those after it were not in memory. */
  readonly inSample: BacktestResult;
  /** From the split on, with nothing held and the first deposit. Its first cycle is the last before the split. */
  readonly outOfSample: BacktestResult;
  /** Times (ms UTC) of the first bars' open, the split and the last bars' close. */
  readonly from: number;
  readonly split: number;
  readonly to: number;
}

export interface SplitOptions {
  /** Open of the first bar that nothing was chosen on, ms UTC. */
  readonly split: number;
  readonly run?: Backtests;
}

/** Runs both sides. Throws `RESEARCH_HISTORY_SHORT` with fewer than 20 bars on a side, and what a backtest throws. */
export function splitRun(
  definition: EngineDefinition,
  bars: Bars,
  { split, run = sweepBacktests }: SplitOptions,
): SplitRun {
  const opens = opensOf(bars);
  const at = firstFrom(opens, split);
  assertSides(at, opens.length - at, split);
  const intervalMs = timeframeMs(definition.timeframe);
  const [first, last] = [opens[0], opens[opens.length - 1]];
  const warmUpFrom = opens[Math.max(0, at - historyBars(definition))];
  const before = barsBetween(bars, first, opens[at]);
  const after = barsBetween(bars, warmUpFrom, last + 1);
  const asked = { ...askedFrom(definition, opens[at] + intervalMs), openedAt: warmUpFrom + intervalMs };
  const whole = { definition: asked, bars: after, run: onlyRun(run, asked, after) };
  return {
    inSample: { definition, bars: before, run: onlyRun(run, definition, before) },
    outOfSample: { ...whole, run: lastCycles(whole.run, opens.length - at + 1) },
    from: first,
    split: opens[at],
    to: last + intervalMs,
  };
}

function onlyRun(run: Backtests, definition: EngineDefinition, bars: Bars): BacktestRun {
  const [only] = run([definition], bars);
  return only;
}

function assertSides(before: number, after: number, split: number): void {
  if (Math.min(before, after) >= FEWEST_BARS) return;
  throw new PlimsollError(
    'RESEARCH_HISTORY_SHORT',
    `there are ${before} bars before ${formatInstant(split)} and ${after} from it on`,
    `split where there are ${FEWEST_BARS} or more on either side`,
  );
}
