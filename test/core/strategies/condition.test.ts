import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import * as z from 'zod';
import { runBacktest } from '../../../core/backtest/run.ts';
import { macd, sma } from '../../../core/indicators/index.ts';
import { runningCrossing } from '../../../core/strategies/condition.ts';
import { crossedAbove, crossedBelow, crosses, strategy } from '../../../core/strategies/index.ts';
import { Series } from '../../../core/strategies/views.ts';
import { account, running, spot } from '../engine/account.ts';
import { randomBars } from '../engine/random-account.ts';

const values = fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(Number.NaN)), {
  minLength: 2,
  maxLength: 40,
});

describe('a crossing', () => {
  test('holds on exactly the bars with which one series has crossed the other, found ahead or bar by bar', () => {
    fc.assert(
      fc.property(values, values, fc.boolean(), (a, b, isLevel) => {
        const length = Math.min(a.length, b.length);
        const clock = { now: 1, before: 0 };
        const first = new Series(Float64Array.from(a), clock);
        const second = isLevel ? 0.5 : new Series(Float64Array.from(b), clock);
        const condition = runningCrossing(first, second);
        const wanted: number[] = [];
        for (let k = 1; k < length; k++) {
          clock.now = k;
          clock.before = k - 1;
          const crossed = crossedAbove(first, second) || crossedBelow(first, second);
          expect(condition.holds()).toBe(crossed);
          if (crossed) wanted.push(k);
        }
        const found: number[] = [];
        for (let k = condition.next(1, length); k < length; k = condition.next(k + 1, length)) found.push(k);
        expect(found).toEqual(wanted);
      }),
    );
  });
});

describe('a strategy with "when"', () => {
  const asked = (when: object): number[] => {
    const times: number[] = [];
    const watcher = strategy({
      name: 'watcher',
      params: z.object({}),
      indicators: () => ({ fast: sma(2), slow: sma(4), far: sma(2).on('5m'), lines: macd(3, 6, 2) }),
      ...when,
      onBar({ time }) {
        times.push(time);
      },
    } as Parameters<typeof strategy>[0]);
    const bars = new Map([['A/USD', randomBars(7, 200, true)]]);
    runBacktest(
      account({ instruments: [spot({ symbol: 'A/USD' })], strategies: [running(watcher, { instruments: ['A/USD'] })] }),
      bars,
    );
    return times;
  };

  it('is asked on fewer bars, also where it has a longer timeframe', () => {
    const all = asked({});
    const some = asked({ when: ({ fast, slow }: Record<string, never>) => crosses(fast, slow) });
    expect(some.length).toBeGreaterThan(10);
    expect(some.length).toBeLessThan(all.length / 2);
    expect(all).toEqual(expect.arrayContaining(some));
  });

  it('may name one of several outputs, and more than one condition', () => {
    const one = asked({
      when: ({ lines }: Record<string, { macd: never; signal: never }>) => crosses(lines.macd, lines.signal),
    });
    const both = asked({
      when: ({ lines }: Record<string, { macd: never; signal: never }>) => [
        crosses(lines.macd, lines.signal),
        crosses(lines.macd, 0),
      ],
    });
    expect(one.length).toBeGreaterThan(3);
    expect(both.length).toBeGreaterThan(one.length);
    expect(both).toEqual(expect.arrayContaining(one));
  });

  it.each([
    [{ when: 5 }, 'its when is not a function'],
    [{ when: () => true }, 'its "when" gives no conditions'],
    [{ when: () => [] }, 'its "when" gives no conditions'],
    [{ when: ({ fast }: Record<string, never>) => crosses(fast, Number.NaN) }, 'its "when" gives no conditions'],
    [
      { when: ({ fast, far }: Record<string, never>) => crosses(fast, far) },
      'names "far", which is on another timeframe',
    ],
    [
      { when: ({ fast }: Record<string, never>) => crosses(fast, { indicator: 'gone', output: 'value' }) },
      'the unknown series "gone"',
    ],
  ])('is refused with a sentence where it cannot work', (when, sentence) => {
    expect(() => asked(when)).toThrow(sentence);
  });
});
