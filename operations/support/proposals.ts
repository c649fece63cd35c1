import type { Json } from '../../core/json.ts';
import type { LedgerPort } from '../../core/ports/ledger.ts';
import type { SignalProposal } from '../../core/strategies/runner.ts';
import type { AccountView } from './account.ts';
import { eventsBefore } from './ledger-events.ts';

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

type Listed = ReturnType<typeof proposalsOf>[number];

const placeOf = (cycle: number, strategy: unknown, symbol: unknown): string => `${cycle} ${strategy} ${symbol}`;

/** Proposals with what sizing methods said of the orders that came of them, where the account has any. */
export async function withSizes(ledger: LedgerPort, view: AccountView, proposals: readonly Listed[]) {
  if (!view.engine.definition.sizing || proposals.length === 0) return [...proposals];
  const oldest = Math.min(...proposals.map(({ cycle }) => cycle));
  const sizes = new Map<string, unknown[]>();
  const { commit } = await ledger.head(view.stream);
  for await (const { event } of eventsBefore(ledger, view.stream, commit + 1)) {
    if (event.cycle < oldest) break;
    if (event.kind !== 'OrderSized') continue;
    const { strategy, instrument } = event.body as { strategy: string; instrument: string };
    const place = placeOf(event.cycle, strategy, instrument);
    sizes.set(place, [event.body, ...(sizes.get(place) ?? [])]);
  }
  return proposals.map((proposal) => {
    const found = sizes.get(placeOf(proposal.cycle, proposal.strategy, proposal.symbol));
    return found ? { ...proposal, sizes: found } : proposal;
  });
}
