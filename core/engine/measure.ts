import type { Engine } from './engine.ts';
import type { MarketState } from './market-state.ts';

/**
 * Measured, not booked: marks and exposures at the last price. They are whole units of money, rounded down, in float64: the
 * same operations in the same order everywhere, so that a measure is equal to the last bit wherever it is taken.
 */

/** Value of a quantity at the market's last price; negative when short. */
export function bookedValue(market: MarketState, quantity: number): number {
  return worth(quantity, market.lastPrice, market.valueDivisor);
}

const worth = (quantity: number, price: number, valueDivisor: number): number =>
  quantity === 0 ? 0 : Math.floor((quantity * price) / valueDivisor);

/** A side's positions (their size) at their value, rounded up, and its working orders. */
const sideOf = (size: number, price: number, valueDivisor: number, reserved: number): number =>
  -worth(-size, price, valueDivisor) + reserved;

/** Marks the markets that have a bar in this cycle and adds up the equity. */
export function measure(engine: Engine): void {
  const { due, dueCount } = engine;
  if (engine.openPositions === 0 && engine.totalMark === 0) {
    engine.equity = engine.cash;
    return;
  }
  for (let k = 0; k < dueCount; k++) {
    const market = due[k];
    const value = bookedValue(market, market.netQuantity);
    const mark = market.isPerpetual ? value - market.netCost : value;
    engine.totalMark += mark - market.mark;
    market.mark = mark;
  }
  engine.equity = engine.cash + engine.totalMark;
}

/** Sums over all markets: what positions and working orders could come to, whichever of the orders fill. */
export interface Exposures {
  /** Each market at the larger of its two sides; money. */
  readonly gross: number;
  /** Long minus short, should every buy fill and no sell, and the other way round (short minus long). */
  readonly netLong: number;
  readonly netShort: number;
}

/**
 * The side of a market that an order would add to: the strategies' positions on that side, and the working orders that may add
 * to them. What reduces the other side is not counted on, and what reduces this one is not waited for.
 */
export function sideExposure(market: MarketState, buys: boolean): number {
  const { lastPrice, valueDivisor } = market;
  return buys
    ? sideOf(market.longQuantity, lastPrice, valueDivisor, market.reservedBuys)
    : sideOf(market.shortQuantity, lastPrice, valueDivisor, market.reservedSells);
}

export function exposures({ columns, behind }: Engine): Exposures {
  const known = behind?.exposures();
  if (known) return known;
  behind?.catchUpPrices();
  const { count, lastPrice, valueDivisor, longQuantity, shortQuantity, reservedBuys, reservedSells } = columns;
  let gross = 0;
  let netLong = 0;
  let netShort = 0;
  for (let k = 0; k < count; k++) {
    const long = longQuantity[k];
    const short = shortQuantity[k];
    const buys = reservedBuys[k];
    const sells = reservedSells[k];
    if (long + short + buys + sells === 0) continue;
    const price = lastPrice[k];
    const divisor = valueDivisor[k];
    if (short === 0) {
      // Mostly: one division for both, since a quotient rounded up is the negative one rounded down.
      const value = (long * price) / divisor;
      gross += Math.max(Math.ceil(value) + buys, sells);
      netLong += Math.floor(value) + buys;
      netShort += sells - Math.floor(value);
    } else {
      gross += Math.max(sideOf(long, price, divisor, buys), sideOf(short, price, divisor, sells));
      const value = worth(long - short, price, divisor);
      netLong += value + buys;
      netShort += sells - value;
    }
  }
  return { gross, netLong, netShort };
}

/** Cash that no order or margin holds. The margin of perpetuals is isolated: each strategy's position has its own. */
export function freeCash(engine: Engine): number {
  let free = engine.cash - engine.reservedCash;
  if (!engine.hasPerpetuals) return free;
  engine.behind?.catchUpPrices();
  for (const market of engine.markets) {
    const size = market.longQuantity + market.shortQuantity;
    if (market.isPerpetual && size > 0) free += Math.min(0, market.mark) - marginOf(market, size);
  }
  return free;
}

/** Margin that a position of this size holds, at the last price. */
export function marginOf(market: MarketState, size: number): number {
  return Math.ceil((-bookedValue(market, -size) * market.instrument.initialMarginBps) / 10_000);
}
