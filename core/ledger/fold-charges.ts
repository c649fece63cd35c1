/** Money that moves without a fill: the owner's deposits and withdrawals, funding, and the cost of borrowing. */
import type { LedgerEvent } from './events.ts';
import { scaledByHand } from './fold-instrument.ts';
import { ceilDivide, floorDivide } from './fold-numbers.ts';
import type { FoldedPosition, FoldState } from './fold-state.ts';

const MILLION = 1_000_000n;
const DAYS_PER_YEAR = 365n;

export function moveCash(state: FoldState, event: LedgerEvent): void {
  state.account.cash += scaledByHand(event.amount);
  state.equal('cash', state.account.cash, event.cash);
}

export function settleFunding(state: FoldState, event: LedgerEvent): void {
  if (!state.known(event, event.instrument)) return;
  const listed = state.account.instruments[event.instrument as number];
  const held = state.position(event.strategy as number, event.instrument as number);
  const isWhole = Number.isSafeInteger(event.rateMillionths);
  state.check(isWhole, 'rateMillionths', 'a whole number', event.rateMillionths);
  if (!isWhole) return;
  const rate = BigInt(event.rateMillionths as number);
  const isHeld = held.quantity !== 0n && listed.isPerpetual;
  state.check(isHeld, 'position', 'a position in a perpetual', held.quantity);
  const pays = held.quantity > 0n === rate > 0n;
  const size = held.quantity < 0n ? -held.quantity : held.quantity;
  const exact = size * scaledByHand(event.mark) * listed.numerator;
  const share = rate < 0n ? -rate : rate;
  const owed = pays
    ? -ceilDivide(ceilDivide(exact, listed.divisor) * share, MILLION)
    : floorDivide(floorDivide(exact, listed.divisor) * share, MILLION);
  charge(state, event, held, owed);
}

export function chargeBorrow(state: FoldState, event: LedgerEvent): void {
  if (!state.known(event, event.instrument)) return;
  const listed = state.account.instruments[event.instrument as number];
  const held = state.position(event.strategy as number, event.instrument as number);
  const isBorrowed = held.quantity < 0n && !listed.isPerpetual;
  state.check(isBorrowed, 'position', 'a short that was borrowed', held.quantity);
  const value = ceilDivide(-held.quantity * scaledByHand(event.mark) * listed.numerator, listed.divisor);
  const rate = state.account.borrowBpsPerYear || listed.borrowRate;
  charge(state, event, held, -ceilDivide(value * rate, MILLION * DAYS_PER_YEAR));
}

function charge(state: FoldState, event: LedgerEvent, held: FoldedPosition, owed: bigint): void {
  held.funding += owed;
  state.account.cash += owed;
  state.equal('amount', owed, event.amount);
  state.equal('cash', state.account.cash, event.cash);
}
