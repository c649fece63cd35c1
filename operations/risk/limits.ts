import { limitStates } from '../../core/risk/report/limit-use.ts';
import type { OperationContext } from '../operation.ts';
import { accountNamed, viewIfOpen } from '../support/account.ts';
import { headBeforeOpening } from './measure.ts';
import type { RiskLimitsOutput } from './schema.ts';

export default async function limits(
  context: OperationContext,
  { account }: { account?: string | undefined },
): Promise<RiskLimitsOutput> {
  const view = await viewIfOpen(context, account);
  const configured = accountNamed(context, account);
  if (!view) return { ...headBeforeOpening(context, account), limits: shown(limitStates(configured.limits)) };
  const { engine, opening } = view;
  return {
    account: configured.id,
    provenance: opening.provenance,
    currency: configured.currency,
    asOf: engine.time,
    limits: shown(limitStates(engine.definition.limits, engine)),
  };
}

const shown = (states: ReturnType<typeof limitStates>): RiskLimitsOutput['limits'] =>
  states.map((state) => ({ ...state, codes: [...state.codes] }));
