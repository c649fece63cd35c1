import type { Json } from '../../core/json.ts';
import type { SignalProposal } from '../../core/strategies/runner.ts';
import type { AccountView } from './account.ts';

/** What a decision document says that strategies proposed, with names for numbers. */
export function proposalsOf({ engine }: AccountView, decision: Json) {
  const { cycle, proposals } = decision as unknown as { cycle: number; proposals: readonly SignalProposal[] };
  return proposals.map(({ strategy, instrument, proposal }) => ({
    cycle,
    strategy: engine.definition.strategies[strategy]?.id ?? String(strategy),
    symbol: engine.markets[instrument]?.instrument.symbol ?? String(instrument),
    proposal: { ...proposal } as Record<string, unknown>,
  }));
}
