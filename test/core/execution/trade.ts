import type { LimitsInput } from '../../../core/risk/limits.ts';
import type { Decision, StrategyContext } from '../../../core/strategies/contract.ts';
import {
  type AccountFields,
  account,
  bars,
  MINUTE,
  type Played,
  play,
  type Row,
  running,
  START,
  scripted,
} from '../engine/account.ts';

/** Limits that stand in no test's way. */
export const WIDE: LimitsInput = { maxGrossExposure: 100, maxNetExposure: 100, priceCollarBps: 10_000 };

type Answer = Decision | ((context: StrategyContext) => Decision);

/** What a strategy answers at the close of a bar, by its number from 0; the order meets the next bar. */
export type Answers = Readonly<Record<number, Answer>>;

/** Plays rows to one scripted strategy in the first instrument. */
export function trade(
  answers: Answers,
  rows: readonly Row[],
  fields: Partial<AccountFields> & { interval?: number } = {},
): Played {
  const script = scripted((context, bar) => {
    const answer = answers[bar];
    return typeof answer === 'function' ? answer(context) : answer;
  });
  const symbol = fields.instruments?.[0].symbol ?? 'A/USD';
  const timeframe = fields.timeframe ?? '1m';
  const definition = account({
    limits: WIDE,
    strategies: [running(script, { instruments: [symbol], timeframe })],
    ...fields,
  });
  return play(definition, bars(rows, START, fields.interval ?? MINUTE));
}

/** Order proposals, shortly. */
export const buy = (fields: object): Decision =>
  ({ kind: 'order', side: 'buy', type: 'market', reason: 'test', ...fields }) as Decision;
export const sell = (fields: object): Decision =>
  ({ kind: 'order', side: 'sell', type: 'market', reason: 'test', ...fields }) as Decision;
export const target = (exposure: number, fields: object = {}): Decision =>
  ({ kind: 'target', exposure, reason: 'test', ...fields }) as Decision;
/** Several proposals as one answer. */
export const both = (...answers: Decision[]): Decision => answers.flat() as Decision;

/** Nothing happens in it. */
export const CALM: Row = [100, 101, 99, 100];
