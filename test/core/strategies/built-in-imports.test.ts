// What a user's strategy file imports, and what the compiler tells its author.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { crossedAbove, crossedBelow, type SeriesView, sma, strategy, z } from 'plimsoll';
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import { tradesOf } from '../../../core/backtest/trades.ts';
import { columnsOf, macd } from '../../../core/strategies/index.ts';
import exampleMomentum from '../../../strategies/example-momentum.ts';
import { play, walk } from '../backtest/trades-support.ts';

const root = resolve(import.meta.dirname, '../../..');

describe('a strategy as a user writes it', () => {
  it('has its parameters, indicators and helpers typed without a word about types', () => {
    const made = strategy({
      name: 'sma-cross-of-mine',
      params: z.object({ fast: z.int().default(10), slow: z.int().default(30) }),
      indicators: ({ fast, slow }) => ({ fast: sma(fast), slow: sma(slow), trend: macd(12, 26, 9).on('1h') }),
      onBar({ fast, slow, trend, position, params, target }) {
        expectTypeOf(fast).toEqualTypeOf<SeriesView>();
        expectTypeOf(trend.histogram).toEqualTypeOf<SeriesView>();
        expectTypeOf(params.fast).toEqualTypeOf<number>();
        if (crossedAbove(fast, slow)) return target(1, 'the fast average crossed above the slow one');
        if (crossedBelow(fast, slow) && position.isLong) return target(0, 'it crossed back');
      },
    });
    expect(made.params.parse({})).toEqual({ fast: 10, slow: 30 });
  });

  it('does not compile with a wrong name', () => {
    strategy({
      name: 'with-typos',
      params: z.object({ length: z.int().default(10) }),
      // @ts-expect-error: there is no parameter "lenght".
      indicators: ({ lenght }) => ({ average: sma(lenght) }),
      onBar: () => undefined,
    });
    strategy({
      name: 'with-more-typos',
      params: z.object({ length: z.int().default(10) }),
      indicators: ({ length }) => ({ average: sma(length), trend: macd() }),
      // @ts-expect-error: there is no indicator "averrage".
      onBar({ averrage, position, trend, target }) {
        // @ts-expect-error: a MACD has no output "signall".
        if (crossedAbove(trend.macd, trend.signall)) return;
        // @ts-expect-error: a position has no "isLogn".
        if (position.isLogn) return target(0, String(averrage));
      },
    });
  });

  it('can compute its indicators as columns', () => {
    expect(columnsOf(sma(3), walk(10, 1)).value).toHaveLength(10);
  });
});

describe('a file in strategies/', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(root, 'strategies', '.test-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const node = (file: string) => spawnSync(process.execPath, [file], { encoding: 'utf8', cwd: folder });

  it('imports from plimsoll under Node itself', () => {
    writeFileSync(
      join(folder, 'mine.ts'),
      `import { strategy, sma, crossedAbove, z } from 'plimsoll';
const mine = strategy({
  name: 'mine',
  params: z.object({ fast: z.int().default(10) }),
  indicators: ({ fast }) => ({ average: sma(fast) }),
  onBar: ({ average, bar, target }) => (crossedAbove(average, bar.close) ? target(1, 'up') : undefined),
});
console.log(mine.name, JSON.stringify(mine.params.parse({})));
`,
    );
    const { stdout, stderr, status } = node(join(folder, 'mine.ts'));
    expect(stderr).toBe('');
    expect(stdout).toBe('mine {"fast":10}\n');
    expect(status).toBe(0);
  });

  it('that comes as an example trades', () => {
    const played = play({ bars: new Map([['ABC/USDT', walk(2_000, 2)]]), strategies: [exampleMomentum] });
    const trades = [...tradesOf(played)];
    expect(trades.length).toBeGreaterThan(5);
    expect(trades[0].entryReason).toBe('it has risen and is above its average');
  });

  it('is small when bundled: the messages of zod in forty languages stay out', () => {
    const bundle = join(folder, 'bundle.mjs');
    const args = [
      '--bundle',
      '--minify',
      '--format=esm',
      '--platform=node',
      '--main-fields=module,main',
      `--outfile=${bundle}`,
    ];
    const { status } = spawnSync(join(root, 'node_modules/.bin/esbuild'), [
      join(root, 'strategies/example-momentum.ts'),
      ...args,
    ]);
    expect(status).toBe(0);
    expect(statSync(bundle).size).toBeLessThan(150_000);
  });
});
