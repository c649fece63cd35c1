import { describe, expect, test } from 'vitest';
import { boundedWeights } from '../../../../core/models/combining/bounds.ts';
import { type CompareOptions, compareCombining, WAYS } from '../../../../core/models/combining/compare.ts';
import type { MemberPredictions } from '../../../../core/models/combining/predictions.ts';
import { RecentLogLoss } from '../../../../core/models/combining/recent-log-loss.ts';
import { RegimeGated } from '../../../../core/models/combining/regime-gated.ts';
import { modelManifest } from '../../../../core/models/manifest.ts';
import { seededRandom } from '../../../../core/research/random.ts';

const HOUR_MS = 3_600_000;
const OPTIONS: CompareOptions = {
  ...{ halfLifeRows: 150, overlapRows: 1, floor: 0.02, ceiling: 0.9 },
  ...{ regimes: 2, shrinkRows: 20, ridge: 1, firstOutcomes: 200, refitRows: 200, draws: 200 },
};
const recentOptions = { halfLifeRows: 100, overlapRows: 1, floor: 0.05, ceiling: 0.7 };

/** Rows an hour apart whose label is known `wait` hours later. A member that is told by `knows` to know is right four times in five. */
function predictionsOf(
  count: number,
  knows: (row: number) => readonly boolean[],
  { wait = 3, sure = 0.8 }: { wait?: number; sure?: number } = {},
): MemberPredictions {
  const random = seededRandom(4);
  const label = Float64Array.from({ length: count }, () => Number(random.next() < 0.5));
  const known = Float64Array.from({ length: count }, (_, row) => row * HOUR_MS);
  const members = knows(0).map((_, k) => `member-${k}`);
  const up = members.map((_, k) =>
    Float64Array.from({ length: count }, (__, row) => {
      const says = random.next() < (knows(row)[k] ? 0.8 : 0.5) ? label[row] : 1 - label[row];
      return says === 1 ? sure : 1 - sure;
    }),
  );
  return { members, known, end: known.map((time) => time + wait * HOUR_MS), label, up };
}

const none = (count: number): Float64Array => new Float64Array(count).fill(Number.NaN);

describe('bounded weights', () => {
  test('are in proportion where the bounds let them be, and sum to 1', () => {
    const free = boundedWeights([1, 2, 5], { floor: 0.01, ceiling: 1 });
    expect(free.map((weight) => weight.toFixed(12))).toEqual(['0.125000000000', '0.250000000000', '0.625000000000']);
    // The last at its ceiling, the first at its floor, the rest of 1 for the two between them as 1 to 2.
    const bound = boundedWeights([0.1, 1, 2, 50], { floor: 0.1, ceiling: 0.45 });
    expect(bound.map((weight) => weight.toFixed(12))).toEqual([
      '0.100000000000',
      '0.150000000000',
      '0.300000000000',
      '0.450000000000',
    ]);
  });

  test('share what the ceiling leaves among members that had nothing', () => {
    const weights = boundedWeights([1, 0, 0], { floor: 0.1, ceiling: 0.5 });
    expect(weights.map((weight) => weight.toFixed(9))).toEqual(['0.500000000', '0.250000000', '0.250000000']);
  });

  test('are equal where no other are allowed', () => {
    expect(boundedWeights([1, 9], { floor: 0.5, ceiling: 0.5 })).toEqual([0.5, 0.5]);
  });

  test.each<[string, number[], number, number, RegExp]>([
    ['a floor of 0', [1, 1], 0, 1, /floor of a weight is 0/],
    ['a floor that no weights fit under', [1, 1], 0.6, 1, /floor of a weight is 0.6/],
    ['a ceiling that no weights fill', [1, 1], 0.1, 0.4, /ceiling of a weight is 0.4/],
    ['a share below 0', [1, -1], 0.1, 1, /shares of members are 1, -1/],
    ['no share at all', [0, 0], 0.1, 1, /shares of members are 0, 0/],
    ['a share that is none', [1, Number.NaN], 0.1, 1, /NaN/],
  ])('of %s are refused', (_, shares, floor, ceiling, message) => {
    expect(() => boundedWeights(shares, { floor, ceiling })).toThrow(
      expect.objectContaining({ code: 'PREDICTIONS_INVALID', message: expect.stringMatching(message) }),
    );
  });
});

describe('weights by recent log loss', () => {
  test('are equal before the first outcome, then in proportion to exp(−loss), forgotten by halves', () => {
    const recent = new RecentLogLoss(2, { ...recentOptions, halfLifeRows: 1 });
    expect(recent.weights()).toEqual([0.5, 0.5]);
    recent.learn({ end: 1, label: 1, up: [0.6, 0.5] }, 1);
    recent.learn({ end: 2, label: 0, up: [0.6, 0.5] }, 2);
    const shares = [Math.exp(0.5 * Math.log(0.6) + Math.log(0.4)), Math.exp(1.5 * Math.log(0.5))];
    expect(recent.weights()[0]).toBeCloseTo(shares[0] / (shares[0] + shares[1]), 12);
  });

  test('count outcomes that overlap as one', () => {
    const apart = new RecentLogLoss(2, recentOptions);
    const overlapping = new RecentLogLoss(2, { ...recentOptions, overlapRows: 4 });
    apart.learn({ end: 1, label: 1, up: [0.6, 0.5] }, 1);
    for (let k = 0; k < 4; k++) overlapping.learn({ end: 1, label: 1, up: [0.6, 0.5] }, 1);
    expect(overlapping.weights()[0]).toBeCloseTo(apart.weights()[0], 2);
  });

  test('stay within the bounds of a person, and go to the member that is right now', () => {
    const recent = new RecentLogLoss(3, recentOptions);
    for (let k = 0; k < 300; k++) recent.learn({ end: k, label: k % 2, up: [0.5, k % 2 ? 0.9 : 0.1, 0.5] }, k);
    expect(recent.weights()).toEqual([0.15, 0.7, 0.15].map((weight) => expect.closeTo(weight, 12)));
    for (let k = 0; k < 600; k++) recent.learn({ end: k, label: k % 2, up: [k % 2 ? 0.9 : 0.1, 0.5, 0.5] }, k);
    expect(recent.weights()[0]).toBeCloseTo(0.7, 12);
  });

  test('refuse an outcome that nobody knows yet', () => {
    const recent = new RecentLogLoss(2, recentOptions);
    const outcome = { end: 24 * HOUR_MS, label: 1, up: [0.6, 0.5] };
    expect(() => recent.learn(outcome, 24 * HOUR_MS - 1)).toThrow(
      expect.objectContaining({ code: 'OUTCOME_NOT_KNOWN' }),
    );
    expect(() => new RegimeGated(2, OPTIONS).learn(outcome, 0, 0)).toThrow(
      expect.objectContaining({ code: 'OUTCOME_NOT_KNOWN' }),
    );
    recent.learn(outcome, 24 * HOUR_MS);
  });

  test('go on to the bit after their state went through JSON', () => {
    const outcomes = Array.from({ length: 40 }, (_, k) => ({ end: k, label: k % 2, up: [0.3 + 0.01 * k, 0.5] }));
    const [one, other] = [new RecentLogLoss(2, recentOptions), new RecentLogLoss(2, recentOptions)];
    const [gated, gatedOther] = [new RegimeGated(2, OPTIONS), new RegimeGated(2, OPTIONS)];
    outcomes.forEach((outcome, k) => {
      if (k === 20) {
        other.restore(JSON.parse(JSON.stringify(one.snapshot())));
        gatedOther.restore(JSON.parse(JSON.stringify(gated.snapshot())));
      }
      one.learn(outcome, k);
      gated.learn(outcome, k % 2, k);
      if (k < 20) return;
      other.learn(outcome, k);
      gatedOther.learn(outcome, k % 2, k);
    });
    expect(other.weights()).toEqual(one.weights());
    expect(gatedOther.weights(1)).toEqual(gated.weights(1));
  });
});

describe('weights by regime', () => {
  const gated = new RegimeGated(2, { ...OPTIONS, overlapRows: 8 });
  for (let k = 0; k < 120; k++) {
    const right = k % 2 ? 0.8 : 0.2;
    gated.learn({ end: k, label: k % 2, up: k % 3 === 0 ? [right, 0.5] : [0.5, right] }, k % 3 === 0 ? 0 : 1, k);
  }

  test('go to the member that is right in the regime', () => {
    expect(gated.weights(0)[0]).toBeGreaterThan(0.7);
    expect(gated.weights(1)[1]).toBeGreaterThan(0.7);
  });

  test('are those of all regimes where none is known', () => {
    const overall = gated.weights(Number.NaN);
    const recent = new RecentLogLoss(2, { ...OPTIONS, overlapRows: 8 });
    for (let k = 0; k < 120; k++) {
      const right = k % 2 ? 0.8 : 0.2;
      recent.learn({ end: k, label: k % 2, up: k % 3 === 0 ? [right, 0.5] : [0.5, right] }, k);
    }
    expect(overall).toEqual(recent.weights());
  });

  test('are nearer to those of all regimes the more they are shrunk, and lie there where the regime was never met', () => {
    const towards = (shrinkRows: number): number => {
      const shrunk = new RegimeGated(2, { ...OPTIONS, overlapRows: 8, shrinkRows });
      for (let k = 0; k < 40; k++)
        shrunk.learn({ end: k, label: 1, up: k % 4 === 0 ? [0.8, 0.5] : [0.4, 0.6] }, k % 4 === 0 ? 0 : 1, k);
      return shrunk.weights(0)[0];
    };
    expect(towards(1)).toBeGreaterThan(towards(10));
    expect(towards(10)).toBeGreaterThan(towards(40));
    const oneSided = new RegimeGated(2, { ...OPTIONS, shrinkRows: 1_000 });
    oneSided.learn({ end: 0, label: 1, up: [0.8, 0.5] }, 0, 0);
    expect(oneSided.weights(1)).toEqual(oneSided.weights(Number.NaN));
  });
});

describe('the comparison', () => {
  test('finds that weights by recent loss beat voting where one member knows, and another later', () => {
    const predictions = predictionsOf(3_000, (row) => [row < 1_500, row >= 1_500, false]);
    const { ways } = compareCombining(predictions, none(3_000), OPTIONS);
    const recent = ways.find(({ way }) => way === 'recent log loss');
    expect(recent?.againstVoting?.difference).toBeLessThan(-0.02);
    expect(recent?.againstVoting?.pValue).toBeLessThan(0.01);
    expect(recent?.weights[1]).toBeGreaterThan(0.85);
  });

  test('finds that weights by regime beat those by recent loss where the regime says who knows', () => {
    const regime = Float64Array.from({ length: 3_000 }, (_, row) => Math.floor(row / 40) % 2);
    const predictions = predictionsOf(3_000, (row) => [regime[row] === 0, regime[row] === 1, false]);
    const lossOf = (of: Float64Array): Record<string, number> =>
      Object.fromEntries(compareCombining(predictions, of, OPTIONS).ways.map(({ way, logLoss }) => [way, logLoss]));
    const losses = lossOf(regime);
    expect(losses['regime-gated']).toBeLessThan(losses['recent log loss'] - 0.03);
    expect(lossOf(none(3_000))['regime-gated']).toBe(losses['recent log loss']);
  });

  test('finds that stacking damps members that are too sure, which no weights of a mean can', () => {
    const predictions = predictionsOf(2_000, () => [true, false, false], { sure: 0.99 });
    const { ways, stacker } = compareCombining(predictions, none(2_000), OPTIONS);
    const [voting, , stacking] = ways;
    expect(stacking.logLoss).toBeLessThan(voting.logLoss - 0.05);
    expect(stacking.againstBaseline.pValue).toBeLessThan(0.01);
    // Right four times in five: ln 4 where its log odds are ln 99.
    expect(stacker.coefficients[0]).toBeCloseTo(Math.log(4) / Math.log(99), 1);
  });

  test('gives weights of every way that a manifest takes', () => {
    const hash = 'a'.repeat(64);
    const { ways } = compareCombining(
      predictionsOf(600, () => [true, false, false]),
      none(600),
      OPTIONS,
    );
    expect(ways.map(({ way }) => way)).toEqual(WAYS);
    for (const { weights } of ways) {
      const members = weights.map((weight, k) => ({ name: `m${k}`, file: `m${k}.model`, weight }));
      const manifest = {
        ...{ format: 'plimsoll-model/1', features: ['a'], classes: [0, 1], timeframe: '1h', table: hash, members },
        label: { kind: 'fixed-horizon', bars: 3, costFraction: 0 },
        ...{ conformal: { coverage: 0.6, limit: 0.5 }, disagreement: { limit: 0.2 } },
        files: Object.fromEntries(members.map(({ file }) => [file, hash])),
      };
      expect(modelManifest(JSON.stringify(manifest)).members.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(
        1,
        12,
      );
    }
  });

  test('judges no row by an outcome that was known after it: later labels change no earlier figure', () => {
    const predictions = predictionsOf(1_200, () => [true, false, false], { wait: 24 });
    const cut = 800;
    const first = (count: number, change: (row: number) => number): number[] => {
      const label = predictions.label.map((value, row) => (row >= cut - 24 && row < count ? change(value) : value));
      const part = (column: Float64Array): Float64Array => column.slice(0, count);
      const whole = {
        ...predictions,
        known: part(predictions.known),
        end: part(predictions.end),
        label: part(label),
        up: predictions.up.map(part),
      };
      return compareCombining(whole, none(count), OPTIONS).ways.map(({ weights }) => weights[0]);
    };
    // The weights after the last outcome that is known at the last row: rows whose label ends later play no part.
    expect(first(cut + 1, (value) => 1 - value)).toEqual(first(cut + 1, (value) => value));
    expect(first(cut + 200, (value) => 1 - value)).not.toEqual(first(cut + 200, (value) => value));
  });

  test('learns from outcomes in the order in which they are known: one that comes late holds no other back', () => {
    const predictions = predictionsOf(600, () => [true, false]);
    const late = { ...predictions, end: predictions.end.map((time, row) => (row === 0 ? time + 500 * HOUR_MS : time)) };
    const rowsOf = (of: MemberPredictions): number => compareCombining(of, none(600), OPTIONS).rows;
    expect(rowsOf(late)).toBe(rowsOf(predictions) - 1);
  });

  test.each<[string, Partial<MemberPredictions>, RegExp]>([
    ['one member', { members: ['a'], up: [Float64Array.of(0.5, 0.5)] }, /1 members to combine/],
    ['columns that differ', { end: Float64Array.of(3) }, /columns differ in length/],
    ['rows out of order', { known: Float64Array.of(2, 1) }, /row 1 is of 1/],
    ['a label that is known at once', { end: Float64Array.of(1, 4) }, /label of row 0 is known at 1/],
    ['a label that is none', { label: Float64Array.of(0.5, 1) }, /label of row 0 is 0.5/],
    ['a probability beyond 1', { up: [Float64Array.of(0.5, 1.1), Float64Array.of(0.5, 0.5)] }, /"a" in row 1 said 1.1/],
    ['a probability that is none', { up: [Float64Array.of(0.5, Number.NaN), Float64Array.of(0.5, 0.5)] }, /said NaN/],
  ])('of %s is refused', (_, change, message) => {
    const two = Float64Array.of(0.5, 0.5);
    const fine = {
      members: ['a', 'b'],
      known: Float64Array.of(1, 2),
      end: Float64Array.of(3, 4),
      label: Float64Array.of(0, 1),
      up: [two, two],
    };
    expect(() => compareCombining({ ...fine, ...change }, none(2), OPTIONS)).toThrow(
      expect.objectContaining({ code: 'PREDICTIONS_INVALID', message: expect.stringMatching(message) }),
    );
  });

  test.each<[string, Partial<CompareOptions>, RegExp]>([
    ['a half-life of nothing', { halfLifeRows: 0 }, /half-life is 0/],
    ['no overlap', { overlapRows: 0 }, /overlap over 0 rows/],
    ['one regime', { regimes: 1 }, /there are 1 regimes/],
    ['no shrinkage', { shrinkRows: 0 }, /shrunk as by 0/],
    ['no ridge', { ridge: 0 }, /ridge is 0/],
    ['half a refit', { refitRows: 0.5 }, /refitRows is 0.5/],
    ['more first outcomes than rows', { firstOutcomes: 5_000 }, /no row is left after 5000/],
  ])('with %s is refused', (_, change, message) => {
    expect(() =>
      compareCombining(
        predictionsOf(400, () => [true, false]),
        none(400),
        { ...OPTIONS, ...change },
      ),
    ).toThrow(expect.objectContaining({ code: 'PREDICTIONS_INVALID', message: expect.stringMatching(message) }));
  });

  test('in a regime that there is not is refused', () => {
    const predictions = predictionsOf(400, () => [true, false]);
    expect(() => compareCombining(predictions, new Float64Array(400).fill(2), OPTIONS)).toThrow(
      expect.objectContaining({ code: 'PREDICTIONS_INVALID', message: '2 is no regime' }),
    );
    expect(() => compareCombining(predictions, none(399), OPTIONS)).toThrow(
      expect.objectContaining({ message: '399 regimes of 400 rows' }),
    );
  });
});
