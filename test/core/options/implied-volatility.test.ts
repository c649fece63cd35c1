import { describe, expect, test } from 'vitest';
import { valueOption } from '../../../core/options/black-scholes.ts';
import { impliedVolatility } from '../../../core/options/implied-volatility.ts';
import type { EuropeanOption } from '../../../core/options/option.ts';
import { quoteOption } from '../../../core/options/quote.ts';

const call: EuropeanOption = { type: 'call', spot: 100, strike: 95, rate: 0.05, dividend: 0.02, days: 90 };
const least = 100 * Math.exp((-0.02 * 90) / 365) - 95 * Math.exp((-0.05 * 90) / 365);
const greatest = 100 * Math.exp((-0.02 * 90) / 365);

const thrown = (code: string, message: RegExp) =>
  expect.objectContaining({ name: 'PlimsollError', code, message: expect.stringMatching(message) });

describe('implied volatility', () => {
  test.each([0.001, 0.01, 0.05, 0.2, 0.8, 2, 5, 9.99])('finds %d again from a price out of the money', (volatility) => {
    for (const strike of [101, 102, 105, 130, 400]) {
      const option = { ...call, strike };
      const { price, vega } = valueOption(option, volatility);
      // Below that, a unit in the last place of the price is a wide range of volatilities.
      if (price < 1e-280 || vega < 1e-290) continue;
      expect(Math.abs(impliedVolatility(option, price) / volatility - 1)).toBeLessThan(1e-10);
    }
  });

  test('is 0 where the price is its lower bound', () => {
    expect(impliedVolatility(call, least)).toBe(0);
    expect(impliedVolatility(call, least - 5e-14)).toBe(0);
    expect(impliedVolatility({ ...call, strike: 200 }, 0)).toBe(0);
  });

  test('is refused for a price below what the forward is worth', () => {
    expect(() => impliedVolatility(call, least - 0.01)).toThrow(thrown('OPTION_PRICE_OUT_OF_BOUNDS', /at least 5\.67/));
    expect(() => impliedVolatility({ ...call, strike: 200 }, -1e-9)).toThrow(
      thrown('OPTION_PRICE_OUT_OF_BOUNDS', /at least 0 /),
    );
  });

  test('is refused for a price of the underlying itself and beyond', () => {
    for (const price of [greatest, 101, 1e300]) {
      expect(() => impliedVolatility(call, price)).toThrow(thrown('OPTION_PRICE_OUT_OF_BOUNDS', /below 99\.5/));
    }
    const put: EuropeanOption = { ...call, type: 'put' };
    expect(() => impliedVolatility(put, 95)).toThrow(thrown('OPTION_PRICE_OUT_OF_BOUNDS', /below 93\.8/));
  });

  test('is refused at the upper bound also where volatility reaches it but for rounding', () => {
    const long = { ...call, days: 36_500 };
    const bound = 100 * Math.exp(-0.02 * 100);
    expect(valueOption(long, 10).price).toBe(bound);
    expect(() => impliedVolatility(long, bound)).toThrow(thrown('OPTION_PRICE_OUT_OF_BOUNDS', /below 13\.5/));
  });

  test('is refused where it would be above 1,000 %', () => {
    const { price } = valueOption(call, 10);
    expect(impliedVolatility(call, price)).toBeCloseTo(10, 6);
    expect(() => impliedVolatility(call, price + 0.001)).toThrow(thrown('OPTION_PRICE_OUT_OF_BOUNDS', /1000 %/));
  });

  test('is refused at expiry, and for a price that is not a number', () => {
    expect(() => impliedVolatility({ ...call, days: 0 }, 6)).toThrow(thrown('OPTION_INPUT_INVALID', /expires now/));
    for (const price of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => impliedVolatility(call, price)).toThrow(thrown('OPTION_INPUT_INVALID', /the price is/));
    }
  });
});

describe('a quote', () => {
  test('comes from a volatility or from a price, and is then the same', () => {
    const quoted = quoteOption(call, { volatility: 0.25 });
    expect(Object.keys(quoted)).toEqual(['price', 'delta', 'gamma', 'vega', 'theta', 'rho']);
    const { impliedVolatility: implied, ...figures } = quoteOption(call, { price: quoted.price });
    expect(implied).toBeCloseTo(0.25, 13);
    for (const [name, value] of Object.entries(figures)) {
      expect(value, name).toBeCloseTo(quoted[name as keyof typeof figures], 12);
    }
  });

  test('is refused without either, and with both', () => {
    expect(() => quoteOption(call, {})).toThrow(thrown('OPTION_INPUT_INVALID', /neither/));
    expect(() => quoteOption(call, { volatility: 0.2, price: 6 })).toThrow(thrown('OPTION_INPUT_INVALID', /both/));
  });
});
