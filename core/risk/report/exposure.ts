/** What an account holds and what its working orders may add, at the last prices. Money is in plain units of its currency. */
import type { Engine } from '../../engine/engine.ts';
import type { MarketState } from '../../engine/market-state.ts';
import { bookedValue, exposures, sideExposure } from '../../engine/measure.ts';

export interface InstrumentExposure {
  readonly symbol: string;
  /** Units held by all strategies together; negative when short. */
  readonly quantity: number;
  /** Null where there is no price yet. */
  readonly price: number | null;
  /** When the bar of the last price closed, ms UTC. */
  readonly pricedAt: number | null;
  /** Long minus short. Null where there is no price to value it at. */
  readonly value: number | null;
  /** What working orders may still add to either side. */
  readonly workingBuys: number;
  readonly workingSells: number;
  /** The larger of the two sides, its working orders included. Null likewise. */
  readonly gross: number | null;
  /** The same as a share of equity; null too where there is no equity. */
  readonly share: number | null;
}

export interface GroupExposure {
  readonly symbols: readonly string[];
  /** Its instruments together, each at the larger of its sides; null where one that is held has no price. */
  readonly gross: number | null;
  readonly limit: number;
}

export interface Exposure {
  /** All instruments, each at the larger of its sides, working orders included. Null where something held has no price. */
  readonly gross: number | null;
  readonly grossShare: number | null;
  /** Long minus short of what is held. */
  readonly net: number | null;
  readonly netShare: number | null;
  /** Those in which something is held or works, largest first. */
  readonly instruments: readonly InstrumentExposure[];
  readonly groups: readonly GroupExposure[];
  readonly workingOrders: number;
  /** Working orders that may open anything, should they fill at once. */
  readonly openOrderNotional: number;
}

export function exposureOf(engine: Engine): Exposure {
  const { moneyScale, columns } = engine;
  const instruments = engine.markets.filter(isTouched).map((market) => instrumentExposure(engine, market));
  const isPriced = instruments.every(({ value }) => value !== null);
  const gross = isPriced ? exposures(engine).gross / moneyScale : null;
  const net = isPriced ? instruments.reduce((sum, { value }) => sum + (value ?? 0), 0) : null;
  return {
    gross,
    grossShare: shareOf(engine, gross),
    net,
    netShare: shareOf(engine, net),
    instruments: instruments.sort((a, b) => (b.gross ?? Number.MAX_VALUE) - (a.gross ?? Number.MAX_VALUE)),
    groups: groupsOf(engine),
    workingOrders: engine.workingOrders,
    openOrderNotional: (columns.reservedForBuys + columns.reservedForSells) / moneyScale,
  };
}

/** What is held of an instrument, by all strategies together. */
export interface Held {
  readonly instrument: string;
  /** Negative when short; undefined where there is no price. */
  readonly value: number | undefined;
}

export function heldPositions(engine: Engine): Held[] {
  return engine.markets
    .filter(({ netQuantity }) => netQuantity !== 0)
    .map((market) => ({ instrument: market.instrument.symbol, value: heldValue(engine, market) ?? undefined }));
}

const isTouched = (market: MarketState): boolean =>
  market.longQuantity + market.shortQuantity + market.reservedBuys + market.reservedSells > 0;

const isPriced = ({ lastPrice }: MarketState): boolean => lastPrice > 0;

function heldValue({ moneyScale }: Engine, market: MarketState): number | null {
  return isPriced(market) ? bookedValue(market, market.netQuantity) / moneyScale : null;
}

function instrumentExposure(engine: Engine, market: MarketState): InstrumentExposure {
  const { moneyScale } = engine;
  const gross = grossOf(engine, market);
  return {
    symbol: market.instrument.symbol,
    quantity: market.netQuantity / market.quantityScale,
    price: isPriced(market) ? market.lastPrice / market.priceScale : null,
    pricedAt: isPriced(market) ? market.pricedAt : null,
    value: heldValue(engine, market),
    workingBuys: market.reservedBuys / moneyScale,
    workingSells: market.reservedSells / moneyScale,
    gross,
    share: shareOf(engine, gross),
  };
}

const grossOf = ({ moneyScale }: Engine, market: MarketState): number | null =>
  isPriced(market) ? Math.max(sideExposure(market, true), sideExposure(market, false)) / moneyScale : null;

function groupsOf(engine: Engine): GroupExposure[] {
  return (engine.definition.limits.groups ?? []).map(({ symbols, maxExposure }) => {
    const markets = engine.markets.filter((market) => symbols.includes(market.instrument.symbol) && isTouched(market));
    const gross = markets.map((market) => grossOf(engine, market));
    return {
      symbols,
      gross: gross.includes(null) ? null : gross.reduce<number>((sum, one) => sum + (one ?? 0), 0),
      limit: (maxExposure * engine.equity) / engine.moneyScale,
    };
  });
}

const shareOf = ({ equity, moneyScale }: Engine, money: number | null): number | null =>
  money === null || equity <= 0 ? null : money / (equity / moneyScale);
