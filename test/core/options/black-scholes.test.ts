import { describe, expect, test } from 'vitest';
import { type OptionValue, valueOption } from '../../../core/options/black-scholes.ts';
import { impliedVolatility } from '../../../core/options/implied-volatility.ts';
import type { EuropeanOption, OptionType } from '../../../core/options/option.ts';

function option(
  type: OptionType,
  [spot, strike, years, rate, dividend]: readonly [number, number, number, number, number],
): EuropeanOption {
  return { type, spot, strike, rate, dividend, days: years * 365 };
}

const { EPSILON } = Number;

describe('textbook examples', () => {
  // J. C. Hull, Options, Futures and Other Derivatives, 9th edition (2015); E. G. Haug, The Complete Guide to Option Pricing
  // Formulas, 2nd edition (2007). Terms: spot, strike, years, rate, dividend yield. What a book gives for 1.00 of volatility or
  // rate, or for a year, is here for a point or a day.
  const HULL_GREEKS = option('call', [49, 50, 0.3846, 0.05, 0]);
  const examples: readonly [
    source: string,
    of: EuropeanOption,
    volatility: number,
    figure: keyof OptionValue,
    printed: number,
    decimals: number,
  ][] = [
    ['Hull example 15.6, the call', option('call', [42, 40, 0.5, 0.1, 0]), 0.2, 'price', 4.76, 2],
    ['Hull example 15.6, the put', option('put', [42, 40, 0.5, 0.1, 0]), 0.2, 'price', 0.81, 2],
    ['Hull example 17.1, an index call', option('call', [930, 900, 2 / 12, 0.08, 0.03]), 0.2, 'price', 51.83, 2],
    ['Hull section 19.1, the price', HULL_GREEKS, 0.2, 'price', 2.4, 2],
    ['Hull example 19.1', HULL_GREEKS, 0.2, 'delta', 0.522, 3],
    ['Hull example 19.2', HULL_GREEKS, 0.2, 'theta', -0.0118, 4],
    ['Hull example 19.4', HULL_GREEKS, 0.2, 'gamma', 0.066, 3],
    ['Hull example 19.6', HULL_GREEKS, 0.2, 'vega', 12.1 / 100, 3],
    ['Hull example 19.7', HULL_GREEKS, 0.2, 'rho', 8.91 / 100, 4],
    ['Haug 1.1.1, Black and Scholes', option('call', [60, 65, 0.25, 0.08, 0]), 0.3, 'price', 2.1334, 4],
    ['Haug 1.1.2, Merton', option('put', [100, 95, 0.5, 0.1, 0.05]), 0.2, 'price', 2.4648, 4],
    ['Haug 1.1.3, Black, the call', option('call', [19, 19, 0.75, 0.1, 0.1]), 0.28, 'price', 1.7011, 4],
    ['Haug 1.1.3, Black, the put', option('put', [19, 19, 0.75, 0.1, 0.1]), 0.28, 'price', 1.7011, 4],
    ['Haug 1.1.5, Garman and Kohlhagen', option('call', [1.56, 1.6, 0.5, 0.06, 0.08]), 0.12, 'price', 0.0291, 4],
    ['Haug 2.1.1, delta of a call', option('call', [105, 100, 0.5, 0.1, 0.1]), 0.36, 'delta', 0.5946, 4],
    ['Haug 2.1.1, delta of a put', option('put', [105, 100, 0.5, 0.1, 0.1]), 0.36, 'delta', -0.3566, 4],
    ['Haug 2.2.1, gamma', option('call', [55, 60, 0.75, 0.1, 0]), 0.3, 'gamma', 0.0278, 4],
    ['Haug 2.3.1, vega', option('call', [55, 60, 0.75, 0.105, 0.105 - 0.0695]), 0.3, 'vega', 18.5027 / 100, 6],
    ['Haug 2.5.1, theta', option('put', [430, 405, 0.0833, 0.07, 0.05]), 0.2, 'theta', -31.1924 / 365, 6],
    ['Haug 2.6.1, rho', option('call', [72, 75, 1, 0.09, 0]), 0.19, 'rho', 38.7325 / 100, 6],
  ];
  test.each(examples)('%s', (_, of, volatility, figure, printed, decimals) => {
    expect(Math.abs(valueOption(of, volatility)[figure] - printed)).toBeLessThanOrEqual(0.5001 * 10 ** -decimals);
  });

  test('Hull section 15.11: a call at 1.875 implies a volatility of 23.5 %', () => {
    expect(impliedVolatility(option('call', [21, 20, 0.25, 0.1, 0]), 1.875)).toBeCloseTo(0.235, 3);
  });

  test('Hull example 17.2: a call on sterling at 4.3 cents implies 14.1 %', () => {
    expect(impliedVolatility(option('call', [1.6, 1.6, 4 / 12, 0.08, 0.11]), 0.043)).toBeCloseTo(0.141, 3);
  });
});

describe('where there is nothing left to happen', () => {
  test('on the last day an option is worth what it pays', () => {
    const call = valueOption(option('call', [105, 100, 0, 0.05, 0.02]), 0.3);
    expect(call).toEqual({ price: 5, delta: 1, gamma: 0, vega: 0, theta: 0, rho: 0 });
    const put = valueOption(option('put', [105, 100, 0, 0.05, 0.02]), 0.3);
    expect(put).toEqual({ price: 0, delta: -0, gamma: 0, vega: 0, theta: 0, rho: -0 });
    expect(valueOption(option('put', [95, 100, 0, 0.05, 0]), 0.3)).toMatchObject({ price: 5, delta: -1 });
  });

  test('at the strike on the last day delta is half way', () => {
    const value = valueOption(option('call', [100, 100, 0, 0.05, 0]), 0.3);
    expect(value).toEqual({ price: 0, delta: 0.5, gamma: 0, vega: 0, theta: 0, rho: 0 });
  });

  test('without volatility it is worth what the forward brings, discounted, and is held like a bond', () => {
    const { price, delta, gamma, vega, theta, rho } = valueOption(option('call', [110, 100, 1, 0.05, 0.02]), 0);
    expect(price).toBeCloseTo(110 * Math.exp(-0.02) - 100 * Math.exp(-0.05), 12);
    expect(delta).toBeCloseTo(Math.exp(-0.02), 14);
    expect([gamma, vega]).toEqual([0, 0]);
    expect(theta * 365).toBeCloseTo(0.02 * 110 * Math.exp(-0.02) - 0.05 * 100 * Math.exp(-0.05), 10);
    expect(rho * 100).toBeCloseTo(100 * Math.exp(-0.05), 10);
    expect(valueOption(option('put', [110, 100, 1, 0.05, 0.02]), 0).price).toBe(0);
  });

  test('deep out of the money it keeps its digits down to the smallest price', () => {
    const { price } = valueOption(option('call', [50, 100, 1, 0, 0]), 0.1);
    expect(price).toBeGreaterThan(0);
    expect(Math.abs(price / expectedCall(50, 100, 1, 0.1) - 1)).toBeLessThan(1e-9);
    expect(valueOption(option('call', [1, 100, 0.01, 0, 0]), 0.1).price).toBe(0);
  });

  test('where both tails all but vanish, rounding does not make it negative', () => {
    expect(valueOption({ ...option('call', [100, 105, 0, 0, 0]), days: 7 }, 0.0092).price).toBe(0);
  });

  test('deep in the money it is never worth less than its bound', () => {
    const { price, delta } = valueOption(option('call', [1e6, 1, 2, 0.03, 0.01]), 0.2);
    expect(price).toBe(1e6 * Math.exp(-0.02) - Math.exp(-0.06));
    expect(delta).toBeCloseTo(Math.exp(-0.02), 14);
  });

  test('under a negative rate a put may be worth more than its strike', () => {
    const { price, rho } = valueOption(option('put', [1, 100, 10, -0.02, 0]), 0.2);
    expect(price).toBeGreaterThan(100);
    expect(rho).toBeLessThan(0);
  });
});

describe('the price', () => {
  test.each([
    [100, 100, 1, 0.2],
    [80, 100, 0.25, 0.5],
    [130, 100, 2, 0.9],
    [100, 104, 7 / 365, 0.11],
  ])(
    'is the expected payoff of a lognormal price, by quadrature (%d, %d, %d years, %d)',
    (spot, strike, years, volatility) => {
      const { price } = valueOption(option('call', [spot, strike, years, 0, 0]), volatility);
      expect(Math.abs(price / expectedCall(spot, strike, years, volatility) - 1)).toBeLessThan(1e-9);
    },
  );
});

/** E[max(0, S − K)] without rates, by Simpson's rule over the normal density: shares nothing with the code under test. */
function expectedCall(spot: number, strike: number, years: number, volatility: number): number {
  const deviation = volatility * Math.sqrt(years);
  const from = (Math.log(strike / spot) + (deviation * deviation) / 2) / deviation;
  const panels = 20_000;
  const step = 12 / panels;
  let sum = 0;
  for (let k = 0; k <= panels; k++) {
    const z = from + k * step;
    const payoff = spot * Math.exp(deviation * z - (deviation * deviation) / 2) - strike;
    const weight = k === 0 || k === panels ? 1 : k % 2 === 1 ? 4 : 2;
    sum += (weight * payoff * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
  }
  return (sum * step) / 3;
}

describe('what is refused', () => {
  const good = option('call', [100, 100, 1, 0.05, 0]);
  test.each([
    ['a spot of 0', { ...good, spot: 0 }, 0.2, /spot is 0/],
    ['a strike of 0', { ...good, strike: 0 }, 0.2, /strike is 0/],
    ['a negative spot', { ...good, spot: -1 }, 0.2, /spot is -1/],
    ['a spot that is not a number', { ...good, spot: Number.NaN }, 0.2, /spot is NaN/],
    ['an endless strike', { ...good, strike: Number.POSITIVE_INFINITY }, 0.2, /strike is Infinity/],
    ['a rate that is not a number', { ...good, rate: Number.NaN }, 0.2, /rate is NaN/],
    ['a rate in percent', { ...good, rate: 5 }, 0.2, /rate is 5/],
    ['a dividend in percent', { ...good, dividend: 3 }, 0.2, /dividend is 3/],
    ['days below 0', { ...good, days: -1 }, 0.2, /days is -1/],
    ['more than a hundred years', { ...good, days: 40_000 }, 0.2, /days is 40000/],
    ['a negative volatility', good, -0.2, /volatility is -0.2/],
    ['a volatility in percent', good, 20, /volatility is 20/],
    ['a type that is neither', { ...good, type: 'straddle' as OptionType }, 0.2, /straddle/],
  ])('%s', (_, of, volatility, message) => {
    expect(() => valueOption(of, volatility)).toThrow(
      expect.objectContaining({
        name: 'PlimsollError',
        code: 'OPTION_INPUT_INVALID',
        message: expect.stringMatching(message),
      }),
    );
  });

  test('nothing at the bounds themselves', () => {
    for (const of of [
      { ...good, rate: -2 },
      { ...good, rate: 2, dividend: 2 },
      { ...good, days: 36_525 },
      { ...good, spot: 1e12, strike: 1e-12 },
    ])
      for (const volatility of [0, EPSILON, 10]) {
        const figures = Object.values(valueOption(of, volatility));
        expect(figures.every(Number.isFinite), JSON.stringify([of, volatility, figures])).toBe(true);
      }
  });
});
