import { describe, expect, it } from 'vitest';
import {
  barsHashOf,
  earlierTrials,
  NO_TRIALS,
  parseTrials,
  trialKeyOf,
  withTrials,
} from '../../../core/research/trials.ts';
import { wavingBars } from './support.ts';

const key = (digit: string): string => digit.repeat(64);

describe('the trials of a question', () => {
  it('add up over sweeps, each once', () => {
    const first = withTrials(NO_TRIALS, 'trend', [
      { key: key('a'), sharpe: 1 },
      { key: key('b'), sharpe: Number.NaN },
    ]);
    const second = withTrials(parseTrials(JSON.stringify(first)), 'trend', [
      { key: key('a'), sharpe: 1 },
      { key: key('c'), sharpe: 3 },
    ]);
    expect(second.questions.trend).toEqual({ [key('a')]: 1, [key('b')]: null, [key('c')]: 3 });
    expect(earlierTrials(second, 'trend', [key('c')])).toEqual([1, Number.NaN]);
  });

  it('are of that question alone, whatever it is called', () => {
    const book = withTrials(NO_TRIALS, 'trend', [{ key: key('a'), sharpe: 1 }]);
    expect(earlierTrials(book, 'other', [])).toEqual([]);
    expect(earlierTrials(book, 'toString', [])).toEqual([]);
  });

  it('are bounded', () => {
    const made = Array.from({ length: 100_001 }, (_, k) => ({ key: `${k}`.padStart(64, '0'), sharpe: 1 }));
    expect(() => withTrials(NO_TRIALS, 'trend', made)).toThrow(/would hold 100001/);
  });

  it.each(['{', '[]', '{"version":2,"questions":{}}', '{"version":1,"questions":{"a":{"short":1}}}'])(
    'are not read from %s',
    (text) => {
      expect(() => parseTrials(text)).toThrow(/file of trials cannot be read/);
    },
  );
});

describe('a trial', () => {
  const bars = wavingBars(50);
  const identity = {
    codeHash: key('d'),
    params: { fast: 5, slow: 30 },
    timeframe: '1h',
    barsHash: barsHashOf(new Map([['A', bars]])),
  };

  it('is the same with its parameters in another order, and another with other code, parameters, timeframe or bars', () => {
    const same = trialKeyOf(identity);
    expect(trialKeyOf({ ...identity, params: { slow: 30, fast: 5 } })).toBe(same);
    const changed = wavingBars(50);
    changed.close[49]++;
    const others = [
      { ...identity, codeHash: key('e') },
      { ...identity, params: { fast: 6, slow: 30 } },
      { ...identity, timeframe: '4h' },
      { ...identity, barsHash: barsHashOf(new Map([['A', changed]])) },
      { ...identity, barsHash: barsHashOf(new Map([['B', bars]])) },
    ];
    expect(new Set([same, ...others.map(trialKeyOf)]).size).toBe(6);
  });
});
