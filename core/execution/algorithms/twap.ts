/** Time-weighted average price: equal parts at equal distances. */
import { mulDivFloor } from '../../numbers.ts';
import { type AlgorithmSetting, type Move, type Situation, WAIT } from './algorithm.ts';

type Setting = Extract<AlgorithmSetting, { kind: 'twap' }>;

/**
 * Part k of n is due k distances after the beginning, so that the first is sent at once and each has one distance to fill. A cycle
 * that comes late sends what fell due meanwhile as one; what a limit has left unfilled goes with the next part.
 */
export function twap({ slices, durationMs }: Setting, situation: Situation): Move {
  const { now, begunAt, total, lastSentAt, limit } = situation;
  const due = partsDue(now - begunAt, slices, durationMs);
  if (lastSentAt > 0 && due === partsDue(lastSentAt - begunAt, slices, durationMs)) return WAIT;
  return { due: mulDivFloor(total, due, slices), price: limit, replaces: limit > 0 };
}

const partsDue = (elapsed: number, slices: number, durationMs: number): number =>
  Math.min(slices, Math.floor((elapsed * slices) / durationMs) + 1);
