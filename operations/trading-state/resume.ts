import { letGoOn } from '../../functions/steps/kill-switch.ts';
import { originOf } from '../support/command.ts';
import type { ResumeInput, ResumeOutput } from './schema.ts';
import { inEach, reachOf, type SwitchContext } from './scope.ts';

export default async function resume(context: SwitchContext, input: ResumeInput): Promise<ResumeOutput> {
  const { scope, inAccount, as, accounts } = reachOf(context, input);
  const request = { scope: inAccount, reason: input.reason, ...(as === undefined ? {} : { as }) };
  const origin = originOf(context, input);
  const told = await inEach(context, accounts, (stream) => letGoOn(context.steps, stream, request, origin));
  return { scope, ...told };
}
