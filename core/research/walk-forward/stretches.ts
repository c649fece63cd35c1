/** Runs on stretches of the bars, each with nothing of the bars beyond it in memory: what a walk forward chooses on, and what it is judged on. */
import { drawdownOf } from '../../backtest/equity.ts';
import type { BacktestRun } from '../../backtest/run.ts';
import { type BacktestResult, tradesOf } from '../../backtest/trades.ts';
import type { EngineDefinition } from '../../engine/engine.ts';
import type { BarColumns } from '../../market/bars.ts';
import type { StrategyContext } from '../../strategies/contract.ts';
import type { AnyStrategy, RunningStrategy } from '../../strategies/runner.ts';
import { periodReturns, sharpeOf } from '../sweep/returns.ts';
import type { Backtests } from '../sweep/sweep.ts';
import { barsBetween } from './windows.ts';

type Bars = ReadonlyMap<string, BarColumns>;

/** ms UTC: open of the first bar, and close of the last. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What a run came to in a window. */
export interface Outcome {
  /** Per bar; NaN where it never traded. */
  readonly sharpe: number;
  readonly totalReturn: number;
  readonly maxDrawdown: number;
  /** Begun in the window. */
  readonly trades: number;
}

/** Bars of a window with those of its warm-up before them. */
export interface Stretch {
  readonly bars: Bars;
  readonly span: Span;
  /** The first cycle in which strategies are asked, ms UTC, and how many there are from it on. */
  readonly asksFrom: number;
  readonly cycles: number;
  readonly openedAt: number;
}

/** Runs definitions on stretches of the bars, each without anything beyond it. */
export class Stretches {
  readonly #bars: Bars;
  readonly #opens: Float64Array;
  readonly #intervalMs: number;
  readonly #warmUpBars: number;
  readonly #run: Backtests;

  constructor(bars: Bars, opens: Float64Array, intervalMs: number, warmUpBars: number, run: Backtests) {
    this.#bars = bars;
    this.#opens = opens;
    this.#intervalMs = intervalMs;
    this.#warmUpBars = warmUpBars;
    this.#run = run;
  }

  between(from: number, to: number): Stretch {
    const opens = this.#opens;
    const [first, last] = [opens[Math.max(0, from - this.#warmUpBars)], opens[to - 1]];
    return {
      bars: barsBetween(this.#bars, first, last + 1),
      span: { from: opens[from], to: last + this.#intervalMs },
      asksFrom: opens[from] + this.#intervalMs,
      cycles: to - from,
      openedAt: first + this.#intervalMs,
    };
  }

  /** Equity from the last bar before the window on, or its first bar where there is none before, and the returns from it. */
  *run(definitions: readonly EngineDefinition[], { bars, asksFrom, cycles, openedAt }: Stretch): Generator<Ran> {
    const asked = definitions.map((definition) => ({ ...askedFrom(definition, asksFrom), openedAt }));
    let k = 0;
    for (const run of this.#run(asked, bars)) {
      const definition = asked[k++];
      const within = lastCycles(run, cycles + 1);
      const { equity } = within;
      const returns = periodReturns(equity);
      const outcome = outcomeOf({ run, definition, bars }, equity, returns);
      yield { result: { run: within, definition, bars }, equity, returns, outcome };
    }
  }
}

export interface Ran {
  /** The run from the last bar before the window on, with the definition that was run. */
  readonly result: BacktestResult;
  readonly equity: Float64Array;
  readonly returns: Float64Array;
  readonly outcome: Outcome;
}

function outcomeOf(result: BacktestResult, equity: Float64Array, returns: Float64Array): Outcome {
  const { cash } = result.definition;
  let trades = 0;
  for (const _ of tradesOf(result)) trades++;
  return {
    sharpe: sharpeOf(returns),
    totalReturn: equity[equity.length - 1] / cash - 1,
    maxDrawdown: drawdownOf(equity, cash).depth,
    trades,
  };
}

/** The last cycles of a run, or all where there are fewer. */
export const lastCycles = ({ engine, times, equity }: BacktestRun, cycles: number): BacktestRun => ({
  engine,
  times: times.subarray(Math.max(0, times.length - cycles)),
  equity: equity.subarray(Math.max(0, equity.length - cycles)),
});

/** The same, with strategies that are first asked in the cycle at `time` (ms UTC). Their indicators move before. */
export function askedFrom(definition: EngineDefinition, time: number): EngineDefinition {
  const asked = (running: RunningStrategy): RunningStrategy => {
    const whole = running.definition;
    const later: AnyStrategy = Object.create(whole, {
      onBar: {
        value: (context: StrategyContext) => (context.time < time ? undefined : whole.onBar(context as never)),
      },
    });
    return { ...running, definition: later };
  };
  return { ...definition, strategies: definition.strategies.map(asked) };
}
