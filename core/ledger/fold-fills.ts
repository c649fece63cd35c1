/** A fill: what it may be, and what it does to the order, the position and the cash. */
import type { LedgerEvent } from './events.ts';
import { scaledByHand } from './fold-instrument.ts';
import { ceilDivide, floorDivide } from './fold-numbers.ts';
import { fillParent } from './fold-parents.ts';
import type { FoldedOrder, FoldedPosition, FoldState } from './fold-state.ts';

const MILLION = 1_000_000n;

export function fillOrder(state: FoldState, event: LedgerEvent): void {
  const order = state.order(event);
  if (!order) return;
  const { account } = state;
  const listed = account.instruments[order.instrument];
  const held = state.position(order.strategy, order.instrument);
  const quantity = scaledByHand(event.quantity);
  const price = scaledByHand(event.price);
  checkFill(state, order, held, quantity, price);
  if (state.wrong) return;
  const buys = order.side === 'buy';
  const notional = (buys ? ceilDivide : floorDivide)(quantity * price * listed.numerator, listed.divisor);
  const fee = ceilDivide(notional * (event.maker ? listed.makerFee : listed.takerFee), MILLION);
  const realised = changePosition(held, buys ? quantity : -quantity, buys ? notional : -notional);
  held.fees += fee;
  account.cash += (listed.isPerpetual ? realised : buys ? -notional : notional) - fee;
  order.filled += quantity;
  order.filledNotional += notional + (buys ? fee : 0n);
  fillParent(state, order, quantity, notional + (buys ? fee : 0n));
  state.equal('fee', fee, event.fee);
  state.equal('realised', realised, event.realised);
  state.equal('cash', account.cash, event.cash);
  state.equal('position', held.quantity, event.position);
  const { budget, filledNotional } = order;
  state.check(budget === 0n || filledNotional <= budget, 'budget', `at most ${budget} spent`, filledNotional);
  if (event.complete) {
    // What a part has not used is its order's again.
    if (order.carvedFrom !== 0) releasePart(state, order, notional, fee, listed.isPerpetual);
    state.end(order, 'Filled');
    return;
  }
  state.move(order, 'PartiallyFilled');
  releasePart(state, order, notional, fee, listed.isPerpetual);
}

function checkFill(state: FoldState, order: FoldedOrder, held: FoldedPosition, quantity: bigint, price: bigint): void {
  state.check(quantity > 0n, 'quantity', 'more than nothing', quantity);
  state.check(price > 0n, 'price', 'more than nothing', price);
  const room = roomOf(state, order);
  if (room !== undefined) state.check(quantity <= room, 'quantity', `at most ${room}`, quantity);
  if (order.reduceOnly) {
    const reducible = order.side === 'buy' ? -held.quantity : held.quantity;
    state.check(quantity <= reducible, 'quantity', `at most ${reducible}, which is held`, quantity);
  }
  if (order.type === 'limit' || order.type === 'stop-limit') {
    const isWithin = order.side === 'buy' ? price <= order.price : price >= order.price;
    state.check(isWithin, 'price', `no worse than ${order.price}`, price);
  }
  const mayFill = order.type === 'market' || order.type === 'limit' || order.triggered;
  state.check(mayFill, 'state', 'a stop that was triggered', order.type);
}

/** What an order may still fill: a leg what its entry has filled and its sibling has not closed; a budget says no quantity. */
function roomOf(state: FoldState, order: FoldedOrder): bigint | undefined {
  if (order.parent === 0) return order.budget > 0n ? undefined : order.quantity - order.filled;
  const { filled } = state.account.orders[order.parent - 1];
  return state.legsOf(order.parent).reduce((room, leg) => room - leg.filled, filled);
}

export function releasePart(
  state: FoldState,
  order: FoldedOrder,
  notional: bigint,
  fee: bigint,
  isPerpetual: boolean,
): void {
  const exposure = smaller(order.exposure, notional);
  let used = notional + fee > 0n ? notional + fee : 0n;
  if (isPerpetual) used = order.exposure === 0n ? 0n : (order.reserved * exposure) / order.exposure;
  const cash = smaller(order.reserved, used);
  order.reserved -= cash;
  order.exposure -= exposure;
  state.account.reservedCash -= cash;
}

/**
 * Changes a position by `signed` units for `paid` money (negative: received) and returns what closing realised. The cost leaves at
 * its average; every division is rounded against the account.
 */
export function changePosition(held: FoldedPosition, signed: bigint, paid: bigint): bigint {
  const before = held.quantity;
  held.quantity += signed;
  if (before === 0n || before > 0n === signed > 0n) {
    held.cost += paid;
    return 0n;
  }
  const size = before < 0n ? -before : before;
  const traded = signed < 0n ? -signed : signed;
  const closed = smaller(size, traded);
  const costOut = ceilDivide(held.cost * closed, size);
  const paidIn = ceilDivide(paid * closed, traded);
  held.cost -= costOut;
  if (traded > size) held.cost = paid - paidIn;
  const realised = -paidIn - costOut;
  held.realised += realised;
  return realised;
}

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
