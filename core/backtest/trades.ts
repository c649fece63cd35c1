import type { EngineDefinition } from '../engine/engine.ts';
import type { BarColumns } from '../market/bars.ts';
import { recordsOf } from './record-fields.ts';
import { RoundTrips } from './round-trips.ts';
import type { BacktestRun } from './run.ts';

/** A finished run with what it was made from; `bars` are those that the run was given. */
export interface BacktestResult {
  readonly run: BacktestRun;
  readonly definition: EngineDefinition;
  readonly bars: ReadonlyMap<string, BarColumns>;
}

/**
 * A round trip of one strategy in one instrument: from no position to no position, however many fills lie between. A fill
 * that turns a long position into a short one ends one trade and begins the next; its fee is divided by quantity.
 *
 * Prices and quantities are in plain units, money in the account's currency, times in ms UTC: those of the cycle, that is the
 * close of the bar in which the fill happened.
 */
export interface Trade {
  /** Id of the strategy in the account. */
  readonly strategy: string;
  readonly symbol: string;
  readonly side: 'long' | 'short';
  /** Whether it was still held after the last bar. It is then marked at the last close, not closed: no fee is counted for that. */
  readonly isOpen: boolean;
  readonly entryTime: number;
  /** Null while open. */
  readonly exitTime: number | null;
  /** Base units entered in all, also where parts were closed in between. */
  readonly quantity: number;
  /** Averages over the fills. Of an open trade, what is left counts in `exitPrice` at the last close. */
  readonly entryPrice: number;
  readonly exitPrice: number;
  /** Positive: paid. */
  readonly fees: number;
  /** Funding and borrow costs: received (+) or paid (-). */
  readonly funding: number;
  /** Net of fees and funding. */
  readonly profit: number;
  /** `profit` as a fraction of the value entered. */
  readonly return: number;
  /** Bars of the account's timeframe from the bar of the entry to that of the exit; 0 within one bar. */
  readonly barsHeld: number;
  readonly entryReason: string;
  /** Of the order that closed it: the strategy's words, or which protection was reached. Empty while open. */
  readonly exitReason: string;
}

/** The trades of a run from its ledger, in the order in which they ended; those still open come last. */
export function* tradesOf(result: BacktestResult): Generator<Trade> {
  const trips = new RoundTrips(result);
  const { journal } = result.run.engine;
  for (const at of recordsOf(journal)) {
    const ended = trips.take(journal.words, at);
    if (ended) yield ended;
  }
  yield* trips.open();
}
