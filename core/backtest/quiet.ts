import { execute, risk } from '../cycle.ts';
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import type { InstrumentContext } from '../strategies/instrument-context.ts';
import type { StrategyRunner } from '../strategies/runner.ts';
import { type EquityTrail, equityAt } from './equity-trail.ts';
import { QuietBand } from './quiet-band.ts';

/** Bars that are measured before a strategy that wants to see every bar is asked: few, for what follows a proposal is lost. */
const STRIDE_BARS = 16;

/**
 * Runs cycles of an account with one market and one strategy for as long as nothing happens in them but that the strategy is
 * asked. It is `runCycle` without what would do nothing, its steps taken many bars at a time, which makes such a cycle
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
  const band = new QuietBand(money, market.netQuantity, market.valueDivisor, engine.watch);
  while (market.at + 1 < to) {
    const from = market.at + 1;
    const asked = context && !engine.paused[runner.index] ? runner.nextAsked(market, from) : to;
    const stride = asked === from ? from + STRIDE_BARS : asked + 1;
    const until = quietUntil(engine, market, from, Math.min(to, stride));
    const end = asked === from ? band.endOfStride(market.close, from, until) : band.endOf(market.close, from, until);
    if (end === from) return;
    const proposed = asked < end && ask(engine, market, runner, context as InstrumentContext, asked, end);
    if (!proposed) standAt(engine, market, end - 1);
    settle(engine, market, equityAt(money, market.netQuantity, market.lastPrice, market.valueDivisor));
    if (engine.equity > engine.watch.peak) {
      engine.watch.setPeak(engine.equity);
      band.refresh();
    }
    if (proposed) risk(engine);
    if (engine.intents.length > 0 || engine.cancels.length > 0) execute(engine);
    if (proposed) return;
  }
}

/** The first bar from `from` on that begins a day, is due for funding or touches a resting order; `to` where none does. */
function quietUntil(engine: Engine, market: MarketState, from: number, to: number): number {
  const { timestamp, high, low, nextFunding, touchAbove, touchBelow, closeDue } = market;
  if (touchAbove === Number.NEGATIVE_INFINITY) return from;
  const last = Math.min(engine.watch.dayEnd - market.intervalMs, nextFunding - 1, closeDue - market.intervalMs - 1);
  let end = to;
  if (timestamp[end - 1] > last) {
    end = from;
    while (timestamp[end] <= last) end++;
  }
  if (touchAbove === Number.POSITIVE_INFINITY && touchBelow === Number.NEGATIVE_INFINITY) return end;
  for (let k = from; k < end; k++) if (high[k] >= touchAbove || low[k] <= touchBelow) return k;
  return end;
}

/** Asks the strategy about the bars from `asked` on and before `end`, until it proposes something; whether it did. */
function ask(
  engine: Engine,
  market: MarketState,
  runner: StrategyRunner,
  context: InstrumentContext,
  asked: number,
  end: number,
): boolean {
  for (let k = asked; k < end; k++) {
    standAt(engine, market, k);
    if (context.moveTo(k) && runner.ask(engine, context)) return true;
  }
  return false;
}

/** Bar `k` is the bar of the cycle. */
function standAt(engine: Engine, market: MarketState, k: number): void {
  engine.time = market.timestamp[k] + market.intervalMs;
  market.at = k;
  market.lastPrice = market.close[k];
}

/** The account as it was measured at the bar that was reached. */
function settle(engine: Engine, market: MarketState, equity: number): void {
  const total = equity - engine.cash;
  market.mark += total - engine.totalMark;
  engine.totalMark = total;
  engine.equity = equity;
  market.pricedAt = engine.time;
}
