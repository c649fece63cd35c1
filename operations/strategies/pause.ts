import { pause } from '../../functions/steps/commands.ts';
import type { OperationContext } from '../operation.ts';
import { streamNamed } from '../support/account.ts';
import { originOf } from '../support/command.ts';

export default async function run(
  context: OperationContext,
  input: { account?: string | undefined; strategy: string },
) {
  return pause(context.steps, streamNamed(context, input.account), input.strategy, true, originOf(context, input));
}
