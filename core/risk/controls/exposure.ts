/** Controls of size and exposure: how much room they leave an order, in money. */
import type { Engine } from '../../engine/engine.ts';
import type { MarketState } from '../../engine/market-state.ts';
import { freeCash, marginOf, sideExposure } from '../../engine/measure.ts';
import { mulDivFloor } from '../../numbers.ts';
import { grantOf } from '../budgets.ts';
import type { Candidate, Cap, Described } from './control.ts';

/** Money of a limit in plain units. */
const scaled = ({ engine }: Candidate, plain: number): number => Math.floor(plain * engine.moneyScale);
const shareOf = ({ engine }: Candidate, share: number): number => Math.floor(share * engine.equity);
const UNLIMITED = Number.POSITIVE_INFINITY;

/** What a market counts in a sum to which an order in `asked` is added: its larger side, or of its own market the order's. */
function usedBy(market: MarketState, asked: MarketState, buys: boolean): number {
  const side = sideExposure(market, buys);
  return market === asked ? side : Math.max(side, sideExposure(market, !buys));
}

/** Off by default: it is in money, and only the owner knows what is much. */
export const orderNotional: Cap = {
  code: 'NOTIONAL_EXCEEDS_MAX_PER_ORDER',
  limit: 'maxOrderNotional',
  owner: 'risk',
  isShare: false,
  limitOf: (candidate, { maxOrderNotional = UNLIMITED }) => scaled(candidate, maxOrderNotional),
  usedOf: () => 0,
};

/**
 * Off by default, since not every source counts volume. An order that is large beside what the market trades in a bar is a
 * slip of the finger, or moves the price against itself.
 */
export const usualSize: Cap = {
  code: 'SIZE_UNUSUAL',
  limit: 'maxShareOfVolume',
  owner: 'risk',
  isShare: false,
  limitOf: ({ market, price }, { maxShareOfVolume = UNLIMITED }) => usualRoom(market, price, maxShareOfVolume),
  usedOf: () => 0,
};

/** Money of so large a share of the volume. Without a known volume nothing is usual: no room. */
export function usualRoom(market: MarketState, price: number, shareOfVolume: number): number {
  // A measure and not money: where it is large it need not be exact.
  const quantity = market.averageVolume() * market.quantityScale * shareOfVolume;
  return quantity > 0 ? Math.floor((quantity * price) / market.valueDivisor) : 0;
}

/** Off by default: it is in money, and only the owner knows what is much. */
export const positionNotional: Cap = {
  code: 'POSITION_EXCEEDS_MAX',
  limit: 'maxPositionNotional',
  owner: 'risk',
  isShare: false,
  limitOf: (candidate, { maxPositionNotional = UNLIMITED }) => scaled(candidate, maxPositionNotional),
  usedOf: ({ market, buys }) => sideExposure(market, buys),
};

/** One: no more at risk than there is. What an account without borrowing can do, and the most that a first strategy should. */
export const grossExposure: Cap = {
  code: 'GROSS_EXPOSURE_EXCEEDS_MAX',
  limit: 'maxGrossExposure',
  owner: 'risk',
  isShare: true,
  limitOf: (candidate, { maxGrossExposure }) => shareOf(candidate, maxGrossExposure),
  usedOf: ({ market, buys, exposures }) => {
    const side = sideExposure(market, buys);
    return exposures.gross - Math.max(side, sideExposure(market, !buys)) + side;
  },
};

/** One, as the gross exposure; lower for an account that is meant to be hedged. */
export const netExposure: Cap = {
  code: 'NET_EXPOSURE_EXCEEDS_MAX',
  limit: 'maxNetExposure',
  owner: 'risk',
  isShare: true,
  limitOf: (candidate, { maxNetExposure }) => shareOf(candidate, maxNetExposure),
  usedOf: ({ buys, exposures }) => (buys ? exposures.netLong : exposures.netShort),
};

/** Off by default: an account with one instrument is all in it. With several, no one of them should be able to ruin it. */
export const concentration: Cap = {
  code: 'CONCENTRATION_EXCEEDS_MAX',
  limit: 'maxInstrumentExposure',
  owner: 'risk',
  isShare: true,
  limitOf: (candidate, { maxInstrumentExposure = UNLIMITED }) => shareOf(candidate, maxInstrumentExposure),
  usedOf: ({ market, buys }) => sideExposure(market, buys),
};

/** None by default. Instruments that move together are one bet; the owner names those that do. */
export const groupExposure: Cap = {
  code: 'GROUP_EXPOSURE_EXCEEDS_MAX',
  limit: 'groups',
  owner: 'risk',
  isShare: true,
  limitOf: (candidate) => {
    const group = candidate.engine.controls.groupOf(candidate.market);
    return group ? shareOf(candidate, group.maxExposure) : UNLIMITED;
  },
  usedOf: ({ engine, market, buys }) => usedInGroup(engine, market, buys),
};

/** Of the group that a market is in, which counts `side` itself; 0 where it is in none. */
export function usedInGroup(
  engine: Engine,
  market: MarketState,
  buys: boolean,
  side = sideExposure(market, buys),
): number {
  const group = engine.controls.groupOf(market);
  if (!group) return 0;
  engine.behind?.catchUpPrices();
  const { markets } = group;
  let used = 0;
  for (let k = 0; k < markets.length; k++)
    used += markets[k] === market.index ? side : usedBy(engine.markets[markets[k]], market, buys);
  return used;
}

/** Off by default; the gross exposure bounds it. This one counts perpetuals alone, which may be held for a part of their worth. */
export const leverage: Cap = {
  code: 'LEVERAGE_EXCEEDS_MAX',
  limit: 'maxLeverage',
  owner: 'risk',
  isShare: true,
  limitOf: (candidate, { maxLeverage = UNLIMITED }) =>
    candidate.market.isPerpetual ? shareOf(candidate, maxLeverage) : UNLIMITED,
  usedOf: ({ engine, market, buys }) => usedOnMargin(engine, market, buys),
};

/** All perpetuals together. */
export function usedOnMargin(engine: Engine, market: MarketState, buys: boolean): number {
  engine.behind?.catchUpPrices();
  let used = 0;
  for (const other of engine.markets) if (other.isPerpetual) used += usedBy(other, market, buys);
  return used;
}

/** Off by default. All working orders that may open anything, should they fill at once. */
export const openOrderNotional: Cap = {
  code: 'OPEN_ORDER_NOTIONAL_EXCEEDS_MAX',
  limit: 'maxOpenOrderNotional',
  owner: 'risk',
  isShare: false,
  limitOf: (candidate, { maxOpenOrderNotional = UNLIMITED }) => scaled(candidate, maxOpenOrderNotional),
  usedOf: ({ engine: { columns } }) => columns.reservedForBuys + columns.reservedForSells,
};

/** Off by default. A part of the equity that is never put to work, for what nobody has thought of. */
export const capitalInUse: Cap = {
  code: 'CAPITAL_IN_USE_EXCEEDS_MAX',
  limit: 'maxCapitalInUse',
  owner: 'risk',
  isShare: true,
  limitOf: (candidate, { maxCapitalInUse = UNLIMITED }) => shareOf(candidate, maxCapitalInUse),
  usedOf: ({ engine }) => engine.equity - freeCash(engine),
};

/**
 * Off by default. What the instance has granted this account of a limit that it shares with others (`budgets` of the configuration),
 * and no more than the account's own configuration says: no account has to ask what the others do.
 */
export const budget: Cap = {
  code: 'BUDGET_EXCEEDED',
  limit: 'budget',
  owner: 'risk',
  isShare: false,
  limitOf: (candidate, { budget: own = UNLIMITED }) =>
    Math.min(scaled(candidate, own), grantOf(candidate.engine, 'grossExposure')),
  usedOf: grossExposure.usedOf,
};

/** What is not there cannot be spent: the cash of spot, the margin of perpetuals. */
export const cash: Cap = {
  code: 'CASH_INSUFFICIENT',
  owner: 'risk',
  isShare: false,
  limitOf: ({ engine, strategy, market, buys }) => {
    if (market.isPerpetual) return marginRoom(engine, strategy, market, buys);
    return buys ? freeCash(engine) : UNLIMITED;
  },
  usedOf: () => 0,
};

/** The instrument says how small an order may be; one that was made smaller than that is denied by what cut it. */
export const leastQuantity: Described = { code: 'QUANTITY_BELOW_MIN', owner: 'operations' };

/** As the smallest quantity, in money. */
export const leastNotional: Described = { code: 'NOTIONAL_BELOW_MIN', owner: 'operations' };

/** Margin and fee that an order in a perpetual holds, in basis points of its notional. */
export const marginBps = (market: MarketState): number =>
  Math.ceil(market.instrument.initialMarginBps + Math.max(0, market.takerFee) / 100);

/** Notional whose margin is free. An order against a position that its strategy holds sets that position's margin free first. */
export function marginRoom(engine: Engine, strategy: number, market: MarketState, buys: boolean): number {
  const bps = marginBps(market);
  if (bps === 0) return UNLIMITED;
  const held = engine.position(strategy, market.index).quantity;
  const freed = held !== 0 && held > 0 !== buys ? marginOf(market, Math.abs(held)) : 0;
  return mulDivFloor(freeCash(engine) + freed, 10_000, bps);
}
