import { expect, test } from 'vitest';
import {
  type MacroObservation,
  type MacroRule,
  macroRegimes,
  withPublicationLag,
} from '../../../../core/models/regimes/macro.ts';

const DAY_MS = 86_400_000;
const day = (number: number): number => Date.UTC(2020, 0, 1) + number * DAY_MS;
const times = (...days: number[]): Float64Array => Float64Array.from(days, day);
const figure = (value: number, observed: number, known: number): MacroObservation => ({
  series: 'RATE',
  observed: day(observed),
  known: day(known),
  value,
});
const rule = (change: object = {}): MacroRule => ({
  name: 'rate',
  series: 'RATE',
  measure: { kind: 'level' },
  above: 5,
  staleAfterDays: 50,
  ...change,
});

test('a figure counts from the time at which it was published, to the millisecond', () => {
  const rows = [figure(4, 0, 10), figure(6, 30, 40)];
  const at = Float64Array.of(day(10) - 1, day(10), day(40) - 1, day(40));
  expect([...macroRegimes(rows, [rule()], at)]).toEqual([Number.NaN, 0, 0, 2]);
});

test('a revision counts from its own publication, and not before', () => {
  const rows = [figure(4, 0, 10), figure(6, 0, 20)];
  expect([...macroRegimes(rows, [rule()], times(15, 25))]).toEqual([0, 2]);
  const older = [figure(4, 0, 10), figure(3, 30, 40), figure(9, 0, 45)];
  expect([...macroRegimes(older, [rule()], times(50))]).toEqual([0]);
});

test('later figures change nothing before they are known', () => {
  const rows = [figure(4, 0, 10), figure(6, 30, 40), figure(4, 60, 70)];
  const at = times(...Array.from({ length: 80 }, (_, k) => k));
  const whole = macroRegimes(rows, [rule()], at);
  for (const known of [40, 70]) {
    const cut = macroRegimes(
      rows.filter((row) => row.known < day(known)),
      [rule()],
      at,
    );
    expect(cut.subarray(0, known)).toEqual(whole.subarray(0, known));
  }
});

test('a figure of long ago says nothing', () => {
  expect([...macroRegimes([figure(6, 0, 10)], [rule()], times(60, 61))]).toEqual([2, Number.NaN]);
  // A revision of an older one does not make the last one new.
  const revised = [figure(5, 0, 5), figure(6, 3, 10), figure(4, 0, 55)];
  expect([...macroRegimes(revised, [rule()], times(60, 61))]).toEqual([2, Number.NaN]);
});

test('no sign of stress is calm, half of them are turbulent, fewer are normal', () => {
  const rows = ['A', 'B', 'C'].flatMap((series, k) => [
    { series, observed: day(0), known: day(1), value: 0 },
    { series, observed: day(10 * (k + 1)), known: day(10 * (k + 1) + 1), value: 9 },
  ]);
  const rules = ['A', 'B', 'C'].map((series) => rule({ series, name: series }));
  expect([...macroRegimes(rows, rules, times(5, 15, 25, 35))]).toEqual([0, 1, 2, 2]);
  expect([...macroRegimes(rows, rules.slice(0, 2), times(5, 15))]).toEqual([0, 2]);
});

test.each<[MacroRule['measure'], number[], number]>([
  [{ kind: 'change', observations: 2 }, [100, 300, 90], -0.1],
  [{ kind: 'rise-from-low', average: 2, observations: 2 }, [5, 3, 4, 8], 2.5],
  [{ kind: 'rise-from-low', average: 2, observations: 2 }, [8, 8, 4, 3], -2.5],
])('the measure %j of %j is %d', (measure, values, wanted) => {
  const rows = values.map((value, k) => figure(value, k, k + 1));
  const told = (limits: object): number =>
    macroRegimes(rows, [rule({ measure, above: undefined, ...limits })], times(values.length))[0];
  expect(told({ above: wanted - 1e-9 })).toBe(2);
  expect(told({ above: wanted + 1e-9 })).toBe(0);
  expect(told({ below: wanted - 1e-9 })).toBe(0);
  expect(macroRegimes(rows.slice(1), [rule({ measure })], times(values.length))[0]).toBeNaN();
});

test.each<[string, () => unknown, string, RegExp]>([
  [
    'a figure known on the day that it is of',
    () => macroRegimes([figure(1, 3, 3)], [rule()], times(5)),
    'MACRO_UNDATED',
    /nobody knew them/,
  ],
  [
    'a figure that is dated by observation alone',
    () => macroRegimes([{ series: 'RATE', observed: day(1), value: 1 } as MacroObservation], [rule()], times(5)),
    'MACRO_UNDATED',
    /RATE do not say when they were published/,
  ],
  [
    'a series without a lag',
    () => withPublicationLag([{ series: 'RATE', observed: 0, value: 1 }], { OTHER: 3 }),
    'MACRO_UNDATED',
    /RATE/,
  ],
  [
    'a lag of nothing',
    () => withPublicationLag([{ series: 'RATE', observed: 0, value: 1 }], { RATE: 0 }),
    'MACRO_UNDATED',
    /RATE/,
  ],
  [
    'a missing figure',
    () => macroRegimes([figure(Number.NaN, 0, 1)], [rule()], times(5)),
    'REGIME_INPUT_INVALID',
    /RATE is NaN/,
  ],
  ['times out of order', () => macroRegimes([], [rule()], times(5, 4)), 'REGIME_INPUT_INVALID', /time 1 is/],
  ['no rule', () => macroRegimes([], [], times(5)), 'REGIME_INPUT_INVALID', /0 macro rules/],
  [
    'a rule with two levels',
    () => macroRegimes([], [rule({ below: 1 })], times(5)),
    'REGIME_INPUT_INVALID',
    /give above or below/,
  ],
  [
    'a rule with a key that nobody knows',
    () => macroRegimes([], [rule({ over: 1 })], times(5)),
    'REGIME_INPUT_INVALID',
    /not valid/,
  ],
])('%s is refused', (_, act, code, message) => {
  expect(act).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
});
