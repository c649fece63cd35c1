/** What a run would have come to had trading cost less, or more. */
import { sweepBacktests } from '../../backtest/sweep.ts';
import type { EngineDefinition } from '../../engine/engine.ts';
import type { BarColumns } from '../../market/bars.ts';
import type { Backtests } from '../sweep/sweep.ts';

/** Times the costs that were assumed. */
export const COST_MULTIPLES = [0, 1, 2, 3] as const;
/** What an execution model allows. */
const MOST_BPS = 5_000;

export interface CostFigures {
  readonly multiple: number;
  /** Final equity ÷ deposit - 1. */
  readonly totalReturn: number;
}

/** Fees, slippage and spread of a definition, times `multiple`; what moves with volume stays. */
export function withCosts(definition: EngineDefinition, multiple: number): EngineDefinition {
  const { execution, instruments } = definition;
  const times = (bps: number): number => Math.min(MOST_BPS, bps * multiple);
  return {
    ...definition,
    execution: { ...execution, slippageBps: times(execution.slippageBps), spreadBps: times(execution.spreadBps) },
    instruments: instruments.map((each) => ({
      ...each,
      makerFeeBps: times(each.makerFeeBps),
      takerFeeBps: times(each.takerFeeBps),
    })),
  };
}

/** Whether anything is charged that {@link atCosts} could multiply. */
export const hasCosts = ({ execution, instruments }: EngineDefinition): boolean =>
  execution.slippageBps > 0 ||
  execution.spreadBps > 0 ||
  instruments.some(({ makerFeeBps, takerFeeBps }) => makerFeeBps > 0 || takerFeeBps > 0);

/** The run again at each of {@link COST_MULTIPLES}. */
export function atCosts(
  definition: EngineDefinition,
  bars: ReadonlyMap<string, BarColumns>,
  run: Backtests = sweepBacktests,
): CostFigures[] {
  const figures: CostFigures[] = [];
  for (const { equity } of run(
    COST_MULTIPLES.map((multiple) => withCosts(definition, multiple)),
    bars,
  )) {
    const totalReturn = equity[equity.length - 1] / definition.cash - 1;
    figures.push({ multiple: COST_MULTIPLES[figures.length], totalReturn });
  }
  return figures;
}

/** The multiple of the costs at which nothing is left of the profit, between two of `figures`; null where it is beyond them, or there is none. */
export function breakEvenOf(figures: readonly CostFigures[]): number | null {
  for (let k = 1; k < figures.length; k++) {
    const [before, after] = [figures[k - 1], figures[k]];
    if (before.totalReturn > 0 && after.totalReturn <= 0)
      return (
        before.multiple +
        ((after.multiple - before.multiple) * before.totalReturn) / (before.totalReturn - after.totalReturn)
      );
  }
  return null;
}
