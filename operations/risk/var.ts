import { heldPositions } from '../../core/risk/report/exposure.ts';
import { tailNotes, tailOf } from '../../core/risk/report/tail.ts';
import type { OperationContext } from '../operation.ts';
import { viewIfOpen } from '../support/account.ts';
import { dailyCloses } from './history.ts';
import { headBeforeOpening, NOT_OPEN } from './measure.ts';
import type { RiskVarOutput } from './schema.ts';

export default async function valueAtRisk(
  context: OperationContext,
  { account }: { account?: string | undefined },
): Promise<RiskVarOutput> {
  const view = await viewIfOpen(context, account);
  if (!view) return { ...headBeforeOpening(context, account), equity: null, tail: null, notes: [NOT_OPEN] };
  const { engine, opening } = view;
  const held = heldPositions(engine);
  const symbols = held.map(({ instrument }) => instrument);
  const tail = tailOf(held, await dailyCloses(context, view, symbols));
  return {
    account: view.account.id,
    provenance: opening.provenance,
    currency: view.account.currency,
    asOf: engine.time,
    equity: engine.equity / engine.moneyScale,
    tail: tail as unknown as NonNullable<RiskVarOutput['tail']>,
    notes: tailNotes(tail, engine.time),
  };
}
