/** What is paid for holding a position, written and applied as in bookkeeping.ts. */
import { mulDivCeil, mulDivFloor } from '../numbers.ts';
import { addCash, begin, notionalOf, RECORDS } from './bookkeeping.ts';
import type { Engine } from './engine.ts';
import { type MarketState, millionths } from './market-state.ts';

/** One funding payment of a strategy's position, at the price `mark`. */
export function settleFunding(engine: Engine, market: MarketState, strategy: number, mark: number): void {
  const held = engine.position(strategy, market.index);
  const pays = held.quantity > 0 === market.fundingRateMillionths > 0;
  const value = notionalOf(market, Math.abs(held.quantity), mark, pays);
  const rate = Math.abs(market.fundingRateMillionths);
  const amount = pays ? -mulDivCeil(value, rate, 1_000_000) : mulDivFloor(value, rate, 1_000_000);
  held.funding += amount;
  addCash(engine, amount);
  const at = begin(engine, RECORDS.FundingSettled, strategy);
  const words = engine.journal.words;
  words[at] = market.index;
  words[at + 1] = market.fundingRateMillionths;
  words[at + 2] = mark;
  words[at + 3] = amount + 0;
  words[at + 4] = engine.cash;
}

const DAYS_PER_YEAR = 365;

/** A day's cost of what a strategy has borrowed to be short. */
export function chargeBorrow(
  engine: Engine,
  market: MarketState,
  strategy: number,
  mark: number,
  bpsPerYear: number,
): void {
  const held = engine.position(strategy, market.index);
  const value = notionalOf(market, -held.quantity, mark, true);
  const amount = -mulDivCeil(value, millionths(bpsPerYear), 1_000_000 * DAYS_PER_YEAR);
  held.funding += amount;
  addCash(engine, amount);
  const at = begin(engine, RECORDS.BorrowCharged, strategy);
  const words = engine.journal.words;
  words[at] = market.index;
  words[at + 1] = mark;
  words[at + 2] = amount + 0;
  words[at + 3] = engine.cash;
}
