import { describe, expect, test } from 'vitest';
import { COMBINING_DEFAULTS, type CombiningOptions } from '../../../../core/models/combining/options.ts';
import { Weighing } from '../../../../core/models/combining/weighing.ts';

const MODELS = ['a', 'b', 'c'];
const options = (change: Partial<CombiningOptions>): CombiningOptions => ({
  ...COMBINING_DEFAULTS,
  memory: 10,
  stay: 5,
  ...change,
});

/** Losses by bar, one a model; the weights after each. */
function weightsOf(change: Partial<CombiningOptions>, losses: readonly (readonly number[])[], overlapRows = 1) {
  const weighing = new Weighing(MODELS, options(change), overlapRows);
  return losses.map((bar) => {
    bar.forEach((loss, k) => {
      weighing.learn(k, loss);
    });
    return weighing.weights(Number.NaN);
  });
}

const repeated = (count: number, bar: readonly number[]) => Array.from({ length: count }, () => bar);
const alone = (k: number) => MODELS.map((_, place) => Number(place === k));
const EQUAL = MODELS.map(() => 1 / 3);
const none = Number.NaN;

describe('weights by recent log loss', () => {
  const method = 'recent-log-loss';

  test('are in proportion to what is left of a model’s chance, by the outcomes that are remembered', () => {
    const limits = { ...COMBINING_DEFAULTS.limits, leastWeight: 1e-6, mostWeight: 1 };
    const [weights] = weightsOf({ method, limits }, [[0.5, 0.7, 1]]);
    const chances = [0.5, 0.7, 1].map((loss) => Math.exp(-loss));
    const sum = chances.reduce((all, chance) => all + chance, 0);
    weights.forEach((weight, k) => {
      expect(weight).toBeCloseTo(chances[k] / sum, 12);
    });
  });

  test('stay within the limits however far apart models are, and sum to 1', () => {
    const limits = { ...COMBINING_DEFAULTS.limits, leastWeight: 0.15, mostWeight: 0.5 };
    for (const weights of weightsOf({ method, limits }, repeated(12, [0.1, 3, 3]))) {
      expect(Math.min(...weights)).toBeGreaterThanOrEqual(0.15 - 1e-12);
      expect(Math.max(...weights)).toBeLessThanOrEqual(0.5 + 1e-12);
      expect(weights.reduce((all, weight) => all + weight, 0)).toBeCloseTo(1, 12);
    }
  });

  test('know nothing of what is longer ago than the memory', () => {
    const [late] = weightsOf({ method }, [...repeated(30, [0.1, 2, 2]), ...repeated(10, [0.7, 0.6, 0.65])]).slice(-1);
    expect(late).toEqual(weightsOf({ method }, repeated(10, [0.7, 0.6, 0.65])).at(-1));
  });

  test('count overlapping outcomes as the fewer that they are', () => {
    const spread = (overlapRows: number) => {
      const weights = weightsOf({ method }, repeated(10, [0.6, 0.7, 0.8]), overlapRows).at(-1)!;
      return weights[0] - weights[2];
    };
    expect(spread(24)).toBeLessThan(spread(1) / 2);
  });

  test('are equal before the first outcome; a model without outcomes is neither better nor worse for that', () => {
    expect(weightsOf({ method }, [[none, none, none]])[0]).toEqual(EQUAL);
    const weights = weightsOf({ method }, repeated(10, [0.6, none, 0.8])).at(-1)!;
    expect(weights[0]).toBeGreaterThan(weights[1]);
    expect(weights[1]).toBeGreaterThan(weights[2]);
  });

  test('do not favour a model for having answered less often', () => {
    const weights = weightsOf({ method }, [...repeated(5, [0.6, none, 0.7]), ...repeated(5, [0.6, 0.6, 0.7])]).at(-1)!;
    expect(weights[1]).toBeCloseTo(weights[0], 12);
  });
});

describe('the best of late', () => {
  const method = 'best-recent';

  test('decides alone from the first outcomes on', () => {
    expect(weightsOf({ method }, [[none, none, none]])[0]).toEqual(EQUAL);
    expect(weightsOf({ method }, [[0.8, 0.6, 0.7]])[0]).toEqual(alone(1));
  });

  test('is followed by another once it had its bars, and no sooner', () => {
    const weights = weightsOf({ method, memory: 1, stay: 5 }, [[0.5, 0.9, 0.9], ...repeated(6, [0.9, 0.5, 0.9])]);
    expect(weights.map((each) => each.indexOf(1))).toEqual([0, 0, 0, 0, 0, 1, 1]);
  });

  test('is not followed by one that is better by less than the lead', () => {
    const later = (better: number) =>
      weightsOf({ method, memory: 1, stay: 2, lead: 0.05 }, [[0.5, 0.9, 0.9], ...repeated(6, [0.6, better, 0.9])]).at(
        -1,
      );
    expect(later(0.56)).toEqual(alone(0));
    expect(later(0.54)).toEqual(alone(1));
  });

  test('does not flap where two take turns at being the best', () => {
    const turns = Array.from({ length: 40 }, (_, k) => (k % 2 === 0 ? [0.6, 0.61, 0.9] : [0.61, 0.6, 0.9]));
    const changes = (change: Partial<CombiningOptions>) => {
      const leaders = weightsOf({ method, memory: 1, ...change }, turns).map((each) => each.indexOf(1));
      return leaders.filter((leader, k) => k > 0 && leader !== leaders[k - 1]).length;
    };
    expect(changes({ stay: 1, lead: 0 })).toBe(39);
    expect(changes({ stay: 10, lead: 0 })).toBeLessThanOrEqual(4);
    expect(changes({ stay: 1, lead: 0.02 })).toBe(0);
  });

  test('gives way when nothing is known of it any more', () => {
    const weights = weightsOf({ method, memory: 3, stay: 2 }, [[0.5, 0.9, 0.9], ...repeated(5, [none, 0.7, 0.9])]);
    expect(weights.map((each) => each.indexOf(1))).toEqual([0, 0, 0, 1, 1, 1]);
  });

  test('is kept by a checkpoint, with the bars that it has decided', () => {
    const bars = [[0.5, 0.9, 0.9], ...repeated(7, [0.9, 0.5, 0.9])];
    const given = options({ method, memory: 1, stay: 5 });
    const whole = weightsOf({ method, memory: 1, stay: 5 }, bars);
    let weighing = new Weighing(MODELS, given, 1);
    bars.forEach((bar, k) => {
      const next = new Weighing(MODELS, given, 1);
      next.restore(JSON.parse(JSON.stringify(weighing.snapshot()).replaceAll('null', '0')));
      if (k > 0) weighing = next;
      bar.forEach((loss, m) => {
        weighing.learn(m, loss);
      });
      expect(weighing.weights(none)).toEqual(whole[k]);
    });
  });
});

describe('a model by regime', () => {
  const given = (regimes: Record<string, string>) => new Weighing(MODELS, options({ method: 'by-regime', regimes }), 1);

  test('decides alone in its regime; where none is named, or none is known, all do', () => {
    const weighing = given({ calm: 'b', turbulent: 'c' });
    expect([0, 1, 2, none].map((regime) => weighing.weights(regime))).toEqual([alone(1), EQUAL, alone(2), EQUAL]);
  });

  test('goes by the trend where regimes of the trend are named', () => {
    const weighing = given({ down: 'c', up: 'a' });
    expect([-1, 0, 1].map((regime) => weighing.weights(regime))).toEqual([alone(2), EQUAL, alone(0)]);
  });
});
