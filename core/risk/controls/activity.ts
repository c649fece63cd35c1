/** Controls of activity: how many orders, how often, and whether they come to anything. */
import { grantOf } from '../budgets.ts';
import { type Check, refuse } from './control.ts';

/** Five hundred: what a venue lets an account have at most, and far more than a strategy that is in order needs. */
export const workingOrders: Check = {
  code: 'WORKING_ORDERS_EXCEED_MAX',
  limit: 'maxWorkingOrders',
  owner: 'operations',
  check: ({ engine }, { maxWorkingOrders }) =>
    engine.workingOrders >= maxWorkingOrders
      ? refuse('WORKING_ORDERS_EXCEED_MAX', maxWorkingOrders, engine.workingOrders)
      : undefined,
};

/** Ten a second over a minute: below what venues allow a key, above what bars can cause. */
export const orderRate: Check = {
  code: 'ORDER_RATE_EXCEEDS_MAX',
  limit: 'maxOrdersPerMinute',
  owner: 'operations',
  check: ({ engine }, { maxOrdersPerMinute }) => {
    const rate = engine.watch.ordersWithinMinute(engine.time);
    return rate >= maxOrdersPerMinute ? refuse('ORDER_RATE_EXCEEDS_MAX', maxOrdersPerMinute, rate) : undefined;
  },
};

/** Where the instance has such a budget: what a venue allows one key is shared by all accounts that use it. */
export const orderRateBudget: Check = {
  code: 'ORDER_RATE_BUDGET_EXCEEDED',
  owner: 'operations',
  check: ({ engine }) => {
    const granted = grantOf(engine, 'orderRate');
    const rate = engine.watch.ordersWithinMinute(engine.time);
    return rate >= granted ? refuse('ORDER_RATE_BUDGET_EXCEEDED', granted, rate) : undefined;
  },
};

/** Orders of a day before their number is held against the fills. */
export const ORDERS_BEFORE_RATIO = 20;

/**
 * Off by default. Many orders and few fills are quoting by accident, or a venue that refuses them; the first 20 of a day are
 * not counted against it.
 */
export const orderToTradeRatio: Check = {
  code: 'ORDER_TO_TRADE_RATIO_EXCEEDS_MAX',
  limit: 'maxOrdersPerFill',
  owner: 'operations',
  check: ({ engine }, { maxOrdersPerFill }) => {
    if (maxOrdersPerFill === undefined) return undefined;
    const { ordersToday, fillsToday } = engine.watch;
    const ratio = ordersToday / Math.max(1, fillsToday);
    return ordersToday >= ORDERS_BEFORE_RATIO && ratio > maxOrdersPerFill
      ? refuse('ORDER_TO_TRADE_RATIO_EXCEEDS_MAX', maxOrdersPerFill, Math.ceil(ratio))
      : undefined;
  },
};

/**
 * Off by default. The same decision again and again is a loop that nobody meant; a fill on the other side, or a person who
 * resumes trading, starts the count anew.
 */
export const repeatedExecution: Check = {
  code: 'REPEATED_EXECUTION_EXCEEDS_MAX',
  limit: 'maxRepeatedExecutions',
  owner: 'risk',
  check: ({ engine, strategy, market, leg }, { maxRepeatedExecutions }) => {
    if (maxRepeatedExecutions === undefined) return undefined;
    const count = engine.watch.repeatsOf(strategy, market.index, leg.side);
    return count >= maxRepeatedExecutions
      ? refuse('REPEATED_EXECUTION_EXCEEDS_MAX', maxRepeatedExecutions, count + 1)
      : undefined;
  },
};

/** Off by default: a strategy may mean the same order at every bar. Shorter than the timeframe, it catches what was sent twice. */
export const noDuplicate: Check = {
  code: 'DUPLICATE_ORDER',
  limit: 'duplicateWithinMs',
  owner: 'operations',
  check: ({ engine, strategy, leg, market }, { duplicateWithinMs }) => {
    if (duplicateWithinMs === undefined) return undefined;
    const age = engine.time - engine.watch.lastSame(strategy, market.index, leg);
    return age < duplicateWithinMs ? refuse('DUPLICATE_ORDER', duplicateWithinMs, age) : undefined;
  },
};
