/** The controls that every child meets: those of the moment and of its own price. What it may amount to, its parent was held to. */
import type { Refusal } from '../../engine/bookkeeping.ts';
import type { Engine } from '../../engine/engine.ts';
import type { MarketState } from '../../engine/market-state.ts';
import { orderRate } from '../../risk/controls/activity.ts';
import { Candidate, type Check } from '../../risk/controls/control.ts';
import { dailyLoss, drawdown, positiveEquity, weeklyLoss } from '../../risk/controls/loss.ts';
import {
  armed,
  notReducing,
  notRestricted,
  onTime,
  reconciled,
  refusalOfTheMoment,
} from '../../risk/controls/market.ts';
import {
  freshPrice,
  freshQuote,
  noSelfMatch,
  priceCollar,
  referenceCollar,
  validPrices,
} from '../../risk/controls/price.ts';
import type { Order } from '../order.ts';

/** Of a child that may raise a position; one that only lowers it passes everything but a halt, as every such order does. */
const CHILD_CHECKS: readonly Check[] = [
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
  orderRate,
  validPrices,
  priceCollar,
  referenceCollar,
  noSelfMatch,
];

/** The refusal of the first control that refuses; undefined where the child may be sent. */
export function refusalOfChild(engine: Engine, market: MarketState, child: Order): Refusal | undefined {
  const refusal = refusalOfTheMoment(engine, market);
  if (refusal || child.reduceOnly) return refusal;
  const candidate = new Candidate(engine, child.strategy, market, child, {});
  const { limits } = engine.definition;
  for (const { check } of CHILD_CHECKS) {
    const refused = check(candidate, limits);
    if (refused) return refused;
  }
  return undefined;
}
