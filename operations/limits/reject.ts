import { type LimitsAnswer, reject as rejectIn } from '../../functions/steps/limits.ts';
import type { OperationContext } from '../operation.ts';
import { streamNamed } from '../support/account.ts';
import { originOf } from '../support/command.ts';

export default function reject(
  context: OperationContext,
  input: { account?: string | undefined; version: number; reason: string },
): Promise<LimitsAnswer> {
  const stream = streamNamed(context, input.account);
  return rejectIn(context.steps, stream, input.version, input.reason, originOf(context, input));
}
