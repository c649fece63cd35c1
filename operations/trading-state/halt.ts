import { PlimsollError } from '../../core/errors.ts';
import { stop } from '../../functions/steps/kill-switch.ts';
import { originOf } from '../support/command.ts';
import type { HaltInput, HaltOutput } from './schema.ts';
import { inEach, reachOf, type SwitchContext } from './scope.ts';

export default async function halt(context: SwitchContext, input: HaltInput): Promise<HaltOutput> {
  const { scope, inAccount, as, accounts } = reachOf(context, input);
  const { state, flatten, reason } = input;
  if (state === 'Reducing' && inAccount.of !== 'account')
    throw new PlimsollError(
      'OPERATION_INPUT_INVALID',
      `${scope} cannot be set to reducing`,
      'halt it, which lets pass what closes a position in an instrument; or let the account only reduce',
      { kept: 'nothing was changed' },
    );
  const request = { scope: inAccount, state, flatten, reason, ...(as === undefined ? {} : { as }) };
  const origin = originOf(context, input);
  const told = await inEach(context, accounts, (stream) => stop(context.steps, stream, request, origin));
  return { scope, ...told } as HaltOutput;
}
