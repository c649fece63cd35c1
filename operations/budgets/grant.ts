import { grantBudget } from '../../functions/steps/budgets.ts';
import type { OperationContext } from '../operation.ts';
import { originOf } from '../support/command.ts';
import type { GrantInput, GrantOutput } from './schema.ts';

export default function grant(context: OperationContext, input: GrantInput): Promise<GrantOutput> {
  return grantBudget(context.steps, input, originOf(context, input));
}
