import { afterAll, describe, expect, test } from 'vitest';
import { type Ended, Workplace } from './plimsoll.ts';

const place = new Workplace();
afterAll(() => place.remove());

/** Haug, The Complete Guide to Option Pricing Formulas, 2nd edition, section 1.1.2: worth 2.4648. */
const HAUG = {
  spot: '100',
  strike: '95',
  rate: '0.1',
  dividend: '0.05',
  volatility: '0.2',
  days: '182.5',
  type: 'put',
};

function price(changed: Readonly<Record<string, string | undefined>> = {}, ...more: string[]): Promise<Ended> {
  const given = Object.entries({ ...HAUG, ...changed }).filter(([, value]) => value !== undefined);
  return place.run('options', 'price', ...given.flatMap(([name, value]) => [`--${name}`, value as string]), ...more);
}

describe('plimsoll options price', () => {
  test('prints price and Greeks as one JSON object, and nothing else', async () => {
    const { code, out, err } = await price({}, '--json');
    expect([code, err]).toEqual([0, '']);
    const figures = JSON.parse(out);
    expect(Object.keys(figures)).toEqual(['price', 'delta', 'gamma', 'vega', 'theta', 'rho']);
    expect(figures.price).toBeCloseTo(2.4648, 4);
    expect(figures.delta).toBeCloseTo(-0.2642, 4);
  });

  test('takes no dividend for 0, and a negative rate', async () => {
    const [without, zero] = await Promise.all([
      price({ dividend: undefined }, '--json'),
      price({ dividend: '0' }, '--json'),
    ]);
    expect(without.out).toBe(zero.out);
    const negative = await price({ rate: '-0.005' }, '--json');
    expect(negative.code).toBe(0);
    expect(JSON.parse(negative.out).price).toBeGreaterThan(JSON.parse(zero.out).price);
  });

  test('names the unit of every figure in its text', async () => {
    const { out } = await price();
    expect(out).toMatch(/^price +2\.4647876 /m);
    expect(out).toMatch(/^vega +0\.22839574 +for one point of volatility/m);
    expect(out).toMatch(/^theta +-0\.0082206\d+ +a calendar day/m);
    expect(out).toMatch(/^rho +-0\.1444147\d* +for one point of the rate/m);
    expect(out.trim().split('\n')).toHaveLength(6);
  });

  test('finds the volatility where the price is given', async () => {
    const { code, out } = await price({ volatility: undefined, price: '2.46478764675582' }, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out).impliedVolatility).toBeCloseTo(0.2, 10);
  });
});

describe('what is refused in one sentence, as wrong use', () => {
  test.each([
    ['a spot of 0', { spot: '0' }, /spot is 0.*above zero/s],
    ['a strike that is not a number', { strike: 'NaN' }, /--strike is "NaN"/],
    ['an empty rate', { rate: '' }, /--rate is ""/],
    ['a rate in percent', { rate: '5' }, /0\.05 is 5 %/],
    ['a type that is neither', { type: 'straddle' }, /--type is "straddle".*call or put/s],
    ['days below 0', { days: '-1' }, /days is -1/],
    ['no days', { days: undefined }, /--days/],
    ['neither volatility nor price', { volatility: undefined }, /neither volatility nor price/],
    ['volatility and price', { price: '3' }, /both given/],
    ['a price that is an arbitrage', { volatility: undefined, price: '95' }, /without arbitrage.*below 90\.3/s],
  ])('%s', async (_, changed, sentence) => {
    const { code, out, err } = await price(changed);
    expect(err).toMatch(new RegExp(sentence.source, `${sentence.flags}i`));
    expect(err).not.toMatch(/\n\s+at |should not have/);
    expect([code, out]).toEqual([2, '']);
  });
});
