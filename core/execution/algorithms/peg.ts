/** Peg to the mid: a limit order that moves with it, once a cycle. */
import { mulDivCeil, mulDivFloor } from '../../numbers.ts';
import { type AlgorithmSetting, type Move, type Situation, WAIT } from './algorithm.ts';

type Setting = Extract<AlgorithmSetting, { kind: 'peg' }>;

export function peg({ offsetBps }: Setting, situation: Situation): Move {
  const { total, workingPrice } = situation;
  const price = pegged(situation, offsetBps);
  return price === workingPrice ? WAIT : { due: total, price, replaces: true };
}

/** On the tick grid and rounded away from the mid, never past the limit. */
function pegged({ side, lastPrice, limit, tick }: Situation, offsetBps: number): number {
  if (side === 'buy') {
    const price = Math.max(tick, mulDivFloor(lastPrice, 10_000 - offsetBps, 10_000 * tick) * tick);
    return limit > 0 ? Math.min(price, limit) : price;
  }
  return Math.max(limit, mulDivCeil(lastPrice, 10_000 + offsetBps, 10_000 * tick) * tick);
}
