/** How far the price is from where the venue would close a perpetual, and the margin that is left until then. */
import type { MarketState } from '../../engine/market-state.ts';
import type { Position } from '../../engine/position.ts';
import { liquidationPrice } from '../../execution/liquidation-price.ts';
import { pow10 } from '../../numbers.ts';

/** Prices and money in plain units of the quote, fractions as fractions. */
export interface LiquidationDistance {
  readonly instrument: string;
  readonly side: 'long' | 'short';
  readonly price: number;
  readonly liquidationPrice: number;
  /** Adverse move that is left, as a fraction of the price: 0.25 is 25 %; 0 or less once it is reached. */
  readonly distance: number;
  /** The same in daily standard deviations; 0 where the volatility is not known, so that the unknown counts as near. */
  readonly dailyVolatilities: number;
  readonly isVolatilityKnown: boolean;
  /** The isolated margin that was put up, and what profit and loss have made of it at the price. */
  readonly initialMargin: number;
  readonly margin: number;
  /** What the venue requires at the price. */
  readonly maintenanceMargin: number;
}

/**
 * The distance of a position in a linear perpetual at the market's last price; undefined where the venue would never close it (flat,
 * spot, or a margin that covers everything). `dailyVolatility` is the standard deviation of daily returns (0.03 is 3 %). The price of
 * liquidation is that of `core/execution/liquidation-price.ts`, so what is shown is what the matching engine does. Without a last
 * price the distance is 0.
 */
export function liquidationDistance(
  market: MarketState,
  held: Position,
  dailyVolatility: number,
): LiquidationDistance | undefined {
  const level = liquidationPrice(market, held);
  if (level === 0) return undefined;
  const isLong = held.quantity > 0;
  const { lastPrice, instrument, valueDivisor, priceScale } = market;
  const distance = lastPrice > 0 ? (isLong ? lastPrice - level : level - lastPrice) / lastPrice : 0;
  const isVolatilityKnown = dailyVolatility > 0 && dailyVolatility < Number.POSITIVE_INFINITY;
  const money = pow10(instrument.moneyDecimals);
  const value = (held.quantity * lastPrice) / valueDivisor;
  const initialMargin = (Math.abs(held.cost) * instrument.initialMarginBps) / 10_000;
  return {
    instrument: instrument.symbol,
    side: isLong ? 'long' : 'short',
    price: lastPrice / priceScale,
    liquidationPrice: level / priceScale,
    distance,
    dailyVolatilities: isVolatilityKnown ? distance / dailyVolatility : 0,
    isVolatilityKnown,
    initialMargin: initialMargin / money,
    margin: (initialMargin + value - held.cost) / money,
    maintenanceMargin: (Math.abs(value) * instrument.maintenanceMarginBps) / 10_000 / money,
  };
}
