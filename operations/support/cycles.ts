import type * as z from 'zod/mini';
import { streamOf } from '../../core/configuration/definition.ts';
import { formatDecimal } from '../../core/numbers.ts';
import { KEYS, type VerdictsDocument } from '../../functions/steps/account-state.ts';
import type { OperationContext } from '../operation.ts';
import type { cycle } from '../schemas.ts';
import { accountNamed } from './account.ts';

export type CycleView = z.output<typeof cycle>;

/** The last cycles of an account that any step has been at, newest first. */
export async function lastCycles(
  context: OperationContext,
  account: string | undefined,
  limit: number,
): Promise<CycleView[]> {
  const { ledger, configuration } = context.steps;
  const of = accountNamed(context, account);
  const documents = await ledger.documents(streamOf(configuration, of), {
    prefix: KEYS.verdictsPrefix,
    reverse: true,
    limit,
  });
  return documents.map(({ value }) => cycleView(value as unknown as VerdictsDocument, of.moneyDecimals));
}

/** A cycle with the verdicts of its steps, as people see it. */
export function cycleView(
  { cycle, equity, missing, lateByMs, verdicts }: VerdictsDocument,
  moneyDecimals: number,
): CycleView {
  return {
    cycle,
    equity: formatDecimal(equity, moneyDecimals),
    missing: [...missing],
    lateByMs,
    steps: verdicts.map((verdict) => ({ ...verdict })),
  };
}
