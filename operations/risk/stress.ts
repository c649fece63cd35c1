import { heldPositions } from '../../core/risk/report/exposure.ts';
import { stressHeld } from '../../core/risk/report/scenarios.ts';
import type { OperationContext } from '../operation.ts';
import { viewIfOpen } from '../support/account.ts';
import { namedDays } from './history.ts';
import { headBeforeOpening, NOT_OPEN } from './measure.ts';
import type { RiskStressOutput } from './schema.ts';

export default async function stress(
  context: OperationContext,
  { account }: { account?: string | undefined },
): Promise<RiskStressOutput> {
  const view = await viewIfOpen(context, account);
  if (!view) return { ...headBeforeOpening(context, account), equity: null, scenarios: [], notes: [NOT_OPEN] };
  const { engine, opening } = view;
  const held = heldPositions(engine);
  const symbols = held.map(({ instrument }) => instrument);
  const { outcomes, because } = stressHeld(await namedDays(context, view, symbols), held);
  return {
    account: view.account.id,
    provenance: opening.provenance,
    currency: view.account.currency,
    asOf: engine.time,
    equity: engine.equity / engine.moneyScale,
    scenarios: outcomes as unknown as RiskStressOutput['scenarios'],
    notes: because === undefined ? [] : [because],
  };
}
