import { describe, expect, test } from 'vitest';
import { consensusOf } from '../../../../core/models/regimes/consensus.ts';
import { regimeReportHtml } from '../../../../core/models/regimes/html.ts';
import type { MethodColumn } from '../../../../core/models/regimes/methods.ts';
import { regimeReport } from '../../../../core/models/regimes/report.ts';
import { transitionMatrix } from '../../../../core/models/regimes/transition-matrix.ts';
import { restless } from './bars.ts';

const column = (...values: number[]): Float64Array => Float64Array.from(values);

describe('a consensus', () => {
  test('is what most methods say, with the entropy of their votes', () => {
    const { regime, disagreement, votes } = consensusOf('volatility', [
      column(2, 2, 0),
      column(2, 0, 1),
      column(2, 0, 2),
    ]);
    expect([...regime]).toEqual([2, 0, 1]);
    expect([...votes]).toEqual([3, 3, 3]);
    const [none, some, all] = disagreement;
    expect(none).toBe(0);
    expect(some).toBeCloseTo(-((2 / 3) * Math.log(2 / 3) + (1 / 3) * Math.log(1 / 3)) / Math.log(3), 12);
    expect(all).toBeCloseTo(1, 12);
  });

  test('of two ends is the middle, of an end and the middle the middle', () => {
    expect([...consensusOf('trend', [column(-1, 1, 0), column(1, 0, -1)]).regime]).toEqual([0, 0, 0]);
  });

  test('counts those alone that know', () => {
    const { regime, disagreement, votes } = consensusOf('trend', [
      column(Number.NaN, Number.NaN),
      column(1, Number.NaN),
    ]);
    expect([...regime]).toEqual([1, Number.NaN]);
    expect([...votes]).toEqual([1, 0]);
    expect([...disagreement]).toEqual([0, Number.NaN]);
  });

  test.each<[string, () => unknown, RegExp]>([
    ['a regime that there is not', () => consensusOf('volatility', [column(3)]), /3 is no regime of volatility/],
    ['half a regime', () => consensusOf('trend', [column(0.5)]), /0.5 is no regime of trend/],
    [
      'methods of different lengths',
      () => consensusOf('trend', [column(0), column(0, 0)]),
      /different numbers of bars/,
    ],
    ['nobody', () => consensusOf('trend', []), /no method/],
  ])('of %s is refused', (_, act, message) => {
    expect(act).toThrow(
      expect.objectContaining({ code: 'REGIME_INPUT_INVALID', message: expect.stringMatching(message) }),
    );
  });
});

describe('a transition matrix', () => {
  test('counts what followed what, and does not count across a bar without a regime', () => {
    const { counts, rates } = transitionMatrix('volatility', column(0, 0, 1, Number.NaN, 2, 2, 0));
    expect(counts).toEqual([
      [1, 1, 0],
      [0, 0, 0],
      [1, 0, 1],
    ]);
    expect(rates[0].map(({ estimate }) => estimate)).toEqual([0.5, 0.5, 0]);
    expect(rates[1][0].estimate).toBeNaN();
  });

  test('has Wilson’s intervals, and durations that follow from those of staying', () => {
    // Ten bars calm, of which nine are followed by a calm one and one is not.
    const { rates, duration } = transitionMatrix('volatility', column(...new Array(10).fill(0), 1));
    const [stay] = rates[0];
    // From the formula, with z = 1.959964: (0.9 + 0.192073 ± 1.959964 √(0.009 + 0.0096036)) / 1.384146.
    expect([stay.estimate, stay.low, stay.high].map((value) => value.toFixed(4))).toEqual([
      '0.9000',
      '0.5958',
      '0.9821',
    ]);
    expect(duration[0].estimate).toBeCloseTo(10, 9);
    expect(duration[0].low).toBeCloseTo(1 / (1 - stay.low), 12);
    expect(duration[0].high).toBeCloseTo(1 / (1 - stay.high), 12);
  });

  test('refuses a confidence that is none', () => {
    expect(() => transitionMatrix('trend', column(0, 1), 1)).toThrow(
      expect.objectContaining({ code: 'REGIME_INPUT_INVALID' }),
    );
  });
});

describe('a report', () => {
  const bars = restless(400);
  const always = (axis: MethodColumn['axis'], method: string, of: (bar: number) => number): MethodColumn => ({
    method,
    axis,
    regime: Float64Array.from({ length: 400 }, (_, bar) => of(bar)),
  });
  // Known in advance: which way the next bar goes.
  const oracle = always('trend', 'oracle', (bar) =>
    Math.sign((bars.close[bar + 1] ?? bars.close[bar]) - bars.close[bar]),
  );
  const columns = [
    always('volatility', 'halves', (bar) => (bar < 300 ? 0 : 2)),
    oracle,
    always('trend', 'flat', () => 0),
  ];
  const report = regimeReport(bars, columns, 200);

  test('is of the bars after those that were fitted on, with the return of the bar after each', () => {
    expect([report.bars, report.from, report.fitBars]).toEqual([200, bars.timestamp[200], 200]);
    const [volatility, trend] = report.axes;
    expect(volatility.methods[0].regimes.map((each) => each.bars)).toEqual([100, 0, 100]);
    expect(volatility.methods[0].changes).toBe(1);
    const [down, , up] = trend.methods[0].regimes;
    expect(down.meanReturn).toBeLessThan(0);
    expect(up.meanReturn).toBeGreaterThan(0);
    const moves = Array.from({ length: 199 }, (_, k) => Math.log(bars.close[201 + k] / bars.close[200 + k]));
    const rises = moves.filter((move) => move > 0);
    const mean = rises.reduce((sum, move) => sum + move, 0) / rises.length;
    expect(up.meanReturn).toBeCloseTo(mean * report.barsPerYear, 9);
    expect(report.barsPerYear).toBeCloseTo(8_760, 6);
  });

  test('says how far the ends of an axis are apart by what most methods say', () => {
    const [{ toldApart, consensus }] = report.axes;
    const [first, , last] = consensus.regimes;
    expect(toldApart.volatilityRatio).toBeCloseTo(last.volatility / first.volatility, 12);
    expect(toldApart.returnDifference).toBeCloseTo(last.meanReturn - first.meanReturn, 12);
    const error = Math.sqrt(last.meanReturnError ** 2 + first.meanReturnError ** 2);
    expect(toldApart.standardErrors).toBeCloseTo(toldApart.returnDifference / error, 12);
  });

  test('says how far methods agree', () => {
    const [volatility, trend] = report.axes;
    // One method has nobody to disagree with.
    expect(volatility.disagreement).toBeNaN();
    expect(trend.agreement[0][0]).toBe(1);
    expect(trend.unanimous).toBeCloseTo(trend.agreement[0][1], 12);
    expect(trend.disagreement).toBeCloseTo(((1 - trend.unanimous) * Math.LN2) / Math.log(3), 12);
  });

  test('is one page that asks for nothing, whatever a name holds', () => {
    const page = regimeReportHtml({
      title: 'Regimes of <b>',
      provenance: 'recorded',
      report,
      columns: [...columns, always('trend', '<script>', () => 0)],
      sources: [['a&b.csv', 'ff']],
    });
    expect(page).toContain('Regimes of &lt;b&gt;');
    expect(page).toContain('a&amp;b.csv');
    expect(page).not.toMatch(/<script|https?:|<b>/);
    // Four methods, and the consensus of each axis.
    expect(page.match(/class="strip"/g)).toHaveLength(6);
    expect(page.match(/From one bar to the next/g)?.length).toBeGreaterThanOrEqual(2);
    expect(page.match(/<rect class="r\d" x="\d+" width="\d+" height="1"\/>/g)?.length).toBeGreaterThan(6);
  });

  test('refuses to be of too few bars', () => {
    expect(() => regimeReport(bars, columns, 301)).toThrow(
      expect.objectContaining({
        code: 'REGIME_INPUT_INVALID',
        message: expect.stringMatching(/^99 bars follow the 301/),
      }),
    );
  });
});
