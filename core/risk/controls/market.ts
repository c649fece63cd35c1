/** Controls of the moment: what the account's state and the market's allow at all. */
import type { Refusal } from '../../engine/bookkeeping.ts';
import type { Engine } from '../../engine/engine.ts';
import type { MarketState } from '../../engine/market-state.ts';
import { standingAgainst } from '../../execution/live/market-standing.ts';
import { type Check, type Described, refuse } from './control.ts';

/** A halt means that nobody knows what is right: nothing is sent, not even what would close a position. */
export const notHalted: Described = { code: 'TRADING_HALTED', owner: 'risk' };

/** Without any price nothing can be measured, so nothing is sent. */
export const priced: Described = { code: 'PRICE_MISSING', owner: 'operations' };

/** The refusal of what holds for every order, one that only lowers a position too. */
export function refusalOfTheMoment({ tradingState }: Engine, { lastPrice }: MarketState): Refusal | undefined {
  if (tradingState === 'Halted') return refuse('TRADING_HALTED');
  return lastPrice > 0 ? undefined : refuse('PRICE_MISSING');
}

/** Whoever set trading to reducing wants less risk; only a person sets it back. */
export const notReducing: Check = {
  code: 'TRADING_REDUCING_ONLY',
  owner: 'risk',
  check: ({ engine }) => (engine.tradingState === 'Reducing' ? refuse('TRADING_REDUCING_ONLY') : undefined),
};

/** A live account opens nothing until a person has typed that it may, and how much. */
export const armed: Check = {
  code: 'LIVE_NOT_ARMED',
  owner: 'risk',
  check: ({ engine: { live } }) => (live !== undefined && !live.arming ? refuse('LIVE_NOT_ARMED') : undefined),
};

/** Without the venue's word on orders, fills and balances in this cycle, nobody knows what a new order adds to. */
export const reconciled: Check = {
  code: 'VENUE_NOT_RECONCILED',
  owner: 'operations',
  check: ({ engine: { live } }) =>
    live !== undefined && !live.reconciled ? refuse('VENUE_NOT_RECONCILED') : undefined,
};

/** The venue says of itself and of each market what it takes; what it would refuse is not sent, and is not waited with. */
export const marketOpen: Check = {
  code: 'MARKET_NOT_OPEN',
  owner: 'operations',
  check: ({ engine: { live, time }, market: { index }, leg }) =>
    live !== undefined && standingAgainst(live, index, leg, leg.type, time) ? refuse('MARKET_NOT_OPEN') : undefined,
};

/** None is restricted by default: the universe is already a list of what may be traded. */
export const notRestricted: Check = {
  code: 'INSTRUMENT_RESTRICTED',
  limit: 'restricted',
  owner: 'risk',
  check: ({ market }) => (market.restricted || market.halted ? refuse('INSTRUMENT_RESTRICTED') : undefined),
};

/** A cycle that runs long after its time decides on old news. It is marked late when it is opened, by the schedule. */
export const onTime: Check = {
  code: 'SIGNAL_STALE',
  owner: 'operations',
  check: ({ engine }) => (engine.lateByMs > 0 ? refuse('SIGNAL_STALE', 0, engine.lateByMs) : undefined),
};

/** A short position can lose more than it cost, so it has to be asked for. */
export const shortAllowed: Check = {
  code: 'SHORT_NOT_ALLOWED',
  limit: 'allowShort',
  owner: 'risk',
  check: ({ buys }, { allowShort }) => (buys || allowShort ? undefined : refuse('SHORT_NOT_ALLOWED')),
};
