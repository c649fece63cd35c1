import type { Engine } from './engine.ts';
import type { MarketState } from './market-state.ts';

/**
 * Measured, not booked: marks and exposures at the last price. They are whole units of money, rounded down, in float64: the
 * same operations in the same order everywhere, so that a measure is equal to the last bit wherever it is taken.
 */

/** Value of a quantity at the market's last price; negative when short. */
export function bookedValue(market: MarketState, quantity: number): number {
  return Math.floor((quantity * market.lastPrice) / market.valueDivisor);
}

/** Marks the markets that have a bar in this cycle and adds up the equity. */
export function measure(engine: Engine): void {
  const { due, dueCount } = engine;
  if (engine.openPositions === 0 && engine.totalMark === 0) {
    engine.equity = engine.cash;
    return;
  }
  for (let k = 0; k < dueCount; k++) {
    const market = due[k];
    const value = market.netQuantity === 0 ? 0 : bookedValue(market, market.netQuantity);
    const mark = market.isPerpetual ? value - market.netCost : value;
    engine.totalMark += mark - market.mark;
    market.mark = mark;
  }
  engine.equity = engine.cash + engine.totalMark;
}

/** Sums over all markets, working orders included. */
export interface Exposures {
  /** Long plus short, at its largest should every working order fill. */
  gross: number;
  /** Long minus short, of positions alone. */
  net: number;
}

export function exposures(engine: Engine): Exposures {
  let gross = 0;
  let net = 0;
  for (const market of engine.markets) {
    if (market.netQuantity === 0 && market.reservedBuys === 0 && market.reservedSells === 0) continue;
    const value = bookedValue(market, market.netQuantity);
    gross += Math.abs(value) + market.reservedBuys + market.reservedSells;
    net += value + market.reservedBuys - market.reservedSells;
  }
  return { gross, net };
}

/** Cash that no order or margin holds. */
export function freeCash(engine: Engine): number {
  let free = engine.cash - engine.reservedCash;
  for (const market of engine.markets) {
    if (!market.isPerpetual || market.netQuantity === 0) continue;
    const value = Math.abs(bookedValue(market, market.netQuantity));
    free += Math.min(0, market.mark) - Math.ceil((value * market.instrument.initialMarginBps) / 10_000);
  }
  return free;
}
