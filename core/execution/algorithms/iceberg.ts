/** Iceberg: a part at a time rests at the limit. */
import { type AlgorithmSetting, type Move, type Situation, WAIT } from './algorithm.ts';

type Setting = Extract<AlgorithmSetting, { kind: 'iceberg' }>;

export function iceberg({ shown }: Setting, { used, working, limit }: Situation): Move {
  return working > 0 ? WAIT : { due: used + shown, price: limit, replaces: false };
}
