import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fixedFraction } from '../../../../core/risk/sizing-methods/fixed-fraction.ts';
import { kelly, kellyOfOdds } from '../../../../core/risk/sizing-methods/kelly.ts';
import { riskPerStop } from '../../../../core/risk/sizing-methods/risk-per-stop.ts';
import { MAX_FRACTION, noSize, type Size, sizeOf } from '../../../../core/risk/sizing-methods/size.ts';
import { smallestSize } from '../../../../core/risk/sizing-methods/smallest-size.ts';
import { volatilityTarget } from '../../../../core/risk/sizing-methods/volatility-target.ts';

const BAD = [Number.NaN, undefined, 0, -0.1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

describe('a fixed fraction', () => {
  test('is that fraction', () => {
    expect(fixedFraction(0.25)).toEqual({ method: 'fixed-fraction', fraction: 0.25, because: '25 % of equity' });
  });

  test.each(BAD)('of %s is no size', (fraction) => {
    expect(fixedFraction(fraction)).toMatchObject({ fraction: 0, because: expect.stringContaining('the fraction is') });
  });

  test('is plausible up to a bound, and no size above it', () => {
    expect(fixedFraction(MAX_FRACTION).fraction).toBe(MAX_FRACTION);
    expect(fixedFraction(MAX_FRACTION * 1.01)).toMatchObject({
      fraction: 0,
      because: expect.stringContaining('plausible'),
    });
  });
});

describe('a volatility target', () => {
  test('is the target over the volatility', () => {
    const { fraction, because } = volatilityTarget({ target: 0.01, volatility: 0.04 });
    expect(fraction).toBe(0.25);
    expect(because).toBe('a target of 1 % at a volatility of 4 %');
  });

  test.each(BAD)('with a volatility or target of %s is no size', (bad) => {
    expect(volatilityTarget({ target: 0.01, volatility: bad }).fraction).toBe(0);
    expect(volatilityTarget({ target: bad, volatility: 0.04 }).fraction).toBe(0);
  });

  test('with hardly any volatility is no size, not a huge one', () => {
    expect(volatilityTarget({ target: 0.01, volatility: 1e-9 })).toMatchObject({
      fraction: 0,
      because: expect.stringContaining('above the plausible 100'),
    });
  });
});

describe('equal risk per stop', () => {
  test('is the risk over the distance, for longs and shorts', () => {
    expect(riskPerStop({ risk: 0.01, side: 'long', entry: 100, stop: 95 }).fraction).toBeCloseTo(0.2, 12);
    expect(riskPerStop({ risk: 0.01, side: 'short', entry: 100, stop: 104 }).fraction).toBeCloseTo(0.25, 12);
  });

  test('counts the costs of getting out', () => {
    expect(riskPerStop({ risk: 0.01, side: 'long', entry: 100, stop: 95, cost: 0.05 }).fraction).toBeCloseTo(0.1, 12);
    expect(riskPerStop({ risk: 0.01, side: 'long', entry: 100, stop: 95, cost: -0.01 }).because).toBe(
      'the cost is -0.01',
    );
    expect(riskPerStop({ risk: 0.01, side: 'long', entry: 100, stop: 95, cost: Number.NaN }).fraction).toBe(0);
  });

  test('loses the risk when the stop is met, whatever the prices', () => {
    const price = fc.double({ min: 1, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(price, fc.double({ min: 0.01, max: 0.9, noNaN: true }), fc.boolean(), (entry, distance, long) => {
        const stop = entry * (long ? 1 - distance : 1 + distance);
        const { fraction } = riskPerStop({ risk: 0.02, side: long ? 'long' : 'short', entry, stop });
        expect((fraction * Math.abs(entry - stop)) / entry).toBeCloseTo(0.02, 10);
      }),
    );
  });

  test('is no size where the stop is on the other side, or at the entry', () => {
    expect(riskPerStop({ risk: 0.01, side: 'long', entry: 100, stop: 105 }).because).toBe(
      'a stop at 105 does not protect a long entry at 100',
    );
    expect(riskPerStop({ risk: 0.01, side: 'short', entry: 100, stop: 95 }).fraction).toBe(0);
    expect(riskPerStop({ risk: 0.01, side: 'long', entry: 100, stop: 100 }).fraction).toBe(0);
  });

  test.each(BAD)('with a risk, entry or stop of %s is no size', (bad) => {
    const inputs = { risk: 0.01, side: 'long', entry: 100, stop: 95 } as const;
    for (const name of ['risk', 'entry', 'stop']) expect(riskPerStop({ ...inputs, [name]: bad }).fraction).toBe(0);
  });
});

describe('Kelly from returns', () => {
  /** Up by 3 % and down by 1 %, in turn: a mean of 1 % and a deviation of 2 % over n. */
  const alternating = (count: number) => Float64Array.from({ length: count }, (_, k) => (k % 2 === 0 ? 0.03 : -0.01));

  test('is the mean over the variance, when not shrunk', () => {
    const { fraction } = kelly(alternating(100), { shrink: false });
    expect(fraction).toBeCloseTo(0.01 / ((0.0004 * 100) / 99), 9);
    expect(kelly(alternating(100), { shrink: false, part: 0.5 }).fraction).toBeCloseTo(fraction / 2, 12);
  });

  test('counts only what beats cash', () => {
    const { fraction } = kelly(alternating(100), { shrink: false, riskFree: 0.004 });
    expect(fraction).toBeCloseTo(0.006 / ((0.0004 * 100) / 99), 9);
    expect(kelly(alternating(100), { riskFree: 0.01 }).fraction).toBe(0);
    expect(kelly(alternating(100), { riskFree: Number.NaN }).fraction).toBe(0);
  });

  test('shrunk is the one of Kan and Zhou for one asset', () => {
    // A Sharpe ratio of ½: estimated without bias, θ² = 97/100 × 0.25 - 0.01 = 0.2325; full is 0.01 ÷ 0.0004 = 25.
    expect(kelly(alternating(100)).fraction).toBeCloseTo(((25 * 95) / 100) * (0.2325 / 0.2425), 9);
    expect(kelly(alternating(100)).because).toMatch(/of Kelly's 24.75 shrunk to 22.77/);
  });

  test('shrunk is always less, and comes nearer with more observations', () => {
    let nearness = 0;
    for (const count of [60, 100, 400, 4_000]) {
      const ratio = kelly(alternating(count)).fraction / kelly(alternating(count), { shrink: false }).fraction;
      expect(ratio).toBeGreaterThan(nearness);
      expect(ratio).toBeLessThan(1);
      nearness = ratio;
    }
    expect(nearness).toBeGreaterThan(0.99);
  });

  test('is no size where the edge cannot be told from none, though its estimate is above zero', () => {
    const faint = Float64Array.from({ length: 100 }, (_, k) => (k % 2 === 0 ? 0.0205 : -0.0195));
    expect(kelly(faint, { shrink: false }).fraction).toBeGreaterThan(1);
    expect(kelly(faint)).toMatchObject({
      fraction: 0,
      because: expect.stringContaining('cannot be told from no edge'),
    });
  });

  test.each<[string, Float64Array, string]>([
    ['a loss on average', alternating(100).map((value) => value - 0.02), 'there is no edge'],
    ['too few returns', alternating(59), '59 observations where 60 are needed'],
    ['returns that do not vary', new Float64Array(100).fill(0.01), 'do not vary'],
    ['a return that is not finite', alternating(100).fill(Number.NaN, 3, 4), 'observation 3 of the series is NaN'],
    ['no returns', new Float64Array(), '0 observations'],
  ])('from %s is no size', (_, returns, because) => {
    expect(kelly(returns)).toMatchObject({ fraction: 0, because: expect.stringContaining(because) });
    expect(kelly(returns, { shrink: false }).fraction).toBe(0);
  });

  test.each([0, -1, 1.1, Number.NaN])('with a part of %d is no size', (part) => {
    expect(kelly(alternating(100), { part }).fraction).toBe(0);
    expect(kellyOfOdds({ wins: 60, bets: 100, payoff: 1 }, { part }).fraction).toBe(0);
  });

  test('asks for ten observations at the least', () => {
    expect(kelly(alternating(10), { leastObservations: 10 }).fraction).toBeGreaterThan(0);
    expect(kelly(alternating(9), { leastObservations: 9 }).fraction).toBe(0);
    expect(kelly(alternating(100), { leastObservations: Number.NaN }).fraction).toBe(0);
  });
});

describe('Kelly from odds', () => {
  test('is p - q/b, when not shrunk, over the loss', () => {
    expect(kellyOfOdds({ wins: 60, bets: 100, payoff: 1 }, { shrink: false }).fraction).toBeCloseTo(0.2, 12);
    expect(kellyOfOdds({ wins: 40, bets: 100, payoff: 2 }, { shrink: false }).fraction).toBeCloseTo(0.1, 12);
    expect(kellyOfOdds({ wins: 60, bets: 100, payoff: 1, loss: 0.1 }, { shrink: false }).fraction).toBeCloseTo(2, 12);
  });

  test('shrunk is the one of Baker and McHale', () => {
    // e = 0.2, (b + 1)² p q / n = 4 × 0.24 / 100.
    expect(kellyOfOdds({ wins: 60, bets: 100, payoff: 1 }).fraction).toBeCloseTo((0.2 * 0.04) / (0.04 + 0.0096), 12);
    expect(kellyOfOdds({ wins: 60, bets: 100, payoff: 1 }, { part: 0.5 }).fraction).toBeCloseTo(
      (0.1 * 0.04) / 0.0496,
      12,
    );
  });

  test.each([
    [{ wins: 50, bets: 100, payoff: 1 }, 'no edge'],
    [{ wins: 100, bets: 100, payoff: 1 }, 'no lost bet'],
    [{ wins: 30, bets: 59, payoff: 3 }, '59 bets where 60'],
    [{ wins: 101, bets: 100, payoff: 1 }, '101 of 100'],
    [{ wins: -1, bets: 100, payoff: 1 }, '-1 of 100'],
    [{ wins: 60.5, bets: 100, payoff: 1 }, '60.5 of 100'],
    [{ wins: Number.NaN, bets: 100, payoff: 1 }, 'NaN of 100'],
    [{ wins: 60, bets: 100, payoff: Number.NaN }, 'payoff is NaN'],
    [{ wins: 60, bets: 100, payoff: 0 }, 'payoff is 0'],
    [{ wins: 60, bets: 100, payoff: 1, loss: 0 }, 'loss is 0'],
    [{ wins: 60, bets: 100, payoff: 1, loss: 1.1 }, 'loss is 1.1'],
  ])('of %o is no size', (odds, because) => {
    expect(kellyOfOdds(odds)).toMatchObject({ fraction: 0, because: expect.stringContaining(because) });
  });
});

describe('the smallest size', () => {
  const fixed = fixedFraction(0.5);
  const target = volatilityTarget({ target: 0.01, volatility: 0.04 });
  const stop = riskPerStop({ risk: 0.01, side: 'long', entry: 100, stop: 95 });

  test('is chosen, and all are shown in their order', () => {
    const chosen = smallestSize([fixed, stop, target]);
    expect(chosen).toMatchObject({ method: 'risk-per-stop', because: stop.because });
    expect(chosen.fraction).toBe(stop.fraction);
    expect(chosen.candidates).toEqual([fixed, stop, target]);
  });

  test('is none where one method has none, whatever the others say', () => {
    const chosen = smallestSize([fixed, noSize('kelly', 'there is no edge'), target]);
    expect(chosen).toMatchObject({ fraction: 0, method: 'kelly', because: 'there is no edge' });
    expect(chosen.candidates).toHaveLength(3);
  });

  test('is none without methods', () => {
    expect(smallestSize([])).toEqual({
      fraction: 0,
      method: undefined,
      because: 'no sizing method is configured',
      candidates: [],
    });
  });

  test.each([Number.NaN, -1, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 101])(
    'is none where a method says %d',
    (fraction) => {
      const broken: Size = { method: 'kelly', fraction, because: 'a defect' };
      for (const sizes of [
        [fixed, broken],
        [broken, fixed],
      ])
        expect(smallestSize(sizes)).toMatchObject({ fraction: 0, method: 'kelly' });
    },
  );

  test('is no larger than any candidate, and one of them', () => {
    const fractions = fc.array(fc.double({ min: -1, max: 3 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fractions, (values) => {
        const { fraction, candidates } = smallestSize(values.map((value) => sizeOf('fixed-fraction', value, 'drawn')));
        expect(candidates.map((candidate) => candidate.fraction)).toContain(fraction);
        for (const candidate of candidates) expect(fraction).toBeLessThanOrEqual(candidate.fraction);
        if (values.some((value) => !(value > 0))) expect(fraction).toBe(0);
      }),
    );
  });
});
