import { describe, expect, test } from 'vitest';
import { Engine } from '../../../../core/engine/engine.ts';
import { Position } from '../../../../core/engine/position.ts';
import { liquidationPrice } from '../../../../core/execution/liquidation-price.ts';
import { liquidationDistance } from '../../../../core/risk/portfolio/liquidation-distance.ts';
import { account, perpetual, running, scripted, spot } from '../../engine/account.ts';
import { expectClose } from './compare.ts';

/** A market with 10 % initial and 5 % maintenance margin at a price of 100; two decimals, three of quantity. */
function marketAt(price: number, instrument = perpetual()) {
  const [market] = new Engine(
    account({
      instruments: [instrument],
      strategies: [
        running(
          scripted(() => undefined),
          { instruments: [instrument.symbol] },
        ),
      ],
    }),
  ).markets;
  market.lastPrice = Math.round(price * 100);
  return market;
}

/** Units bought (or sold, when negative) at a price. */
function held(quantity: number, entry: number): Position {
  const position = new Position();
  position.quantity = quantity * 1_000;
  position.cost = quantity * entry * 100;
  return position;
}

describe('the distance to liquidation', () => {
  test('of a long position is the fall that is left, to the price at which the matching engine would close it', () => {
    const market = marketAt(100);
    const position = held(2, 100);
    const distance = liquidationDistance(market, position, 0.02)!;
    // 100 × 0.9 ÷ 0.95, up to the next tick.
    expect(distance).toMatchObject({ instrument: 'P/USD', side: 'long', price: 100, liquidationPrice: 94.74 });
    expect(distance.liquidationPrice * 100).toBe(liquidationPrice(market, position));
    expectClose([distance.distance, distance.dailyVolatilities], [0.0526, 2.63], 1e-12);
  });

  test('of a short position is the rise that is left', () => {
    const distance = liquidationDistance(marketAt(100), held(-2, 100), 0.02)!;
    expect(distance).toMatchObject({ side: 'short', liquidationPrice: 104.76 });
    expectClose([distance.distance], [0.0476], 1e-12);
  });

  test.each([2, -2])('with %d units meets it where margin and maintenance margin are equal', (quantity) => {
    const before = liquidationDistance(marketAt(100), held(quantity, 100), 0.02)!;
    expectClose([before.initialMargin, before.margin, before.maintenanceMargin], [20, 20, 10], 1e-9);
    const then = liquidationDistance(marketAt(before.liquidationPrice), held(quantity, 100), 0.02)!;
    expectClose([then.distance], [0], 1e-12);
    expectClose([then.margin], [then.maintenanceMargin], 2e-3);
    const beyond = liquidationDistance(marketAt(quantity > 0 ? 90 : 110), held(quantity, 100), 0.02)!;
    expect(beyond.distance).toBeLessThan(0);
    expect(beyond.margin).toBeLessThan(beyond.maintenanceMargin);
  });

  test.each([0, Number.NaN, -1, Number.POSITIVE_INFINITY])(
    'with a volatility of %d counts as none, and says so',
    (volatility) => {
      const distance = liquidationDistance(marketAt(100), held(2, 100), volatility)!;
      expect(distance).toMatchObject({ dailyVolatilities: 0, isVolatilityKnown: false });
      expect(distance.distance).toBeGreaterThan(0);
    },
  );

  test('without a price is none', () => {
    expect(liquidationDistance(marketAt(0), held(2, 100), 0.02)!.distance).toBe(0);
  });

  test('is not there where the venue never closes a position', () => {
    expect(liquidationDistance(marketAt(100), held(0, 100), 0.02)).toBeUndefined();
    expect(liquidationDistance(marketAt(100, spot()), held(2, 100), 0.02)).toBeUndefined();
  });
});
