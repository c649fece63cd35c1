import { placeOf, REGIME_COUNT, REGIMES, type RegimeAxis, regimeInvalid } from './regime.ts';

/** What several methods say of the same bars, and how far apart they are; a column each, one entry a bar. */
export interface Consensus {
  /** What most methods say; of equally many the middle one, where it is among them or they are the two ends. NaN where none knows. */
  readonly regime: Float64Array;
  /** Entropy of the votes over that of three equal shares: 0 where all agree, 1 where each regime has a third. NaN without a vote. */
  readonly disagreement: Float64Array;
  /** How many methods voted. */
  readonly votes: Float64Array;
}

/** @param methods by method: its regimes of the axis, NaN where it does not know. Throws `REGIME_INPUT_INVALID`. */
export function consensusOf(axis: RegimeAxis, methods: readonly Float64Array[]): Consensus {
  if (methods.length === 0) throw regimeInvalid(`no method says anything of ${axis}`, 'pass one column or more');
  const { length } = methods[0];
  if (methods.some((column) => column.length !== length))
    throw regimeInvalid('methods speak of different numbers of bars', 'pass columns of one length');
  const regime = new Float64Array(length);
  const disagreement = new Float64Array(length);
  const votes = new Float64Array(length);
  const counts = new Float64Array(REGIME_COUNT);
  for (let t = 0; t < length; t++) {
    counts.fill(0);
    for (const column of methods) {
      const place = placeOf(axis, column[t]);
      if (place >= 0) counts[place]++;
    }
    votes[t] = counts[0] + counts[1] + counts[2];
    regime[t] = winner(counts) + REGIMES[axis].first;
    disagreement[t] = entropy(counts, votes[t]);
  }
  return { regime, disagreement, votes };
}

function winner(counts: Float64Array): number {
  const [low, middle, high] = counts;
  const most = Math.max(low, middle, high);
  if (most === 0) return Number.NaN;
  if (middle === most || low === high) return 1;
  return low > high ? 0 : 2;
}

function entropy(counts: Float64Array, votes: number): number {
  if (votes === 0) return Number.NaN;
  let sum = 0;
  for (const count of counts) if (count > 0) sum -= (count / votes) * Math.log(count / votes);
  return sum / Math.log(REGIME_COUNT);
}
