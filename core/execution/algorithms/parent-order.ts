import type { Engine } from '../../engine/engine.ts';
import type { MarketState } from '../../engine/market-state.ts';
import { Order } from '../order.ts';
import type { AlgorithmSetting } from './algorithm.ts';

/**
 * An order that an algorithm works. It is never sent: what is sent are children, carved out of what risk has reserved for it, and
 * their fills are its own. It stands among the orders that are held here (`MarketState.held`), from when it begins until it is over.
 */
export class ParentOrder extends Order {
  algorithm: AlgorithmSetting = { kind: 'twap', slices: 1, durationMs: 1, atEnd: 'cancel' };
  /** Cycle (ms UTC) in which the window began; 0 before. */
  begunAt = 0;
  /** Cycle (ms UTC) of the last child; 0 before the first. */
  lastSentAt = 0;
  /** Code of the control that refused the last child; empty where it passed. A refusal that lasts is recorded once. */
  refused = '';

  override get isParent(): boolean {
    return true;
  }
}

/** How an order is measured: in money where it has a budget, else by its quantity. */
export const totalOf = ({ budget, quantity }: Order): number => (budget > 0 ? budget : quantity);

/** What its fills have used up of that. */
export const usedOf = ({ budget, filled, filledNotional }: Order): number => (budget > 0 ? filledNotional : filled);

/** What of an order may still fill. */
export const restOf = (order: Order): number => Math.max(0, totalOf(order) - usedOf(order));

/** The parents of a market that are not over, in order of their ids. */
export const parentsIn = ({ held }: MarketState): ParentOrder[] =>
  held.filter((order): order is ParentOrder => order.isParent);

/** The order that another is a part of; undefined once that is over. */
export function parentOf({ markets }: Engine, { instrument, carvedFrom }: Order): ParentOrder | undefined {
  return markets[instrument].held.find(({ id }) => id === carvedFrom) as ParentOrder | undefined;
}

/** Parts of an order that are not over: at work, and decided but not submitted. */
export function childrenOf({ markets, intents }: Engine, { id, instrument }: Order): Order[] {
  const isPart = (order: Order): boolean => order.carvedFrom === id && order.state !== 'Canceled';
  return [...markets[instrument].orders.filter(isPart), ...intents.filter(isPart)];
}
