/** A hundred columns of features over a million bars, against pandas and polars. */
import { featureColumnsInThreads } from '../adapters/models/feature-threads.ts';
import { featureColumns, featureSet } from '../core/models/features/feature-set.ts';
import { randomWalk, WALKS } from './bars.ts';
import { runPeer } from './peers/python.ts';
import { rounded } from './timing.ts';

const BARS = 1_000_000;
const LENGTHS = Array.from({ length: 20 }, (_, k) => 5 * (k + 1));
const FAMILIES = ['return', 'band-position', 'band-width', 'range-position', 'above-sma'];
const ROUNDS = 3;
/** In each round, of which the first fetches the memory. */
const PEER_REPEATS = 2;
/** How far the mean of a column may be from that of a peer, which rounds to no float32: a share of 1, or of the mean where that is more. */
const TOLERANCE = 1e-5;

/** The least of all rounds, ms: by the clock, and of all processors together. */
interface Taken {
  wall: number;
  cpu: number;
}

interface Peer {
  readonly version: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly means: readonly number[];
}

export async function benchFeatures(withPeers: boolean): Promise<unknown> {
  const bars = randomWalk(BARS, WALKS['sma-cross']);
  const set = featureSet(LENGTHS.flatMap((length) => FAMILIES.map((family) => `${family}-${length}`)));
  const [one, two] = [emptyTaken(), emptyTaken()];
  let columns: readonly Float32Array[] = [];
  const ask = (library: string, threads: number): Peer =>
    runPeer<Peer>('features.py', bars, PEER_REPEATS, library, threads, ...LENGTHS);
  const peers = { pandas: [] as Peer[], polarsOneThread: [] as Peer[], polarsTwoThreads: [] as Peer[] };
  for (let round = 0; round < ROUNDS; round++) {
    columns = [];
    await take(one, () => {
      columns = featureColumns(set, bars);
    });
    columns = [];
    await take(two, async () => {
      columns = await featureColumnsInThreads(set, bars, { threads: 2 });
    });
    if (!withPeers) continue;
    peers.pandas.push(ask('pandas', 1));
    peers.polarsOneThread.push(ask('polars', 1));
    peers.polarsTwoThreads.push(ask('polars', 2));
  }
  const means = columns.map(meanOf);
  const speed = (ms: number): number => rounded((BARS * set.names.length) / ms / 1e3);
  const against = (all: readonly Peer[]): unknown => {
    for (const peer of all) assertMeans(peer, means, set.names);
    const wall = 1e3 * Math.min(...all.map(({ seconds }) => seconds));
    const cpu = 1e3 * Math.min(...all.map(({ cpuSeconds }) => cpuSeconds));
    return {
      version: all[0].version,
      speed: speed(wall),
      ratio: rounded(wall / one.wall),
      ratioOfTwoThreads: rounded(wall / two.wall),
      ratioOfProcessorTime: rounded(cpu / one.cpu),
    };
  };
  return {
    unit: 'values a second, millions; ratio: of ours to theirs, above 1 is faster',
    bars: BARS,
    columns: set.names.length,
    plimsoll: speed(one.wall),
    plimsollTwoThreads: speed(two.wall),
    ...(withPeers && Object.fromEntries(Object.entries(peers).map(([name, all]) => [name, against(all)]))),
  };
}

const emptyTaken = (): Taken => ({ wall: Number.POSITIVE_INFINITY, cpu: Number.POSITIVE_INFINITY });

async function take(taken: Taken, task: () => unknown): Promise<void> {
  const start = performance.now();
  const before = process.cpuUsage();
  await task();
  const { user, system } = process.cpuUsage(before);
  taken.wall = Math.min(taken.wall, performance.now() - start);
  taken.cpu = Math.min(taken.cpu, (user + system) / 1e3);
}

function assertMeans(peer: Peer, means: readonly number[], names: readonly string[]): void {
  peer.means.forEach((theirs, k) => {
    if (!(Math.abs(theirs - means[k]) <= TOLERANCE * Math.max(1, Math.abs(theirs))))
      throw new Error(`the mean of ${names[k]} is ${theirs} in a peer and ${means[k]} here`);
  });
}

/** After the first tenth, in which averages that begin in another way come together. */
function meanOf(values: Float32Array): number {
  let sum = 0;
  for (let k = values.length / 10; k < values.length; k++) sum += values[k];
  return sum / (0.9 * values.length);
}
