import { recordDocument } from '../engine/bookkeeping.ts';
import type { Engine } from '../engine/engine.ts';
import type { Budget } from './budgets.ts';

/** A person moved a part of a budget to the account, or away from it. `amount` is scaled money, or orders a minute. */
export function grant(engine: Engine, budget: Budget, amount: number, by: string, reason: string): void {
  recordDocument(engine, 'BudgetGranted', {
    budget,
    from: String(engine.grants[budget] ?? 0),
    amount: String(amount),
    by,
    reason,
  });
  engine.grants = { ...engine.grants, [budget]: amount };
}
