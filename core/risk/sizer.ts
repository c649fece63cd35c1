/** How large an opening order may be by the sizing methods of its strategy, from what is known when it is decided. */

import type { Refusal } from '../engine/bookkeeping.ts';
import { recordDocument } from '../engine/bookkeeping.ts';
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import { bookedValue } from '../engine/measure.ts';
import { PlimsollError } from '../errors.ts';
import type { Order } from '../execution/order.ts';
import { type BarColumns, sliceBars } from '../market/bars.ts';
import { DAY_MS } from '../market/civil.ts';
import type { Protection } from '../strategies/contract.ts';
import type { RunningStrategy } from '../strategies/runner.ts';
import type { AccountSizing } from './account-sizing.ts';
import { refuse } from './controls/control.ts';
import type { SquareMatrix } from './portfolio/covariance.ts';
import { alignedReturns, closeReturns } from './portfolio/returns.ts';
import { momentsOf } from './portfolio/sample.ts';
import { shrunkCovariance } from './portfolio/shrinkage.ts';
import { fixedFraction } from './sizing-methods/fixed-fraction.ts';
import { kellyOfOdds } from './sizing-methods/kelly.ts';
import { riskParitySize } from './sizing-methods/risk-parity.ts';
import { riskPerStop } from './sizing-methods/risk-per-stop.ts';
import { noSize, type Size, type SizingMethod, sizeOf } from './sizing-methods/size.ts';
import { type ChosenSize, smallestSize } from './sizing-methods/smallest-size.ts';
import { volatilityTarget } from './sizing-methods/volatility-target.ts';
import type { SizingRules } from './sizing-rules.ts';

/** What the methods say of one order. */
export interface OrderSize extends ChosenSize {
  /** Money that a fraction of 1 is. */
  readonly base: number;
  /** Money of the strategy's position in the instrument, and of its orders that may still raise it. */
  readonly used: number;
  /** Money that is left for the order. */
  readonly room: number;
  /** Why there is no size. */
  readonly refusal: Refusal | undefined;
}

/** One method's answer, and the refusal where it has none. */
interface Answer {
  readonly size: Size;
  readonly refusal?: Refusal;
}

/** Where one order stands when it is sized. */
interface Ask {
  readonly engine: Engine;
  readonly strategy: number;
  readonly market: MarketState;
  readonly leg: Order;
  readonly protection: Protection;
}

export class Sizer {
  /** By the strategy's index: the account's rules and its own. */
  readonly #rules: readonly (readonly SizingRules[])[];
  /** The universe's covariance over so many bars, as of a cycle: it is the same for all orders of one. */
  #known: { readonly time: number; readonly bars: number; readonly found: Found } | undefined;

  constructor({ account, strategies }: AccountSizing, running: readonly RunningStrategy[]) {
    this.#rules = running.map(({ id }) => [account, strategies[id]].filter((rules) => rules !== undefined));
  }

  /** The size of an order that may raise a position; undefined where its strategy has no method. */
  sizeOf(
    engine: Engine,
    strategy: number,
    market: MarketState,
    leg: Order,
    protection: Protection,
  ): OrderSize | undefined {
    const ask: Ask = { engine, strategy, market, leg, protection };
    const answers = this.#rules[strategy].flatMap((rules) => this.#answers(ask, rules));
    if (answers.length === 0) return undefined;
    const chosen = smallestSize(answers.map(({ size }) => size));
    const base = engine.equity * engine.definition.strategies[strategy].allocation;
    const used = usedBy(ask);
    const room = Math.floor(chosen.fraction * base) - used;
    const refused = answers.find(({ size }) => size.fraction === 0);
    const refusal = refused && (refused.refusal ?? refuse('SIZING_FOUND_NONE'));
    return { ...chosen, base, used, room, refusal };
  }

  #answers(ask: Ask, rules: SizingRules): Answer[] {
    const answers: Answer[] = [];
    if (rules.fixedFraction) answers.push({ size: fixedFraction(rules.fixedFraction.fraction) });
    if (rules.volatilityTarget) answers.push(byVolatility(ask, rules, rules.volatilityTarget));
    if (rules.kelly) answers.push(byKelly(ask, rules, rules.kelly));
    if (rules.riskParity) answers.push(this.#byRiskParity(ask, rules, rules.riskParity));
    if (rules.riskPerStop) answers.push(byStop(ask, rules.riskPerStop.risk));
    return answers;
  }

  #byRiskParity(
    { engine, market }: Ask,
    rules: SizingRules,
    { gross, bars }: NonNullable<SizingRules['riskParity']>,
  ): Answer {
    const { count, covariance, problem } = this.#covarianceOf(engine, bars);
    if (count < leastCommon(bars)) return warmingUp('risk-parity', rules, leastCommon(bars), count, 'common returns');
    if (!covariance) return { size: noSize('risk-parity', problem) };
    return { size: riskParitySize({ covariance, instrument: market.index, gross }) };
  }

  #covarianceOf(engine: Engine, bars: number): Found {
    const { time } = engine;
    if (this.#known?.time !== time || this.#known.bars !== bars)
      this.#known = { time, bars, found: findCovariance(engine, bars) };
    return this.#known.found;
  }
}

/** Puts on record what the methods said: with the order that came of it, or with none where it was denied. */
export function recordSize(
  engine: Engine,
  strategy: number,
  market: MarketState,
  order: number | null,
  { fraction, method, base, used, room, candidates }: OrderSize,
): void {
  recordDocument(engine, 'OrderSized', {
    order,
    strategy: engine.definition.strategies[strategy].id,
    instrument: market.instrument.symbol,
    fraction,
    method: method ?? null,
    base: String(Math.floor(base)),
    used: String(used),
    room: String(Math.max(0, room)),
    candidates: candidates.map((each) => ({ method: each.method, fraction: each.fraction, because: each.because })),
  });
}

/** What of the size is taken already: orders count as if they had filled, what reduces the other side does not. */
function usedBy({ engine, strategy, market, leg }: Ask): number {
  const { quantity } = engine.position(strategy, market.index);
  const held = leg.side === 'buy' ? Math.max(0, quantity) : Math.max(0, -quantity);
  let used = -bookedValue(market, -held);
  for (const orders of [market.orders, market.held, engine.intents])
    for (const order of orders)
      if (order.strategy === strategy && order.instrument === market.index && order.side === leg.side)
        used += order.exposure;
  return used + 0;
}

/** A method that waits for more of the past has the size that is declared for that, or none. */
function warmingUp(
  method: SizingMethod,
  { warmUpFraction }: SizingRules,
  needed: number,
  known: number,
  of: string,
): Answer {
  const because = `there are ${known} ${of} where ${needed} are needed`;
  if (warmUpFraction !== undefined) return { size: sizeOf(method, warmUpFraction, `warming up: ${because}`) };
  return { size: noSize(method, because), refusal: refuse('SIZING_HISTORY_MISSING', needed, known) };
}

function byVolatility(
  { market }: Ask,
  rules: SizingRules,
  { daily, bars }: NonNullable<SizingRules['volatilityTarget']>,
): Answer {
  const returns = closeReturns(barsBehind(market, bars));
  if (returns.length < bars) return warmingUp('volatility-target', rules, bars, returns.length, 'returns');
  const volatility = Math.sqrt((momentsOf(returns).variance * DAY_MS) / market.intervalMs);
  return { size: volatilityTarget({ target: daily, volatility }) };
}

function byKelly(
  { engine, strategy }: Ask,
  rules: SizingRules,
  { part, shrink, leastTrades }: NonNullable<SizingRules['kelly']>,
): Answer {
  const { bets, wins, meanWin, meanLoss } = engine.watch.trades.recordOf(strategy);
  if (bets < leastTrades) return warmingUp('kelly', rules, leastTrades, bets, 'closed trades');
  const odds = { wins, bets, payoff: meanWin / meanLoss, loss: meanLoss };
  return { size: kellyOfOdds(odds, { part, shrink, leastObservations: leastTrades }) };
}

function byStop({ market, leg, protection }: Ask, risk: number): Answer {
  const entry = leg.price || leg.trigger || market.lastPrice;
  const level = protection.stopLoss ?? protection.trailingStop;
  if (level === undefined)
    return { size: noSize('risk-per-stop', 'the order has no stop'), refusal: refuse('SIZING_STOP_MISSING') };
  const buys = leg.side === 'buy';
  const stop =
    typeof level === 'number' ? entry * (buys ? 1 - level : 1 + level) : Math.round(level.price * market.priceScale);
  const cost = (2 * Math.max(0, market.takerFee)) / 1_000_000;
  return { size: riskPerStop({ risk, side: buys ? 'long' : 'short', entry, stop, cost }) };
}

/** So many bars and the one before them, or those that there are. */
const barsBehind = ({ bars, at }: MarketState, count: number): BarColumns =>
  sliceBars(bars, Math.max(0, at - count), at + 1);

interface Found {
  /** Returns between times at which all have a bar. */
  readonly count: number;
  readonly covariance?: SquareMatrix;
  readonly problem: string;
}

/** Where bars are missing here and there, half of them are enough. */
const leastCommon = (bars: number): number => Math.ceil(bars / 2);

function findCovariance(engine: Engine, bars: number): Found {
  for (const market of engine.markets) engine.behind?.catchUp(market);
  const byName = new Map(engine.markets.map((market) => [market.instrument.symbol, barsBehind(market, bars)]));
  try {
    const table = alignedReturns(byName);
    const count = table.columns[0].length;
    if (count < leastCommon(bars)) return { count, problem: '' };
    return { count, covariance: shrunkCovariance(table, 'constant-correlation').covariance, problem: '' };
  } catch (problem) {
    if (problem instanceof PlimsollError) return { count: bars, problem: problem.message };
    throw problem;
  }
}
