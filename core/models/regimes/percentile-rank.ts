import { Remembering } from '../../indicators/memory.ts';
import { checkedLength, refused } from '../../indicators/parameters.ts';

/** The longest history that a value is ranked in: each bar looks at all of it. */
const MAX_HISTORY_BARS = 10_000;

/** Shares of the past at which volatility is called calm or turbulent. */
export interface Thresholds {
  readonly calmBelow: number;
  readonly turbulentAbove: number;
}

/** Where a value lies among those before it. */
export class PercentileRank extends Remembering<PercentileRankMemory> {
  constructor(history: number) {
    super({ kept: new Float64Array(history), filled: 0, slot: 0 });
  }

  /** The share of the last `history` values that are below this one, ties counting half; NaN until there were as many. */
  next(value: number): number {
    const { memory } = this;
    const { kept } = memory;
    const rank = memory.filled === kept.length ? rankIn(kept, value) : Number.NaN;
    kept[memory.slot] = value;
    memory.slot = (memory.slot + 1) % kept.length;
    memory.filled = Math.min(kept.length, memory.filled + 1);
    return rank;
  }
}

type PercentileRankMemory = { kept: Float64Array; filled: number; slot: number };

function rankIn(kept: Float64Array, value: number): number {
  let halves = 0;
  for (let k = 0; k < kept.length; k++) halves += Number(kept[k] < value) + Number(kept[k] <= value);
  return halves / (2 * kept.length);
}

/** 0 calm, 1 normal or 2 turbulent by the rank; NaN of NaN. */
export function volatilityAt(rank: number, { calmBelow, turbulentAbove }: Thresholds): number {
  if (Number.isNaN(rank)) return Number.NaN;
  if (rank < calmBelow) return 0;
  return rank > turbulentAbove ? 2 : 1;
}

/** Throws `INDICATOR_PARAMETER` where the thresholds are not shares in order, or the history is too long or too short. */
export function checkRanking(indicator: string, history: number, { calmBelow, turbulentAbove }: Thresholds): void {
  checkedLength(indicator, 'history', history, 10);
  if (history > MAX_HISTORY_BARS)
    throw refused(indicator, 'history', history, `use a whole number from 10 to ${MAX_HISTORY_BARS}`);
  if (!(calmBelow >= 0 && calmBelow < 1)) throw refused(indicator, 'calmBelow', calmBelow, 'use a share from 0 to 1');
  if (!(turbulentAbove > calmBelow && turbulentAbove <= 1))
    throw refused(indicator, 'turbulentAbove', turbulentAbove, 'use a share above calmBelow, at most 1');
}
