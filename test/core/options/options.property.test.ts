import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type OptionValue, valueOption } from '../../../core/options/black-scholes.ts';
import { impliedVolatility } from '../../../core/options/implied-volatility.ts';
import type { EuropeanOption } from '../../../core/options/option.ts';

const between = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const type = fc.constantFrom('call' as const, 'put' as const);

/** Anything a market may bring: rates of either sign, hours to ten years. */
const option = fc
  .record({
    type,
    spot: between(0.01, 100_000),
    moneyness: between(0.2, 5),
    rate: between(-0.1, 0.3),
    dividend: between(-0.1, 0.3),
    days: between(0.05, 3_650),
  })
  .map(({ moneyness, ...rest }): EuropeanOption => ({ ...rest, strike: rest.spot * moneyness }));
const volatility = between(0.01, 3);
const scale = ({ spot, strike }: EuropeanOption): number => spot + strike;

describe('every option', () => {
  test('keeps the parity of call and put', () => {
    fc.assert(
      fc.property(option, volatility, (of, sigma) => {
        const call = valueOption({ ...of, type: 'call' }, sigma);
        const put = valueOption({ ...of, type: 'put' }, sigma);
        const years = of.days / 365;
        const forward = of.spot * Math.exp(-of.dividend * years) - of.strike * Math.exp(-of.rate * years);
        expect(Math.abs(call.price - put.price - forward)).toBeLessThan(1e-12 * scale(of) * Math.exp(0.1 * years));
        expect(call.delta - put.delta).toBeCloseTo(Math.exp(-of.dividend * years), 12);
        expect(call.gamma).toBe(put.gamma);
        expect(call.vega).toBe(put.vega);
        expect((call.rho - put.rho) / of.strike).toBeCloseTo((years * Math.exp(-of.rate * years)) / 100, 10);
      }),
    );
  });

  test('lies within its bounds of no arbitrage', () => {
    fc.assert(
      fc.property(option, volatility, (of, sigma) => {
        const years = of.days / 365;
        const spotNow = of.spot * Math.exp(-of.dividend * years);
        const strikeNow = of.strike * Math.exp(-of.rate * years);
        const sign = of.type === 'call' ? 1 : -1;
        const { price, delta, gamma, vega } = valueOption(of, sigma);
        const slack = 1e-14 * (spotNow + strikeNow);
        expect(price).toBeGreaterThanOrEqual(Math.max(0, sign * (spotNow - strikeNow)) - slack);
        expect(price).toBeLessThanOrEqual((sign > 0 ? spotNow : strikeNow) + slack);
        expect(sign * delta).toBeGreaterThanOrEqual(0);
        expect(sign * delta).toBeLessThanOrEqual(Math.exp(-of.dividend * years) * (1 + 1e-14));
        expect(Math.min(gamma, vega)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test('is worth more with more volatility; a call with a higher spot and a lower strike, a put the other way', () => {
    fc.assert(
      fc.property(option, volatility, between(1.0001, 2), (of, sigma, more) => {
        const price = (changed: Partial<EuropeanOption>, at = sigma) => valueOption({ ...of, ...changed }, at).price;
        const slack = 1e-13 * scale(of) * more * Math.exp(0.1 * (of.days / 365));
        expect(price({}, sigma * more)).toBeGreaterThanOrEqual(price({}) - slack);
        const sign = of.type === 'call' ? 1 : -1;
        expect(sign * (price({ spot: of.spot * more }) - price({}))).toBeGreaterThanOrEqual(-slack);
        expect(sign * (price({ strike: of.strike * more }) - price({}))).toBeLessThanOrEqual(slack);
      }),
    );
  });

  test('scales with its currency', () => {
    fc.assert(
      fc.property(option, volatility, between(0.001, 1_000), (of, sigma, factor) => {
        const one = valueOption(of, sigma);
        const scaled = valueOption({ ...of, spot: of.spot * factor, strike: of.strike * factor }, sigma);
        expect(Math.abs(scaled.price - one.price * factor)).toBeLessThan(1e-9 * scale(of) * factor);
        expect(scaled.delta).toBeCloseTo(one.delta, 9);
      }),
    );
  });
});

describe('the Greeks', () => {
  /** Where differences of prices still have digits: not in the last hours, not far from the money. */
  const tame = fc
    .record({
      type,
      spot: between(50, 150),
      rate: between(-0.05, 0.1),
      dividend: between(-0.05, 0.1),
      days: between(20, 1_500),
    })
    .map((of): EuropeanOption => ({ ...of, strike: 100 }));
  const sigmas = between(0.1, 1);

  /** d price / d what, by the fourth-order central difference. */
  function derivative(price: (shift: number) => number, step: number): number {
    return (8 * (price(step) - price(-step)) - (price(2 * step) - price(-2 * step))) / (12 * step);
  }

  const cases: [
    figure: keyof OptionValue,
    numerically: (of: EuropeanOption, sigma: number) => number,
    tolerance: number,
  ][] = [
    ['delta', (of, sigma) => derivative((h) => valueOption({ ...of, spot: of.spot + h }, sigma).price, 0.02), 1e-6],
    ['gamma', (of, sigma) => derivative((h) => valueOption({ ...of, spot: of.spot + h }, sigma).delta, 0.02), 1e-6],
    ['vega', (of, sigma) => derivative((h) => valueOption(of, sigma + h).price, 1e-4) / 100, 1e-6],
    ['theta', (of, sigma) => -derivative((h) => valueOption({ ...of, days: of.days + h }, sigma).price, 0.05), 1e-6],
    ['rho', (of, sigma) => derivative((h) => valueOption({ ...of, rate: of.rate + h }, sigma).price, 1e-4) / 100, 1e-6],
  ];
  test.each(cases)('%s is the numerical derivative in its unit', (figure, numerically, tolerance) => {
    fc.assert(
      fc.property(tame, sigmas, (of, sigma) => {
        expect(Math.abs(valueOption(of, sigma)[figure] - numerically(of, sigma))).toBeLessThan(tolerance);
      }),
    );
  });

  test('satisfy the Black–Scholes–Merton equation', () => {
    fc.assert(
      fc.property(tame, sigmas, (of, sigma) => {
        const { price, delta, gamma, theta } = valueOption(of, sigma);
        const { spot, rate, dividend } = of;
        const left = 365 * theta + 0.5 * sigma * sigma * spot * spot * gamma + (rate - dividend) * spot * delta;
        expect(Math.abs(left - rate * price)).toBeLessThan(1e-10 * spot);
      }),
    );
  });
});

describe('implied volatility', () => {
  test('inverts the price, as far as the price tells', () => {
    fc.assert(
      fc.property(option, volatility, (of, sigma) => {
        const { price, vega } = valueOption(of, sigma);
        const years = of.days / 365;
        const greatest =
          of.type === 'call' ? of.spot * Math.exp(-of.dividend * years) : of.strike * Math.exp(-of.rate * years);
        // Where volatility no longer moves the price by its rounding, any volatility is as good.
        fc.pre(price < greatest && vega > 1e-9 * scale(of));
        const implied = impliedVolatility(of, price);
        const rounding = 64 * Number.EPSILON * (scale(of) * Math.exp(0.1 * years));
        expect(Math.abs(implied - sigma) * vega * 100).toBeLessThan(rounding + 1e-12 * price);
      }),
      { numRuns: 400 },
    );
  });

  test('answers or refuses any price, and what it answers prices back', () => {
    fc.assert(
      fc.property(option, between(-1, 2), (of, part) => {
        const price = part * of.spot;
        let implied: number;
        try {
          implied = impliedVolatility(of, price);
        } catch (error) {
          expect(error).toMatchObject({ name: 'PlimsollError', code: 'OPTION_PRICE_OUT_OF_BOUNDS' });
          return;
        }
        const scaled = scale(of) * Math.exp(0.1 * (of.days / 365));
        expect(Math.abs(valueOption(of, implied).price - price)).toBeLessThan(1e-12 * scaled);
      }),
      { numRuns: 400 },
    );
  });
});
