/** The one move of a stop by itself; test/core/risk/stops.test.ts plays it against bars. */
import { expect, test } from 'vitest';
import { moveToBreakEven } from '../../../core/execution/break-even.ts';
import { Order } from '../../../core/execution/order.ts';
import { account, open, playedOf, running, scripted } from '../engine/account.ts';

const engine = () => open(account({ strategies: [running(scripted(() => undefined))] }));
/** Moves to 100.00 once the price has been at 102.00, or at 98.00 for a short. */
const stopOf = (side: 'buy' | 'sell', trigger: number): Order =>
  Object.assign(new Order(), {
    ...{ id: 1, type: 'stop', side, trigger },
    ...{ breakEvenFrom: side === 'sell' ? 10_200 : 9_800, breakEvenTo: 10_000 },
  });

test.each([
  ['sell', 9_500, [10_199, 10_000], false, 9_500],
  ['sell', 9_500, [10_200, 10_000], true, 10_000],
  ['buy', 10_500, [10_000, 9_801], false, 10_500],
  ['buy', 10_500, [10_000, 9_800], true, 10_000],
] as const)('a stop to %s at %i says of the prices %j whether it moved', (side, trigger, [high, low], moved, to) => {
  const order = stopOf(side, trigger);
  expect([moveToBreakEven(engine(), order, high, low), order.trigger]).toEqual([moved, to]);
  expect(order.breakEvenFrom === 0).toBe(moved);
});

test.each([
  ['sell', 10_000],
  ['sell', 10_050],
  ['buy', 10_000],
  ['buy', 9_950],
] as const)('a stop to %s that is at %i has no farther to go: the ledger hears of no move', (side, trigger) => {
  const account = engine();
  const order = stopOf(side, trigger);
  expect([moveToBreakEven(account, order, 10_200, 9_800), order.trigger]).toEqual([true, trigger]);
  expect(playedOf(account).of('StopMoved')).toEqual([]);
  // It moves once.
  expect(moveToBreakEven(account, order, 10_200, 9_800)).toBe(false);
});
