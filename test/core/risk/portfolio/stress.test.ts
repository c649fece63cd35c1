import { describe, expect, test } from 'vitest';
import { type BarColumns, barsFromRows, sliceBars } from '../../../../core/market/bars.ts';
import { DAY_MS } from '../../../../core/market/civil.ts';
import { NAMED_SCENARIOS, scenarioWindow } from '../../../../core/risk/portfolio/scenarios.ts';
import { applyScenario, scenarioOf } from '../../../../core/risk/portfolio/stress.ts';
import { recordedFound, recordedSeries } from '../../market/recorded.ts';
import { expectClose } from './compare.ts';

const DAY = scenarioWindow('a-day', 'A day', 'What happened.', '2024-03-05');
const FIRST = Date.UTC(2024, 2, 4);

/** Daily bars from 2024-03-04 on: high, low, close. */
const daily = (rows: readonly (readonly [high: number, low: number, close: number])[], first = FIRST): BarColumns =>
  barsFromRows(
    rows.map(([high, low, close], k) => ({ timestamp: first + k * DAY_MS, open: close, high, low, close, volume: 1 })),
    2,
  );

const CRASH = daily([
  [101, 99, 100],
  [102, 60, 70],
  [80, 70, 75],
]);
const options = { intervalMs: DAY_MS };
const scenario = (bars: Record<string, BarColumns>, window = DAY) =>
  scenarioOf(window, new Map(Object.entries(bars)), options);

describe('a scenario', () => {
  test('is the move from the last close before the window to the last within, with its extremes', () => {
    const { change, lowest, highest } = scenario({ A: CRASH }).moves.get('A')!;
    expectClose([change, lowest, highest], [-0.3, -0.4, 0.02], 1e-12);
  });

  test('of several days goes to the last of them', () => {
    const two = scenarioWindow('two', 'Two', 'What happened.', '2024-03-05', '2024-03-06');
    expectClose([scenario({ A: CRASH }, two).moves.get('A')!.change], [-0.25], 1e-12);
  });

  test('takes intraday bars too', () => {
    const rows = Array.from({ length: 60 }, (_, k) => ({
      timestamp: FIRST + 12 * 3_600_000 + k * 3_600_000,
      open: 100,
      high: 101 + k,
      low: 99,
      close: 100 + k,
      volume: 1,
    }));
    const { moves } = scenarioOf(DAY, new Map([['A', barsFromRows(rows, 2)]]), { intervalMs: 3_600_000 });
    // The close of 23:00 is 111 on the day before, and 135 on the day.
    expectClose([moves.get('A')!.change], [135 / 111 - 1], 1e-12);
  });

  test.each<[string, BarColumns, string]>([
    ['no bars', daily([]), 'it has no bars'],
    ['bars that begin with the window', sliceBars(CRASH, 1, 3), 'its bars begin at 2024-03-05T00:00:00Z'],
    ['bars that end before it', sliceBars(CRASH, 0, 1), 'its bars end at 2024-03-04T00:00:00Z'],
    ['a hole where it is', barsFromRows([bar(FIRST), bar(FIRST + 2 * DAY_MS)], 2), 'it has no bar in the window'],
    [
      'an old bar before it',
      barsFromRows([bar(FIRST - 5 * DAY_MS), bar(FIRST + DAY_MS)], 2),
      'its last bar before the window is of 2024-02-28T00:00:00Z',
    ],
    [
      'a price that is no number',
      daily([
        [1, 1, 1],
        [1, 1, Number.NaN],
      ]),
      'its bars have a price that is no number',
    ],
  ])('has no move of an instrument with %s, and says so', (_, bars, because) => {
    const { moves, missing } = scenario({ A: CRASH, B: bars });
    expect([...moves.keys()]).toEqual(['A']);
    expect([...missing]).toEqual([['B', because]]);
  });

  test('has no move of an instrument whose recording ends within the window', () => {
    const long = scenarioWindow('long', 'Long', 'What happened.', '2024-03-05', '2024-03-09');
    expect(scenario({ A: CRASH }, long).missing.get('A')).toBe('its bars end at 2024-03-06T00:00:00Z');
  });

  test('refuses lengths of time that are none', () => {
    expect(() => scenarioOf(DAY, new Map(), { intervalMs: 0 })).toThrow(/lengths of time/);
    expect(() => scenarioOf({ ...DAY, to: DAY.from }, new Map(), options)).toThrow(/lengths of time/);
  });
});

function bar(timestamp: number) {
  return { timestamp, open: 1, high: 1, low: 1, close: 1, volume: 1 };
}

describe('positions under a scenario', () => {
  const calm = daily([
    [11, 9, 10],
    [12, 9, 11],
    [11, 9, 10],
  ]);

  test('gain and lose by their value and its move', () => {
    const result = applyScenario(scenario({ A: CRASH, B: calm }), [
      { instrument: 'A', value: 1_000 },
      { instrument: 'B', value: -500 },
    ]);
    expectClose(
      result.positions.map(({ profit }) => profit),
      [-300, -50],
      1e-9,
    );
    expectClose([result.profit!, result.knownProfit], [-350, -350], 1e-9);
    expect(result.missing).toEqual([]);
  });

  test('at worst meet the low when long and the high when short', () => {
    const result = applyScenario(
      scenario({ A: CRASH, B: calm }),
      [
        { instrument: 'A', value: 1_000 },
        { instrument: 'B', value: -500 },
      ],
      'worst',
    );
    expectClose(
      result.positions.map(({ profit }) => profit),
      [-400, -100],
      1e-9,
    );
  });

  test('without a move are named with the reason, and there is no total', () => {
    const result = applyScenario(scenario({ A: CRASH, B: daily([]) }), [
      { instrument: 'A', value: 1_000 },
      { instrument: 'B', value: 5 },
      { instrument: 'C', value: 7 },
    ]);
    expect(result.profit).toBeUndefined();
    expectClose([result.knownProfit], [-300], 1e-9);
    expect(result.missing).toEqual([
      { instrument: 'B', value: 5, because: 'it has no bars' },
      { instrument: 'C', value: 7, because: 'it has no recorded bars' },
    ]);
  });

  test('that have no price are refused', () => {
    expect(() => applyScenario(scenario({ A: CRASH }), [{ instrument: 'A', value: Number.NaN }])).toThrow(/worth NaN/);
  });
});

describe('the named scenarios', () => {
  test('have an id each, a name and a sentence, and are whole days in order of time', () => {
    expect(new Set(NAMED_SCENARIOS.map(({ id }) => id)).size).toBe(NAMED_SCENARIOS.length);
    for (const { name, what, from, to } of NAMED_SCENARIOS) {
      expect(name).toMatch(/\S/);
      expect(what).toMatch(/\.$/);
      expect([from % DAY_MS, to % DAY_MS]).toEqual([0, 0]);
      expect(to).toBeGreaterThan(from);
    }
    const starts = NAMED_SCENARIOS.map(({ from }) => from);
    expect([...starts].sort((a, b) => a - b)).toEqual(starts);
    expect(NAMED_SCENARIOS.find(({ id }) => id === 'covid-2020-03-12')!.from).toBe(Date.UTC(2020, 2, 12));
  });

  test.skipIf(!recordedFound)('are in the recorded bars what they were', async () => {
    const bars = new Map([
      ['SPY', await recordedSeries('equity/spy_1d.parquet')],
      ['BTC', await recordedSeries('crypto/binance_btcusdt_1d_2017_2021.parquet')],
    ]);
    const moveOf = (id: string, instrument: string) => {
      const window = NAMED_SCENARIOS.find((one) => one.id === id)!;
      return scenarioOf(window, bars, options).moves.get(instrument);
    };
    expect(moveOf('covid-2020-03-16', 'SPY')!.change).toBeCloseTo(-0.109, 2);
    expect(moveOf('covid-2020', 'SPY')!.change).toBeCloseTo(-0.34, 2);
    expect(moveOf('bailout-vote-2008', 'SPY')!.change).toBeCloseTo(-0.068, 2);
    expect(moveOf('flash-crash-2010', 'SPY')!.lowest).toBeLessThan(-0.07);
    expect(moveOf('downgrade-2011', 'SPY')!.change).toBeLessThan(-0.06);
    expect(moveOf('volatility-2018', 'SPY')!.change).toBeLessThan(-0.04);
    expect(moveOf('covid-2020-03-12', 'BTC')!.change).toBeCloseTo(-0.393, 2);
    expect(moveOf('black-monday-1987', 'SPY')).toBeUndefined();
    expect(moveOf('ftx-2022-11-08', 'BTC')).toBeUndefined();
  });
});
