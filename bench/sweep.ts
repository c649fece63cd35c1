/** A sweep of moving-average pairs on one thread, against the same in numba. */
import { sweepBacktests } from '../core/backtest/sweep.ts';
import { accountOf, CASH, FEE_BPS, plainMoney } from './account.ts';
import { randomWalk, WALKS } from './bars.ts';
import { runPeer } from './peers/python.ts';
import { rounded } from './timing.ts';

const BARS = 100_000;
const FAST = Array.from({ length: 20 }, (_, k) => 5 + 2 * k);
const SLOW = Array.from({ length: 50 }, (_, k) => 50 + 4 * k);
const ROUNDS = 2;
const PEER_REPEATS = 3;
/** How far our final equity may be from that of a pair in numba: a fraction. */
const TOLERANCE = 1e-4;

export function benchSweep(withPeers: boolean): unknown {
  const bars = randomWalk(BARS, WALKS['sma-cross']);
  const series = new Map([['BENCH/USDT', bars]]);
  const settings = { priceDecimals: bars.priceDecimals, openedAt: bars.timestamp[0] };
  const pairs = FAST.flatMap((fast) => SLOW.map((slow) => ({ fast, slow })));
  const accounts = pairs.map((params) => accountOf('sma-cross', ['BENCH/USDT'], { ...settings, params }));
  let least = Number.POSITIVE_INFINITY;
  let equity: number[] = [];
  let events = 0;
  for (let round = 0; round < ROUNDS; round++) {
    equity = [];
    events = 0;
    const start = performance.now();
    for (const { engine } of sweepBacktests(accounts, series)) {
      engine.journal.head();
      events += engine.journal.sequence;
      equity.push(plainMoney(engine.equity));
    }
    least = Math.min(least, performance.now() - start);
  }
  const ours = (pairs.length * 1_000) / least;
  return {
    unit: 'runs a second on one thread, each with its ledger chained',
    runs: pairs.length,
    bars: BARS,
    eventsPerRun: Math.round(events / pairs.length),
    plimsoll: rounded(ours),
    ...(withPeers && { numba: numba(bars, equity, ours) }),
  };
}

function numba(bars: ReturnType<typeof randomWalk>, equity: readonly number[], ours: number): unknown {
  const peer = runPeer<{ version: string; seconds: number; runs: number; finalEquity: number[] }>(
    'sweep.py',
    bars,
    CASH,
    FEE_BPS,
    PEER_REPEATS,
    ...FAST,
    '/',
    ...SLOW,
  );
  peer.finalEquity.forEach((theirs, k) => {
    if (Math.abs(theirs - equity[k]) > TOLERANCE * equity[k])
      throw new Error(`pair ${k} ends with ${theirs} in numba and ${equity[k]} here`);
  });
  const speed = peer.runs / peer.seconds;
  return { version: peer.version, speed: rounded(speed), ratio: rounded(ours / speed) };
}
