/** Every control of the risk line that an order meets which may raise a position, in the order in which they are asked. */

import type { Refusal } from '../../engine/bookkeeping.ts';
import type { MarketState } from '../../engine/market-state.ts';
import type { Limits } from '../limits.ts';
import { noDuplicate, orderRate, orderToTradeRatio, repeatedExecution, workingOrders } from './activity.ts';
import type { Candidate, Cap, Check, Described } from './control.ts';
import {
  budget,
  capitalInUse,
  cash,
  concentration,
  grossExposure,
  groupExposure,
  leastNotional,
  leastQuantity,
  leverage,
  netExposure,
  openOrderNotional,
  orderNotional,
  positionNotional,
  usualSize,
} from './exposure.ts';
import { armedExposure, armedOrder } from './live.ts';
import {
  cooldown,
  dailyLoss,
  drawdown,
  instrumentLoss,
  losingStreak,
  positiveEquity,
  recentDrawdown,
  stopLossGuard,
  weeklyLoss,
} from './loss.ts';
import { armed, notHalted, notReducing, notRestricted, onTime, priced, reconciled, shortAllowed } from './market.ts';
import { freshPrice, freshQuote, noSelfMatch, priceCollar, referenceCollar, validPrices } from './price.ts';

/** Those that hold for every order, one that only lowers a position too. */
export const OF_EVERY_ORDER: readonly Described[] = [notHalted, priced];

/** They pass or refuse. */
export const CHECKS: readonly Check[] = [
  positiveEquity,
  dailyLoss,
  weeklyLoss,
  drawdown,
  notReducing,
  armed,
  reconciled,
  notRestricted,
  onTime,
  freshPrice,
  freshQuote,
  losingStreak,
  cooldown,
  stopLossGuard,
  instrumentLoss,
  recentDrawdown,
  workingOrders,
  orderRate,
  orderToTradeRatio,
  repeatedExecution,
  noDuplicate,
  validPrices,
  priceCollar,
  referenceCollar,
  noSelfMatch,
  shortAllowed,
];

/** They leave room: an order is made as small as the tightest asks, or refused with its code. */
export const CAPS: readonly Cap[] = [
  orderNotional,
  usualSize,
  positionNotional,
  grossExposure,
  netExposure,
  concentration,
  groupExposure,
  leverage,
  openOrderNotional,
  capitalInUse,
  budget,
  armedOrder,
  armedExposure,
  cash,
];

/**
 * The refusal of the first of {@link CHECKS} that refuses. Written out, since the compiler takes them into one function then, and a
 * loop over the list costs an order three times as much; a test holds both to one order.
 */
export function refusalOf(candidate: Candidate, limits: Limits): Refusal | undefined {
  return (
    positiveEquity.check(candidate, limits) ??
    dailyLoss.check(candidate, limits) ??
    weeklyLoss.check(candidate, limits) ??
    drawdown.check(candidate, limits) ??
    notReducing.check(candidate, limits) ??
    armed.check(candidate, limits) ??
    reconciled.check(candidate, limits) ??
    notRestricted.check(candidate, limits) ??
    onTime.check(candidate, limits) ??
    freshPrice.check(candidate, limits) ??
    freshQuote.check(candidate, limits) ??
    losingStreak.check(candidate, limits) ??
    cooldown.check(candidate, limits) ??
    stopLossGuard.check(candidate, limits) ??
    instrumentLoss.check(candidate, limits) ??
    recentDrawdown.check(candidate, limits) ??
    workingOrders.check(candidate, limits) ??
    orderRate.check(candidate, limits) ??
    orderToTradeRatio.check(candidate, limits) ??
    repeatedExecution.check(candidate, limits) ??
    noDuplicate.check(candidate, limits) ??
    validPrices.check(candidate, limits) ??
    priceCollar.check(candidate, limits) ??
    referenceCollar.check(candidate, limits) ??
    noSelfMatch.check(candidate, limits) ??
    shortAllowed.check(candidate, limits)
  );
}

/** What is left of an order after every cap must still be something that the venue takes. */
export const SMALLEST: readonly Described[] = [leastQuantity, leastNotional];

/** A group of instruments that count as one bet. */
interface Group {
  readonly maxExposure: number;
  /** Positions in the account's universe. */
  readonly markets: readonly number[];
}

/** The controls of one account: those whose limit is set. */
export class ControlsInForce {
  readonly caps: readonly Cap[];
  /** By the market's index. */
  readonly #groups: readonly (Group | undefined)[];

  constructor(limits: Limits, markets: readonly MarketState[]) {
    const isSet = ({ limit }: { readonly limit?: keyof Limits }): boolean =>
      limit === undefined || limits[limit] !== undefined;
    this.caps = CAPS.filter(isSet);
    const groups = (limits.groups ?? []).map(({ symbols, maxExposure }) => ({
      maxExposure,
      markets: markets.filter(({ instrument }) => symbols.includes(instrument.symbol)).map(({ index }) => index),
    }));
    this.#groups = markets.map(({ index }) => groups.find((group) => group.markets.includes(index)));
  }

  /** The first group that a market is in. */
  groupOf({ index }: MarketState): Group | undefined {
    return this.#groups[index];
  }
}
