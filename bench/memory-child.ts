/** One run in a process of its own: prints the peak of its resident memory in bytes. `memory-child.ts BARS STRATEGY` */
import { runBacktest } from '../core/backtest/run.ts';
import { accountOf } from './account.ts';
import { type BenchStrategy, randomWalk, WALKS } from './bars.ts';
import { peakBytes } from './peak.ts';

const bars = Number(process.argv[2]);
const strategy = process.argv[3] as BenchStrategy;
const walk = randomWalk(bars, WALKS[strategy]);
const account = accountOf(strategy, ['BENCH/USDT'], {
  priceDecimals: walk.priceDecimals,
  openedAt: walk.timestamp[0],
});
const { engine, equity } = runBacktest(account, new Map([['BENCH/USDT', walk]]));
if (equity.length !== bars || engine.journal.head().length !== 64) throw new Error('the run did not reach its end');
process.stdout.write(String(peakBytes()));
