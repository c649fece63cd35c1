/** One instrument: the engine against a plain loop and against other engines, the same strategies on the same bars. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readBarFile } from '../adapters/files/bar-file.ts';
import { runBacktest } from '../core/backtest/run.ts';
import type { BarColumns } from '../core/market/bars.ts';
import { accountOf, CASH, FEE_BPS, plainMoney } from './account.ts';
import { type BenchStrategy, randomWalk, WALKS } from './bars.ts';
import { type PlainOptions, type PlainResult, plainRsiReversion, plainSmaCross } from './peers/plain-loop.ts';
import { runPeer } from './peers/python.ts';
import { leastMs, rounded } from './timing.ts';

const BARS = 1_000_000;
const ROUNDS = 30;
const PEER_REPEATS = 5;
const PEERS = ['vectorbt', 'backtesting'] as const;
const RECORDED = 'crypto/btc_perp_1m_2022_01.parquet';
/** How far the final equity of a plain loop, and of an engine on float averages, may be from ours: a fraction. */
const PLAIN_TOLERANCE = 1e-5;
const PEER_TOLERANCE = 0.02;

const PLAIN: Record<BenchStrategy, (bars: BarColumns, options: PlainOptions) => PlainResult> = {
  'sma-cross': plainSmaCross,
  'rsi-reversion': plainRsiReversion,
};

interface PeerResult {
  readonly version: string;
  readonly seconds: number;
  readonly finalEquity: number;
  readonly fills: number;
}

/** Both strategies on their random walks, and on recorded bars where `data` has them. */
export async function benchEngine(data: string | undefined, withPeers: boolean): Promise<unknown> {
  const recorded = data === undefined ? undefined : await recordedBars(join(data, RECORDED));
  const names = Object.keys(WALKS) as BenchStrategy[];
  return {
    unit: 'bars a second, millions; ratio: of ours to theirs, above 1 is faster',
    randomWalk: names.map((name) => compare(name, randomWalk(BARS, WALKS[name]), withPeers)),
    ...(recorded && { recorded: { file: RECORDED, results: names.map((name) => compare(name, recorded, false)) } }),
  };
}

function compare(name: BenchStrategy, bars: BarColumns, withPeers: boolean): unknown {
  const series = new Map([['BENCH/USDT', bars]]);
  const account = accountOf(name, [...series.keys()], {
    priceDecimals: bars.priceDecimals,
    openedAt: bars.timestamp[0],
  });
  const once = runBacktest(account, series);
  const equity = plainMoney(once.engine.equity);
  const options = { cash: CASH, feeBps: FEE_BPS };
  const plain = PLAIN[name](bars, options);
  assertNear(`the plain loop of ${name}`, plain.finalEquity, equity, PLAIN_TOLERANCE);
  const least = leastMs(ROUNDS, {
    ours: () => runBacktest(account, series).engine.journal.head(),
    plain: () => PLAIN[name](bars, options),
  });
  const speed = (ms: number): number => rounded(bars.length / ms / 1_000);
  return {
    strategy: name,
    bars: bars.length,
    fills: plain.fills,
    events: once.engine.journal.sequence,
    finalEquity: rounded(equity, 10),
    plimsoll: speed(least.ours),
    plainLoop: { speed: speed(least.plain), ratio: rounded(least.plain / least.ours), finalEquity: plain.finalEquity },
    ...(withPeers && peers(name, bars, equity, least.ours)),
  };
}

function peers(name: BenchStrategy, bars: BarColumns, equity: number, ours: number): Record<string, unknown> {
  const results = runPeer<Record<string, PeerResult>>('engines.py', bars, CASH, FEE_BPS, PEER_REPEATS, name, ...PEERS);
  const rows = Object.entries(results).map(([engine, { version, seconds, finalEquity, fills }]) => {
    assertNear(`${engine} on ${name}`, finalEquity, equity, PEER_TOLERANCE);
    const speed = rounded(bars.length / seconds / 1e6);
    return [engine, { version, speed, ratio: rounded((seconds * 1_000) / ours), finalEquity, fills }];
  });
  return Object.fromEntries(rows);
}

/** Engines that come to different money did not do the same work. */
function assertNear(what: string, theirs: number, ours: number, tolerance: number): void {
  if (Math.abs(theirs - ours) <= tolerance * Math.abs(ours)) return;
  throw new Error(
    `${what} ends with ${theirs}, ours with ${ours}: more than ${tolerance} apart, so the comparison means nothing`,
  );
}

async function recordedBars(file: string): Promise<BarColumns | undefined> {
  if (!existsSync(file)) return undefined;
  const { bars } = await readBarFile(file);
  return [...bars.values()][0];
}
