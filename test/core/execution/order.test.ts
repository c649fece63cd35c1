import { describe, expect, test } from 'vitest';
import { PlimsollError } from '../../../core/errors.ts';
import {
  isImmediate,
  isUntriggeredStop,
  ORDER_STATES,
  Order,
  type OrderState,
  worksAtMarket,
} from '../../../core/execution/order.ts';

/** States in which a venue may have the order. */
const AT_VENUE: readonly OrderState[] = ['Submitted', 'Accepted', 'PartiallyFilled', 'PendingCancel', 'Unresolved'];
const HELD: OrderState = 'Held';

/** What an order can become, and what it must be for that. */
const BECOMES: readonly (readonly [next: OrderState, from: readonly OrderState[], why: string])[] = [
  ['Initialized', [], 'nothing begins again'],
  ['Denied', ['Initialized'], 'we refuse before we send'],
  ['Submitted', ['Initialized', 'Accepted'], 'what was watched here may be sent to a venue later'],
  ['Held', ['Initialized', 'Submitted'], 'a worked order is held at once, a leg after it was submitted'],
  [
    'Accepted',
    ['Submitted', HELD, 'PendingCancel', 'Unresolved'],
    'a venue may refuse to cancel, or be found to have it',
  ],
  [
    'PartiallyFilled',
    [...AT_VENUE, HELD],
    'a fill may come before any other answer, and of a worked order from its parts',
  ],
  ['Filled', AT_VENUE, 'the last fill may come before any other answer'],
  [
    'PendingCancel',
    ['Submitted', 'Accepted', 'PartiallyFilled', 'Unresolved', HELD],
    'whatever is not over can be canceled',
  ],
  ['Canceled', [...AT_VENUE, HELD, 'Initialized'], 'whatever is not over can end so, unsent too'],
  ['Expired', [...AT_VENUE, HELD], 'its day ends wherever it is'],
  [
    'Rejected',
    ['Submitted', 'Accepted', 'PendingCancel', 'Unresolved', HELD],
    'a venue refuses no order that has fills',
  ],
  ['Unresolved', ['Submitted', 'Accepted', 'PartiallyFilled', 'PendingCancel'], 'it was sent, and nobody knows'],
  ['Lost', ['PendingCancel', 'Unresolved'], 'it was asked for, and can no longer come to be'],
];

const orderIn = (state: OrderState): Order => Object.assign(new Order(), { id: 7, state });

describe('an order', () => {
  test.each(BECOMES)('becomes %s from %j only: %s', (next, from) => {
    const possible = ORDER_STATES.filter((state) => {
      const order = orderIn(state);
      try {
        order.to(next);
      } catch (error) {
        expect(error).toBeInstanceOf(PlimsollError);
        expect((error as PlimsollError).message).toContain(`order 7 went from ${state} to ${next}`);
        expect(order.state).toBe(state);
        return false;
      }
      expect(order.state).toBe(next);
      return true;
    });
    expect(new Set(possible)).toEqual(new Set(from));
  });

  test('ends once: nothing follows an end', () => {
    for (const state of ['Denied', 'Filled', 'Canceled', 'Expired', 'Rejected', 'Lost'] as const)
      for (const next of ORDER_STATES) expect(() => orderIn(state).to(next)).toThrow(PlimsollError);
  });
});

describe('how an order works', () => {
  const ways = (fields: Partial<Order>) => {
    const order = Object.assign(new Order(), fields);
    return [isUntriggeredStop(order), worksAtMarket(order), isImmediate(order)];
  };

  // [waits for its stop price, takes any price, what does not fill at once is canceled]
  test.each<[Partial<Order>, boolean[]]>([
    [{ type: 'market' }, [false, true, false]],
    [{ type: 'limit' }, [false, false, false]],
    [{ type: 'stop' }, [true, false, false]],
    [{ type: 'stop', triggered: true }, [false, true, false]],
    [{ type: 'stop-limit' }, [true, false, false]],
    [{ type: 'stop-limit', triggered: true }, [false, false, false]],
    [{ type: 'trailing-stop' }, [true, false, false]],
    [{ type: 'trailing-stop', triggered: true }, [false, true, false]],
    [{ type: 'limit', timeInForce: 'day' }, [false, false, false]],
    [{ type: 'limit', timeInForce: 'ioc' }, [false, false, true]],
    [{ type: 'limit', timeInForce: 'fok' }, [false, false, true]],
    [{ type: 'stop', timeInForce: 'ioc' }, [true, false, false]],
    [{ type: 'stop-limit', timeInForce: 'fok' }, [true, false, false]],
    [{ type: 'stop-limit', timeInForce: 'fok', triggered: true }, [false, false, true]],
  ])('%j', (fields, expected) => {
    expect(ways(fields)).toEqual(expected);
  });
});
