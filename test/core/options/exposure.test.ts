import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { valueOption } from '../../../core/options/black-scholes.ts';
import {
  hedgedExposure,
  netGreeks,
  type OptionBook,
  type OptionLeg,
  portfolioGreeks,
} from '../../../core/options/exposure.ts';

const market = { spot: 100, rate: 0.05, dividend: 0.01 };
const call: OptionLeg = { type: 'call', strike: 105, days: 30, volatility: 0.3, contracts: -3, multiplier: 100 };
const put: OptionLeg = { type: 'put', strike: 95, days: 30, volatility: 0.35, contracts: 5, multiplier: 100 };
const each = ({ type, strike, days, volatility }: OptionLeg) =>
  valueOption({ ...market, type, strike, days }, volatility);

describe('the net Greeks of legs', () => {
  test('are each option’s times contracts and multiplier, with their sign', () => {
    const net = netGreeks(market, [call, put]);
    for (const figure of ['price', 'delta', 'gamma', 'vega', 'theta', 'rho'] as const) {
      expect(net[figure], figure).toBeCloseTo(-300 * each(call)[figure] + 500 * each(put)[figure], 9);
    }
  });

  test('cancel for a leg and its opposite, and are nothing of nothing', () => {
    const net = netGreeks(market, [call, { ...call, contracts: 3 }]);
    expect(Object.values(net).every((value) => value === 0)).toBe(true);
    expect(Object.values(netGreeks(market, []))).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('of a long call and a short put at one strike are those of a forward', () => {
    const long = { ...call, contracts: 1, multiplier: 1 };
    const { delta, gamma, vega } = netGreeks(market, [long, { ...long, type: 'put', contracts: -1 }]);
    expect(delta).toBeCloseTo(Math.exp((-0.01 * 30) / 365), 14);
    expect([gamma, vega]).toEqual([0, 0]);
  });
});

describe('hedged exposure', () => {
  test('is what is held with the deltas of the options, at the spot price', () => {
    const held = 400;
    const delta = -300 * each(call).delta + 500 * each(put).delta;
    const exposure = hedgedExposure({ market, held, legs: [call, put] });
    expect(exposure.optionDelta).toBeCloseTo(delta, 9);
    expect(exposure.quantity).toBeCloseTo(400 + delta, 9);
    expect(exposure.notional).toBeCloseTo((400 + delta) * 100, 7);
    expect(exposure.hedge).toBeCloseTo(-400 - delta, 9);
    const gross = 400 + 300 * each(call).delta - 500 * each(put).delta;
    expect(exposure.grossNotional).toBeCloseTo(gross * 100, 7);
  });

  test('of shares under puts deep in the money is nothing', () => {
    const legs = [{ ...put, strike: 1_000, contracts: 1, volatility: 0.1 }];
    const flat = { ...market, dividend: 0 };
    const { quantity, notional, grossNotional } = hedgedExposure({ market: flat, held: 100, legs });
    expect(quantity).toBeCloseTo(0, 10);
    expect(notional).toBeCloseTo(0, 8);
    expect(grossNotional).toBeCloseTo(20_000, 6);
  });

  test('of nothing asks for no trade', () => {
    expect(hedgedExposure({ market, held: 0, legs: [] })).toEqual({
      optionDelta: 0,
      quantity: 0,
      notional: 0,
      grossNotional: 0,
      hedge: 0,
    });
  });

  test('is nothing after the hedge, and never larger than gross', () => {
    const leg = fc.record({
      type: fc.constantFrom('call' as const, 'put' as const),
      strike: fc.double({ min: 20, max: 300, noNaN: true }),
      days: fc.double({ min: 0, max: 900, noNaN: true }),
      volatility: fc.double({ min: 0, max: 2, noNaN: true }),
      contracts: fc.integer({ min: -1_000, max: 1_000 }),
      multiplier: fc.constantFrom(1, 10, 100),
    });
    fc.assert(
      fc.property(fc.array(leg, { maxLength: 8 }), fc.integer({ min: -50_000, max: 50_000 }), (legs, held) => {
        const { hedge, notional, grossNotional } = hedgedExposure({ market, held, legs });
        expect(hedgedExposure({ market, held: held + hedge, legs }).quantity).toBeCloseTo(0, 6);
        expect(Math.abs(notional)).toBeLessThanOrEqual(grossNotional * (1 + 1e-12) + 1e-9);
      }),
    );
  });
});

describe('the Greeks of a portfolio', () => {
  const gold: OptionBook = {
    market: { spot: 2_000, rate: 0.05, dividend: 0 },
    held: -2,
    legs: [{ type: 'call', strike: 2_000, days: 60, volatility: 0.15, contracts: 1, multiplier: 100 }],
  };

  test('are in money, summed over the underlyings', () => {
    const shares: OptionBook = { market, held: 250, legs: [call, put] };
    const all = portfolioGreeks([shares, gold]);
    const one = netGreeks(market, shares.legs);
    const other = netGreeks(gold.market, gold.legs);
    expect(all.value).toBeCloseTo(one.price + 25_000 + other.price - 4_000, 6);
    expect(all.deltaNotional).toBeCloseTo((one.delta + 250) * 100 + (other.delta - 2) * 2_000, 6);
    expect(all.gammaNotionalPerPercent).toBeCloseTo(one.gamma * 100 + other.gamma * 40_000, 6);
    for (const figure of ['vega', 'theta', 'rho'] as const) {
      expect(all[figure], figure).toBeCloseTo(one[figure] + other[figure], 9);
    }
  });

  test('tell what a move of 1 % does to the deltas', () => {
    const { deltaNotional, gammaNotionalPerPercent } = portfolioGreeks([{ ...gold, held: 0 }]);
    const up = netGreeks({ ...gold.market, spot: 2_020 }, gold.legs).delta * 2_000;
    expect((up - deltaNotional) / gammaNotionalPerPercent).toBeCloseTo(1, 1);
  });
});

describe('what is refused', () => {
  const book: OptionBook = { market, held: 1, legs: [call] };
  test.each([
    [
      'a spot that is not a number, even without options',
      { ...book, market: { ...market, spot: Number.NaN }, legs: [] },
      /spot/,
    ],
    ['an unknown quantity held', { ...book, held: Number.NaN }, /quantity held/],
    ['an unknown number of contracts', { ...book, legs: [{ ...call, contracts: Number.NaN }] }, /contracts/],
    ['a multiplier of 0', { ...book, legs: [{ ...call, multiplier: 0 }] }, /multiplier/],
    ['a volatility that is not a number', { ...book, legs: [{ ...call, volatility: Number.NaN }] }, /volatility/],
    ['more legs than are valued at once', { ...book, legs: new Array<OptionLeg>(10_001).fill(call) }, /legs/],
  ])('%s', (_, of, message) => {
    const refusal = expect.objectContaining({ code: 'OPTION_INPUT_INVALID', message: expect.stringMatching(message) });
    expect(() => hedgedExposure(of)).toThrow(refusal);
    expect(() => portfolioGreeks([of])).toThrow(refusal);
  });
});
