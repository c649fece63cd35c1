import { describe, expect, test } from 'vitest';
import { neededEvidence, ScoreEvidence } from '../../../../core/models/monitoring/evidence.ts';
import { seededRandom } from '../../../../core/research/random.ts';

const RATE = 0.05;
const NEEDED = Math.log(1 / RATE);

interface World {
  readonly champion: number;
  readonly challenger: number;
  /** The true probability of a rise at row t. */
  readonly rise: (t: number) => number;
}
/** Brier's score of 0.5 and of 0.7 is the same where six of ten rise. */
const EQUAL: World = { champion: 0.5, challenger: 0.7, rise: () => 0.6 };
/** Worse for 300 rows and better for 300: never better on average. */
const WEAKLY_EQUAL: World = { ...EQUAL, rise: (t) => (Math.floor(t / 300) % 2 === 0 ? 0.5 : 0.7) };
const BETTER: World = { ...EQUAL, rise: () => 0.7 };

/** Looks after every outcome and stops at the first evidence; returns the row of it, or undefined. */
function stoppedAt(world: World, seed: number, rows: number): number | undefined {
  const random = seededRandom(seed);
  const evidence = new ScoreEvidence();
  for (let t = 0; t < rows; t++) {
    evidence.add(world.champion, world.challenger, random.next() < world.rise(t) ? 1 : 0);
    if (evidence.better >= NEEDED) return t;
  }
  return undefined;
}

/** The same with a t-test of five in a hundred, which is honest for one look and is asked after each. */
function stoppedByTTest(world: World, seed: number, rows: number): boolean {
  const random = seededRandom(seed);
  let sum = 0;
  let squares = 0;
  for (let t = 1; t <= rows; t++) {
    const y = random.next() < world.rise(t) ? 1 : 0;
    const difference = (world.champion - y) ** 2 - (world.challenger - y) ** 2;
    sum += difference;
    squares += difference * difference;
    const error = Math.sqrt((squares / t - (sum / t) ** 2) / t);
    if (t >= 30 && sum / t > 1.645 * error) return true;
  }
  return false;
}

const share = (runs: number, isTrue: (seed: number) => boolean): number =>
  Array.from({ length: runs }, (_, seed) => isTrue(seed)).filter(Boolean).length / runs;

describe('evidence that is looked at after every outcome', () => {
  test.each([
    ['equally good', EQUAL],
    ['worse at times and better at others', WEAKLY_EQUAL],
  ])('finds a challenger that is %s to be better in no more than 5 of 100', (_, world) => {
    expect(share(400, (seed) => stoppedAt(world, seed, 1_200) !== undefined)).toBeLessThanOrEqual(RATE);
  });

  test('holds where a test for one look, asked as often, errs in one of four', () => {
    expect(share(400, (seed) => stoppedByTTest(EQUAL, seed, 1_200))).toBeGreaterThan(0.25);
  });

  test('finds nine of ten that are better within 600 outcomes, and half of them within 250', () => {
    const rows = Array.from({ length: 200 }, (_, seed) => stoppedAt(BETTER, seed, 600) ?? Number.POSITIVE_INFINITY);
    rows.sort((a, b) => a - b);
    expect(rows[180]).toBeLessThan(600);
    expect(rows[100]).toBeLessThan(250);
  });

  test('says that the other is worse by what says that the one is better', () => {
    const there = new ScoreEvidence();
    const back = new ScoreEvidence();
    for (const outcome of [1, 1, 0, 1, 0, 1, 1]) {
      there.add(0.4, 0.7, outcome);
      back.add(0.7, 0.4, outcome);
    }
    expect(back.worse).toBeCloseTo(there.better, 12);
    expect(back.mean).toBeCloseTo(-there.mean, 12);
  });

  test('multiplies bets: of one row it is the mean of exp(λd - ψ(λ) d²) over the grid', () => {
    const evidence = new ScoreEvidence();
    evidence.add(0.5, 0.7, 1);
    const d = 0.25 - 0.09;
    const bound = 0.49 - 0.25;
    const grid = [0.06, 0.12, 0.25, 0.5, 0.8, 1.1, 1.5, 1.9];
    const values = grid.map((l) => Math.exp(l * d - ((-Math.log(1 - l * bound) - l * bound) / bound ** 2) * d * d));
    expect(evidence.better).toBeCloseTo(Math.log(values.reduce((sum, value) => sum + value, 0) / grid.length), 12);
  });

  test('no row decides alone: what is at stake is no more than a half', () => {
    const evidence = new ScoreEvidence();
    evidence.add(1, 0, 0);
    expect(evidence.mean).toBe(1);
    expect(evidence.better).toBeLessThan(1);
  });

  test('two that say the same are neither better nor worse, ever', () => {
    const evidence = new ScoreEvidence();
    for (let t = 0; t < 100; t++) evidence.add(0.6, 0.6, t % 2);
    expect([evidence.better, evidence.worse, evidence.mean]).toEqual([0, 0, 0]);
  });
});

describe('the confidence sequence', () => {
  test('holds the mean difference at all times together, in 95 of 100', () => {
    const missed = share(200, (seed) => {
      const random = seededRandom(seed);
      const evidence = new ScoreEvidence();
      for (let t = 1; t <= 600; t++) {
        evidence.add(0.5, 0.7, random.next() < 0.7 ? 1 : 0);
        if (t % 20 !== 0) continue;
        const { low, high } = evidence.interval(RATE);
        if (low > 0.04 || high < 0.04) return true;
      }
      return false;
    });
    expect(missed).toBeLessThanOrEqual(RATE);
  });

  test('begins as all that can be and closes in on the mean', () => {
    const evidence = new ScoreEvidence();
    expect(evidence.interval(RATE)).toEqual({ low: -1, high: 1 });
    const widths = [100, 1_000, 10_000].map((rows) => {
      while (evidence.rows < rows) evidence.add(0.5, 0.7, evidence.rows % 10 < 7 ? 1 : 0);
      const { low, high } = evidence.interval(RATE);
      expect(low).toBeLessThan(0.04);
      expect(high).toBeGreaterThan(0.04);
      return high - low;
    });
    expect(widths[1]).toBeLessThan(widths[0] / 2);
    expect(widths[2]).toBeLessThan(widths[1] / 2);
  });

  test('is above 0 just where there is evidence at half the rate', () => {
    const random = seededRandom(3);
    const evidence = new ScoreEvidence();
    for (let t = 0; t < 800; t++) {
      evidence.add(0.5, 0.7, random.next() < 0.7 ? 1 : 0);
      expect(evidence.interval(RATE).low > 0).toBe(evidence.better >= Math.log(2 / RATE));
    }
  });
});

test('all challengers of a champion share one rate of errors', () => {
  const parts = Array.from({ length: 1_000 }, (_, k) => Math.exp(-neededEvidence(RATE, k + 1)));
  expect(parts.reduce((sum, part) => sum + part, 0)).toBeLessThan(RATE);
  expect(parts[0]).toBeCloseTo(RATE / 2, 12);
});

test.each([
  [1.2, 0.5, 1],
  [0.5, Number.NaN, 1],
  [0.5, 0.5, 0.5],
])('probabilities %d and %d with the outcome %d are refused', (champion, challenger, outcome) => {
  expect(() => new ScoreEvidence().add(champion, challenger, outcome)).toThrow(
    expect.objectContaining({ code: 'MONITORING_INPUT_INVALID' }),
  );
});

test.each([0, 1, Number.NaN])('a rate of errors of %d is refused', (rate) => {
  expect(() => neededEvidence(rate, 1)).toThrow(expect.objectContaining({ code: 'MONITORING_INPUT_INVALID' }));
});
