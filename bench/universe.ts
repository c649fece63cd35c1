/** Many instruments in one account: what a bar costs among a hundred, against one alone. */
import { runBacktest } from '../core/backtest/run.ts';
import { accountOf } from './account.ts';
import { type BenchStrategy, randomWalk, WALKS } from './bars.ts';
import { leastMs, rounded } from './timing.ts';

const INSTRUMENTS = 100;
const BARS_EACH = 10_000;
const ROUNDS = 8;

export function benchUniverse(): unknown {
  return (Object.keys(WALKS) as BenchStrategy[]).map((strategy) => {
    const symbols = Array.from({ length: INSTRUMENTS }, (_, k) => `C${k}/USDT`);
    const many = new Map(
      symbols.map((symbol, k) => [symbol, randomWalk(BARS_EACH, { ...WALKS[strategy], seed: k + 1 })]),
    );
    const one = new Map([['C0/USDT', randomWalk(INSTRUMENTS * BARS_EACH, WALKS[strategy])]]);
    const run = (bars: typeof many) => {
      const [first] = bars.values();
      const account = accountOf(strategy, [...bars.keys()], {
        priceDecimals: first.priceDecimals,
        openedAt: first.timestamp[0],
      });
      return runBacktest(account, bars).engine.journal.head();
    };
    const least = leastMs(ROUNDS, { one: () => run(one), many: () => run(many) });
    return {
      strategy,
      instruments: INSTRUMENTS,
      barsEach: BARS_EACH,
      nsPerBarOfOne: rounded(least.one),
      nsPerBarOfMany: rounded(least.many),
      ratio: rounded(least.many / least.one),
    };
  });
}
