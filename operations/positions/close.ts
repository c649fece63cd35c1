import { closePosition } from '../../functions/steps/commands.ts';
import type { OperationContext } from '../operation.ts';
import { streamNamed } from '../support/account.ts';
import { originOf } from '../support/command.ts';

export default async function run(
  context: OperationContext,
  input: { account?: string | undefined; strategy: string; symbol: string },
) {
  const stream = streamNamed(context, input.account);
  return closePosition(context.steps, stream, input.strategy, input.symbol, originOf(context, input));
}
