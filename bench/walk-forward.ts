/**
 * A thousand windows of a walk forward of moving averages over a million bars, on one thread, against the same in numba. In each window nine
 * pairs of averages are run on the training bars, the one with the highest Sharpe ratio net of costs is chosen, and it is run on the test bars.
 */
import { gridPoints } from '../core/research/sweep/grid.ts';
import { judgeWalk, type Walked, walk } from '../core/research/walk-forward/walk-forward.ts';
import { accountOf, CASH, FEE_BPS } from './account.ts';
import { randomWalk, WALKS } from './bars.ts';
import { runPeer } from './peers/python.ts';
import { rounded } from './timing.ts';

const BARS = 1_000_000;
const TRAIN_BARS = 3_000;
const TEST_BARS = 997;
const FAST = [5, 10, 20];
const SLOW = [50, 100, 200];
const ROUNDS = 3;
const PEER_REPEATS = 3;
/** How far the growth out of sample, over all windows, may be from that in numba: a fraction. */
const TOLERANCE = 1e-4;

export function benchWalkForward(withPeers: boolean): unknown {
  const bars = randomWalk(BARS, WALKS['sma-cross']);
  const series = new Map([['BENCH/USDT', bars]]);
  const settings = { priceDecimals: bars.priceDecimals, openedAt: bars.timestamp[0] };
  const points = gridPoints([
    { name: 'fast', values: FAST },
    { name: 'slow', values: SLOW },
  ]);
  const accounts = points.map((params) => accountOf('sma-cross', ['BENCH/USDT'], { ...settings, params }));
  let least = Number.POSITIVE_INFINITY;
  let walked: Walked | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    walked = walk(accounts, series, { trainBars: TRAIN_BARS, testBars: TEST_BARS });
    judgeWalk(walked);
    least = Math.min(least, performance.now() - start);
  }
  const { windows, outOfSample } = judgeWalk(walked as Walked);
  const barsRun = windows.length * (points.length * TRAIN_BARS + TEST_BARS);
  return {
    unit: 'seconds of all windows on one thread, the judgement of the walk among them; ratio: of our speed to theirs',
    windows: windows.length,
    bars: BARS,
    inEachWindow: `${points.length} runs on ${TRAIN_BARS} bars and one on ${TEST_BARS}, each with engine, gate, ledger and warm-up`,
    trades: outOfSample.trades,
    seconds: rounded(least / 1e3),
    barsASecond: rounded(barsRun / least / 1e3),
    ...(withPeers && { numba: numba(bars, walked as Walked, outOfSample.totalReturn + 1, least) }),
  };
}

function numba(bars: ReturnType<typeof randomWalk>, { windows }: Walked, growth: number, ourMs: number): unknown {
  const peer = runPeer<{ version: string; seconds: number; chosen: number[]; growth: number }>(
    'walk_forward.py',
    bars,
    CASH,
    FEE_BPS,
    PEER_REPEATS,
    TRAIN_BARS,
    TEST_BARS,
    ...FAST,
    '/',
    ...SLOW,
  );
  const other = windows.findIndex(({ chosen }, k) => chosen !== peer.chosen[k]);
  if (other >= 0)
    throw new Error(`window ${other} chose pair ${peer.chosen[other]} in numba and ${windows[other].chosen} here`);
  if (Math.abs(peer.growth - growth) > TOLERANCE * growth)
    throw new Error(`the account grew to ${peer.growth} in numba and ${growth} here`);
  return { version: peer.version, seconds: rounded(peer.seconds), ratio: rounded((peer.seconds * 1e3) / ourMs) };
}
