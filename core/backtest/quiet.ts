import { execute, risk } from '../cycle.ts';
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import type { InstrumentContext, StrategyRunner } from '../strategies/runner.ts';
import { type EquityTrail, equityAt } from './equity-trail.ts';

/** Bars that are measured before the strategy is asked about the first of them: few, for what follows a proposal is lost. */
const STRIDE_BARS = 16;

/**
 * Runs cycles of an account with one market and one strategy for as long as nothing happens in them but that the strategy is
 * asked. It is `runCycle` without what would do nothing, its steps taken a stride of bars at a time, which makes such a cycle
 * several times cheaper; most bars are of this kind. It stops before a bar that touches an order, begins a day, is due for
 * funding or trips the breaker, which is left to `runCycle`, and after a cycle in which the strategy proposed something.
 *
 * Indicators must be prepared up to bar `to`.
 */
export function runQuietCycles(
  engine: Engine,
  market: MarketState,
  runner: StrategyRunner,
  to: number,
  trail: EquityTrail,
): void {
  const context = runner.contextOf(market);
  const money = engine.cash + (engine.totalMark - market.mark) - (market.isPerpetual ? market.netCost : 0);
  trail.add(market.at + 1, money, market.netQuantity);
  while (market.at + 1 < to) {
    const from = market.at + 1;
    const until = quietUntil(engine, market, from, Math.min(to, from + STRIDE_BARS));
    const end = measureAhead(engine, market, money, from, until);
    if (end === from) return;
    const proposed = ask(engine, market, runner, context, end);
    settle(engine, market, equityAt(money, market.netQuantity, market.lastPrice, market.valueDivisor));
    if (proposed) risk(engine);
    if (engine.intents.length > 0 || engine.cancels.length > 0) execute(engine);
    if (proposed) return;
  }
}

/** The first bar from `from` on that begins a day, is due for funding or touches a resting order; `to` where none does. */
function quietUntil(engine: Engine, market: MarketState, from: number, to: number): number {
  const { timestamp, high, low, nextFunding, touchAbove, touchBelow } = market;
  const lastOpen = engine.watch.dayEnd - market.intervalMs;
  let end = to;
  while (end > from && (timestamp[end - 1] > lastOpen || timestamp[end - 1] >= nextFunding)) end--;
  if (touchAbove === Number.POSITIVE_INFINITY && touchBelow === Number.NEGATIVE_INFINITY) return end;
  for (let k = from; k < end; k++) if (high[k] >= touchAbove || low[k] <= touchBelow) return k;
  return end;
}

/**
 * Measures the account at the bars `from` to `to`, as long as no order comes in between. Returns where it stopped: before a bar
 * that trips the breaker, or after one that raises the peak, so that only the last bar of a stride can. Money is whole numbers
 * below 2^53, of which sums and differences are exact in any order.
 */
function measureAhead(engine: Engine, market: MarketState, money: number, from: number, to: number): number {
  const { close, valueDivisor, netQuantity } = market;
  const { peak, tripBelow } = engine.watch;
  for (let k = from; k < to; k++) {
    const equity = equityAt(money, netQuantity, close[k], valueDivisor);
    if (equity < tripBelow) return k;
    if (equity > peak) return k + 1;
    if (netQuantity === 0) return to;
  }
  return to;
}

/** Asks the strategy about each bar before `end`, until it proposes something; whether it did. */
function ask(
  engine: Engine,
  market: MarketState,
  runner: StrategyRunner,
  context: InstrumentContext | undefined,
  end: number,
): boolean {
  const { timestamp, close, intervalMs } = market;
  const asks = context !== undefined && !engine.paused[runner.index];
  for (let k = market.at + 1; k < end; k++) {
    engine.time = timestamp[k] + intervalMs;
    market.at = k;
    market.lastPrice = close[k];
    if (context?.moveTo(k) && asks && runner.ask(engine, context)) return true;
  }
  return false;
}

/** The account as it was measured at the bar that was reached. */
function settle(engine: Engine, market: MarketState, equity: number): void {
  const total = equity - engine.cash;
  market.mark += total - engine.totalMark;
  engine.totalMark = total;
  engine.equity = equity;
  market.pricedAt = engine.time;
  if (equity > engine.watch.peak) engine.watch.raisePeak(equity);
}
