import { cancelOrder } from '../../functions/steps/commands.ts';
import type { OperationContext } from '../operation.ts';
import { streamNamed } from '../support/account.ts';
import { originOf } from '../support/command.ts';

export default async function run(context: OperationContext, input: { account?: string | undefined; order: number }) {
  return cancelOrder(context.steps, streamNamed(context, input.account), input.order, originOf(context, input));
}
