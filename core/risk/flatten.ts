/** Closing what a person stopped: the one order that passes both doors of the kill switch. */
import { cancel } from '../engine/bookkeeping.ts';
import type { Engine } from '../engine/engine.ts';
import type { MarketState } from '../engine/market-state.ts';
import type { Order } from '../execution/order.ts';
import { closeNow } from './close-by-hand.ts';
import type { DenialCode } from './denial.ts';

/** What became of one position that was to be flattened. Quantities are scaled; `held` is negative for a short. */
export interface Flattening {
  readonly strategy: number;
  readonly instrument: number;
  readonly held: number;
  /** The market order that closes it: new, or still at work from before; 0 where risk refused one. */
  readonly order: number;
  /** What it closes; less than what is held where that is no whole number of lots. */
  readonly closes: number;
  readonly denial: DenialCode | undefined;
}

/** Closes the positions that `covers` picks with market orders that only reduce, whatever the trading state. */
export function flatten(
  engine: Engine,
  reason: string,
  covers: (strategy: number, market: MarketState) => boolean,
): Flattening[] {
  return engine.markets.flatMap((market) =>
    engine
      .positionsIn(market.index)
      .flatMap(({ quantity }, strategy) =>
        quantity !== 0 && covers(strategy, market) ? [flattenOne(engine, strategy, market, quantity, reason)] : [],
      ),
  );
}

function flattenOne(engine: Engine, strategy: number, market: MarketState, held: number, reason: string): Flattening {
  const position = { strategy, instrument: market.index, held };
  const working = market.orders.find((order) => order.purpose === 'flatten' && order.strategy === strategy);
  const wholeLots = Math.floor(Math.abs(held) / market.lot) * market.lot;
  if (working && closingOf(working) === wholeLots)
    return { ...position, order: working.id, closes: wholeLots, denial: undefined };
  if (working) cancel(engine, working, 'the position has changed since');
  const closing = closeNow(engine, strategy, market, reason, 'flatten');
  return typeof closing === 'string'
    ? { ...position, order: 0, closes: 0, denial: closing }
    : { ...position, order: closing.id, closes: closingOf(closing), denial: undefined };
}

const closingOf = ({ quantity, filled }: Order): number => quantity - filled;
