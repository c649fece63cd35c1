import { seededRandom } from '../../../../core/research/random.ts';
import { normalQuantile } from '../../../../core/statistics/normal-quantile.ts';

/** A series that remembers: `x[t] = memory x[t-1] + noise`, of variance 1, the same for the same seed. */
export function remembering(length: number, seed: number, memory = 0): Float64Array {
  const random = seededRandom(seed);
  const noise = (): number => normalQuantile((random.below(2 ** 31) + 0.5) / 2 ** 31);
  const values = new Float64Array(length);
  values[0] = noise();
  for (let t = 1; t < length; t++) values[t] = memory * values[t - 1] + Math.sqrt(1 - memory * memory) * noise();
  return values;
}
