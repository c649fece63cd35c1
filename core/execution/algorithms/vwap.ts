/** Volume-weighted average price: parts in proportion to the volume that is usual at their time of day. */
import { mulDivFloor } from '../../numbers.ts';
import type { AlgorithmSetting, Move, Situation } from './algorithm.ts';
import { BUCKET_MS, BUCKETS } from './volume-profile.ts';

type Setting = Extract<AlgorithmSetting, { kind: 'vwap' }>;

/** What is sent now meets the bar that comes, so the volume up to the end of that bar is due. */
export function vwap({ profile, durationMs }: Setting, situation: Situation): Move {
  const { now, begunAt, cycleMs, total, limit } = situation;
  const end = begunAt + durationMs;
  const reached = Math.min(end, now + cycleMs);
  const whole = volumeBetween(profile, begunAt, end);
  const due =
    whole > 0
      ? mulDivFloor(total, volumeBetween(profile, begunAt, reached), whole)
      : mulDivFloor(total, reached - begunAt, durationMs);
  return { due, price: limit, replaces: limit > 0 };
}

/** Usual volume between two times, in millionths of a day's by the millisecond; at most a day apart, so that it is exact. */
function volumeBetween(profile: readonly number[], from: number, to: number): number {
  let sum = 0;
  for (let at = from; at < to && profile.length > 0; ) {
    const bucket = Math.floor(at / BUCKET_MS);
    const end = Math.min(to, (bucket + 1) * BUCKET_MS);
    sum += (end - at) * profile[bucket % BUCKETS];
    at = end;
  }
  return sum;
}
