/**
 * The controls once more, as an order passes them: the limits of one account as numbers, asked without an allocation. It is for speed
 * alone. Where it finds that something may stand against an order, the controls themselves are asked (controls/index.ts), and what
 * they say counts; a property holds both to one answer on random accounts.
 */
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import { exposures, freeCash, sideExposure } from '../engine/measure.ts';
import { standingAgainst } from '../execution/live/market-standing.ts';
import type { Order } from '../execution/order.ts';
import type { Protection } from '../strategies/contract.ts';
import { grantOf } from './budgets.ts';
import { ORDERS_BEFORE_RATIO } from './controls/activity.ts';
import { marginRoom, usedInGroup, usedOnMargin, usualRoom } from './controls/exposure.ts';
import type { ControlsInForce } from './controls/index.ts';
import { faultOfPrices, isOutside, wouldMeet } from './controls/price.ts';
import type { Limits } from './limits.ts';

const UNLIMITED = Number.POSITIVE_INFINITY;
/** Averages are summed in another order here than where they count: nearer to a threshold than this, the control is asked. */
const ROUNDING = 1e-9;

export class RiskLine {
  readonly #controls: ControlsInForce;
  readonly #allowShort: boolean;
  readonly #preventSelfMatch: boolean;
  readonly #followsTrades: boolean;
  readonly #losingStreak: number;
  readonly #streakPauseMs: number;
  readonly #cooldownMs: number;
  readonly #stops: number;
  readonly #stopsPauseMs: number;
  readonly #lossTrades: number;
  readonly #lossPauseMs: number;
  readonly #lossShare: number;
  readonly #drawdownTrades: number;
  readonly #drawdownPauseMs: number;
  readonly #drawdownShare: number;
  readonly #maxDailyLoss: number;
  readonly #maxWeeklyLoss: number;
  readonly #maxDrawdown: number;
  readonly #staleAfterMs: number;
  readonly #freshQuoteMs: number;
  readonly #maxWorkingOrders: number;
  readonly #maxOrdersPerMinute: number;
  readonly #maxOrdersPerFill: number;
  readonly #maxRepeatedExecutions: number;
  readonly #duplicateWithinMs: number;
  readonly #priceCollarBps: number;
  readonly #referenceCollarBps: number;
  readonly #maxShareOfVolume: number;
  /** Scaled money. */
  readonly #maxOrder: number;
  readonly #maxPosition: number;
  readonly #maxOpenOrders: number;
  readonly #budget: number;
  /** Shares of the equity. */
  readonly #maxGross: number;
  readonly #maxNet: number;
  readonly #maxInstrument: number;
  readonly #maxLeverage: number;
  readonly #maxCapital: number;

  constructor(limits: Limits, controls: ControlsInForce, moneyScale: number) {
    const scaled = (plain = UNLIMITED): number => Math.floor(plain * moneyScale);
    this.#controls = controls;
    this.#allowShort = limits.allowShort;
    this.#preventSelfMatch = limits.preventSelfMatch !== undefined;
    const { losingStreak, cooldownMs, stopLossGuard, instrumentLoss, recentDrawdown } = limits;
    this.#followsTrades = [losingStreak, cooldownMs, stopLossGuard, instrumentLoss, recentDrawdown].some(
      (limit) => limit !== undefined,
    );
    this.#losingStreak = losingStreak?.trades ?? UNLIMITED;
    this.#streakPauseMs = losingStreak?.pauseMs ?? 0;
    this.#cooldownMs = cooldownMs ?? 0;
    this.#stops = stopLossGuard?.stops ?? UNLIMITED;
    this.#stopsPauseMs = stopLossGuard?.pauseMs ?? 0;
    this.#lossTrades = instrumentLoss?.trades ?? UNLIMITED;
    this.#lossPauseMs = instrumentLoss?.pauseMs ?? 0;
    this.#lossShare = instrumentLoss?.share ?? 0;
    this.#drawdownTrades = recentDrawdown?.trades ?? UNLIMITED;
    this.#drawdownPauseMs = recentDrawdown?.pauseMs ?? 0;
    this.#drawdownShare = recentDrawdown?.share ?? 0;
    this.#maxDailyLoss = limits.maxDailyLoss ?? UNLIMITED;
    this.#maxWeeklyLoss = limits.maxWeeklyLoss ?? UNLIMITED;
    this.#maxDrawdown = limits.maxDrawdown ?? UNLIMITED;
    this.#staleAfterMs = limits.staleAfterMs ?? UNLIMITED;
    this.#freshQuoteMs = limits.freshQuoteMs ?? UNLIMITED;
    this.#maxWorkingOrders = limits.maxWorkingOrders;
    this.#maxOrdersPerMinute = limits.maxOrdersPerMinute;
    this.#maxOrdersPerFill = limits.maxOrdersPerFill ?? UNLIMITED;
    this.#maxRepeatedExecutions = limits.maxRepeatedExecutions ?? UNLIMITED;
    this.#duplicateWithinMs = limits.duplicateWithinMs ?? 0;
    this.#priceCollarBps = limits.priceCollarBps;
    this.#referenceCollarBps = limits.referenceCollarBps ?? UNLIMITED;
    this.#maxShareOfVolume = limits.maxShareOfVolume ?? UNLIMITED;
    this.#maxOrder = scaled(limits.maxOrderNotional);
    this.#maxPosition = scaled(limits.maxPositionNotional);
    this.#maxOpenOrders = scaled(limits.maxOpenOrderNotional);
    this.#budget = scaled(limits.budget);
    this.#maxGross = limits.maxGrossExposure;
    this.#maxNet = limits.maxNetExposure;
    this.#maxInstrument = limits.maxInstrumentExposure ?? UNLIMITED;
    this.#maxLeverage = limits.maxLeverage ?? UNLIMITED;
    this.#maxCapital = limits.maxCapitalInUse ?? UNLIMITED;
  }

  /** Whether no check refuses the order; false also where it may be that none does. */
  passes(engine: Engine, strategy: number, market: MarketState, leg: Order, protection: Protection): boolean {
    const { equity, time, watch, live } = engine;
    if (!(equity > 0) || engine.tradingState === 'Reducing' || engine.lateByMs > 0) return false;
    if (live !== undefined && !(live.arming && live.reconciled)) return false;
    if (live !== undefined && standingAgainst(live, market.index, leg, leg.type, time)) return false;
    if (market.restricted || market.halted !== undefined) return false;
    if (leg.side === 'sell' && !this.#allowShort) return false;
    const { dayStart, weekStart, peak } = watch;
    if (dayStart - equity >= dayStart * this.#maxDailyLoss) return false;
    if (weekStart - equity >= weekStart * this.#maxWeeklyLoss) return false;
    if (peak - equity > peak * this.#maxDrawdown) return false;
    if (engine.definition.budgets !== undefined && !withinGrants(engine)) return false;
    const age = time - market.pricedAt;
    if (age > this.#staleAfterMs || (leg.price === 0 && age > this.#freshQuoteMs)) return false;
    if (engine.workingOrders >= this.#maxWorkingOrders) return false;
    if (watch.ordersWithinMinute(time) >= this.#maxOrdersPerMinute) return false;
    const { ordersToday } = watch;
    if (ordersToday >= ORDERS_BEFORE_RATIO && ordersToday / Math.max(1, watch.fillsToday) > this.#maxOrdersPerFill)
      return false;
    const { index } = market;
    if (
      this.#maxRepeatedExecutions !== UNLIMITED &&
      watch.repeatsOf(strategy, index, leg.side) >= this.#maxRepeatedExecutions
    )
      return false;
    if (this.#duplicateWithinMs > 0 && time - watch.lastSame(strategy, index, leg) < this.#duplicateWithinMs)
      return false;
    return (
      (!this.#followsTrades || this.#tradesPass(engine, strategy, index)) && this.#pricesPass(market, leg, protection)
    );
  }

  /** Whether no trade that has ended stands against it. */
  #tradesPass({ watch, time, equity }: Engine, strategy: number, instrument: number): boolean {
    const { tallies } = watch.trades;
    if (!tallies.moveTo(time)) return false;
    if (tallies.streakOf(strategy) >= this.#losingStreak && time < tallies.lastLossOf(strategy) + this.#streakPauseMs)
      return false;
    const last = tallies.lastIn(instrument);
    if (time - last < this.#cooldownMs) return false;
    if (tallies.stops >= this.#stops && time < tallies.lastStop + this.#stopsPauseMs) return false;
    if (
      tallies.tradesIn(instrument) >= this.#lossTrades &&
      time < last + this.#lossPauseMs &&
      -tallies.profitIn(instrument) >= this.#lossShare * equity
    )
      return false;
    return !(
      tallies.recent >= this.#drawdownTrades &&
      time < tallies.last + this.#drawdownPauseMs &&
      tallies.drawdown >= this.#drawdownShare * equity
    );
  }

  #pricesPass(market: MarketState, leg: Order, protection: Protection): boolean {
    if (faultOfPrices(market, leg, protection)) return false;
    const { lastPrice } = market;
    const isPriced = leg.type !== 'market' && leg.type !== 'trailing-stop';
    if (isPriced && isOutside(leg, lastPrice, this.#priceCollarBps)) return false;
    const collar = this.#referenceCollarBps;
    if (collar !== UNLIMITED) {
      const first = Math.max(0, market.at - market.averaged + 1);
      const count = market.at + 1 - first;
      const sum = sumOf(market.close, first, market.at + 1);
      const narrower = collar * (1 - ROUNDING) - ROUNDING;
      if (!(Math.abs(lastPrice * count - sum) * 10_000 <= narrower * sum)) return false;
      if (isPriced && isOutside(leg, sum / count, narrower)) return false;
    }
    if (!this.#preventSelfMatch) return true;
    const { orders } = market;
    for (let k = 0; k < orders.length; k++) if (wouldMeet(leg, market, orders[k])) return false;
    return true;
  }

  /** What the tightest cap leaves an order at `price`, in money; infinite where none applies. The equity is above zero. */
  roomFor(engine: Engine, strategy: number, market: MarketState, buys: boolean, price: number, asked: number): number {
    const { equity, live, columns } = engine;
    const { gross, netLong, netShort } = exposures(engine);
    const side = sideExposure(market, buys);
    const ours = gross - Math.max(side, sideExposure(market, !buys)) + side;
    let room = this.#maxOrder;
    room = Math.min(room, this.#maxPosition - side, this.#budget - ours);
    room = Math.min(room, Math.floor(this.#maxGross * equity) - ours);
    room = Math.min(room, Math.floor(this.#maxNet * equity) - (buys ? netLong : netShort));
    room = Math.min(room, Math.floor(this.#maxInstrument * equity) - side);
    room = Math.min(room, this.#maxOpenOrders - (columns.reservedForBuys + columns.reservedForSells));
    if (engine.definition.budgets !== undefined) room = Math.min(room, grantOf(engine, 'grossExposure') - ours);
    if (live?.arming) room = Math.min(room, live.arming.maxOrderNotional, live.arming.maxExposure - gross);
    const group = this.#controls.groupOf(market);
    if (group) room = Math.min(room, Math.floor(group.maxExposure * equity) - usedInGroup(engine, market, buys, side));
    if (this.#maxLeverage !== UNLIMITED && market.isPerpetual)
      room = Math.min(room, Math.floor(this.#maxLeverage * equity) - usedOnMargin(engine, market, buys));
    return Math.min(this.#cashRoom(engine, strategy, market, buys, room), this.#usualRoom(market, price, room, asked));
  }

  #cashRoom(engine: Engine, strategy: number, market: MarketState, buys: boolean, room: number): number {
    const isCapped = this.#maxCapital !== UNLIMITED;
    const { isPerpetual } = market;
    if (isPerpetual) room = Math.min(room, marginRoom(engine, strategy, market, buys));
    const paysCash = buys && !isPerpetual;
    if (!isCapped && !paysCash) return room;
    const free = freeCash(engine);
    if (isCapped) room = Math.min(room, Math.floor(this.#maxCapital * engine.equity) - (engine.equity - free));
    return paysCash ? Math.min(room, free) : room;
  }

  /** The room that the volume leaves, where it may be the tightest; else infinite. */
  #usualRoom(market: MarketState, price: number, room: number, asked: number): number {
    if (this.#maxShareOfVolume === UNLIMITED) return UNLIMITED;
    const { at, averaged, volume } = market;
    const enough = Math.min(room, asked) + 1;
    const worthOfOne = ((market.quantityScale * this.#maxShareOfVolume * price) / market.valueDivisor) * (1 - ROUNDING);
    // No volume is below zero: the average is no less than the last one's part of it.
    if ((volume[at] / averaged) * worthOfOne >= enough) return UNLIMITED;
    const first = Math.max(0, at - averaged + 1);
    const average = sumOf(volume, first, at + 1) / (at + 1 - first);
    return average * worthOfOne >= enough ? UNLIMITED : usualRoom(market, price, this.#maxShareOfVolume);
  }
}

/** Whether it has lost and ordered less than it was granted. */
const withinGrants = (engine: Engine): boolean =>
  engine.watch.dayStart - engine.equity < grantOf(engine, 'dailyLoss') &&
  engine.watch.ordersWithinMinute(engine.time) < grantOf(engine, 'orderRate');

/** A sum in four lanes: the processor need not wait for one addition to begin the next. */
function sumOf(values: Float64Array, from: number, to: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let k = from;
  for (; k + 3 < to; k += 4) {
    a += values[k];
    b += values[k + 1];
    c += values[k + 2];
    d += values[k + 3];
  }
  for (; k < to; k++) a += values[k];
  return a + b + (c + d);
}
