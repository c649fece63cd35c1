import { BUDGETS, left } from '../../core/risk/budgets.ts';
import { readBook } from '../../functions/steps/budgets.ts';
import type { LedgerContext } from '../operation.ts';
import type { BudgetsOutput } from './schema.ts';

export default async function show({ steps }: LedgerContext): Promise<BudgetsOutput> {
  const { book } = await readBook(steps);
  const budgets = BUDGETS.flatMap((budget) => {
    const total = book.totals[budget];
    if (total === undefined) return [];
    const accounts = Object.entries(book.parts[budget] ?? {}).map(([account, { granted, pending }]) => ({
      account,
      granted,
      pending: pending?.amount ?? null,
    }));
    return [{ budget, total, left: left(book, budget), accounts }];
  });
  return { currency: steps.configuration.budgets?.currency ?? null, budgets };
}
