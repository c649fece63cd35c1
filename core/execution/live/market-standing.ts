/** What a venue said last of its markets, and whether an order is one that they take. */
import type { MarketState } from '../../ports/execution-venue.ts';
import type { Order, OrderType } from '../order.ts';
import type { LiveAccount } from './account.ts';

/** That something does not trade as usual. */
export interface Standing {
  readonly state: Exclude<MarketState, 'open'>;
  /** The venue's own word. */
  readonly text: string;
  /** Cycle (ms UTC) since which it does not. */
  readonly since: number;
}

/** Of a venue that says whether it trades: what does not. */
export interface MarketsHeard {
  /** Cycle (ms UTC) in which it was heard. */
  readonly at: number;
  /** The venue as a whole; null while it is open. */
  readonly venue: Standing | null;
  /** Markets that are not open. */
  readonly markets: readonly (Standing & { readonly instrument: number })[];
}

/**
 * How long what was heard holds an order back that lowers a position, ms of cycle time: after that it is sent, and the venue itself
 * says what becomes of it. An opening is held back until the venue is heard again.
 */
export const STANDS_FOR_MS = 900_000;

/** Why the venue does not take an order now; undefined where it does. `type` is what it is asked for as. */
export function standingAgainst(
  { markets: heard }: LiveAccount,
  instrument: number,
  { postOnly, reduceOnly }: Pick<Order, 'postOnly' | 'reduceOnly'>,
  type: OrderType,
  time: number,
): Standing | undefined {
  if (!heard || (reduceOnly && time - heard.at > STANDS_FOR_MS)) return undefined;
  const market = heard.markets.find((one) => one.instrument === instrument);
  return [heard.venue, market].find((one) => one && !takes(one.state, type, postOnly)) ?? undefined;
}

/** A stop becomes an order that takes, so where those are not taken neither is it. */
function takes(state: Standing['state'], type: OrderType, postOnly: boolean): boolean {
  if (state === 'limit-only') return type === 'limit';
  return state === 'post-only' && type === 'limit' && postOnly;
}
