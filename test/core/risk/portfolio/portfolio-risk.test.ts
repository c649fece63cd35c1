import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { covarianceOf } from '../../../../core/risk/portfolio/covariance.ts';
import {
  normalRisk,
  type PortfolioRisk,
  portfolioRisk,
  portfolioRisks,
  type ValuedPosition,
} from '../../../../core/risk/portfolio/portfolio-risk.ts';
import { type ReturnTable, returnTable } from '../../../../core/risk/portfolio/returns.ts';
import { shrunkCovariance } from '../../../../core/risk/portfolio/shrinkage.ts';
import {
  compounded,
  historicalOver,
  TAIL_METHODS,
  type TailMethod,
  tailRisk,
} from '../../../../core/risk/portfolio/tail-risk.ts';
import { expectClose } from './compare.ts';

/** Three instruments, of which the first two move together; bounded, so that the expansion is in its domain. */
const NAMES = ['A', 'B', 'C'];
const TABLE: ReturnTable = returnTable(
  new Map(
    NAMES.map((name, i) => [
      name,
      Float64Array.from(
        { length: 300 },
        (_, k) => wave(k, 0) * [0.02, 0.03, 0.002][i] + wave(k, i + 1) * 0.01 + 0.0003,
      ),
    ]),
  ),
);
const POSITIONS: ValuedPosition[] = [
  { instrument: 'A', value: 10_000 },
  { instrument: 'B', value: -4_000 },
  { instrument: 'C', value: 2_500 },
];

/** Three incommensurable waves: like a bell, without randomness. */
function wave(k: number, phase: number): number {
  const turn = k + 17.3 * phase;
  return (Math.sin(turn * 1.6 * (1 + phase)) + Math.sin(turn * 2.7) + Math.cos(turn * (3.9 + phase))) / 1.2;
}

const sums = (risk: PortfolioRisk): number[] => [
  risk.positions.reduce((sum, { componentValueAtRisk }) => sum + componentValueAtRisk, 0),
  risk.positions.reduce((sum, { componentExpectedShortfall }) => sum + componentExpectedShortfall, 0),
];

describe.each(TAIL_METHODS)('portfolio risk by the %s method', (method) => {
  test('is the risk of the profits', () => {
    const profits = Float64Array.from({ length: 300 }, (_, k) =>
      POSITIONS.reduce((sum, { value }, i) => sum + value * TABLE.columns[i][k], 0),
    );
    const { positions, ...whole } = portfolioRisk(method, TABLE, POSITIONS, { confidence: 0.97 });
    expect(whole).toEqual(tailRisk(method, profits, { confidence: 0.97 }));
    expect(positions.map(({ instrument }) => instrument)).toEqual(NAMES);
  });

  test('of one position over a horizon is its value times the risk of its returns', () => {
    const { valueAtRisk, expectedShortfall, positions } = portfolioRisk(
      method,
      TABLE,
      [{ instrument: 'B', value: -4_000 }],
      { horizon: 7 },
    );
    const returns = TABLE.columns[1].map((value) => -value);
    // A short position gains what compounds the other way round, so the historical windows are not those of the negated returns.
    const alone =
      method === 'historical'
        ? historicalOver(
            compounded(TABLE.columns[1], 7).map((value) => -value),
            0.95,
            7,
          )
        : tailRisk(method, returns, { horizon: 7 });
    expectClose([valueAtRisk, expectedShortfall], [4_000 * alone.valueAtRisk, 4_000 * alone.expectedShortfall], 1e-9);
    expectClose([positions[0].marginalValueAtRisk], [-alone.valueAtRisk], 1e-9);
  });

  test('is the sum of its components, whatever the positions, the confidence and the horizon', () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(
        fc.tuple(value, value, value),
        fc.double({ min: 0.8, max: 0.985, noNaN: true }),
        fc.integer({ min: 1, max: 20 }),
        (values, confidence, horizon) => {
          const positions = values.map((value, i) => ({ instrument: NAMES[i], value }));
          const risk = portfolioRisks(TABLE, positions, { confidence, horizon })[TAIL_METHODS.indexOf(method)];
          if ('because' in risk) return;
          const scale = Math.max(1, ...values.map(Math.abs));
          expectClose(
            sums(risk).map((sum) => sum / scale),
            [risk.valueAtRisk / scale, risk.expectedShortfall / scale],
            1e-9,
          );
        },
      ),
      { numRuns: 100 },
    );
  });

  test('changes with a position as its marginal figures say', () => {
    const step = 0.01;
    const at = (method: TailMethod, i: number, change: number): PortfolioRisk =>
      portfolioRisk(
        method,
        TABLE,
        POSITIONS.map((position, k) => (k === i ? { ...position, value: position.value + change } : position)),
        {
          confidence: 0.97,
          horizon: 3,
        },
      );
    const { positions } = at(method, 0, 0);
    positions.forEach(({ marginalValueAtRisk, marginalExpectedShortfall }, i) => {
      const up = at(method, i, step);
      const down = at(method, i, -step);
      expectClose([marginalValueAtRisk], [(up.valueAtRisk - down.valueAtRisk) / (2 * step)], 1e-6);
      expectClose([marginalExpectedShortfall], [(up.expectedShortfall - down.expectedShortfall) / (2 * step)], 1e-6);
    });
  });

  test('shows a hedge as a component below zero, and nothing for a position that is worth nothing', () => {
    const { positions } = portfolioRisk(method, TABLE, [...POSITIONS, { instrument: 'A', value: 0 }]);
    // The historical one rests on two days, and B may have been anywhere on them.
    if (method !== 'historical') expect(positions[1].componentValueAtRisk).toBeLessThan(0);
    expect(positions[1].componentExpectedShortfall).toBeLessThan(0);
    expect(positions[3].componentValueAtRisk).toBe(0);
    expect(positions[3].marginalExpectedShortfall).toBeGreaterThan(0);
  });

  test('is the same for one position and for its two halves', () => {
    const [a, ...rest] = POSITIONS;
    const whole = portfolioRisk(method, TABLE, POSITIONS);
    const halves = portfolioRisk(method, TABLE, [{ ...a, value: 6_000 }, { ...a, value: 4_000 }, ...rest]);
    expectClose([halves.valueAtRisk], [whole.valueAtRisk], 1e-9);
    expectClose(
      [halves.positions[0].componentValueAtRisk + halves.positions[1].componentValueAtRisk],
      [whole.positions[0].componentValueAtRisk],
      1e-9,
    );
  });

  test('is refused, with their names, where positions have no returns', () => {
    const positions = [...POSITIONS, { instrument: 'X', value: 1 }, { instrument: 'Y', value: 0 }];
    const refusal = expect.objectContaining({
      code: 'RISK_INSTRUMENT_MISSING',
      message: 'there are no returns of X, Y',
    });
    expect(() => portfolioRisk(method, TABLE, positions)).toThrow(refusal);
    expect(() => portfolioRisks(TABLE, positions)).toThrow(refusal);
  });

  test('is refused for a value that is not finite, for returns with a hole, and without positions', () => {
    expect(() => portfolioRisk(method, TABLE, [{ instrument: 'A', value: Number.NaN }])).toThrow(/worth NaN/);
    expect(() => portfolioRisk(method, TABLE, [])).toThrow(/no positions/);
    const holed = returnTable(new Map([['A', TABLE.columns[0].map((value, k) => (k === 5 ? Number.NaN : value))]]));
    expect(() => portfolioRisk(method, holed, [{ instrument: 'A', value: 1 }])).toThrow(/observation 5 of A is NaN/);
  });
});

describe('variance–covariance with a covariance of one’s own', () => {
  test('is the sample’s figure with the sample’s covariance and means', () => {
    const means = Float64Array.from(TABLE.columns, (column) => column.reduce((sum, value) => sum + value, 0) / 300);
    const model = { covariance: covarianceOf(TABLE), means, observations: 300 };
    const own = normalRisk(model, NAMES, POSITIONS, { horizon: 5 });
    const sample = portfolioRisk('variance-covariance', TABLE, POSITIONS, { horizon: 5 });
    expectClose([own.valueAtRisk, own.expectedShortfall], [sample.valueAtRisk, sample.expectedShortfall], 1e-12);
    expectClose(sums(own), [own.valueAtRisk, own.expectedShortfall], 1e-12);
  });

  test('takes a shrunk one, under which a hedge protects less', () => {
    const few = returnTable(new Map(NAMES.map((name, i) => [name, TABLE.columns[i].slice(0, 12)])));
    const hedged = [
      { instrument: 'A', value: 10_000 },
      { instrument: 'B', value: -8_000 },
    ];
    const { covariance, shrinkage } = shrunkCovariance(few, 'identity');
    expect(shrinkage).toBeGreaterThan(0);
    const shrunk = normalRisk({ covariance, observations: 12 }, NAMES, hedged);
    const sample = normalRisk({ covariance: covarianceOf(few), observations: 12 }, NAMES, hedged);
    expect(shrunk.valueAtRisk).toBeGreaterThan(sample.valueAtRisk);
  });

  test('adds up positions in one instrument', () => {
    const model = { covariance: covarianceOf(TABLE), observations: 300 };
    const flat = normalRisk(model, NAMES, [
      { instrument: 'A', value: 5 },
      { instrument: 'A', value: -5 },
    ]);
    expect([flat.valueAtRisk + 0, flat.expectedShortfall + 0]).toEqual([0, 0]);
  });

  test('refuses a matrix that is no covariance', () => {
    const model = (values: number[]) => ({
      covariance: { size: 2, values: Float64Array.from(values) },
      observations: 9,
    });
    const run = (values: number[]) => () => normalRisk(model(values), ['A', 'B'], [{ instrument: 'A', value: 1 }]);
    expect(run([1, 0.5, 0.5, 1])).not.toThrow();
    expect(run([1, 0.5, 0.4, 1])).toThrow(/1 and 0 is 0.4, and of 0 and 1 it is 0.5/);
    expect(run([-1, 0, 0, 1])).toThrow(/variance 0/);
    expect(run([1, Number.NaN, Number.NaN, 1])).toThrow(/is NaN/);
    expect(run([1])).toThrow(/for 2 instruments/);
  });
});
