import type { LimitChange } from '../../core/risk/limit-changes.ts';
import type { OperationContext } from '../operation.ts';
import { accountNamed, viewIfOpen } from '../support/account.ts';
import { eventsBefore } from '../support/ledger-events.ts';
import { heldView } from './held.ts';
import type { LimitsChangesOutput } from './schema.ts';

/** Of the three events that tell of a change. */
interface Body {
  readonly version: number;
  readonly source: 'configuration' | 'person';
  readonly by: { readonly name: string };
  readonly reason: string;
  readonly changes: LimitChange[];
  readonly outcome?: 'rejected' | 'superseded' | 'withdrawn';
}

const OUTCOMES = { LimitsApplied: 'applied', LimitsHeld: 'held', LimitsDropped: 'rejected' } as const;

export default async function changes(
  context: OperationContext,
  { account, limit }: { account?: string | undefined; limit: number },
): Promise<LimitsChangesOutput> {
  const { id } = accountNamed(context, account);
  const view = await viewIfOpen(context, account);
  const { limits } = view?.engine ?? {};
  const told: LimitsChangesOutput['changes'] = [];
  if (view && limits) {
    const { ledger } = context.steps;
    const { commit } = await ledger.head(view.stream);
    for await (const { event } of eventsBefore(ledger, view.stream, commit + 1)) {
      const outcome = OUTCOMES[event.kind as keyof typeof OUTCOMES];
      if (outcome === undefined) continue;
      const { version, source, by, reason, changes: made, outcome: dropped } = event.body as Body;
      told.push({ version, outcome: dropped ?? outcome, source, by: by.name, reason, at: event.cycle, changes: made });
      if (told.length === limit) break;
    }
  }
  return { account: id, version: limits?.version ?? 0, held: heldView(limits?.held), changes: told };
}
