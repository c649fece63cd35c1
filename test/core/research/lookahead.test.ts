import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { BarColumns } from '../../../core/market/bars.ts';
import type { Timeframe } from '../../../core/market/timeframe.ts';
import { findLookahead, type LookaheadCheck, type LookaheadReport } from '../../../core/research/lookahead.ts';
import { firstDifference } from '../../../core/research/trace/difference.ts';
import { traceOf } from '../../../core/research/trace/run.ts';
import { changedAfter, cutAt } from '../../../core/research/trace/variants.ts';
import { builtInStrategies } from '../../../core/strategies/built-in.ts';
import { crosses } from '../../../core/strategies/condition.ts';
import { ema, macd, type SeriesView, sma, strategy } from '../../../core/strategies/index.ts';
import type { AnyStrategy } from '../../../core/strategies/runner.ts';
import { definitionOf, freshRuns, ownIndicator, wavingBars } from './support.ts';

const bars = new Map([['A/USD', wavingBars(1_500)]]);

interface Looked {
  readonly given?: ReadonlyMap<string, BarColumns>;
  readonly points?: number;
  readonly timeframe?: Timeframe;
  readonly allowDates?: boolean;
}

function look(
  make: () => AnyStrategy,
  { given = bars, points = 6, timeframe, allowDates }: Looked = {},
): Promise<LookaheadReport> {
  const symbols = [...given.keys()];
  return findLookahead(definitionOf(make(), symbols, {}, timeframe), given, freshRuns(make, symbols, {}, timeframe), {
    points,
    allowDates,
  });
}

const checksOf = ({ findings }: LookaheadReport): LookaheadCheck[] =>
  [...new Set(findings.map(({ check }) => check))].sort();

/** What needs trained models is looked at where models are: test/core/models/opinion.test.ts, test/core/strategies/model-desk.test.ts. */
const ruled = builtInStrategies.filter(({ name }) => !name.startsWith('model-'));

const params = z.object({});
const no = () => ({});

/** Buys and sells as `wants` says. */
const held = (context: never, wants: boolean) => {
  const { position, target } = context as {
    position: { isLong: boolean };
    target: (share: number, why: string) => never;
  };
  return wants === position.isLong ? undefined : target(wants ? 0.9 : 0, wants ? 'it will rise' : 'it will fall');
};

const closeAt = (columns: BarColumns, i: number): number =>
  (columns.close[i] ?? columns.close[columns.length - 1]) / 100;

describe('a strategy that knows nothing of the future', () => {
  it.each(ruled.map((each) => [each.name, each] as const))('is clean: %s', async (_, built) => {
    const report = await look(() => built, { points: 8 });
    expect(report.findings).toEqual([]);
    expect(report.decisions).toBeGreaterThan(8);
    expect([report.points.length, report.pointsWithProposal, report.datesChecked]).toEqual([8, 4, true]);
  });

  it('is clean with several instruments, gaps, longer timeframes, memory of its own and the calendar', async () => {
    const many = new Map(['A/USD', 'B/USD'].map((symbol, k) => [symbol, wavingBars(900 + 50 * k, k + 5, true)]));
    const make = () =>
      strategy({
        name: 'honest',
        params,
        indicators: () => ({
          slow: ema(5).on('1d'),
          fast: macd(5, 9, 4),
          own: ownIndicator((columns, i, from) => closeAt(columns, Math.max(i, from))),
        }),
        state: () => ({ seen: 0 }),
        onBar(context) {
          const { slow, fast, own, state, time, on } = context;
          state.seen++;
          const other = on('B/USD')?.bar.close ?? 0;
          const monday = new Date(time).getUTCDay() === 1;
          return held(
            context as never,
            own.value > slow.value && fast.histogram.value > 0 && !monday && state.seen % 7 !== 0 && other > 0,
          );
        },
      });
    const report = await look(make, { given: many, timeframe: '2h' });
    expect(report.findings).toEqual([]);
    expect(report.decisions).toBeGreaterThan(20);
  });

  it('is clean where it throws now and then', async () => {
    const make = () =>
      strategy({
        name: 'throws',
        params,
        indicators: () => ({ fast: sma(3) }),
        onBar({ bar, fast, target }) {
          if (bar.close > fast.value * 1.005) throw new Error(`it stumbled at ${bar.close}`);
          return target(0.5, 'half');
        },
      });
    expect((await look(make)).findings).toEqual([]);
  });
});

describe('a planted look into the future', () => {
  const byIndicator = (of: Parameters<typeof ownIndicator>[0]) => () =>
    strategy({
      name: 'planted',
      params,
      indicators: () => ({ next: ownIndicator(of) }),
      onBar: (context) => held(context as never, context.next.value > context.bar.close),
    });

  it('is found in an indicator that reads the next bar, and both values are named', async () => {
    const report = await look(byIndicator((columns, i) => closeAt(columns, i + 1)));
    expect(checksOf(report)).toEqual(['bar by bar', 'cut', 'tail']);
    const [first] = report.findings;
    expect(first).toMatchObject({
      of: 'indicator',
      strategy: 'planted',
      symbol: 'A/USD',
      what: 'the indicator next.value, own()',
    });
    expect(Number(first.full)).not.toBe(Number(first.other));
    // Bar by bar, the first bar of all is the first that differs.
    expect(report.findings.find(({ check }) => check === 'bar by bar')?.time).toBe(
      bars.get('A/USD')!.timestamp[0] + 3_600_000,
    );
    // Cut off, the last bar before the cut is.
    for (const { check, point, time } of report.findings) if (check === 'cut') expect(time).toBe(point);
  });

  it('is found where it makes the account outgrow its numbers, which ends the run', async () => {
    const rich = { ...definitionOf(byIndicator((columns, i) => closeAt(columns, i + 1))()), cash: 8e15 };
    const report = await findLookahead(
      rich,
      bars,
      async (requests) => requests.map((request) => traceOf(rich, request)),
      { points: 4 },
    );
    expect(report.brokenOff!.at).toBeLessThan(bars.get('A/USD')!.timestamp.at(-1)!);
    expect(Math.max(...report.points)).toBeLessThan(report.brokenOff!.at);
    expect(checksOf(report)).toEqual(['bar by bar', 'cut', 'tail']);
    expect(report.brokenOff!.why).toMatch(/2\^53/);
  });

  it('is not said to be absent where the run ended before its bars', async () => {
    // A table by date, where dates are allowed: nothing is found, and much is earned.
    const { timestamp, close } = bars.get('A/USD')!;
    const table = new Map(Array.from(timestamp, (time, k) => [time, (close[k + 1] ?? 0) / 100]));
    const make = () =>
      strategy({
        name: 'planted',
        params,
        indicators: no,
        onBar: (context) => held(context as never, (table.get(context.bar.timestamp) ?? 0) > context.bar.close),
      });
    const rich = { ...definitionOf(make()), cash: 8e15 };
    const looking = findLookahead(rich, bars, async (requests) => requests.map((request) => traceOf(rich, request)), {
      points: 2,
      allowDates: true,
    });
    await expect(looking).rejects.toThrow(/ended after .*2\^53.*nothing was found/);
  });

  it('is found in a statistic of the whole sample', async () => {
    const highest = (columns: BarColumns) => columns.close.reduce((most, price) => Math.max(most, price), 0) / 100;
    const report = await look(
      byIndicator((columns, i) => (closeAt(columns, i) * 2 > highest(columns) * 1.9 ? 0 : 1e9)),
    );
    expect(checksOf(report)).toContain('bar by bar');
  });

  it('is found where an indicator hides it as long as it is shown one bar at a time', async () => {
    const report = await look(
      byIndicator((columns, i, from, to) => closeAt(columns, to - from === 1 ? i : Math.min(to - 1, i + 1))),
    );
    expect(checksOf(report)).toContain('cut');
    expect(checksOf(report)).toContain('tail');
  });

  it('is found where it hides as long as bars are missing', async () => {
    const all = bars.get('A/USD')!.length;
    const report = await look(byIndicator((columns, i) => closeAt(columns, columns.length === all ? i + 1 : i)));
    expect(checksOf(report)).toContain('tail');
  });

  it('is found at one single bar, far from all points', async () => {
    const make = () =>
      strategy({
        name: 'planted',
        params,
        indicators: () => ({
          next: ownIndicator((columns, i) => closeAt(columns, i === 777 ? 778 : i)),
          average: sma(20),
        }),
        onBar: (context) => held(context as never, context.next.value > context.average.value),
      });
    const report = await look(make, { points: 2 });
    expect(checksOf(report)).toEqual(['bar by bar']);
    expect(report.findings[0].time).toBe(bars.get('A/USD')!.timestamp[777] + 3_600_000);
  });

  it('is found on a longer timeframe', async () => {
    const make = () =>
      strategy({
        name: 'planted',
        params,
        indicators: () => ({
          next: ownIndicator((columns, i, _, to) => closeAt(columns, Math.min(to - 1, i + 1))).on('4h'),
        }),
        onBar: (context) => held(context as never, context.next.value > context.bar.close),
      });
    expect(checksOf(await look(make))).toContain('bar by bar');
  });

  it('is found where it reads the memory behind its columns', async () => {
    const report = await look(
      byIndicator(({ close }, i) => (new Float64Array(close.buffer)[close.byteOffset / 8 + i + 1] ?? 0) / 100),
    );
    expect(checksOf(report)).toEqual(['bar by bar', 'cut', 'tail']);
  });

  it('is found where bars are kept by an indicator and read in onBar', async () => {
    const make = () => {
      let kept: BarColumns | undefined;
      return strategy({
        name: 'planted',
        params,
        indicators: () => ({
          keep: ownIndicator((columns, i) => {
            kept = columns;
            return closeAt(columns, i);
          }),
        }),
        onBar(context) {
          const now = kept!.timestamp.indexOf(context.bar.timestamp);
          return held(context as never, closeAt(kept!, now + 1) > context.bar.close);
        },
      });
    };
    const report = await look(make);
    expect(report.findings[0]).toMatchObject({ of: 'proposal', what: 'a proposal', strategy: 'planted' });
    expect(checksOf(report)).toEqual(['bar by bar', 'cut', 'tail']);
    expect([report.findings[0].full, report.findings[0].other]).toContain('nothing');
  });

  it('cannot be had from a series: nothing that onBar can reach of it holds more than this bar and the one before', async () => {
    const reached: unknown[] = [];
    const make = () =>
      strategy({
        name: 'curious',
        params,
        indicators: () => ({ price: sma(1) }),
        onBar({ price }) {
          const parts = [price, Object.getPrototypeOf(price), price.constructor];
          reached.push(...parts.flatMap((part) => Reflect.ownKeys(part).map((key) => Reflect.get(part, key, price))));
        },
      });
    expect((await look(make)).findings).toEqual([]);
    expect(reached.length).toBeGreaterThan(100);
    expect(reached.filter((value) => ArrayBuffer.isView(value))).toEqual([]);
  });

  it('is found in `when`', async () => {
    const make = () =>
      strategy({
        name: 'planted',
        params,
        indicators: () => ({ next: ownIndicator((columns, i) => closeAt(columns, i + 1)), average: sma(20) }),
        when: ({ next, average }) => crosses(next, average),
        onBar: (context) => held(context as never, context.bar.close > (context.average as SeriesView).value),
      });
    expect(checksOf(await look(make))).toEqual(['bar by bar', 'cut', 'tail']);
  });

  it('is found where an earlier run is remembered', async () => {
    const make = () => {
      const seen = new Map<number, number>();
      return strategy({
        name: 'planted',
        params,
        indicators: no,
        onBar(context) {
          const { time, bar } = context;
          seen.set(time, bar.close);
          return held(context as never, (seen.get(time + 3_600_000) ?? 0) > bar.close);
        },
      });
    };
    const report = await look(make);
    // A first run has nothing to remember, so that all others are alike: only the second run of the same import tells.
    expect(checksOf(report)).toEqual(['again']);
    expect(report.findings[0]).toMatchObject({ of: 'proposal', full: 'nothing' });
  });

  it('is found in a table by time, which a strategy may be allowed', async () => {
    const { timestamp, close } = bars.get('A/USD')!;
    const table = new Map(Array.from(timestamp, (time, k) => [time, (close[k + 1] ?? 0) / 100]));
    const make = () =>
      strategy({
        name: 'planted',
        params,
        indicators: no,
        onBar: (context) => held(context as never, (table.get(context.bar.timestamp) ?? 0) > context.bar.close),
      });
    const report = await look(make);
    expect(checksOf(report)).toEqual(['dates']);
    expect(report.findings[0].strategy).toBe('planted');
    expect((await look(make, { allowDates: true })).findings).toEqual([]);
  });

  it('is not taken for one where words name a date', async () => {
    const make = () =>
      strategy({
        name: 'dated',
        params,
        indicators: no,
        onBar: ({ time, target }) => target(time % 7 > 3 ? 0 : 0.5, `decided at ${new Date(time).toISOString()}`),
      });
    expect((await look(make, { points: 2 })).findings).toEqual([]);
  });
});

describe('two traces', () => {
  const trade = strategy({
    name: 'trade',
    params,
    indicators: no,
    onBar: ({ time, target }) => target((time / 3_600_000) % 10 < 5 ? 0.5 : 0, 'by the clock'),
  });
  const definition = definitionOf(trade);
  const dearer = {
    ...definition,
    instruments: definition.instruments.map((each) => ({ ...each, takerFeeBps: 11 })),
  };
  const until = bars.get('A/USD')!.timestamp[400];

  it('differ where their ledgers do and nothing of a strategy does', () => {
    const full = traceOf(definition, { bars });
    const difference = firstDifference(full, traceOf(dearer, { bars }));
    expect(difference).toMatchObject({ of: 'ledger', strategy: '', what: 'the event InstrumentListed' });
    expect(difference?.full).not.toBe(difference?.other);
    const cut = traceOf(definition, { bars: cutAt(bars, until, 3_600_000) });
    expect(firstDifference(full, cut, { until })).toBeUndefined();
    // Without a bound, the first event that the shorter one has not is a difference.
    expect(firstDifference({ ...full, decisions: [] }, { ...cut, decisions: [] })).toMatchObject({
      of: 'ledger',
      other: 'nothing',
    });
    expect(firstDifference(full, cut)).toMatchObject({ of: 'proposal', other: 'nothing' });
  });

  it('differ where an indicator is missing', () => {
    const named = (name: string) =>
      traceOf(
        definitionOf(
          strategy({ name: 'n', params, indicators: () => ({ a: sma(3), [name]: sma(4) }), onBar: () => undefined }),
        ),
        { bars },
      );
    const one = strategy({ name: 'n', params, indicators: () => ({ a: sma(3) }), onBar: () => undefined });
    expect(firstDifference(named('b'), named('b'))).toBeUndefined();
    expect(firstDifference(named('b'), traceOf(definitionOf(one), { bars }))).toMatchObject({ other: 'not declared' });
  });
});

describe('other bars after a point', () => {
  const all = bars.get('A/USD')!;
  const at = 700;
  const changed = changedAfter(bars, all.timestamp[at - 1] + 3_600_000, 3_600_000).get('A/USD')!;

  it('are the same before it, and at the same times', () => {
    expect(changed.timestamp).toEqual(all.timestamp);
    for (const field of ['open', 'high', 'low', 'close', 'volume'] as const)
      expect(changed[field].subarray(0, at)).toEqual(all[field].subarray(0, at));
  });

  it('fall where those rose, and are bars', () => {
    let against = 0;
    for (let k = at; k < all.length; k++) {
      if (Math.sign(changed.close[k] - changed.open[k]) === Math.sign(all.open[k] - all.close[k])) against++;
      expect(changed.high[k]).toBeGreaterThanOrEqual(Math.max(changed.open[k], changed.close[k]));
      expect(changed.low[k]).toBeLessThanOrEqual(Math.min(changed.open[k], changed.close[k]));
      expect(changed.low[k]).toBeGreaterThan(0);
      expect(changed.volume[k]).not.toBe(all.volume[k]);
    }
    expect(against).toBeGreaterThan(0.9 * (all.length - at));
  });
});

describe('the points', () => {
  const quiet = () => strategy({ name: 'quiet', params, indicators: no, onBar: () => undefined });

  it('are all without a proposal where there is none, and differ', async () => {
    const report = await look(quiet, { points: 9 });
    expect(new Set(report.points).size).toBe(9);
    expect(report.pointsWithProposal).toBe(0);
    const { timestamp } = bars.get('A/USD')!;
    expect(report.points.at(-1)).toBeLessThanOrEqual(timestamp.at(-1)!);
  });

  it.each([0, 1_001, 1.5, Number.NaN])('are not %s', async (points) => {
    await expect(look(quiet, { points })).rejects.toThrow(/points were asked for/);
  });
});
