/** From what a proposal asks for to a parent order. */
import { setAlgorithm } from '../../engine/algorithm-bookkeeping.ts';
import type { Engine } from '../../engine/engine.ts';
import type { MarketState } from '../../engine/market-state.ts';
import { mulDivCeil } from '../../numbers.ts';
import type { Order } from '../order.ts';
import { ALGORITHM_BOUNDS, type Algorithm, type AlgorithmSetting } from './algorithm.ts';
import { ParentOrder, totalOf } from './parent-order.ts';

/** The draft of an order as that of a parent, whose price is the limit (scaled, on the tick; 0 for none). Risk has not seen it yet. */
export function parentFrom(draft: Order, limit: number): ParentOrder {
  const parent = Object.assign(new ParentOrder(), draft);
  parent.type = limit > 0 ? 'limit' : 'market';
  parent.price = limit;
  return parent;
}

/** A parent has passed risk: what its algorithm will go by is fixed, and in the ledger. */
export function fixAlgorithm(engine: Engine, market: MarketState, parent: ParentOrder, algorithm: Algorithm): void {
  setAlgorithm(engine, parent, settingOf(engine, market, parent, algorithm));
}

function settingOf(engine: Engine, market: MarketState, parent: ParentOrder, algorithm: Algorithm): AlgorithmSetting {
  const { kind, atEnd = 'cancel' } = algorithm;
  switch (kind) {
    case 'twap': {
      const { cycles = 0, durationMs = cycles * market.intervalMs } = algorithm;
      const bars = Math.max(1, Math.floor(durationMs / market.intervalMs));
      const slices = Math.min(algorithm.slices ?? bars, ALGORITHM_BOUNDS.slices);
      return { kind, durationMs, atEnd, slices };
    }
    case 'vwap':
      return { kind, durationMs: algorithm.durationMs, atEnd, profile: usualVolumes(engine, market) };
    case 'iceberg':
      return { kind, durationMs: algorithm.durationMs ?? 0, atEnd, shown: shownOf(market, parent, algorithm) };
    case 'peg':
      return { kind, durationMs: algorithm.durationMs ?? 0, atEnd, offsetBps: algorithm.offsetBps ?? 0 };
  }
}

function usualVolumes({ volumes, time }: Engine, market: MarketState): number[] {
  volumes?.take(market);
  return volumes?.profileOf(market, time) ?? [];
}

/** In the measure of the parent: a quantity, or the money that it may cost at the limit; at least what keeps the parts bounded. */
function shownOf(
  market: MarketState,
  parent: ParentOrder,
  { shown, shownShare }: Extract<Algorithm, { kind: 'iceberg' }>,
) {
  const total = totalOf(parent);
  const least = Math.max(smallestOf(market, parent), Math.ceil(total / ALGORITHM_BOUNDS.icebergParts));
  const share = shownShare === undefined ? 0 : Math.floor(total * shownShare);
  const quantity = Math.floor(Math.min((shown ?? 0) * market.quantityScale, Number.MAX_SAFE_INTEGER / 2));
  const asked = shown === undefined ? share : parent.budget > 0 ? costOf(market, quantity, parent) : quantity;
  return Math.min(total, Math.max(least, asked));
}

/** The least that the venue takes at the limit. */
function smallestOf(market: MarketState, parent: ParentOrder): number {
  const { lot, minQuantity, minNotional, valueDivisor } = market;
  const quantity = Math.max(minQuantity, Math.ceil((minNotional * valueDivisor) / parent.price / lot) * lot);
  return parent.budget > 0 ? costOf(market, quantity, parent) : quantity;
}

/** Of a taker; at most the whole budget. */
function costOf(market: MarketState, quantity: number, { budget, price }: ParentOrder): number {
  const notional = Math.ceil((quantity * price) / market.valueDivisor);
  if (notional >= budget) return budget;
  return notional + mulDivCeil(notional, Math.max(0, market.takerFee), 1_000_000);
}
