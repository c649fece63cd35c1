import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { wavingBars } from '../core/research/support.ts';
import { root, Workplace } from './plimsoll.ts';

const place = new Workplace();
afterAll(() => place.remove());

const bars = wavingBars(600);
const price = (column: Float64Array, k: number): string => (column[k] / 100).toFixed(2);
place.write(
  'bars.csv',
  `timestamp,open,high,low,close,volume\n${Array.from(bars.timestamp, (time, k) =>
    [time, price(bars.open, k), price(bars.high, k), price(bars.low, k), price(bars.close, k), bars.volume[k]].join(),
  ).join('\n')}\n`,
);

/** A file of the user's: what stands at its top, and the rest of its declaration. */
function strategy(name: string, top: string, declared: string): void {
  const from = pathToFileURL(`${root}/core/strategies/index.ts`).href;
  place.write(
    `strategies/${name}.ts`,
    `import { indicatorSpec, ema, sma, strategy, z } from '${from}';
${top}
export default strategy({ name: '${name}', params: z.object({}), ${declared} });
`,
  );
}

const HELD = `const wants = next > bar.close;
    return wants === position.isLong ? undefined : target(wants ? 0.9 : 0, 'so it will be');`;
strategy(
  'remembers',
  'const seen = new Map<number, number>();',
  `indicators: () => ({}), onBar({ time, bar, position, target }) {
    seen.set(time, bar.close);
    console.log('a word');
    const next = seen.get(time + 3_600_000) ?? 0;
    ${HELD}
  }`,
);
strategy(
  'table',
  `const table = ${JSON.stringify(Object.fromEntries(Array.from(bars.timestamp, (time, k) => [time, (bars.close[k + 1] ?? 0) / 100])))} as Record<number, number>;`,
  `indicators: () => ({}), onBar({ bar, position, target }) {
    const next = table[bar.timestamp] ?? 0;
    ${HELD}
  }`,
);
strategy(
  'ahead',
  `const ahead = () => indicatorSpec('ahead', [], ['value'], 1, () => ({
    advance({ close }, from, to, [value], at) { for (let i = from; i < to; i++) value[at + i - from] = (close[i + 1] ?? close[i]) / 100; },
    snapshot: () => ({}),
    restore: () => undefined,
  }));`,
  `indicators: () => ({ ahead: ahead() }), onBar({ ahead, bar, position, target }) {
    const next = ahead.value;
    ${HELD}
  }`,
);
strategy(
  'hasty',
  `const hasty = () => ({ ...ema(300), warmUp: 1, create: () => {
    let average = Number.NaN;
    return {
      advance({ close }, from, to, [value], at) {
        for (let i = from; i < to; i++) {
          average = Number.isNaN(average) ? close[i] / 100 : average + (close[i] / 100 - average) / 150;
          value[at + i - from] = average;
        }
      },
      snapshot: () => ({ average }),
      restore: () => undefined,
    };
  } });`,
  `indicators: () => ({ hasty: hasty() }), onBar({ hasty, bar, position, target }) {
    const next = hasty.value;
    ${HELD}
  }`,
);

const research = (what: string, strategyName: string, ...more: string[]) =>
  place.run('research', what, '--bars', 'bars.csv', '--symbol', 'A/USD', '--strategy', strategyName, ...more);

describe('plimsoll research lookahead', () => {
  test('names the first bar, the strategy, what differs and both values, with exit code 1', async () => {
    const { code, out } = await research('lookahead', 'ahead', '--points', '1');
    expect(code).toBe(1);
    expect(out).toMatch(/^Found +ahead in A\/USD, the indicator ahead\.value, ahead\(\)$/m);
    expect(out).toMatch(/^First bar +the one that closed at 2024-01-01T01:00:00Z$/m);
    expect(out).toMatch(/^Over all +\d+\.?\d*$/m);
    expect(out).toMatch(/^Compared +\d+\.?\d* +\(each bar shown only as it closes\)$/m);
    expect(out).toMatch(/without the bars that followed +1 of 1/);
  });

  test('finds what is remembered at the top of a file, and prints one JSON object whatever the strategy prints', async () => {
    const { code, out } = await research('lookahead', 'remembers', '--points', '1', '--json');
    expect(code).toBe(1);
    const report = JSON.parse(out);
    expect(report).toMatchObject({ found: true, symbols: ['A/USD'], timeframe: '1h' });
    expect(report.findings.map(({ check }: { check: string }) => check)).toEqual(['again']);
    expect(report.findings[0]).toMatchObject({ of: 'proposal', strategy: 'remembers', full: 'nothing' });
  });

  test('passes what it finds nothing in, with exit code 0: a table by date, where dates are allowed', async () => {
    const { code, out, err } = await research('lookahead', 'table', '--points', '2', '--allow-dates');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^Looked at +2 points \(1 with a proposal\)/m);
    expect(out).toMatch(/^Left out/m);
    expect(out).toMatch(/^Found +nothing/m);
  });

  test('finds it where they are not', async () => {
    const { code, out } = await research('lookahead', 'table', '--points', '1');
    expect(code).toBe(1);
    expect(out).toMatch(/with all dates 28 years later +1 of 1/);
  });
});

describe('plimsoll research recursive', () => {
  test('passes windows, with exit code 0', async () => {
    const { code, out } = await research('recursive', 'sma-cross', '--span-bars', '200');
    expect(code).toBe(0);
    expect(out).toMatch(/A\/USD fast\.value sma\(10\) +0\.0e\+0 .* yes$/m);
    expect(out).toMatch(/^Decisions that differ +0 +0 +0 +0 +yes$/m);
  });

  test('ends with exit code 1 where decisions depend on the history', async () => {
    const { code, out } = await research('recursive', 'hasty', '--json');
    expect(code).toBe(1);
    const report = JSON.parse(out);
    expect(report.decisionsDiffer).toBe(true);
    expect(report.indicators[0]).toMatchObject({ indicator: 'hasty', settling: 'first bar', settledWith: null });
    expect(report.decisions[0].differing).toBeGreaterThan(0);
  });

  test('says where there is too little history', async () => {
    const { code, err } = await research('recursive', 'sma-cross', '--at', '2024-01-01T05:00:00Z');
    expect(code).toBe(1);
    expect(err).toMatch(/5 bars before.*loads 31.*--at/s);
  });
});

describe('plimsoll research monte-carlo', () => {
  test('prints the same figures for the same seed, as JSON and as a table', async () => {
    const [first, again, text] = await Promise.all([
      research('monte-carlo', 'sma-cross', '--runs', '50', '--seed', '4', '--json'),
      research('monte-carlo', 'sma-cross', '--runs', '50', '--seed', '4', '--json'),
      research('monte-carlo', 'sma-cross', '--runs', '50', '--seed', '4'),
    ]);
    expect([first.code, first.err]).toEqual([0, '']);
    expect(again.out).toBe(first.out);
    const { series } = JSON.parse(first.out);
    expect(series.map(({ of }: { of: string }) => of)).toEqual(['returns', 'trades']);
    const [iid] = series[0].resampled;
    expect(Object.keys(iid.distributions.maxDrawdown.percentiles)).toEqual(['1', '5', '25', '50', '75', '95', '99']);
    expect(iid.destroys).toMatch(/order/);
    expect(text.out).toMatch(/^iid, final equity( +\d+\.\d+){8} +\d+\.\d+ %$/m);
    expect(text.out).toMatch(/^permutation: .*It keeps .*it destroys/m);
  });
});

test.each([
  ['lookahead', ['--points', '0'], /ask for 1 to 1000/i],
  ['recursive', ['--tolerance', 'x'], /number/],
  ['monte-carlo', ['--drawdown', '20'], /0\.2 is 20 %/],
])('research %s refuses %s as wrong use', async (what, more, sentence) => {
  const { code, out, err } = await research(what, 'sma-cross', ...more);
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(sentence);
});
