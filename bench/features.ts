/** A hundred columns of features over a million bars, against pandas and polars. */
import { featureColumns, featureSet } from '../core/models/features/feature-set.ts';
import { randomWalk, WALKS } from './bars.ts';
import { runPeer } from './peers/python.ts';
import { rounded } from './timing.ts';

const BARS = 1_000_000;
const LENGTHS = Array.from({ length: 20 }, (_, k) => 5 * (k + 1));
const FAMILIES = ['return', 'band-position', 'band-width', 'range-position', 'above-sma'];
const ROUNDS = 3;
/** How far the mean of a column may be from that of a peer, which rounds to no float32: a share of 1, or of the mean where that is more. */
const TOLERANCE = 1e-5;

export function benchFeatures(withPeers: boolean): unknown {
  const bars = randomWalk(BARS, WALKS['sma-cross']);
  const set = featureSet(LENGTHS.flatMap((length) => FAMILIES.map((family) => `${family}-${length}`)));
  let least = Number.POSITIVE_INFINITY;
  let columns: readonly Float64Array[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    columns = [];
    const start = performance.now();
    columns = featureColumns(set, bars);
    least = Math.min(least, performance.now() - start);
  }
  const means = columns.map(meanOf);
  const speed = (seconds: number): number => rounded((BARS * set.names.length) / seconds / 1e6);
  const against = (library: string, threads: number): unknown => {
    const peer = runPeer<{ version: string; seconds: number; means: number[] }>(
      'features.py',
      bars,
      ROUNDS,
      library,
      threads,
      ...LENGTHS,
    );
    peer.means.forEach((theirs, k) => {
      if (!(Math.abs(theirs - means[k]) <= TOLERANCE * Math.max(1, Math.abs(theirs))))
        throw new Error(`the mean of ${set.names[k]} is ${theirs} in ${library} and ${means[k]} here`);
    });
    return { version: peer.version, speed: speed(peer.seconds), ratio: rounded((peer.seconds * 1e3) / least) };
  };
  return {
    unit: 'values a second, millions; ratio: of ours to theirs, above 1 is faster',
    bars: BARS,
    columns: set.names.length,
    plimsoll: speed(least / 1e3),
    ...(withPeers && {
      pandas: against('pandas', 1),
      polarsOneThread: against('polars', 1),
      polarsTwoThreads: against('polars', 2),
    }),
  };
}

/** After the first tenth, in which averages that begin in another way come together. */
function meanOf(values: Float64Array): number {
  let sum = 0;
  for (let k = values.length / 10; k < values.length; k++) sum += values[k];
  return sum / (0.9 * values.length);
}
