/** Every control of the risk line that an order meets which may raise a position, in the order in which they are asked. */

import type { Refusal } from '../../engine/bookkeeping.ts';
import type { EngineDefinition } from '../../engine/engine.ts';
import type { MarketState } from '../../engine/market-state.ts';
import type { Limits } from '../limits.ts';
import { RiskLine } from '../line.ts';
import {
  noDuplicate,
  orderRate,
  orderRateBudget,
  orderToTradeRatio,
  repeatedExecution,
  workingOrders,
} from './activity.ts';
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
  dailyLossBudget,
  drawdown,
  instrumentLoss,
  losingStreak,
  positiveEquity,
  recentDrawdown,
  stopLossGuard,
  weeklyLoss,
} from './loss.ts';
import {
  armed,
  marketOpen,
  notHalted,
  notReducing,
  notRestricted,
  onTime,
  priced,
  reconciled,
  shortAllowed,
} from './market.ts';
import { freshPrice, freshQuote, noSelfMatch, priceCollar, referenceCollar, validPrices } from './price.ts';
import { historyKnown, sizeKnown, stopKnown, withinSize } from './sizing.ts';

/** Those that hold for every order, one that only lowers a position too. */
export const OF_EVERY_ORDER: readonly Described[] = [notHalted, priced];

/** They pass or refuse. */
export const CHECKS: readonly Check[] = [
  positiveEquity,
  dailyLoss,
  dailyLossBudget,
  weeklyLoss,
  drawdown,
  notReducing,
  armed,
  reconciled,
  marketOpen,
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
  orderRateBudget,
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

/** The refusal of the first of {@link CHECKS} that refuses. */
export function refusalOf(candidate: Candidate, limits: Limits): Refusal | undefined {
  for (const { check } of CHECKS) {
    const refusal = check(candidate, limits);
    if (refusal) return refusal;
  }
  return undefined;
}

/** What is left of an order after every cap must still be something that the venue takes. */
export const SMALLEST: readonly Described[] = [leastQuantity, leastNotional];

/** Methods that make an order smaller than its strategy asks, for accounts that configure them. */
export const SIZED: readonly Described[] = [withinSize, historyKnown, stopKnown, sizeKnown];

/** A group of instruments that count as one bet. */
interface Group {
  readonly maxExposure: number;
  /** Positions in the account's universe. */
  readonly markets: readonly number[];
}

/** What of an account's definition the controls go by. */
type Governed = Pick<EngineDefinition, 'limits' | 'budgets'>;

/** The controls of one account: those whose limit is set. */
export class ControlsInForce {
  readonly caps: readonly Cap[];
  /** The same, for orders that pass. */
  readonly line: RiskLine;
  /** By the market's index. */
  readonly #groups: readonly (Group | undefined)[];

  constructor({ limits, budgets }: Governed, markets: readonly MarketState[], moneyScale: number) {
    const isSet = ({ limit }: { readonly limit?: keyof Limits }): boolean =>
      limit === undefined || limits[limit] !== undefined;
    this.caps = CAPS.filter((cap) => isSet(cap) || (cap === budget && budgets?.includes('grossExposure')));
    const groups = (limits.groups ?? []).map(({ symbols, maxExposure }) => ({
      maxExposure,
      markets: markets.filter(({ instrument }) => symbols.includes(instrument.symbol)).map(({ index }) => index),
    }));
    this.line = new RiskLine(limits, this, moneyScale);
    this.#groups = markets.map(({ index }) => groups.find((group) => group.markets.includes(index)));
  }

  /** The first group that a market is in. */
  groupOf({ index }: MarketState): Group | undefined {
    return this.#groups[index];
  }
}
