import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { BarColumns } from '../../../core/market/bars.ts';
import { findRecursion, type RecursiveReport } from '../../../core/research/recursive.ts';
import smaCross from '../../../core/strategies/built-in/sma-cross.ts';
import { ema, type IndicatorSpec, indicatorSpec, obv, rsi, sma, strategy } from '../../../core/strategies/index.ts';
import type { AnyStrategy } from '../../../core/strategies/runner.ts';
import { definitionOf, freshRuns, HOUR_MS, ownIndicator, START, wavingBars } from './support.ts';

const bars = new Map([['A/USD', wavingBars(4_000)]]);

function recursion(
  strategyOf: AnyStrategy,
  {
    given = bars,
    ...options
  }: { given?: ReadonlyMap<string, BarColumns>; at?: number; spanBars?: number; tolerance?: number } = {},
): Promise<RecursiveReport> {
  const symbols = [...given.keys()];
  return findRecursion(
    definitionOf(strategyOf, symbols),
    given,
    freshRuns(() => strategyOf, symbols),
    {
      spanBars: 500,
      tolerance: 1e-4,
      ...options,
    },
  );
}

const params = z.object({});
const withIndicators = (
  indicators: () => Record<string, IndicatorSpec>,
  onBar: AnyStrategy['onBar'] = () => undefined,
) => strategy({ name: 'planted', params, indicators, onBar });

const settlings = ({ indicators }: RecursiveReport) =>
  Object.fromEntries(indicators.map(({ indicator, settling }) => [indicator, settling]));

/** An average that says it is warm long before it is. */
const hasty = (length: number): IndicatorSpec<'value'> => {
  const weight = 2 / (length + 1);
  return indicatorSpec('hasty', [length], ['value'], 1, () => {
    let average = Number.NaN;
    return {
      advance({ close }, from, to, [value], at) {
        for (let i = from; i < to; i++) {
          const price = close[i] / 100;
          average = Number.isNaN(average) ? price : average + weight * (price - average);
          value[at + i - from] = average;
        }
      },
      snapshot: () => ({ average }),
      restore: (state) => {
        average = state.average as number;
      },
    };
  });
};

/** How many bars it has read. */
const counting = (): IndicatorSpec<'value'> =>
  indicatorSpec('counting', [], ['value'], 1, () => {
    let read = 0;
    return {
      advance(_, from, to, [value], at) {
        for (let i = from; i < to; i++) value[at + i - from] = ++read;
      },
      snapshot: () => ({ read }),
      restore: () => undefined,
    };
  });

describe('what has settled', () => {
  it('is a window: equal to the last bit with any history, and so are decisions', async () => {
    const report = await recursion(smaCross as never);
    expect(report.histories.map(({ multiple, bars: length }) => [multiple, length])).toEqual([
      [1, 31],
      [2, 62],
      [4, 124],
      [8, 248],
      [null, 2_000],
    ]);
    for (const { differences, settling } of report.indicators) {
      expect(differences).toEqual([0, 0, 0, 0]);
      expect(settling).toBe('settled');
    }
    expect(report.decisions.map(({ differing }) => differing)).toEqual([0, 0, 0, 0]);
    expect(report.decisions[0].decisions).toBeGreaterThan(5);
    expect([report.from, report.spanBars]).toEqual([START + 2_001 * HOUR_MS, 500]);
  });

  it('is told from what settles later, from what does not come near in time, and from what never does', async () => {
    const report = await recursion(
      withIndicators(() => ({ window: sma(20), slow: ema(20), wilder: rsi(20), hasty: hasty(2_000), balance: obv() })),
    );
    expect(settlings(report)).toEqual({
      window: 'settled',
      slow: 'late',
      wilder: 'late',
      hasty: 'first bar',
      balance: 'first bar',
    });
    const slow = report.indicators.find(({ indicator }) => indicator === 'slow')!;
    expect(slow.differences).toHaveLength(4);
    expect(slow.differences[0]).toBeGreaterThan(1e-4);
    expect(slow.differences[3]).toBeLessThan(1e-6);
    expect(slow.settledWith).toBeGreaterThan(report.histories[0].bars);
  });

  it('depends on the tolerance', async () => {
    const tight = await recursion(
      withIndicators(() => ({ slow: ema(20) })),
      { tolerance: 0 },
    );
    const wide = await recursion(
      withIndicators(() => ({ slow: ema(20) })),
      { tolerance: 0.5 },
    );
    expect([settlings(tight).slow, settlings(wide).slow]).toEqual(['open', 'settled']);
  });

  it('is not what gives no number', async () => {
    const needsMore = ownIndicator((_, i) => (i < 40 ? Number.NaN : 1));
    const report = await recursion(withIndicators(() => ({ late: needsMore, window: sma(10) })));
    const late = report.indicators.find(({ indicator }) => indicator === 'late')!;
    expect(late.differences).toEqual([null, null, 0, 0]);
    expect(late.settling).toBe('late');
    expect(late.settledWith).toBe(44);
  });

  it('takes indicators of a longer timeframe by their own bars', async () => {
    const report = await recursion(withIndicators(() => ({ day: sma(3).on('1d'), slow: ema(3).on('1d') })));
    expect(report.histories[0].bars).toBe(96);
    expect(settlings(report)).toEqual({ day: 'settled', slow: 'late' });
    expect(report.indicators[0].call).toBe('sma(3) on 1d');
  });
});

describe('decisions', () => {
  const aboveIts = (indicator: IndicatorSpec<'value'>) =>
    withIndicators(
      () => ({ average: indicator }),
      (context) => {
        const { average, bar, position, target } = context as never as {
          average: { value: number };
          bar: { close: number };
          position: { isLong: boolean };
          target(share: number, why: string): never;
        };
        const wants = bar.close > average.value;
        return wants === position.isLong ? undefined : target(wants ? 1 : 0, wants ? 'above' : 'below');
      },
    );

  it('differ where an average is asked before it is warm, and less so with more history', async () => {
    const { decisions } = await recursion(aboveIts(hasty(400)));
    expect(decisions[0].differing).toBeGreaterThan(0);
    expect(decisions[0].first).toMatchObject({ strategy: 'planted', symbol: 'A/USD' });
    expect(decisions[0].first!.here).not.toBe(decisions[0].first!.longest);
    expect((await recursion(aboveIts(sma(400)), { at: START + 3_000 * HOUR_MS })).decisions[0].differing).toBe(0);
  });

  it('may differ in numbers by the tolerance, and in words, but in nothing else', async () => {
    const stopped = (proposal: (average: number) => object) =>
      recursion(
        withIndicators(
          () => ({ average: ema(20) }),
          (context) => {
            const { average, position, target } = context as never as {
              average: { value: number };
              position: { isLong: boolean };
              target(share: number, why: string, more: object): never;
            };
            return position.isLong ? undefined : target(0.5, `at ${average.value}`, proposal(average.value));
          },
        ),
        { tolerance: 0.01 },
      );
    const near = await stopped((average) => ({ stopLoss: { price: average * 0.5 } }));
    expect(near.indicators[0].differences[0]).toBeGreaterThan(0);
    expect(near.decisions.map(({ differing }) => differing)).toEqual([0, 0, 0, 0]);
    const far = await stopped((average) => ({ stopLoss: { price: (average * 1e7) % 500 } }));
    expect(far.decisions[0].differing).toBeGreaterThan(0);
    const more = await recursion(
      withIndicators(
        () => ({ read: counting() }),
        (context) => {
          const { read, target } = context as never as {
            read: { value: number };
            target(share: number, why: string, more: object): never;
          };
          return target(0.5, 'half', read.value > 1_000 ? { rebalance: true } : {});
        },
      ),
    );
    expect(more.decisions[0].differing).toBe(500);
  });

  it('are made from the span on alone, with nothing held at its start', async () => {
    // What is expected in a callback would be a failure of the strategy, and nothing else.
    const asked: number[] = [];
    const firstHeld: boolean[] = [];
    const report = await recursion(
      withIndicators(
        () => ({ average: sma(5) }),
        ({ time, position, target }) => {
          if (asked.length % 20 === 0) firstHeld.push(position.isLong);
          asked.push(time);
          return target(0.5, 'half');
        },
      ),
      { spanBars: 20 },
    );
    expect(Math.min(...asked)).toBe(report.from);
    expect(asked).toHaveLength(20 * report.histories.length);
    expect(new Set(firstHeld)).toEqual(new Set([false]));
    expect(report.to).toBe(Math.max(...asked));
  });

  it('are compared for several instruments with gaps', async () => {
    const many = new Map(['A/USD', 'B/USD'].map((symbol, k) => [symbol, wavingBars(2_000, k + 5, true)]));
    const report = await recursion(smaCross as never, { given: many });
    expect(report.indicators).toHaveLength(4);
    expect(report.decisions.every(({ differing, decisions }) => differing === 0 && decisions > 0)).toBe(true);
  });
});

describe('what is refused', () => {
  it.each([
    ['a span of no bar', { spanBars: 0 }, /span of 0 bars/],
    ['a span of half a bar', { spanBars: 0.5 }, /span of 0\.5/],
    ['a negative tolerance', { tolerance: -1 }, /tolerance is -1/],
    ['a span without history', { at: START + 5 * HOUR_MS }, /5 bars before.*loads 31/],
    ['a span after the bars', { at: START + 9_000 * HOUR_MS }, /no bar from/],
  ])('%s', async (_, options, sentence) => {
    await expect(recursion(smaCross as never, options)).rejects.toThrow(sentence);
  });
});
