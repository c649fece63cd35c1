import { execute, risk } from '../cycle.ts';
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import type { StrategyRunner } from '../strategies/runner.ts';

/**
 * Runs cycles of an account with one market and one strategy for as long as nothing happens in them but that the strategy is
 * asked. It is `runCycle` without what would do nothing, its state in local variables, which makes such a cycle several times
 * cheaper; most bars are of this kind. It stops before a bar that touches an order, begins a day, is due for funding or trips the
 * breaker, which is left to `runCycle`, and after a cycle in which the strategy proposed something.
 *
 * Writes the equity of each cycle, by bar. The market's bars up to `to` must have been prepared.
 */
export function runQuietCycles(
  engine: Engine,
  market: MarketState,
  runner: StrategyRunner,
  to: number,
  equity: Float64Array,
): void {
  const { timestamp, high, low, close, intervalMs, nextFunding, touchAbove, touchBelow, valueDivisor } = market;
  const { cash, watch } = engine;
  const context = runner.contextOf(market);
  const paused = engine.paused[runner.index];
  const { dayEnd } = watch;
  const rests = touchAbove !== Number.POSITIVE_INFINITY || touchBelow !== Number.NEGATIVE_INFINITY;
  const quantity = market.netQuantity;
  const cost = market.isPerpetual ? market.netCost : 0;
  let { mark } = market;
  let { totalMark } = engine;
  let { peak, tripBelow } = watch;
  let proposed = false;
  for (let k = market.at + 1; k < to && !proposed; k++) {
    const time = timestamp[k] + intervalMs;
    if (time > dayEnd || time - intervalMs >= nextFunding) break;
    if (rests && (high[k] >= touchAbove || low[k] <= touchBelow)) break;
    const price = close[k];
    const value = quantity === 0 ? 0 : Math.floor((quantity * price) / valueDivisor);
    const total = totalMark + (value - cost - mark);
    const worth = cash + total;
    if (worth < tripBelow) break;
    if (worth > peak) {
      watch.raisePeak(worth);
      ({ peak, tripBelow } = watch);
    }
    mark = value - cost;
    totalMark = total;
    equity[k] = worth;
    engine.time = time;
    market.at = k;
    market.lastPrice = price;
    proposed = context?.moveTo(k) === true && !paused && runner.ask(engine, context);
  }
  market.pricedAt = engine.time;
  market.mark = mark;
  engine.totalMark = totalMark;
  engine.equity = cash + totalMark;
  if (proposed) risk(engine);
  if (engine.intents.length > 0 || engine.cancels.length > 0) execute(engine);
}
